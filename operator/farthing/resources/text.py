"""How numbers, instants and names are written in a status, and how long they may be.

Numbers are decimal strings, as the API conventions ask of amounts. What comes from metrics is cut to fit rather than
refused, or a long label would keep a whole report from being written.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from farthing.model.window import rfc3339

_ELLIPSIS: Final = "…"


def _cut_to(length: int) -> Callable[[str], str]:
    def cut(text: str) -> str:
        return text if len(text) <= length else text[: length - 1] + _ELLIPSIS

    return cut


def _whole_second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


Word = Annotated[str, BeforeValidator(_cut_to(64)), Field(max_length=64)]
Name = Annotated[str, BeforeValidator(_cut_to(512)), Field(max_length=512)]
Sentence = Annotated[str, BeforeValidator(_cut_to(1024)), Field(max_length=1024)]
Number = Annotated[str, Field(max_length=32)]
Instant = Annotated[
    AwareDatetime,
    AfterValidator(_whole_second),
    PlainSerializer(rfc3339, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def money_text(amount: float) -> str:
    """``amount`` [currency] to a hundredth of a penny: 12.3400; raises ValueError if it is not a finite number."""
    return _fixed(amount)


def ratio_text(ratio: float) -> str:
    """``ratio`` to four places: 0.4210; raises ValueError if it is not a finite number."""
    return _fixed(ratio)


def residual_text(residual: float) -> str:
    """Relative ``residual`` to two digits: 1.2e-13; raises ValueError if it is not a finite number."""
    return f"{_finite(residual):.1e}" if residual else "0"


def percent_text(share: float) -> str:
    """``share`` of 1 rounded down to a tenth: 99.9%, and 100% only for a whole; raises ValueError outside 0 to 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies from 0 to 1, not at {share}")
    # A tenth that a double holds a hair too low is still that tenth; nothing short of a whole is a whole.
    tenths = math.floor(share * 1000 + 1e-9) if share == 1 else min(999, math.floor(share * 1000 + 1e-9))
    return f"{tenths / 10:g}%"


def _fixed(value: float) -> str:
    return f"{_finite(value):z.4f}"


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number that can be published")
    return value
