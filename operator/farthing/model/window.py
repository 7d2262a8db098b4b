"""Windows of time, their days and hours, and the grammar in which people write them.

A window in days, weeks or words covers every whole local day it touches; one in minutes or hours, and a pair of
instants, is exact.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from farthing.errors import InvalidWindowError
from farthing.model.zone import DAY, date_of, midnight, quoted, sunday_of

SECONDS_PER_HOUR: Final = 3600
SECONDS_PER_DAY: Final = 86400
LONGEST_DAYS: Final = 3653
"""Ten years, with the leap days they can hold."""

_SECOND: Final = timedelta(seconds=1)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM: Final = 10**11
_TEXT_LENGTH: Final = 100

_DURATION: Final = re.compile(r"([0-9]+)([mhdw])")
_OFFSET: Final = re.compile(r"\s+offset\s+")
_UNIX: Final = re.compile(r"-?[0-9]+")
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
)
_UNIT_SECONDS: Final = {"m": 60, "h": SECONDS_PER_HOUR}
_UNIT_DAYS: Final = {"d": 1, "w": 7}

_ALLOWED: Final = (
    "allowed are one number and one unit (15m, 24h, 7d, 1w), the same with an offset (7d offset 2d), today, yesterday, "
    "week, lastweek, month, lastmonth, or start,end as two unix seconds or two RFC3339 instants"
)


def rfc3339(instant: datetime) -> str:
    """``instant`` in UTC to the second, as Kubernetes writes it: 2026-11-01T00:00:00Z."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time in whole seconds: ``start`` is in, ``end`` is out; kept in UTC. Raises InvalidWindowError."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for field, instant in (("start", self.start), ("end", self.end)):
            if instant.utcoffset() is None or instant.microsecond:
                raise InvalidWindowError(f"the window's {field} {instant} must be a whole second of a known timezone")
            object.__setattr__(self, field, instant.astimezone(UTC))
        if self.start >= self.end:
            raise InvalidWindowError(f"window {self} does not end after it starts: its end must be the later instant")

    def __str__(self) -> str:
        return f"{rfc3339(self.start)},{rfc3339(self.end)}"

    @property
    def seconds(self) -> int:
        """Length [s]."""
        return (self.end - self.start) // _SECOND


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of local ``days`` or of exact ``seconds``: one is positive, the other 0. Raises InvalidWindowError."""

    days: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        if min(self.days, self.seconds) < 0 or (self.days == 0) == (self.seconds == 0):
            raise InvalidWindowError(f"{self} must have either days or seconds, 1 or more")

    @property
    def nominal_seconds(self) -> int:
        """Length if no clock were set forward or back [s]."""
        return self.days * SECONDS_PER_DAY + self.seconds


def day_of(instant: datetime, zone: tzinfo) -> Window:
    """Local day that holds ``instant``: 23 or 25 hours long where the clock changes."""
    day = date_of(instant, zone)
    return Window(midnight(day, zone), midnight(day + DAY, zone))


def days(window: Window, zone: tzinfo) -> list[Window]:
    """Local days that touch ``window``, each whole, in order."""
    found = [day_of(window.start, zone)]
    while found[-1].end < window.end:
        found.append(day_of(found[-1].end, zone))
    return found


def preceding(window: Window, zone: tzinfo) -> Window:
    """The window of equal size that ends where ``window`` starts: as many local days if it is of whole ones."""
    whole = days(window, zone)
    if (whole[0].start, whole[-1].end) == (window.start, window.end):
        return Window(midnight(date_of(window.start, zone) - len(whole) * DAY, zone), window.start)
    return Window(window.start - (window.end - window.start), window.start)


def hours_of_day(day: Window) -> list[Window]:
    """Hours of ``day``, counted from its start; the last is shorter where a clock moves by half an hour."""
    starts = [day.start + timedelta(seconds=offset) for offset in range(0, day.seconds, SECONDS_PER_HOUR)]
    return [Window(start, end) for start, end in zip(starts, [*starts[1:], day.end], strict=True)]


def parse_window(text: str, now: datetime, zone: tzinfo) -> Window:
    """Window that ``text`` means at the aware instant ``now`` for people in ``zone``; raises InvalidWindowError."""
    where = f"window {quoted(text)}"
    written, now = text.strip(), now.replace(microsecond=0)
    if len(written) > _TEXT_LENGTH:
        raise InvalidWindowError(f"{where} is longer than {_TEXT_LENGTH} characters: {_ALLOWED}")
    if "," in written:
        return _pair(written.split(","), where)
    word = _word(written, now, zone)
    if word is not None:
        return word
    length_text, *offsets = _OFFSET.split(written)
    if len(offsets) > 1:
        raise InvalidWindowError(f"{where} has more than one offset: {_ALLOWED}")
    length = parse_duration(length_text, where, _ALLOWED)
    offset = parse_duration(offsets[0], where, _ALLOWED) if offsets else None
    if length.days and offset is not None and offset.days:
        return _whole_days(length.days, now, offset.days, zone)
    end = now - timedelta(seconds=offset.nominal_seconds if offset is not None else 0)
    if length.days:
        return _whole_days(length.days, end, 0, zone)
    return Window(end - timedelta(seconds=length.seconds), end)


def parse_duration(text: str, where: str, allowed: str) -> Duration:
    """Duration that ``text`` writes, 1 minute to ten years; raises InvalidWindowError, which names ``where``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidWindowError(f"{where} cannot be read: {allowed}")
    count, unit = int(match[1]), match[2]
    if count == 0:
        raise InvalidWindowError(f"{where} has a length of 0, which must be 1 or more: {allowed}")
    duration = Duration(days=count * _UNIT_DAYS.get(unit, 0), seconds=count * _UNIT_SECONDS.get(unit, 0))
    if duration.nominal_seconds > LONGEST_DAYS * SECONDS_PER_DAY:
        raise InvalidWindowError(f"{where} is longer than 10 years: the most is {LONGEST_DAYS}d")
    return duration


def _word(word: str, now: datetime, zone: tzinfo) -> Window | None:
    today = date_of(now, zone)
    tomorrow, sunday, first = today + DAY, sunday_of(today), today.replace(day=1)
    spans = {
        "today": (today, tomorrow),
        "yesterday": (date_of(midnight(today, zone) - _SECOND, zone), today),
        "week": (sunday, tomorrow),
        "lastweek": (sunday - 7 * DAY, sunday),
        "month": (first, tomorrow),
        "lastmonth": ((first - DAY).replace(day=1), first),
    }
    if word not in spans:
        return None
    start, end = spans[word]
    return Window(midnight(start, zone), midnight(end, zone))


def _whole_days(count: int, now: datetime, days_ago: int, zone: tzinfo) -> Window:
    """Whole days that ``count`` days up to ``now``, moved back by ``days_ago``, touch."""
    today = date_of(now, zone)
    touches_today = now > midnight(today, zone)
    last = today - timedelta(days=days_ago)
    # Counted from the day after the first, so that a day which the zone skipped does not leave an empty window.
    first = day_of(midnight(last - timedelta(days=count - 1), zone) - _SECOND, zone)
    return Window(first.start, midnight(last + DAY if touches_today else last, zone))


def parse_instant(text: str) -> datetime:
    """The instant that ``text`` means, as unix seconds or RFC 3339; raises InvalidWindowError."""
    written, where = text.strip(), f"instant {quoted(text)}"
    return _unix(written, where) if _UNIX.fullmatch(written) else _instant(written, where, round_up=False)


def _pair(ends: list[str], where: str) -> Window:
    texts = [end.strip() for end in ends]
    if len(texts) != 2:  # noqa: PLR2004 - a pair is two
        raise InvalidWindowError(f"{where} has {len(texts)} parts, where a pair has two: {_ALLOWED}")
    if all(_UNIX.fullmatch(text) for text in texts):
        start, end = (_unix(text, where) for text in texts)
    else:
        start, end = _instant(texts[0], where, round_up=False), _instant(texts[1], where, round_up=True)
    if start >= end:
        raise InvalidWindowError(f"{where} does not end after it starts: write the earlier instant first")
    if start < _EARLIEST or end > _LATEST:
        raise InvalidWindowError(
            f"{where} is out of reach: it must lie from {rfc3339(_EARLIEST)} to {rfc3339(_LATEST)}"
        )
    if end - start > LONGEST_DAYS * DAY:
        raise InvalidWindowError(f"{where} is longer than 10 years: the most is {LONGEST_DAYS} days")
    return Window(start, end)


def _unix(text: str, where: str) -> datetime:
    if text.startswith("-"):
        raise InvalidWindowError(f"{where} has {text} as an instant: unix seconds must be 0 or more")
    seconds = int(text)
    if seconds >= _MILLISECONDS_FROM:
        raise InvalidWindowError(
            f"{where} has {seconds} as an instant, which looks like milliseconds: write unix seconds, such as "
            f"{seconds // 1000}",
        )
    return datetime.fromtimestamp(seconds, UTC)


def _instant(text: str, where: str, *, round_up: bool) -> datetime:
    """RFC3339 instant as a whole second [UTC]; a fraction widens the window, as Grafana's 23:59:59.999Z needs."""
    reason = (
        f"{where} has {quoted(text)} where an RFC3339 instant such as 2026-11-01T00:00:00Z or "
        "2026-11-01T00:00:00+05:30 is needed (in a URL, + is written %2B)"
    )
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise InvalidWindowError(reason)
    day, clock, fraction, offset = match.groups(default="")
    try:
        instant = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}").astimezone(UTC)
        return instant + _SECOND if round_up and fraction.strip(".0") else instant
    # No such day or time, or one that is past the years 1 to 9999 in UTC.
    except (ValueError, OverflowError) as error:
        raise InvalidWindowError(reason) from error
