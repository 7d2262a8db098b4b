"""The store is filled day by day, goes on where it stopped, and asks again only what may have changed."""

from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from farthing.demo.cluster import Cluster
from farthing.errors import MetricsUnreachableError, StoreLockedError
from farthing.model.window import Window
from farthing.services.collect import LATE_DATA
from farthing.store.days import Store
from tests.support.clocked import END, HOUR, START, Clocked, collector, once, quiet_cluster, stored
from tests.support.measuring import DAY, moment

pytestmark = pytest.mark.slow

WINDOW = Window(moment(START), moment(END))


def test_each_day_is_asked_in_one_piece_newest_first(source: Clocked, store: Store) -> None:
    assert collector(source, store).collect(WINDOW) == 48
    assert list(dict.fromkeys(start for start, _ in source.asked)) == [START + DAY, START]
    assert source.spans() == once((0, 24), (24, 48))


def test_a_failure_keeps_the_days_before_it_and_the_next_run_asks_only_for_what_is_missing(
    source: Clocked, store: Store
) -> None:
    source.broken = {START}
    with pytest.raises(MetricsUnreachableError):
        collector(source, store).collect(WINDOW)
    assert list(stored(store)) == ["2026-11-18"]
    source.broken, _ = set(), source.spans()
    assert collector(source, store).collect(WINDOW) == 24
    assert source.spans() == once((0, 24))
    assert list(stored(store)) == ["2026-11-17", "2026-11-18"]


def test_what_is_settled_is_not_asked_again_unless_told_to(source: Clocked, store: Store) -> None:
    collector(source, store).collect(WINDOW)
    source.spans()
    assert collector(source, store).collect(WINDOW) == 0
    assert source.spans() == Counter()
    assert collector(source, store).collect(WINDOW, again=True) == 48
    assert source.spans() == once((24, 48), (0, 24))


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        pytest.param(14 * HOUR + 1200, 14 * HOUR + 1800, once((14, 15)), id="the hour under way"),
        # The hour to 14:00 is settled at 14:10.
        pytest.param(14 * HOUR + 599, 14 * HOUR + 1199, once((13, 15)), id="one that was asked too soon after its end"),
        pytest.param(14 * HOUR + 600, 14 * HOUR + 1200, once((14, 15)), id="not one that was asked late enough"),
        pytest.param(14 * HOUR + 1200, 16 * HOUR + 60, once((14, 17)), id="the hours that have passed since"),
        pytest.param(14 * HOUR + 1200, 14 * HOUR + 1200, once((14, 15)), id="at the same moment"),
    ],
)
def test_of_a_day_under_way_only_what_may_have_changed_is_asked_again(
    source: Clocked, store: Store, first: int, second: int, asked: Counter[tuple[int, int]]
) -> None:
    today = Window(moment(START), moment(START + DAY))
    source.at = START + first
    collector(source, store).collect(today)
    source.spans()
    source.at = START + second
    collector(source, store).collect(today)
    assert source.spans() == asked


def test_of_the_hour_under_way_only_what_has_passed_is_kept(source: Clocked, store: Store) -> None:
    source.at = START + 14 * HOUR + 1200
    collector(source, store).collect(Window(moment(START), moment(START + DAY)))
    (coverage,) = stored(store).values()
    assert [(one.start - START) // HOUR for one in coverage] == list(range(15))
    assert [one.seconds for one in coverage] == [3600.0] * 14 + [1200.0]
    assert [one.settled for one in coverage] == [True] * 14 + [False]


def test_time_is_prometheus_and_what_it_has_not_reached_is_not_asked(source: Clocked, store: Store) -> None:
    source.at = START + 60
    assert collector(source, store).collect(WINDOW) == 1
    assert source.spans() == once((0, 1))
    source.at = START - DAY
    assert collector(source, store).collect(WINDOW) == 0
    assert source.spans() == Counter()


def test_an_incomplete_hour_is_asked_again_for_six_hours(tmp_path: Path) -> None:
    # Scrapes begin at 02:00; the day's first two hours stay empty, however often they are asked.
    late = Cluster(START + 2 * HOUR, END, quiet_cluster().nodes, quiet_cluster().pods)
    source, store = Clocked(late, START + 4 * HOUR + 700), Store(tmp_path / "store")
    today = Window(moment(START), moment(START + DAY))
    collector(source, store).collect(today)
    assert [one.complete for one in stored(store)["2026-11-17"]][:4] == [False, False, True, True]
    source.spans()
    collector(source, store).collect(today)
    assert source.spans() == once((0, 2), (4, 5))
    # The second hour ended at 02:00: six hours on, it is let be.
    source.at = START + 2 * HOUR + LATE_DATA
    collector(source, store).collect(today)
    assert source.spans() == once((4, 8))


@pytest.mark.parametrize(
    ("zone", "first"),
    [pytest.param("Asia/Kolkata", -19_800, id="half past"), pytest.param("America/New_York", 18_000, id="west")],
)
def test_a_day_is_the_local_one(source: Clocked, store: Store, zone: str, first: int) -> None:
    local = ZoneInfo(zone)
    begin = START + first + DAY
    source.at = begin + DAY
    made = collector(source, store, local).collect(Window(moment(begin), moment(begin + DAY)))
    assert made == 24
    assert {(start, end) for start, end in source.asked} == {(begin, begin + DAY)}
    assert list(stored(store)) == ["2026-11-18"]


def test_two_do_not_write_at_once(source: Clocked, store: Store) -> None:
    with store.writing(), pytest.raises(StoreLockedError):
        collector(source, Store(store.root)).collect(WINDOW)
    assert not source.asked


def test_coverage_of_what_is_not_stored_is_nothing(source: Clocked, store: Store) -> None:
    source.at = START + DAY + 3 * HOUR
    collecting = collector(source, store)
    collecting.collect(Window(moment(START), moment(START + DAY)))
    shares = [one.share for one in collecting.coverage(WINDOW)]
    assert len(shares) == 27
    assert min(shares[:24]) > 0.95
    assert shares[24:] == [0, 0, 0]
