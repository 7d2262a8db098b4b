"""The command line, called in this process as a shell would call it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from farthing import cli


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


Farthing = Callable[..., Done]


def caller(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Farthing:
    """A function that runs ``farthing`` with its arguments."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["farthing", *arguments])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return run
