"""Windows of the two APIs that Kubecost deprecated: their lengths, and what today's reports are asked with."""

import re
from datetime import timedelta
from typing import Final

from farthing.api.patterns import Said
from farthing.errors import InvalidWindowError
from farthing.model.window import LONGEST_DAYS, Window
from farthing.model.zone import quoted

UNITS: Final = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def length_pattern(units: str) -> Said:
    """What the OpenAPI document says of a length in one of ``units``."""
    return {"pattern": f"^[0-9]{{1,3}}[{units}]$", "examples": ["7d"]}


def length_of(text: str, name: str, units: str) -> timedelta:
    """The length that ``text`` writes in one of ``units``, ten years at most; raises InvalidWindowError, which names the parameter ``name``."""
    found = re.fullmatch(f"([0-9]{{1,9}})([{units}])", text.strip())
    if found is None or int(found[1]) * UNITS[found[2]] > timedelta(days=LONGEST_DAYS):
        raise InvalidWindowError(
            f"{name} {quoted(text)} cannot be read: use a number and one of {', '.join(units)}, such as 7d, up to {LONGEST_DAYS}d"
        )
    return int(found[1]) * UNITS[found[2]]


def unix(span: Window) -> str:
    """``span`` as two unix times."""
    return f"{int(span.start.timestamp())},{int(span.end.timestamp())}"
