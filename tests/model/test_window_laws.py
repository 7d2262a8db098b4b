"""Laws that hold for every window, in timezones chosen for their trouble."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from farthing.errors import InvalidWindowError
from farthing.model.steps import MOST_SETS, group_by_calendar, parse_step, split
from farthing.model.window import Window, day_of, days, hours_of_day, parse_window
from farthing.model.zone import date_of, midnight, parse_timezone

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

ZONES = [
    parse_timezone(name)
    for name in (
        "UTC",
        "+05:30",
        "-03:00",
        "America/New_York",
        "Europe/Berlin",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Santiago",
        "Asia/Beirut",
        "America/Havana",
    )
]
zones = st.sampled_from(ZONES)
# From 2012 on none of these zones skips a day, and no window below reaches further back.
dates = st.dates(date(2020, 1, 1), date(2037, 12, 31))
instants = st.integers(1_357_000_000, 2_140_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
windows = st.builds(
    lambda start, seconds: Window(start, start + timedelta(seconds=seconds)), instants, st.integers(1, 40 * 86400)
)


@st.composite
def nows(draw: st.DrawFn, zone: tzinfo) -> datetime:
    """Minutes of the clock, often near the start of a day or a change of the clock."""
    day = draw(dates | st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 9, 6), date(2026, 11, 1)]))
    return midnight(day, zone) + timedelta(minutes=draw(st.sampled_from([0, 0, 1, 90, 1439]) | st.integers(0, 1440)))


def starts_a_day(instant: datetime, zone: tzinfo) -> bool:
    """Whether the clock shows another date than it did a second ago."""
    return instant.astimezone(zone).date() != (instant - SECOND).astimezone(zone).date()


def is_cut_into(whole: Window, parts: list[Window]) -> bool:
    return (
        parts[0].start == whole.start
        and parts[-1].end == whole.end
        and all(one.end == following.start for one, following in pairwise(parts))
    )


@given(windows, st.sampled_from(["", "15m", "1h", "7h", "24h", "1d", "2d", "1w"]), zones)
def test_split_covers_the_window_in_order_without_gap_or_overlap(window: Window, step: str, zone: tzinfo) -> None:
    sets = split(window, parse_step(step), zone)
    assert is_cut_into(window, sets)
    assert len(sets) <= MOST_SETS
    if step.endswith(("d", "w")):
        assert all(starts_a_day(each.start, zone) for each in sets[1:])


@given(windows, zones)
def test_days_cover_the_window_and_each_is_whole_and_touches_it(window: Window, zone: tzinfo) -> None:
    found = days(window, zone)
    assert is_cut_into(Window(found[0].start, found[-1].end), found)
    assert found[0].start <= window.start < found[0].end
    assert found[-1].start < window.end <= found[-1].end
    assert all(starts_a_day(day.start, zone) for day in found)


@given(instants, zones)
def test_the_day_of_an_instant_holds_it_and_is_its_date(instant: datetime, zone: tzinfo) -> None:
    day = day_of(instant, zone)
    assert day.start <= instant < day.end
    assert date_of(instant, zone) == instant.astimezone(zone).date() == date_of(day.end - SECOND, zone)


@given(dates, zones)
def test_hours_cover_the_day_and_only_the_last_is_shorter(day: date, zone: tzinfo) -> None:
    whole = day_of(midnight(day, zone), zone)
    hours = hours_of_day(whole)
    assert is_cut_into(whole, hours)
    assert all(hour.seconds == 3600 for hour in hours[:-1])
    assert 0 < hours[-1].seconds <= 3600


@given(st.data(), zones, st.integers(1, 400), st.sampled_from("dw"), st.integers(0, 60))
def test_n_days_are_n_whole_days_and_the_one_that_has_begun(
    data: st.DataObject, zone: tzinfo, count: int, unit: str, offset: int
) -> None:
    now = data.draw(nows(zone))
    window = parse_window(f"{count}{unit}" + (f" offset {offset}d" if offset else ""), now, zone)
    begun = 0 if starts_a_day(now, zone) else 1
    assert starts_a_day(window.start, zone)
    assert starts_a_day(window.end, zone)
    assert len(days(window, zone)) == count * {"d": 1, "w": 7}[unit] + begun
    first_day_outside = now.astimezone(zone).date() + timedelta(days=begun - offset)
    assert window.end.astimezone(zone).date() == first_day_outside


@given(st.data(), zones, st.integers(1, 5000), st.sampled_from("mh"), st.sampled_from(["90m", "25h", "8d", "3w"]))
def test_n_minutes_or_hours_are_exact(data: st.DataObject, zone: tzinfo, count: int, unit: str, offset: str) -> None:
    now = data.draw(nows(zone))
    window = parse_window(f"{count}{unit}", now, zone)
    assert (window.end, window.seconds) == (now, count * {"m": 60, "h": 3600}[unit])
    ago = {"90m": timedelta(minutes=90), "25h": timedelta(hours=25), "8d": 8 * DAY, "3w": 21 * DAY}[offset]
    assert parse_window(f"{count}{unit} offset {offset}", now, zone) == Window(window.start - ago, window.end - ago)


@given(st.data(), zones)
def test_words_are_whole_days_that_meet_each_other(data: st.DataObject, zone: tzinfo) -> None:
    now = data.draw(nows(zone))
    words = ("today", "yesterday", "week", "lastweek", "month", "lastmonth")
    today, yesterday, week, lastweek, month, lastmonth = (parse_window(word, now, zone) for word in words)
    assert today == day_of(now, zone)
    assert yesterday.end == today.start
    assert len(days(yesterday, zone)) == 1
    assert week.end == month.end == today.end
    assert lastweek.end == week.start
    assert lastmonth.end == month.start
    assert len(days(lastweek, zone)) == 7
    assert week.start.astimezone(zone).strftime("%a") == lastweek.start.astimezone(zone).strftime("%a") == "Sun"
    assert month.start.astimezone(zone).day == lastmonth.start.astimezone(zone).day == 1
    assert now - week.start < 8 * DAY
    assert 28 <= len(days(lastmonth, zone)) <= 31


@given(windows, zones)
def test_a_window_reads_back_what_it_writes_and_unix_seconds_mean_the_same(window: Window, zone: tzinfo) -> None:
    unix = f"{int(window.start.timestamp())},{int(window.end.timestamp())}"
    local = f"{window.start.astimezone(zone).isoformat()},{window.end.astimezone(zone).isoformat()}"
    assert {parse_window(text, NOON, zone) for text in (str(window), unix, local)} == {window}


@given(windows, st.sampled_from(["", "false", "true", "all", "hour", "day", "week", "month", "quarter"]), zones)
def test_accumulating_puts_every_set_in_one_group_and_keeps_the_order(
    window: Window, accumulate: str, zone: tzinfo
) -> None:
    sets = split(window, parse_step("6h"), zone)
    groups = group_by_calendar(sets, accumulate, zone)
    assert [index for group in groups for index in group] == list(range(len(sets)))


GRAMMAR = st.lists(st.sampled_from([*"0159mhdwTZ:+-,. \0", "offset", "today", "2026-11-01T00:00:00"]), max_size=12)


@given(st.text() | GRAMMAR.map("".join), zones)
@example("9" * 5000 + "," + "9" * 5000, UTC)
def test_no_text_raises_anything_but_invalid_window(text: str, zone: tzinfo) -> None:
    with suppress(InvalidWindowError):
        assert parse_window(text, NOON, zone).seconds > 0
    with suppress(InvalidWindowError):
        parse_step(text)
