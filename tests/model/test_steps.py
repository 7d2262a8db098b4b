from datetime import UTC, datetime

import pytest

from farthing.errors import InvalidWindowError
from farthing.model.steps import group_by_calendar, parse_step, split
from farthing.model.window import Duration, Window
from farthing.model.zone import parse_timezone

NEW_YORK = parse_timezone("America/New_York")


def window(start: str, end: str) -> Window:
    return Window(datetime.fromisoformat(start).astimezone(UTC), datetime.fromisoformat(end).astimezone(UTC))


def hours(sets: list[Window]) -> list[float]:
    return [each.seconds / 3600 for each in sets]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("30m", Duration(seconds=1800)),
        (" 6h ", Duration(seconds=21600)),
        ("24h", Duration(seconds=86400)),
        ("1d", Duration(days=1)),
        ("2w", Duration(days=14)),
        ("", None),
        ("  ", None),
    ],
)
def test_a_step_is_one_number_and_one_unit_or_the_whole_window(text: str, step: Duration | None) -> None:
    assert parse_step(text) == step


@pytest.mark.parametrize("text", ["0h", "1h30m", "-1d", "hour", "1.5d", "today", "9" * 5 + "w"])
def test_what_is_no_step_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(InvalidWindowError, match=f"^step '{text}' .*(allowed are|longer than 10 years)"):
        parse_step(text)


@pytest.mark.parametrize(
    ("start", "end", "step", "lengths"),
    [
        pytest.param("2026-11-20T00:00Z", "2026-11-21T00:00Z", "6h", [6, 6, 6, 6], id="equal"),
        pytest.param("2026-11-20T00:00Z", "2026-11-20T02:15Z", "1h", [1, 1, 0.25], id="last-is-clipped"),
        pytest.param("2026-11-20T00:00Z", "2026-11-20T02:15Z", "1d", [2.25], id="longer-than-the-window"),
        pytest.param("2026-11-20T00:00Z", "2026-11-20T02:15Z", "", [2.25], id="whole-window"),
        # 7 March to 10 March in New York: the clock goes forward on the 8th.
        pytest.param("2026-03-07T05:00Z", "2026-03-10T04:00Z", "1d", [24, 23, 24], id="days-around-23-hours"),
        pytest.param("2026-10-31T04:00Z", "2026-11-03T05:00Z", "1d", [24, 25, 24], id="days-around-25-hours"),
        pytest.param("2026-03-07T05:00Z", "2026-03-10T04:00Z", "24h", [24, 24, 23], id="hours-are-exact"),
        pytest.param("2026-03-01T05:00Z", "2026-03-16T04:00Z", "1w", [168, 167, 24], id="weeks-around-23-hours"),
        # From noon to noon: the day's edges are at midnight, as the store's days are.
        pytest.param("2026-11-18T17:00Z", "2026-11-20T17:00Z", "1d", [12, 24, 12], id="days-end-at-midnight"),
    ],
)
def test_a_step_cuts_the_window_into_sets(start: str, end: str, step: str, lengths: list[float]) -> None:
    whole = window(start, end)
    sets = split(whole, parse_step(step), NEW_YORK)
    assert hours(sets) == lengths
    assert sets[0].start == whole.start


def test_a_day_that_the_zone_skipped_is_no_set() -> None:
    # Samoa, 29 December 2011 to 1 January 2012 without the 30th.
    days = split(
        window("2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00"),
        parse_step("1d"),
        parse_timezone("Pacific/Apia"),
    )
    assert hours(days) == [24, 24]


def test_at_most_11000_sets_are_made() -> None:
    # 11,000 minutes are 7 days, 15 hours and 20 minutes.
    assert len(split(window("2026-11-01T00:00Z", "2026-11-08T15:20Z"), parse_step("1m"), UTC)) == 11_000
    with pytest.raises(InvalidWindowError, match=r"step of 60 s .* more than 11000 sets: ask for a longer step"):
        split(window("2026-11-01T00:00Z", "2026-11-08T15:20:01Z"), parse_step("1m"), UTC)


@pytest.mark.parametrize(
    ("accumulate", "groups"),
    [
        ("", [[0], [1], [2], [3], [4]]),
        ("false", [[0], [1], [2], [3], [4]]),
        ("true", [[0, 1, 2, 3, 4]]),
        ("all", [[0, 1, 2, 3, 4]]),
        # The starts in New York: Fri 30 Sep 23:00, Sat 1 Oct 00:00, 00:30, Sun 2 Oct 00:00, Sun 2 Oct 20:00 (2022).
        ("hour", [[0], [1, 2], [3], [4]]),
        ("day", [[0], [1, 2], [3, 4]]),
        ("week", [[0, 1, 2], [3, 4]]),
        ("month", [[0], [1, 2, 3, 4]]),
        ("quarter", [[0], [1, 2, 3, 4]]),
    ],
)
def test_sets_are_joined_by_the_local_unit_they_start_in(accumulate: str, groups: list[list[int]]) -> None:
    sets = [
        window("2022-09-30T23:00-04:00", "2022-10-01T00:00-04:00"),
        window("2022-10-01T00:00-04:00", "2022-10-01T00:30-04:00"),
        window("2022-10-01T00:30-04:00", "2022-10-02T00:00-04:00"),
        window("2022-10-02T00:00-04:00", "2022-10-02T20:00-04:00"),
        window("2022-10-02T20:00-04:00", "2022-10-03T00:00-04:00"),
    ]
    assert group_by_calendar(sets, accumulate, NEW_YORK) == groups


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    # In New York 01:00 comes at 05:00 UTC and again at 06:00 UTC on 1 November 2026.
    half_hours = split(window("2026-11-01T05:00Z", "2026-11-01T07:00Z"), parse_step("30m"), NEW_YORK)
    assert group_by_calendar(half_hours, "hour", NEW_YORK) == [[0, 1], [2, 3]]


def test_the_same_unit_of_another_year_is_another_group() -> None:
    starts = [window("2025-11-01T00:00Z", "2025-11-02T00:00Z"), window("2026-11-01T00:00Z", "2026-11-02T00:00Z")]
    assert all(group_by_calendar(starts, unit, UTC) == [[0], [1]] for unit in ("day", "week", "month", "quarter"))


@pytest.mark.parametrize("accumulate", ["year", "True", "1d", "null"])
def test_what_is_no_accumulate_is_refused_with_what_is_allowed(accumulate: str) -> None:
    with pytest.raises(
        InvalidWindowError, match=f"accumulate '{accumulate}' .* false, all, true, hour, day, week, mon"
    ):
        group_by_calendar([], accumulate, UTC)
