"""What is planned of a store that has not got to the end of what is asked: nothing that has passed goes unsaid."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.model.plan import LATE
from farthing.model.window import Window
from tests.support.plans import at, plan_of, stored, unix, window


@pytest.mark.parametrize(
    ("now", "missing"),
    [
        pytest.param("2026-11-17T11:19Z", 0, id="two-refreshes-late"),
        pytest.param("2026-11-17T11:21Z", 1, id="later"),
        pytest.param("2026-11-17T13:30Z", 3, id="hours-later"),
    ],
)
def test_the_newest_hour_may_be_as_late_as_two_refreshes(now: str, missing: int) -> None:
    days = stored("2026-11-17", until="2026-11-17T11:00Z")
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-18T00:00Z"), days, now=now)
    assert len(plan.unseen) == missing


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(window("2026-11-17T00:00Z", "2026-11-18T00:00Z"), id="day"),
        pytest.param(window("2026-11-17T10:00Z", "2026-11-17T20:00Z"), id="hours"),
    ],
)
def test_of_an_hour_under_way_only_what_has_passed_is_expected(asked: Window) -> None:
    days = stored("2026-11-17", until="2026-11-17T11:00Z")
    assert plan_of(asked, days, now="2026-11-17T12:30Z").unseen == [
        window("2026-11-17T11:00Z", "2026-11-17T12:00Z"),
        window("2026-11-17T12:00Z", "2026-11-17T12:30Z"),
    ]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(window("2026-11-17T00:00Z", "2026-11-18T00:00Z"), id="day"),
        pytest.param(window("2026-11-17T12:00Z", "2026-11-18T00:00Z"), id="hours"),
        pytest.param(window("2026-11-17T00:00Z", "2026-11-19T00:00Z"), id="days"),
    ],
)
def test_the_rest_of_an_hour_that_was_collected_in_part_is_missing(asked: Window) -> None:
    # Prometheus was lost at 23:20; at 09:00 the next day there are newer hours, which do not make up for it.
    days = stored("2026-11-17", until="2026-11-17T23:20Z") | stored("2026-11-18", until="2026-11-18T09:00Z")
    plan = plan_of(asked, days, now="2026-11-18T09:00Z")
    assert plan.unseen == [window("2026-11-17T23:20Z", "2026-11-18T00:00Z")]
    # What there is of the hour is read: 23:00 to 23:20.
    assert [one.seconds for one in plan.seen if one.start == unix("2026-11-17T23:00Z")] == [1200]


@pytest.mark.parametrize(
    ("asked", "now", "pieces"),
    [
        pytest.param(
            ("11:53", "12:08"), "12:08", [("11:53:00", "12:00:00"), ("12:00:00", "12:08:00")], id="over-the-hour"
        ),
        pytest.param(("12:01", "12:16"), "12:16", [("12:01:00", "12:16:00")], id="within-the-hour"),
        # The hour from 11:00 is read from the store as far as it goes, and asked for from there.
        pytest.param(("08:00", "12:08"), "12:08", [("11:59:30", "12:08:00")], id="after-hours"),
        pytest.param(("11:00", "12:16"), "12:16", [("11:59:30", "12:16:00")], id="after-an-hour"),
        pytest.param(("12:05", "12:30"), "12:05", [], id="not-begun"),
    ],
)
def test_a_ragged_end_is_asked_for_however_late_the_store_is(
    asked: tuple[str, str], now: str, pieces: list[tuple[str, str]]
) -> None:
    days = stored("2026-11-17", until="2026-11-17T11:59:30Z")
    start, end = (f"2026-11-17T{text}Z" for text in asked)
    plan = plan_of(window(start, end), days, now=f"2026-11-17T{now}Z")
    assert [one for one, _ in plan.ragged] == [window(f"2026-11-17T{a}Z", f"2026-11-17T{b}Z") for a, b in pieces]
    assert plan.unseen == []


def test_a_ragged_end_after_a_day_begins_where_the_late_store_ends() -> None:
    days = stored("2026-11-17", until="2026-11-17T23:50Z")
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-18T00:05Z"), days, now="2026-11-18T00:05Z")
    assert list(plan.days) == ["2026-11-17"]
    assert plan.ragged == [(window("2026-11-17T23:50Z", "2026-11-18T00:05Z"), 0)]


def test_whole_days_and_hours_ask_for_no_pieces_however_late_the_store_is() -> None:
    days = stored("2026-11-17", until="2026-11-17T11:59:30Z")
    for asked in (
        window("2026-11-17T00:00Z", "2026-11-18T00:00Z"),
        window("2026-11-11T00:00Z", "2026-11-18T00:00Z"),
        window("2026-11-17T00:00Z", "2026-11-17T13:00Z"),
    ):
        assert plan_of(asked, days, now="2026-11-17T12:08Z").ragged == []


MINUTES = st.integers(0, 3 * 24 * 60)


@given(edges=st.tuples(MINUTES, MINUTES).filter(lambda edges: edges[0] < edges[1]), until=MINUTES, later=MINUTES)
def test_every_second_that_has_passed_is_read_asked_for_or_told_missing(
    edges: tuple[int, int], until: int, later: int
) -> None:
    first = at("2026-11-17T00:00Z")
    start, end, newest = (first + timedelta(minutes=minutes) for minutes in (*edges, until))
    now = newest + timedelta(minutes=later % 90)
    days = stored("2026-11-17", "2026-11-18", "2026-11-19", until=newest.isoformat())
    plan = plan_of(Window(start, end), days, now=now.isoformat())
    told = sum(one.seconds for one in plan.seen) + sum(one.seconds for one in plan.unseen)
    told += sum((min(one.end, now) - one.start) / timedelta(seconds=1) for one, _ in plan.ragged)
    passed = max(timedelta(0), min(end, now) - start) / timedelta(seconds=1)
    # Only whole hours may lack, and only what a store that is not too late has not got to; not before a ragged end.
    late = (now - newest) / timedelta(seconds=1)
    whole = end.minute == 0 or end.replace(minute=0) >= now
    excused = late if late <= LATE and whole else 0
    assert passed - excused <= told <= passed
