"""Kubecost's ``filterX`` parameters as flags of a command."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import click

from farthing.cli.asking import Command

KEYED_LISTS = ("filterLabels", "filterAnnotations")


def filter_lists(names: Iterable[str], rows: str) -> Callable[[Command], Command]:
    """Give a command a flag for each of ``names``, such as filterNamespaces, which tell of ``rows`` to show."""

    def flagged(command: Command) -> Command:
        for name in reversed(list(names)):
            flag = _kebab(name)
            example = "app:web,env:prod*" if name in KEYED_LISTS else "a,b*"
            words = flag.removeprefix("filter-").replace("-", " ")
            one = re.sub("s$", "", re.sub("ies$", "y", words))
            about = f"{rows} whose {one} is one of these."
            command = click.option(f"--{flag}", default="", metavar=f"<{example}>", help=about)(command)
        return command

    return flagged


def taken(names: Iterable[str], spec: dict[str, Any]) -> dict[str, str]:
    """The values of the flags of ``names``, which ``spec`` has no more."""
    return {name: spec.pop(_kebab(name).replace("-", "_")) for name in names}


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"-\1", name).lower()
