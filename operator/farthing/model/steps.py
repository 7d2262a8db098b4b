"""A window cut into sets by a step, and sets joined again by the calendar."""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final, TypeAlias

from farthing.errors import InvalidWindowError
from farthing.model.window import SECONDS_PER_HOUR, Duration, Window, parse_duration
from farthing.model.zone import date_of, midnight, quoted, sunday_of

MOST_SETS: Final = 11_000
"""As many points as Prometheus gives for one series."""

Step: TypeAlias = Duration | None
"""Length of one set; None is the whole window."""

_ALLOWED: Final = "allowed are one number and one unit, such as 30m, 6h, 1d or 1w, or nothing for the whole window"


def parse_step(text: str) -> Step:
    """Step that ``text`` writes; raises InvalidWindowError."""
    written = text.strip()
    return parse_duration(written, f"step {quoted(text)}", _ALLOWED) if written else None


def split(window: Window, step: Step, zone: tzinfo) -> list[Window]:
    """``window`` cut into sets, in order and without gaps; raises InvalidWindowError beyond 11,000 sets.

    Steps in days end at local midnights, so the first set is shorter if the window starts later in the day; the last
    set ends where the window does.
    """
    if step is None:
        return [window]
    if window.seconds > MOST_SETS * step.nominal_seconds:
        raise InvalidWindowError(
            f"step of {step.nominal_seconds} s cuts window {window} into more than {MOST_SETS} sets: "
            "ask for a longer step or a shorter window",
        )
    cuts = _days_from(window, step.days, zone) if step.days else _seconds_from(window, step.seconds)
    edges = [*cuts, window.end]
    return [Window(start, end) for start, end in pairwise(edges)]


def group_by_calendar(sets: list[Window], accumulate: str, zone: tzinfo) -> list[list[int]]:
    """Which of ``sets`` (their indices) are joined: those that start in one local hour, day, week, month or quarter.

    ``true`` and ``all`` join everything, ``false`` and nothing leave each alone; raises InvalidWindowError for others.
    """
    if accumulate in {"", "false"}:
        return [[index] for index in range(len(sets))]
    if accumulate not in _UNIT_OF:
        raise InvalidWindowError(
            f"accumulate {quoted(accumulate)} is not offered: allowed are false, {', '.join(_UNIT_OF)}",
        )
    unit_of = _UNIT_OF[accumulate]
    groups: dict[Hashable, list[int]] = {}
    for index, window in enumerate(sets):
        groups.setdefault(unit_of(window.start, zone), []).append(index)
    return list(groups.values())


def _seconds_from(window: Window, seconds: int) -> list[datetime]:
    return [window.start + timedelta(seconds=offset) for offset in range(0, window.seconds, seconds)]


def _days_from(window: Window, days: int, zone: tzinfo) -> list[datetime]:
    cuts, day = [window.start], date_of(window.start, zone)
    while (cut := midnight(day := day + timedelta(days=days), zone)) < window.end:
        # A day that the zone skipped starts when the next one does.
        if cut > cuts[-1]:
            cuts.append(cut)
    return cuts


def _hour(instant: datetime, zone: tzinfo) -> Hashable:
    day = date_of(instant, zone)
    return day, (instant - midnight(day, zone)) // timedelta(seconds=SECONDS_PER_HOUR)


def _month(instant: datetime, zone: tzinfo) -> Hashable:
    day = date_of(instant, zone)
    return day.year, day.month


def _quarter(instant: datetime, zone: tzinfo) -> Hashable:
    day = date_of(instant, zone)
    return day.year, (day.month - 1) // 3


_UNIT_OF: Final[dict[str, Callable[[datetime, tzinfo], Hashable]]] = {
    "all": lambda _instant, _zone: None,
    "true": lambda _instant, _zone: None,
    "hour": _hour,
    "day": date_of,
    "week": lambda instant, zone: sunday_of(date_of(instant, zone)),
    "month": _month,
    "quarter": _quarter,
}
