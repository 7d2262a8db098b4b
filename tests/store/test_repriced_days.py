"""Which days are repriced, and that one that cannot be keeps no other from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from farthing.errors import StoreCorruptError, StoreError
from farthing.model.prices import PriceBook, Prices, Rule, Selector, Validity
from farthing.model.window import Window
from farthing.services.gather import silent
from farthing.store import repricing
from farthing.store.days import Store
from farthing.store.engine import connect, parquet, run
from farthing.store.manifest import manifest_path
from farthing.store.repricing import reprice
from tests.support.fact_rows import CLUSTER, DAY, HOUR, START, FactTables, container, files_of, keep, node, seen

pytestmark = pytest.mark.slow

DAYS = 5
DATES = [f"2026-11-{17 + number}" for number in range(DAYS)]
NOON = START + 12 * HOUR
END = START + DAYS * 24 * HOUR
DOUBLE = Prices((PriceBook("list", rules=(Rule("all", cpu=2.0),)),))
"""A core-hour costs 2."""


def fill(store: Store) -> None:
    """Store a container that holds a core from 00:00 to 01:00 and from 12:00 to 13:00 of each day; a core-hour costs 1."""
    for number, date in enumerate(DATES):
        hours = (24 * number, 24 * number + 12)
        held = [container(hour, cpu_cost=1.0, cpu_allocated=3600.0) for hour in hours]
        whole = [node(hour, cpu_cost=1.0, cpu_allocated_cost=1.0, cpu_quantity=3600.0) for hour in hours]
        begin = DAY.start + timedelta(days=number)
        place = (CLUSTER, date, Window(begin, begin + timedelta(days=1)))
        keep(store, FactTables(held, whole), seen(*hours), place)


def forget_hours(store: Store) -> None:
    with store.writing():
        store.prune(CLUSTER, END, 0)


@pytest.fixture
def by_day(store: Store) -> Store:
    """A store of days whose hours are gone."""
    fill(store)
    forget_hours(store)
    return store


def costs(store: Store) -> list[float]:
    """What the container costs on each day."""
    with connect(threads=1) as engine:
        files = [
            str(store.root / file.path) for day in store.manifests(CLUSTER) if (file := day.file("allocation", "day"))
        ]
        return [cost for (cost,) in run(engine, f'select cpu_cost from {parquet(files)} order by "start"')]  # noqa: S608


def damage(store: Store, date: str, what: str) -> None:
    """Flip a bit of the manifest of a day, or of one of its files."""
    day = store.day(CLUSTER, date)
    assert day is not None
    file = day.file("asset", "hour") or day.file("asset", "day")
    assert file is not None
    path = manifest_path(store.root, CLUSTER, date) if what == "manifest" else store.root / file.path
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def test_what_books_say_of_other_times_changes_no_day(store: Store) -> None:
    fill(store)
    halves = (Rule("am", cpu=2.0, validity=Validity(end=NOON)), Rule("pm", cpu=3.0, validity=Validity(NOON)))
    assert reprice(store, CLUSTER, "", Prices((PriceBook("list", rules=halves),)), silent) == (5, 5)
    # 2 and 3 on the first day, 3 and 3 on the others.
    assert costs(store) == [5.0, 6.0, 6.0, 6.0, 6.0]
    forget_hours(store)
    before = {path: path.read_bytes() for path in files_of(store)}
    ended = (halves[0], Rule("pm", cpu=3.0, validity=Validity(NOON, END)), Rule("new", cpu=9.0, validity=Validity(END)))
    later = PriceBook("later", management=1.0, validity=Validity(END))
    edited = (PriceBook("list", rules=ended), later)
    assert reprice(store, CLUSTER, "", Prices(edited), silent) == (0, 5)
    assert {path: path.read_bytes() for path in files_of(store)} == before
    # From the second noon on: the first day stays, the others have what holds at their starts, once.
    other = PriceBook("spot", rules=(Rule("spot", Selector(spot=True), cpu=1.0, validity=Validity(NOON + 24 * HOUR)),))
    assert reprice(store, CLUSTER, "", Prices((*edited, other)), silent) == (4, 5)
    assert costs(store) == [5.0, 6.0, 6.0, 6.0, 6.0]
    assert reprice(store, CLUSTER, "", Prices((*edited, other)), silent) == (0, 5)


def test_a_day_without_hours_takes_the_rules_of_its_start_once(by_day: Store) -> None:
    halves = (Rule("am", cpu=2.0, validity=Validity(end=NOON)), Rule("pm", cpu=3.0, validity=Validity(NOON)))
    prices = Prices((PriceBook("list", rules=halves),))
    assert reprice(by_day, CLUSTER, "", prices, silent) == (5, 5)
    # Twice 2 on the first day.
    assert costs(by_day) == [4.0, 6.0, 6.0, 6.0, 6.0]
    assert reprice(by_day, CLUSTER, "", prices, silent) == (0, 5)


@pytest.mark.parametrize("what", ["manifest", "file"])
@pytest.mark.parametrize("hours", [False, True])
def test_a_day_that_cannot_be_read_keeps_no_other_from_being_repriced(store: Store, what: str, *, hours: bool) -> None:
    fill(store)
    if not hours:
        forget_hours(store)
    told: list[tuple[int, int]] = []
    damage(store, DATES[2], what)
    broken = Store(store.root)
    with pytest.raises(StoreError, match="run 'farthing collect' for") as failed:
        reprice(broken, CLUSTER, "", DOUBLE, lambda _, done, of: told.append((done, of)))
    assert failed.value.days_changed == 4
    found = [day for day in broken.readable(CLUSTER, "")[0] if {one.prices for one in day.coverage} != {""}]
    assert [day.date for day in found] == [*DATES[:2], *DATES[3:]]
    count = 4 if what == "manifest" else 5
    assert told == ([(done, count) for done in range(count)] if hours else [(0, count)])
    # What is done is done.
    with pytest.raises(StoreError) as again:
        reprice(broken, CLUSTER, "", DOUBLE, silent)
    assert again.value.days_changed == 0


def test_a_day_that_cannot_be_read_is_none_of_later_days(by_day: Store) -> None:
    damage(by_day, DATES[0], "manifest")
    assert reprice(by_day, CLUSTER, DATES[1], DOUBLE, silent) == (4, 4)
    with pytest.raises(StoreCorruptError):
        by_day.manifests(CLUSTER)


def test_a_day_that_cannot_be_written_stays_alone(by_day: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    written = repricing.write_ordered

    def full(engine: Any, root: Path, place: Any, rows: str) -> Any:
        if place[::3] == ("asset", DATES[1]):
            raise StoreError("no space left")
        return written(engine, root, place, rows)

    monkeypatch.setattr(repricing, "write_ordered", full)
    before = files_of(by_day)
    with pytest.raises(StoreError, match="no space left") as failed:
        reprice(by_day, CLUSTER, "", DOUBLE, silent)
    assert failed.value.days_changed == 4
    # Two core-hours a day.
    assert costs(by_day) == [4.0, 2.0, 4.0, 4.0, 4.0]
    kept = {path for path in files_of(by_day) if DATES[1] in str(path)}
    assert kept == {path for path in before if DATES[1] in str(path)}


def test_what_duckdb_cannot_do_is_told_in_one_sentence(by_day: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repricing, "repricing_sql", lambda *_, **__: [("asset", "select nosuch from stored_asset")])
    before = {path: path.read_bytes() for path in files_of(by_day)}
    sentence = (
        r"^the costs of 2026-11-17 cannot be made anew \(Binder Error: .*\): check memory .* what was stored stays$"
    )
    with pytest.raises(StoreError, match=sentence):
        reprice(by_day, CLUSTER, "", DOUBLE, silent)
    assert {path: path.read_bytes() for path in files_of(by_day)} == before


def test_a_day_that_needs_more_memory_than_a_worker_may_take_is_made_alone(
    by_day: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = repricing.connect
    limits: list[str] = []

    @contextmanager
    def small(threads: int, memory_limit: str) -> Iterator[Any]:
        limits.append(memory_limit)
        with connected(threads, "1MB" if memory_limit == repricing.MEMORY_LIMIT else memory_limit) as engine:
            yield engine

    monkeypatch.setattr(repricing, "connect", small)
    assert reprice(by_day, CLUSTER, DATES[3], DOUBLE, silent) == (2, 2)
    assert costs(by_day) == [2.0, 2.0, 2.0, 4.0, 4.0]
    # Both days, each of them, and each with more.
    assert limits == [repricing.MEMORY_LIMIT] * 3 + [repricing.MORE] * 2
