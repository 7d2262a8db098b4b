"""Which stored days and hours answer a question, and which pieces of hours must be asked for."""

from datetime import UTC, date, timedelta

import pytest

from farthing.errors import InvalidQuestionError
from farthing.model.plan import planned
from farthing.model.steps import parse_step, split
from farthing.model.window import Window, day_of
from farthing.model.zone import midnight, parse_timezone
from tests.support.plans import at, plan_of, stored, unix, window


def test_whole_days_are_read_by_the_day() -> None:
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-19T00:00Z"), stored("2026-11-17", "2026-11-18"), step="1d")
    assert plan.days == {
        "2026-11-17": {unix("2026-11-17T00:00Z"): 0},
        "2026-11-18": {unix("2026-11-18T00:00Z"): 1},
    }
    assert (plan.hours, plan.ragged, plan.unseen, len(plan.seen)) == ({}, [], [], 48)


def test_a_part_of_a_day_is_read_by_the_hour() -> None:
    plan = plan_of(window("2026-11-17T22:00Z", "2026-11-19T01:00Z"), stored("2026-11-17", "2026-11-18", "2026-11-19"))
    assert plan.hours == {
        "2026-11-17": {unix("2026-11-17T22:00Z"): 0, unix("2026-11-17T23:00Z"): 0},
        "2026-11-19": {unix("2026-11-19T00:00Z"): 0},
    }
    assert list(plan.days) == ["2026-11-18"]
    assert (plan.ragged, plan.unseen) == ([], [])


def test_a_step_within_a_day_is_read_by_the_hour() -> None:
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-18T00:00Z"), stored("2026-11-17"), step="6h")
    assert plan.days == {}
    assert [plan.hours["2026-11-17"][unix(f"2026-11-17T{hour:02}:00Z")] for hour in (0, 5, 6, 17, 18, 23)] == [
        0, 0, 1, 2, 3, 3,
    ]  # fmt: skip


def test_ragged_ends_are_asked_for() -> None:
    plan = plan_of(window("2026-11-17T08:25Z", "2026-11-17T10:25Z"), stored("2026-11-17"))
    assert plan.hours == {"2026-11-17": {unix("2026-11-17T09:00Z"): 0}}
    assert plan.ragged == [
        (window("2026-11-17T08:25Z", "2026-11-17T09:00Z"), 0),
        (window("2026-11-17T10:00Z", "2026-11-17T10:25Z"), 0),
    ]


def test_sets_that_are_joined_again_need_no_pieces() -> None:
    halves = split(window("2026-11-17T08:00Z", "2026-11-17T10:00Z"), parse_step("30m"), UTC)
    plan = planned([halves[:2], halves[2:]], stored("2026-11-17"), UTC, unix("2026-11-30T00:00Z"))
    assert plan.ragged == []
    assert plan.hours == {"2026-11-17": {unix("2026-11-17T08:00Z"): 0, unix("2026-11-17T09:00Z"): 1}}


def test_a_set_may_have_gaps() -> None:
    # All Mondays' first hours in one set, as an accumulation by something else than time would ask.
    pieces = [window("2026-11-16T00:00Z", "2026-11-16T01:00Z"), window("2026-11-23T00:00Z", "2026-11-23T01:00Z")]
    plan = planned([pieces], stored("2026-11-16", "2026-11-23"), UTC, unix("2026-11-30T00:00Z"))
    assert {day: list(hours.values()) for day, hours in plan.hours.items()} == {"2026-11-16": [0], "2026-11-23": [0]}
    assert len(plan.seen) == 2


def test_hours_that_are_not_stored_are_told() -> None:
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-19T00:00Z"), stored("2026-11-17"))
    assert list(plan.days) == ["2026-11-17"]
    assert [one.start for one in plan.unseen] == [at("2026-11-18T00:00Z") + timedelta(hours=hour) for hour in range(24)]


def test_hours_missing_within_a_stored_day_are_told() -> None:
    days = stored("2026-11-17")
    del days["2026-11-17"].coverage[unix("2026-11-17T03:00Z")]  # type: ignore[attr-defined]
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-18T00:00Z"), days)
    assert plan.unseen == [window("2026-11-17T03:00Z", "2026-11-17T04:00Z")]
    assert len(plan.seen) == 23


def test_a_day_that_is_kept_without_its_hours_answers_only_whole() -> None:
    days = stored("2026-11-17", has_hours=False)
    assert list(plan_of(window("2026-11-17T00:00Z", "2026-11-18T00:00Z"), days).days) == ["2026-11-17"]
    part = plan_of(window("2026-11-17T00:00Z", "2026-11-17T12:00Z"), days)
    assert (part.hours, len(part.unseen)) == ({}, 12)


def test_what_has_not_passed_is_not_missing() -> None:
    days = stored("2026-11-17", until="2026-11-17T10:25Z")
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-19T00:00Z"), days, now="2026-11-17T10:25Z")
    assert (plan.unseen, len(plan.seen)) == ([], 11)


def test_an_hour_that_is_still_going_on_is_read_from_the_store() -> None:
    days = stored("2026-11-17", until="2026-11-17T10:25Z")
    plan = plan_of(window("2026-11-17T09:00Z", "2026-11-17T11:00Z"), days, now="2026-11-17T10:25Z")
    assert [one.seconds for one in plan.seen] == [3600, 1500]
    assert plan.ragged == []


@pytest.mark.parametrize(
    ("name", "dates", "hours"),
    [
        # The clock of New York goes forward on 8 March 2026 and back on 1 November, Lord Howe's by half an hour on 4 October.
        pytest.param("America/New_York", ("2026-03-07", "2026-03-08", "2026-03-09"), [24, 23, 24], id="23-hours"),
        pytest.param("America/New_York", ("2026-10-31", "2026-11-01", "2026-11-02"), [24, 25, 24], id="25-hours"),
        pytest.param(
            "Australia/Lord_Howe", ("2026-10-03", "2026-10-04", "2026-10-05"), [24, 24, 24], id="half-an-hour"
        ),
        pytest.param("+05:30", ("2026-11-16", "2026-11-17", "2026-11-18"), [24, 24, 24], id="half-past"),
    ],
)
def test_days_of_the_stores_zone_are_whole_however_long(name: str, dates: tuple[str, ...], hours: list[int]) -> None:
    zone = parse_timezone(name)
    days = stored(*dates, zone=zone)
    first, last = (midnight(date.fromisoformat(text), zone) for text in (dates[0], dates[-1]))
    asked = Window(first, day_of(last, zone).end)
    plan = plan_of(asked, days, step="1d", zone=zone, now="2026-12-24T00:00Z")
    assert [list(sets.values()) for sets in plan.days.values()] == [[0], [1], [2]]
    assert (plan.hours, plan.ragged, plan.unseen) == ({}, [], [])
    assert [len(day.coverage) for day in days.values()] == hours
    # The lengths of all hours are those of the window.
    assert sum(one.seconds for one in plan.seen) == asked.seconds


def test_hours_lie_where_the_stores_zone_has_them() -> None:
    zone = parse_timezone("+05:30")
    # 18:30 UTC is midnight there.
    days = stored("2026-11-17", zone=zone)
    plan = plan_of(window("2026-11-16T19:30Z", "2026-11-16T21:30Z"), days, zone=zone)
    assert plan.hours == {"2026-11-17": {unix("2026-11-16T19:30Z"): 0, unix("2026-11-16T20:30Z"): 0}}
    ragged = plan_of(window("2026-11-16T20:00Z", "2026-11-16T21:00Z"), days, zone=zone)
    assert [one for one, _ in ragged.ragged] == [
        window("2026-11-16T20:00Z", "2026-11-16T20:30Z"),
        window("2026-11-16T20:30Z", "2026-11-16T21:00Z"),
    ]


def test_too_many_pieces_of_hours_are_refused_with_what_to_do() -> None:
    days = stored("2026-11-17", "2026-11-18")
    assert len(plan_of(window("2026-11-17T00:00Z", "2026-11-18T08:00Z"), days, step="30m").ragged) == 64
    with pytest.raises(
        InvalidQuestionError, match=r"^66 pieces of the window .* 64 are allowed: choose a step in whole"
    ):
        plan_of(window("2026-11-17T00:00Z", "2026-11-18T09:00Z"), days, step="30m")


def test_nothing_is_planned_beyond_now() -> None:
    plan = plan_of(window("2026-11-17T00:00Z", "2026-11-20T00:00Z"), {}, now="2026-11-17T00:00Z")
    assert (plan.days, plan.hours, plan.ragged, plan.seen, plan.unseen) == ({}, {}, [], [], [])
