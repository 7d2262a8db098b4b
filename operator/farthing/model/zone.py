"""Timezones and their calendar: which local day an instant belongs to, and when that day starts.

Arithmetic is done on dates and only then turned into an instant: adding hours to a local clock is wrong twice a year.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from farthing.errors import InvalidTimezoneError

DAY: Final = timedelta(days=1)

_LARGEST_OFFSET: Final = timedelta(hours=14)
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):([0-5][0-9])")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9][A-Za-z0-9_+-]{0,31}){0,2}")
# zoneinfo finds these files too, but they mean another thing on each machine, or count leap seconds.
_NOT_ZONES: Final = re.compile(r"(?:posix|right)/.*|posixrules|localtime|Factory")

_SHOWN_LENGTH: Final = 80


def quoted(text: str) -> str:
    """``text`` as an error message shows it: quoted, escaped and not too long."""
    return repr(text) if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]!r}..."


def parse_timezone(text: str) -> tzinfo:
    """Timezone of an IANA name, an offset or ``Z``; raises InvalidTimezoneError."""
    name = text.strip()
    if name in {"UTC", "Z"}:
        return UTC
    if name.startswith(("+", "-")):
        return _fixed_offset(name)
    if not _NAME.fullmatch(name) or _NOT_ZONES.fullmatch(name):
        raise _unknown(text)
    try:
        return ZoneInfo(name)
    # Not found (KeyError), not a timezone file (ValueError), or a folder such as "America" (OSError).
    except (KeyError, ValueError, OSError) as error:
        raise _unknown(text) from error


def midnight(day: date, zone: tzinfo) -> datetime:
    """Instant at which the local ``day`` starts [UTC]; the start of the next day if the zone skipped this one.

    Where the clock skips midnight it is the moment at which midnight would have come; where it comes twice, the first.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def date_of(instant: datetime, zone: tzinfo) -> date:
    """Local date of the day, between two midnights, that holds ``instant``."""
    day = instant.astimezone(zone).date()
    # A clock set over midnight shows a date that has ended or not begun: the day is what lies between the midnights.
    while midnight(day, zone) > instant:
        day -= DAY
    while midnight(day + DAY, zone) <= instant:
        day += DAY
    return day


def sunday_of(day: date) -> date:
    """First day of the week of ``day``; weeks start on Sunday, as Kubecost's do."""
    return day - timedelta(days=day.isoweekday() % 7)


def _fixed_offset(text: str) -> tzinfo:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise _unknown(text)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset > _LARGEST_OFFSET:
        raise _unknown(text)
    return timezone(offset if match[1] == "+" else -offset)


def _unknown(text: str) -> InvalidTimezoneError:
    return InvalidTimezoneError(
        f"timezone {quoted(text)} is not known: allowed are UTC, a name of the IANA database such as Europe/Berlin, "
        "or an offset from -14:00 to +14:00 such as +05:30",
    )
