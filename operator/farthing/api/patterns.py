"""What the OpenAPI document says that parameters may be: the parsers that check them refuse in sentences."""

from collections.abc import Sequence
from typing import Any, Final

Said = dict[str, Any]

_LENGTH: Final = "[1-9][0-9]{0,3}[mhdw]"
_INSTANT: Final = "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"
_WORDS: Final = "today|yesterday|week|lastweek|month|lastmonth"
_UNIX: Final = "[0-9]{1,10}"

WINDOW: Final[Said] = {
    "pattern": f"^(?:{_WORDS}|{_LENGTH}(?: offset {_LENGTH})?|{_UNIX},{_UNIX}|{_INSTANT},{_INSTANT})$",
    "examples": ["7d", "today", "2026-11-01T00:00:00Z,2026-11-08T00:00:00Z"],
}
NAMESPACE: Final = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
STEP: Final[Said] = {"pattern": f"^(?:{_LENGTH})?$"}


def one_of(names: Sequence[str]) -> Said:
    """One of ``names``, or nothing."""
    return {"enum": ["", *names]}


def list_of(names: Sequence[str]) -> Said:
    """Any of ``names``, and labels, with commas between."""
    one = f"(?:{'|'.join(names)}|label:[a-z][a-z0-9_./-]*)"
    return {"pattern": f"^(?:{one}(?:,{one})*)?$"}


def field_of(names: Sequence[str], *keyed: str) -> Said:
    """One of ``names``, or of ``keyed`` with or without a key."""
    said = "|".join(keyed)
    return {"pattern": f"^(?:{'|'.join(names)}|(?:{said})(?::[a-z][a-z0-9_./-]*)?)$"}
