"""Days as a store may hold them, and the plan of a question over them."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from farthing.model.coverage import Coverage
from farthing.model.plan import Day, Plan, planned
from farthing.model.steps import parse_step, split
from farthing.model.window import Window, day_of, hours_of_day
from farthing.model.zone import date_of, midnight


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def unix(text: str) -> int:
    return int(at(text).timestamp())


def window(start: str, end: str) -> Window:
    return Window(at(start), at(end))


def stored(*dates: str, zone: tzinfo = UTC, has_hours: bool = True, until: str = "2100-01-01T00:00Z") -> dict[str, Day]:
    """Days of which every hour that begins before ``until`` was seen."""
    found = {}
    for text in dates:
        day = day_of(midnight(date.fromisoformat(text), zone), zone)
        hours = [hour for hour in hours_of_day(day) if hour.start < at(until)]
        ends = [min(hour.end, at(until)) for hour in hours]
        coverage = {
            int(hour.start.timestamp()): Coverage(
                int(hour.start.timestamp()), (end - hour.start) / timedelta(seconds=1), 1.0
            )
            for hour, end in zip(hours, ends, strict=True)
        }
        assert str(date_of(day.start, zone)) == text
        found[text] = Day(text, coverage, has_hours)
    return found


def plan_of(
    asked: Window, days: dict[str, Day], *, step: str = "", zone: tzinfo = UTC, now: str = "2026-11-30T00:00Z"
) -> Plan:
    sets = [[one] for one in split(asked, parse_step(step), zone)]
    return planned(sets, days, zone, unix(now))
