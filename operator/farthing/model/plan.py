"""Which stored days and hours answer a question, and which ragged pieces of hours must be asked from Prometheus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from farthing.errors import InvalidQuestionError
from farthing.model.coverage import Coverage
from farthing.model.window import Window, days, hours_of_day
from farthing.model.zone import date_of

MOST_RAGGED = 64
"""Pieces of hours computed for one question at most: each asks Prometheus the whole catalogue."""

LATE = 1200
"""How old what is newest in the store may be without whole hours counting as missing: two refreshes. [s]"""


@dataclass(frozen=True, slots=True)
class Day:
    """What the store holds of one local day."""

    date: str
    coverage: Mapping[int, Coverage]
    """By the start of the hour. [unix s]"""
    has_hours: bool


@dataclass(frozen=True, slots=True)
class BillFile:
    """A bill that has charges of days that are asked for."""

    path: str
    settled: tuple[tuple[int, int], ...]
    """Times that the bills of its account tell whole, each its start and end. [unix s]"""
    imported: int
    """When it came. [unix s]"""
    revision: int
    """How often it took the place of an earlier one."""

    def settles(self, start: int, end: int) -> bool:
        """Whether all that the account is charged for a day from ``start`` to ``end`` [unix s] is told."""
        return any(first <= start and end <= last for first, last in self.settled)


@dataclass(frozen=True, slots=True)
class Billing:
    """What bills tell of the intervals of a part."""

    bills: tuple[str, ...]
    """Paths of the bills that have charges of its days."""
    assets: tuple[str, ...]
    """Paths of the assets of those days, each summed up, of all clusters."""
    intervals: tuple[tuple[int, int, float, float], ...]
    """Of each interval its start, the start of its local day [unix s], its length [s], and what part of the day that is."""
    waiting: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Bills that do not settle some of the days, and the starts of those. [unix s]"""


@dataclass(frozen=True, slots=True)
class Part:
    """Files of facts, and which of their intervals belong to which set."""

    files: Mapping[str, Sequence[str]]
    """Paths by the table's name."""
    sets: Mapping[int, int]
    """Set by the start of the interval [unix s]; the others are left out."""
    days: Mapping[int, int] = field(default_factory=dict)
    """Start of the day whose labels an interval has, by the start of the interval [unix s]; of the others, that start."""
    lasting: bool = False
    """Whether a file never changes under its name, so that what was read of it once may be kept."""
    whole: bool = False
    """Whether every interval of the files is in ``sets``, and is a day."""
    billing: Billing | None = None
    """None where there is no bill."""


@dataclass(slots=True)
class Plan:
    """Pieces by the set they belong to."""

    days: dict[str, dict[int, int]] = field(default_factory=dict)
    """Whole days: set by start [unix s], by date."""
    hours: dict[str, dict[int, int]] = field(default_factory=dict)
    """Whole hours: set by start [unix s], by date."""
    ragged: list[tuple[Window, int]] = field(default_factory=list)
    """Pieces of hours and their sets."""
    seen: list[Coverage] = field(default_factory=list)
    unseen: list[Window] = field(default_factory=list)
    """Passed parts of whole hours that are not stored."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far the pieces of a window go. [unix s]"""

    now: int
    passed: float
    """Until when whole hours are expected in the store."""
    late_from: float
    """From when a piece at the window's end is asked, if it begins later: where a late store ends within the window."""


def planned(sets: Sequence[Sequence[Window]], stored: Mapping[str, Day], zone: tzinfo, now: int) -> Plan:
    """The pieces of ``sets`` up to ``now`` [unix s]; ``zone`` is the store's.

    Raises InvalidQuestionError where too many pieces do not fall on hours.
    """
    plan = Plan()
    ends = ((c.start + c.seconds, c.start) for day in stored.values() for c in day.coverage.values())
    newest, newest_start = max(ends, default=(0.0, 0))
    passed = newest if now - newest <= LATE else now
    for index, windows in enumerate(sets):
        for window in _joined(windows):
            reach = _Reach(now, passed, passed if window.start.timestamp() <= newest_start else now)
            for day in days(window, zone):
                if day.start.timestamp() < now:
                    _plan_day(plan, index, window, day, stored.get(str(date_of(day.start, zone))), reach)
    if len(plan.ragged) > MOST_RAGGED:
        raise InvalidQuestionError(
            f"{len(plan.ragged)} pieces of the window do not fall on hours of the store's timezone, and {MOST_RAGGED} are "
            "allowed: choose a step in whole hours or days, or a window that begins on the hour"
        )
    return plan


def _plan_day(  # noqa: PLR0913 - one step of ``planned``, with all it knows
    plan: Plan, index: int, window: Window, day: Window, stored: Day | None, reach: _Reach
) -> None:
    if stored is not None and window.start <= day.start and day.end <= window.end:
        plan.days.setdefault(stored.date, {})[int(day.start.timestamp())] = index
        plan.seen.extend(stored.coverage.values())
        if sum(one.seconds for one in stored.coverage.values()) < day.seconds:
            for hour in hours_of_day(day):
                _note_unseen(plan, hour, stored.coverage.get(int(hour.start.timestamp())), reach.passed)
        return
    coverage = stored.coverage if stored is not None and stored.has_hours else {}
    for hour in hours_of_day(day):
        start, end = max(hour.start, window.start), min(hour.end, window.end)
        if start >= end:
            continue
        known = coverage.get(int(start.timestamp()))
        if (start, end) != (hour.start, hour.end):
            if start.timestamp() < reach.now:
                plan.ragged.append((Window(min(start, _instant(reach.late_from)), end), index))
            continue
        if stored is not None and known is not None:
            plan.hours.setdefault(stored.date, {})[known.start] = index
            plan.seen.append(known)
        _note_unseen(plan, hour, known, reach.passed)


def _note_unseen(plan: Plan, hour: Window, known: Coverage | None, passed: float) -> None:
    """Tell what of a whole ``hour`` had ``passed`` [unix s] and is not stored, if anything."""
    start = hour.start if known is None else _instant(known.start + known.seconds)
    end = min(hour.end, _instant(passed))
    if start < end:
        plan.unseen.append(Window(start, end))


def _instant(unix: float) -> datetime:
    return datetime.fromtimestamp(int(unix), UTC)


def _joined(windows: Sequence[Window]) -> list[Window]:
    """``windows`` with those that touch made one."""
    joined: list[Window] = []
    for window in windows:
        if joined and joined[-1].end == window.start:
            joined[-1] = Window(joined[-1].start, window.end)
        else:
            joined.append(window)
    return joined
