"""Filters as URLs spell them."""

import re
from typing import Final

_AND: Final = re.compile(r"""^(\s*\)*)\s+(?=\(*\s*[A-Za-z])""")
_WORD: Final = "[A-Za-z0-9_][A-Za-z0-9_.-]*"
_BARE: Final = re.compile(rf"\[[^\]]*\]|(?P<sign>:\s*)(?P<words>{_WORD}(?:\s*,\s*{_WORD})*)")
"""Words without quotes after a sign, and before that keys in brackets, which may hold colons."""


def spelled_out(text: str) -> str:
    """A filter as URLs spell it: ``a:"x" b:y`` is ``a:"x"+b:"y"``.

    A + reaches us as a blank, which is what it means in a URL; words without quotes are what Backstage's plug-in for Kubecost
    sends.
    """
    parts = text.split('"')
    # Every other part stands within quotes.
    outside = [part if number % 2 or not number else _AND.sub(r"\1+", part) for number, part in enumerate(parts)]
    quoted = [part if number % 2 else _BARE.sub(_quoted, part) for number, part in enumerate(outside)]
    return '"'.join(quoted)


def _quoted(bare: re.Match[str]) -> str:
    if bare["words"] is None:
        return bare[0]
    words = [one.strip() for one in bare["words"].split(",")]
    return bare["sign"] + ",".join(f'"{one}"' for one in words)
