"""The five fields of a schedule: one grammar, for the API server (CEL) and for us (re) alike."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cronsim import CronSim, CronSimError

_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)

MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, slots=True)
class CronField:
    """One field: its name, the numbers it may hold (written as an expression) and the names that stand for numbers."""

    name: str
    allowed: str
    number: str
    step: str
    names: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """Expression (RE2 and Python alike) that a whole field matches; that ranges ascend is left to the caller."""
        ranges = [f"{self.number}(-{self.number})?"]
        ranges += [f"{first}(-({'|'.join(self.names[at:])}))?" for at, first in enumerate(self.names)]
        term = rf"(\*|{'|'.join(ranges)})(/{self.step})?"
        return f"^{term}(,{term})*$"


CRON_FIELDS = (
    CronField("minute", "0-59", "[1-5]?[0-9]", "([1-9]|[1-5][0-9])"),
    CronField("hour", "0-23", "(1?[0-9]|2[0-3])", "([1-9]|1[0-9]|2[0-3])"),
    CronField("day of month", "1-31", "([1-9]|[12][0-9]|3[01])", "([1-9]|[12][0-9]|3[01])"),
    CronField("month", "1-12 or JAN-DEC", "([1-9]|1[0-2])", "([1-9]|1[0-2])", MONTH_NAMES),
    CronField("day of week", "0-7 (0 and 7 are Sunday) or SUN-SAT", "[0-7]", "[1-7]", WEEKDAY_NAMES),
)

NUMBER_RANGE = "^([0-9]+)-([0-9]+)(/[0-9]+)?$"

# The API server knows no calendar: of the dates that no year has, when the day of the week does not add others, it
# refuses these.
_SHORT = "([2469]|11|FEB|APR|JUN|SEP|NOV)"
NEVER = rf"^[^ ]+ [^ ]+ (3[01][^ ,]*(,3[01][^ ,]*)* (2|FEB)|31[^ ,]*(,31[^ ,]*)* {_SHORT}(,{_SHORT})*) \*[^ ]*$"


def cron_fault(text: str) -> str | None:
    """What is wrong with the schedule ``text``, as the end of a sentence; None if nothing is."""
    fields = text.upper().split(" ")
    if len(fields) != len(CRON_FIELDS):
        return f"has {len(fields)} fields, not 5: minute, hour, day of month, month, day of week"
    for field, value in zip(CRON_FIELDS, fields, strict=True):
        if not re.fullmatch(field.pattern, value) or not all(map(_ascends, value.split(","))):
            return f"has {field.name} {value!r}: use {field.allowed}, *, lists, ascending ranges and /steps"
    return None if _comes(text) else "names a date that no year has"


def _comes(text: str) -> bool:
    """Whether the schedule ``text`` is ever due: there are more ways to name no date than NEVER tells."""
    try:
        return next(CronSim(text, _ANY_DAY), None) is not None
    except CronSimError:
        return False


def _ascends(term: str) -> bool:
    ends = re.fullmatch(NUMBER_RANGE, term)
    return ends is None or int(ends[1]) <= int(ends[2])
