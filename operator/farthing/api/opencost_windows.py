"""The windows of OpenCost's own routes, which differ from Kubecost's (core/window.go of OpenCost, section 6 of its notes)."""

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final

from farthing.model.window import day_of, parse_duration, parse_window
from farthing.model.zone import date_of, midnight, sunday_of

_UNITS: Final = {"m": 60, "h": 3600}
_DURATION: Final = re.compile("([0-9]{1,6})([mhdw])")


def opencost_window(text: str, now: datetime, zone: tzinfo) -> str:
    """``text`` as Kubecost's grammar writes what OpenCost means by it at ``now``; what both mean alike stays as it is.

    A length ends where its unit does next: 7d is today whole and the six days before, 24h ends with this hour. Its week and
    month end now. A length with an offset is exact.
    """
    written = text.strip()
    if written in {"week", "month"}:
        today = date_of(now, zone)
        start = sunday_of(today) if written == "week" else today.replace(day=1)
        return _pair(midnight(start, zone), now) if now > midnight(start, zone) else written
    length, offset, moved = written.partition(" offset ")
    found = _DURATION.fullmatch(length.strip())
    if found is None:
        return text
    count, unit = int(found[1]), found[2]
    if offset:
        # Refused in the words of the other grammar.
        parse_window(written, now, zone)
        end = now - timedelta(seconds=parse_duration(moved.strip(), "offset", "").nominal_seconds)
        return _pair(end - timedelta(seconds=parse_duration(length.strip(), "window", "").nominal_seconds), end)
    # What is out of all bounds is refused in the words of the other grammar.
    parse_window(written, now, zone)
    if not count:
        return text
    if unit == "w":
        count, unit = count * 7, "d"
    if unit == "d":
        end = day_of(now, zone).end
        first = date_of(now, zone) - timedelta(days=count - 1)
        return _pair(midnight(first, zone), end)
    # Hours of the store's clock, as facts are kept by those.
    midnight_before, unit_seconds = day_of(now, zone).start, _UNITS[unit]
    end = midnight_before + timedelta(
        seconds=((now - midnight_before).total_seconds() // unit_seconds + 1) * unit_seconds
    )
    return _pair(end - timedelta(seconds=count * unit_seconds), end)


def _pair(start: datetime, end: datetime) -> str:
    return f"{int(start.timestamp())},{int(end.timestamp())}"
