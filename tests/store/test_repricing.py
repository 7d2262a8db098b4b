"""Stored costs at other prices are what collecting at these prices gives, and at the same prices they are what they were."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farthing import wiring
from farthing.demo.scenario import demo_cluster
from farthing.demo.source import DemoSource
from farthing.model.prices import NO_PRICES, PriceBook, Prices, Rule, Selector, Validity
from farthing.model.repricing import REPRICED
from farthing.model.tables import FACTS, IDENTITY
from farthing.model.window import Window
from farthing.settings import Settings
from farthing.store import repricing
from farthing.store.days import Store
from farthing.store.engine import connect, parquet
from farthing.store.files import write
from farthing.store.manifest import Manifest, manifest_path, save
from farthing.store.repricing import reprice
from tests.support.measuring import moment

pytestmark = pytest.mark.slow

START = 1_794_873_600
"""2026-11-17 00:00 UTC."""
HOURS = 6
CLUSTER = "demo"
NOON = START + 3 * 3600
KEY = "node_kubernetes_io_instance_type"
PRICES = Prices(
    (
        PriceBook(
            "book",
            rules=(
                Rule("label", Selector(labels=((KEY, "m5*"),), provider=("AWS",), spot=False), ram=0.001),
                Rule("all", cpu=0.05, ram=0.006, discount=0.25),
                Rule("spot", Selector(spot=True), node=0.3),
                Rule("gone", Selector(spot=False), gpu=9.0, validity=Validity(end=NOON)),
                Rule("new", Selector(spot=False), discount=0.5, validity=Validity(start=NOON)),
            ),
            storage=(("*", 0.001),),
            traffic=(("internet", 0.5), ("zone", 0.0)),
            balancer=0.5,
            management=0.75,
        ),
    )
)


def nothing(what: str, done: int, of: int) -> None:
    """No progress is told."""
    del what, done, of


@pytest.fixture(scope="module")
def source() -> DemoSource:
    return DemoSource(demo_cluster(START, START + HOURS * 3600))


def collected(source: DemoSource, path: Path, prices: Prices) -> Store:
    settings = Settings(store=path, cluster=CLUSTER, prices=prices)
    wiring.collector(settings, source).collect(Window(moment(START), moment(START + HOURS * 3600)))
    return Store(path)


@pytest.fixture(scope="module")
def at_prices(source: DemoSource, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return collected(source, tmp_path_factory.mktemp("at-prices"), PRICES)


@pytest.fixture(scope="module")
def without(source: DemoSource, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return collected(source, tmp_path_factory.mktemp("without"), NO_PRICES)


@pytest.fixture
def store(without: Store, tmp_path: Path) -> Store:
    """One without price books, of the test's own."""
    return Store(Path(shutil.copytree(without.root, tmp_path / "store")))


def facts(store: Store, table: str, grain: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows of a table, by their start and identity."""
    (day,) = store.manifests(CLUSTER)
    return {(row["start"], *(row[name] for name in IDENTITY[table])): row for row in rows_of(store, day, table, grain)}


def rows_of(store: Store, day: Manifest, table: str, grain: str = "day") -> list[dict[str, Any]]:
    with connect(threads=1) as engine:
        found = engine.execute(f"select * from {parquet([(store.files(day, grain) or {})[table]])}")  # noqa: S608 - our own file
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def numbers(row: dict[str, Any], table: str) -> list[float]:
    return [row[name] for name, kind in FACTS[table].items() if kind == "float64"]


@pytest.mark.parametrize("grain", ["hour", "day"])
def test_repriced_facts_are_those_that_collecting_at_these_prices_gives(
    store: Store, at_prices: Store, grain: str
) -> None:
    assert reprice(store, CLUSTER, "2026-11-17", PRICES, nothing) == (1, 1)
    for table in REPRICED:
        found, expected = facts(store, table, grain), facts(at_prices, table, grain)
        assert found.keys() == expected.keys()
        for key, row in expected.items():
            assert numbers(found[key], table) == pytest.approx(numbers(row, table), rel=1e-9, abs=1e-9), key


def test_going_back_to_no_prices_gives_the_costs_that_there_were(
    at_prices: Store, store: Store, tmp_path: Path
) -> None:
    copy = Store(Path(shutil.copytree(at_prices.root, tmp_path / "copy")))
    assert reprice(copy, CLUSTER, "2026-11-17", NO_PRICES, nothing) == (1, 1)
    for table in REPRICED:
        found, expected = facts(copy, table, "day"), facts(store, table, "day")
        assert found.keys() == expected.keys()
        for key, row in expected.items():
            assert numbers(found[key], table) == pytest.approx(numbers(row, table), rel=1e-9, abs=1e-9), key


def test_the_same_prices_change_no_byte(at_prices: Store, store: Store) -> None:
    for kept, prices in ((at_prices, PRICES), (store, NO_PRICES)):
        before = {path: path.read_bytes() for path in kept.root.rglob("*") if path.is_file()}
        assert reprice(kept, CLUSTER, "2026-11-17", prices, nothing) == (0, 1)
        assert {path: path.read_bytes() for path in kept.root.rglob("*") if path.is_file()} == before


def test_each_hour_has_the_identity_of_the_prices_of_its_start(at_prices: Store, store: Store) -> None:
    reprice(store, CLUSTER, "2026-11-17", PRICES, nothing)
    expected = [PRICES.identity_at(START)] * 3 + [PRICES.identity_at(NOON)] * 3
    assert len(set(expected)) == 2
    for kept in (at_prices, store):
        assert [one.prices for one in kept.manifests(CLUSTER)[0].coverage] == expected


def test_a_cost_that_no_price_is_for_keeps_its_last_digit(store: Store) -> None:
    before = {table: facts(store, table, "hour") for table in REPRICED}
    other = Prices((PriceBook("book", rules=(Rule("none", Selector(name=("nosuch",)), cpu=1.0),)),))
    assert reprice(store, CLUSTER, "2026-11-17", other, nothing) == (1, 1)
    costs = [name for name in FACTS["allocation"] if name.endswith("_cost") and name not in {"pv_cost", "lb_cost"}]
    after = facts(store, "allocation", "hour")
    assert {key: [row[name] for name in costs] for key, row in after.items()} == {
        key: [row[name] for name in costs] for key, row in before["allocation"].items()
    }
    for table in ("volume", "balancer"):
        assert facts(store, table, "hour") == before[table]


@pytest.mark.parametrize("by_day", [False, True])
def test_files_that_prices_do_not_change_stay_where_they_are(store: Store, *, by_day: bool) -> None:
    if by_day:
        with store.writing():
            store.prune(CLUSTER, START + 2 * 86400, 0)
    before = {file.path for file in store.manifests(CLUSTER)[0].files if file.table in {"volume", "balancer"}}
    inodes = {path: (store.root / path).stat().st_ino for path in before}
    of_nodes = Prices((PriceBook("book", rules=(Rule("all", cpu=1.0),)),))
    assert reprice(store, CLUSTER, "2026-11-17", of_nodes, nothing) == (1, 1)
    assert {path: (store.root / path).stat().st_ino for path in before} == inodes
    with store.writing():
        assert {one.prices for one in store.manifests(CLUSTER)[0].coverage} == {of_nodes.identity_at(START)}
    dearer = Prices((PriceBook("book", storage=(("*", 1.0),)),))
    assert reprice(store, CLUSTER, "2026-11-17", dearer, nothing) == (1, 1)
    after = {file.path for file in store.manifests(CLUSTER)[0].files}
    assert [path for path in before if "volume" in path and path in after] == []
    assert [path for path in before if "balancer" in path and path not in after] == []


def test_days_of_several_lots_are_those_that_were_asked_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writing():
        store.prune(CLUSTER, START + 2 * 86400, 0)
    rows = 'select * replace ({moved} as "start") from {files}'
    (day,) = store.manifests(CLUSTER)
    with connect(threads=1) as engine, store.writing():
        for number in range(1, 5):
            moved, date = day.start + number * 86400, f"2026-11-{17 + number}"
            files = tuple(
                write(
                    engine,
                    store.root,
                    (file.table, "day", CLUSTER, date),
                    rows.format(moved=moved, files=parquet([store.verified(file)])),
                )
                for file in day.files
            )
            seen = tuple(replace(one, start=one.start + number * 86400) for one in day.coverage)
            save(
                manifest_path(store.root, CLUSTER, date),
                Manifest(CLUSTER, "UTC", date, moved, moved + 86400, files, seen),
            )
    monkeypatch.setattr(repricing, "DAYS_AT_ONCE", 2)
    told: list[tuple[int, int]] = []
    assert reprice(store, CLUSTER, "2026-11-18", PRICES, lambda _, done, of: told.append((done, of))) == (4, 4)
    assert told == [(0, 4), (2, 4)]
    assert [{one.prices for one in day.coverage} for day in store.manifests(CLUSTER)] == [
        {""},
        *[{PRICES.identity_at(NOON)}] * 4,
    ]
    costs = [one["management_cost"] for day in store.manifests(CLUSTER)[1:] for one in rows_of(store, day, "asset")]
    assert sum(costs) == pytest.approx(4 * HOURS * 0.75)


def test_a_day_whose_hours_are_gone_has_the_costs_of_its_start(
    store: Store, source: DemoSource, tmp_path: Path
) -> None:
    lasting = Prices((replace(PRICES.books[0], rules=PRICES.books[0].rules[:3]),))
    expected = collected(source, tmp_path / "expected", lasting)
    with store.writing():
        store.prune(CLUSTER, START + 2 * 86400, 0)
    assert not store.manifests(CLUSTER)[0].has_hours
    assert reprice(store, CLUSTER, "2026-11-17", lasting, nothing) == (1, 1)
    for table in REPRICED:
        found, wanted = facts(store, table, "day"), facts(expected, table, "day")
        assert found.keys() == wanted.keys()
        for key, row in wanted.items():
            assert numbers(found[key], table) == pytest.approx(numbers(row, table), rel=1e-9, abs=1e-9), key


def test_after_repricing_allocations_and_idle_are_still_the_assets_cost(store: Store) -> None:
    reprice(store, CLUSTER, "2026-11-17", PRICES, nothing)
    allocations, assets = facts(store, "allocation", "day"), facts(store, "asset", "day")
    for name in ("cpu", "ram", "gpu"):
        charged = sum(row[f"{name}_cost"] for row in allocations.values())
        nodes = [row for row in assets.values() if row["type"] == "Node"]
        idle = sum(row[f"{name}_idle_cost"] - row[f"{name}_overallocated_cost"] for row in nodes)
        assert charged + idle == pytest.approx(sum(row[f"{name}_cost"] for row in nodes))
    for name in ("pv", "lb"):
        charged = sum(row[f"{name}_cost"] for row in allocations.values())
        assert charged == pytest.approx(sum(row[f"{name}_cost"] for row in assets.values()))


def test_days_before_the_date_stay_as_they_are(store: Store) -> None:
    assert reprice(store, CLUSTER, "2026-11-18", PRICES, nothing) == (0, 0)
    assert {one.prices for one in store.manifests(CLUSTER)[0].coverage} == {""}


def test_rules_by_label_and_by_spot_are_some_nodes(at_prices: Store) -> None:
    sources = {row["rate_source"] for row in facts(at_prices, "asset", "hour").values() if row["type"] == "Node"}
    assert sources >= {"book/label", "book/spot"}
