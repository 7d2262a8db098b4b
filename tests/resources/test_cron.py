from datetime import UTC, datetime

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given
from hypothesis import strategies as st

from farthing.resources.cron import cron_fault
from tests.resources.spec_values import BAD_SCHEDULES, GOOD_SCHEDULES

SATURDAY = datetime(2026, 11, 21, tzinfo=UTC)
TERMS = st.from_regex(r"(\*|[0-9]{1,2}(-[0-9]{1,2})?|[A-Z]{3}(-[A-Z]{3})?)(/[0-9]{1,2})?", fullmatch=True)
FIELDS = st.lists(TERMS | st.sampled_from(["*", "1", "MON-FRI", "JAN-MAR"]), min_size=1, max_size=3).map(",".join)


@pytest.mark.parametrize("text", GOOD_SCHEDULES)
def test_cron_fires_every_schedule_that_is_taken(text: str) -> None:
    assert cron_fault(text) is None
    assert next(CronSim(text, SATURDAY)) > SATURDAY


@pytest.mark.parametrize("text", ["0 0 30 2-2 *", "0 0 30 2,2 *", "0 0 31 6/5 *", "0 0 30 2/12 *"])
def test_dates_that_never_come_are_refused_also_where_no_pattern_tells(text: str) -> None:
    assert cron_fault(text) == "names a date that no year has"


@pytest.mark.parametrize("text", [text for text, _ in BAD_SCHEDULES])
def test_refuses_what_is_no_schedule_or_surprises(text: str) -> None:
    assert cron_fault(text)


@given(st.lists(FIELDS, min_size=5, max_size=5).map(" ".join))
def test_nothing_is_taken_that_cron_cannot_read(text: str) -> None:
    if cron_fault(text) is None:
        CronSim(text, SATURDAY)


@given(days=st.lists(st.integers(1, 31), min_size=1, max_size=2), months=st.lists(st.integers(1, 12), min_size=1))
def test_dates_are_refused_exactly_when_cron_knows_that_they_never_come(days: list[int], months: list[int]) -> None:
    text = f"0 0 {','.join(map(str, days))} {','.join(map(str, months))} *"
    try:
        CronSim(text, SATURDAY)
    except CronSimError:
        assert cron_fault(text) == "names a date that no year has"
    else:
        assert cron_fault(text) is None
