"""What the operator does every few minutes: fill holes, go past what fails, forget by a clock that two agree on."""

from typing import Any

import pytest

from farthing.errors import FarthingError, MetricsError, MetricsPartialError, MetricsUnreachableError, StoreCorruptError
from farthing.prometheus.catalogue import CATALOGUE
from farthing.services.collection import CollectService
from farthing.store.days import Store
from tests.support.clocked import END, HOUR, START, Clocked, collector, once, quiet_cluster, stored
from tests.support.measuring import CLUSTER, DAY

pytestmark = pytest.mark.slow


def service(source: Clocked, store: Store, backfill_days: int = 1, **settings: Any) -> CollectService:
    return CollectService(collector(source, store), **{"clock": source.now, "backfill_days": backfill_days, **settings})


def test_the_first_refresh_fills_the_days_before_and_later_ones_the_newest_hours(source: Clocked, store: Store) -> None:
    source.at = START + DAY + 5 * HOUR + 1300
    refreshing = service(source, store)
    refreshing.refresh()
    assert refreshing.changed
    assert source.spans() == once((24, 30), (0, 24))
    source.at += 600
    refreshing.refresh()
    assert refreshing.changed
    assert source.spans() == once((29, 30))
    assert refreshing.version == 2


def test_stored_days_take_other_prices_also_while_prometheus_is_away(source: Clocked, store: Store) -> None:
    source.at = START + 5 * HOUR
    days = iter((3, 0))
    refreshing = service(source, store, reprice=lambda: next(days))
    source.broken = {START}
    with pytest.raises(MetricsUnreachableError):
        refreshing.refresh()
    assert refreshing.version == 2
    assert refreshing.changed
    source.broken = set()
    refreshing.refresh()
    assert refreshing.changed
    assert refreshing.version == 3


def test_what_cannot_be_repriced_does_not_keep_new_hours_away(source: Clocked, store: Store) -> None:
    def broken() -> int:
        raise StoreCorruptError("a day of August is broken")

    source.at = START + 5 * HOUR
    refreshing = service(source, store, reprice=broken)
    with pytest.raises(StoreCorruptError, match="August"):
        refreshing.refresh()
    # Yesterday's and five of today.
    assert sum(map(len, stored(store).values())) == 24 + 5
    assert isinstance(refreshing.trouble, StoreCorruptError)


@pytest.mark.parametrize("days", [0, 119])
def test_the_store_has_changed_if_days_beside_a_broken_one_were_repriced(
    source: Clocked, store: Store, days: int
) -> None:
    def broken() -> int:
        error = StoreCorruptError("a day of August is broken")
        error.days_changed = days
        raise error

    source.away = True
    refreshing = service(source, store, reprice=broken)
    for _ in range(2):
        with pytest.raises(StoreCorruptError, match="August"):
            refreshing.refresh()
        assert refreshing.changed == (days > 0)
    refreshing.reprice = lambda: 0
    with pytest.raises(MetricsUnreachableError):
        refreshing.refresh()
    assert not refreshing.changed


def test_a_refresh_after_midnight_finishes_yesterday(source: Clocked, store: Store) -> None:
    source.at = START + DAY - 300
    refreshing = service(source, store, backfill_days=1)
    refreshing.refresh()
    source.spans()
    source.at = START + DAY + 300
    refreshing.refresh()
    assert source.spans() == once((24, 25), (23, 24))


def test_trouble_is_kept_until_a_refresh_does_well(source: Clocked, store: Store) -> None:
    source.at = START + 5 * HOUR + 900
    refreshing = service(source, store)
    source.broken = {START}
    with pytest.raises(FarthingError):
        refreshing.refresh()
    assert isinstance(refreshing.trouble, MetricsUnreachableError)
    source.broken = set()
    refreshing.refresh()
    assert refreshing.changed
    assert refreshing.trouble is None


def test_a_backfill_that_failed_is_taken_up_by_the_next_refresh(source: Clocked, store: Store) -> None:
    source.at = START + DAY + 5 * HOUR
    refreshing = service(source, store)
    source.broken = {START}
    with pytest.raises(FarthingError):
        refreshing.refresh()
    # One of two days was kept: what is answered from the store may have changed.
    assert list(stored(store)) == ["2026-11-18"]
    assert refreshing.version == 1
    assert refreshing.changed
    source.broken, _ = set(), source.spans()
    refreshing.refresh()
    assert source.spans()[0, 24] == len(CATALOGUE)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_hole_of_days_is_filled_once_prometheus_is_back(store: Store, restarted: bool) -> None:
    source = Clocked(quiet_cluster(START + 5 * DAY), START + 10 * HOUR + 1200)
    refreshing = service(source, store)
    refreshing.refresh()
    source.away, _ = True, source.spans()
    for days in (1, 2, 3):
        source.at = START + days * DAY
        with pytest.raises(MetricsUnreachableError):
            refreshing.refresh()
    source.away, source.at = False, START + 4 * DAY + 6 * HOUR + 1200
    if restarted:
        refreshing = service(source, store, backfill_days=4)
    refreshing.refresh()
    assert refreshing.changed
    # From 10:00 of the first day, an hour that was under way, to 07:00 of the fifth: 14 + 24 + 24 + 24 + 7 hours.
    assert source.spans() == once((10, 24), (24, 48), (48, 72), (72, 96), (96, 103))
    # The day before the first one had no scrapes; the hour under way has all it can have by now.
    assert [len(coverage) for coverage in stored(store).values()] == [24, 24, 24, 24, 24, 7]
    assert sum(one.complete for coverage in stored(store).values() for one in coverage) == 4 * 24 + 7
    source.at += 600
    refreshing.refresh()
    assert source.spans() == once((102, 103))


def test_a_day_that_fails_holds_up_neither_the_days_before_it_nor_forgetting(source: Clocked, store: Store) -> None:
    refreshing = service(source, store, backfill_days=2, keep_hours_days=1)
    source.partial = {START + DAY}
    with pytest.raises(MetricsPartialError):
        refreshing.refresh()
    assert isinstance(refreshing.trouble, MetricsPartialError)
    # It is 00:10 on the 19th: the 17th ended more than a day ago.
    assert {manifest.date: manifest.has_hours for manifest in store.manifests(CLUSTER)} == {
        "2026-11-17": False,
        "2026-11-19": True,
    }
    source.partial, _ = set(), source.spans()
    refreshing.refresh()
    assert source.spans() == once((24, 48), (48, 49))
    assert refreshing.trouble is None


def test_once_prometheus_is_out_of_reach_no_further_day_is_asked(source: Clocked, store: Store) -> None:
    source.broken = {START + DAY}
    with pytest.raises(MetricsUnreachableError):
        service(source, store, backfill_days=2).refresh()
    assert {start for start, _ in source.asked} == {END, START + DAY}


def test_what_would_be_forgotten_at_once_is_not_asked(source: Clocked, store: Store) -> None:
    source.at = START + DAY + 5 * HOUR
    service(source, store, backfill_days=7, keep_days=1).refresh()
    assert list(stored(store)) == ["2026-11-17", "2026-11-18"]
    assert {start for start, _ in source.asked} == {START, START + DAY}


@pytest.mark.parametrize(
    ("days", "said"),
    [
        # From 2026-11-19 on, 365 days and 35; and as many back.
        pytest.param(400, "2027-12-24T00:10:00Z", id="ahead"),
        pytest.param(-400, "2025-10-15T00:10:00Z", id="behind"),
    ],
)
def test_a_clock_that_is_wrong_deletes_nothing_and_makes_nothing(
    source: Clocked, store: Store, days: int, said: str
) -> None:
    refreshing = service(source, store, clock=lambda: float(END + 600))
    refreshing.refresh()
    before, _ = stored(store), source.spans()
    source.at += days * DAY
    with pytest.raises(MetricsError, match=f"Prometheus' clock says {said} and this machine's 2026-11-19T00:10:00Z"):
        refreshing.refresh()
    assert stored(store) == before
    assert not source.asked


@pytest.mark.parametrize("ahead", [300, -300])
def test_clocks_may_be_ten_minutes_apart_and_the_earlier_one_forgets(source: Clocked, store: Store, ahead: int) -> None:
    source.at = END + ahead
    # A day after the 17th ended, by the later one only.
    service(source, store, clock=lambda: float(END - ahead), backfill_days=2, keep_hours_days=1).refresh()
    kept = store.day(CLUSTER, "2026-11-17")
    assert kept is not None
    assert kept.has_hours
    apart = service(source, store, clock=lambda: float(END - ahead - (1 if ahead > 0 else -1)))
    with pytest.raises(MetricsError, match="more than 10 minutes apart"):
        apart.refresh()
