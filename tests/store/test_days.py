"""Days are replaced whole, and only by facts that saw as much."""

import hashlib
import random
from pathlib import Path

import pytest

from farthing.errors import StoreError, StoreLockedError
from farthing.model.coverage import Coverage
from farthing.model.tables import ALLOCATION, ASSET
from farthing.model.window import day_of
from farthing.model.zone import parse_timezone
from farthing.store.days import Store
from farthing.store.engine import connect, parquet, run, text
from farthing.store.manifest import manifest_path
from tests.support.fact_rows import (
    CLUSTER,
    DATE,
    DAY,
    HOUR,
    START,
    FactTables,
    Row,
    container,
    files_of,
    keep,
    node,
    one_hour,
    seen,
)

pytestmark = pytest.mark.slow


def rows_of(store: Store, table: str = "allocation", grain: str = "hour", cluster: str = CLUSTER) -> list[Row]:
    day = store.day(cluster, DATE)
    assert day is not None
    files = store.files(day, grain)
    assert files is not None
    with connect(threads=1) as connection:
        found = connection.execute(f"select * from {parquet([files[table]])}")  # noqa: S608
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def costs(store: Store, grain: str = "hour") -> dict[int, float]:
    """Cost by hour."""
    return {(row["start"] - START) // HOUR: row["cpu_cost"] for row in rows_of(store, grain=grain)}


def test_what_is_kept_is_read_back(store: Store) -> None:
    manifest = keep(store, one_hour(1.5), seen(0))
    assert store.day(CLUSTER, DATE) == manifest
    (row,) = rows_of(store)
    assert row == container(0, cpu_cost=1.5, cpu_allocated=3600.0, ram_used=float(2**30))
    (asset,) = rows_of(store, "asset")
    assert (asset["cpu_cost"], asset["cpu_idle_cost"], asset["spot"]) == (3.0, 1.5, False)


def test_a_day_that_is_not_stored_is_none(store: Store) -> None:
    assert store.day(CLUSTER, DATE) is None
    assert store.manifests(CLUSTER) == []


def test_a_day_is_the_sum_of_its_hours(store: Store) -> None:
    hours = [container(hour, cpu_cost=0.1 * hour, ram_used=hour, seconds=3600 - hour) for hour in range(24)]
    moved = container(23, pod="web", node="node-b", cpu_cost=5.0)
    nodes = [node(hour, cpu_cost=2.0, cpu_idle_cost=0.25) for hour in range(24)]
    keep(store, FactTables([*hours, moved], nodes), seen(*range(24)))
    stayed, other = sorted(rows_of(store, grain="day"), key=lambda row: row["node"])
    # 0.1 x (0 + 1 + ... + 23) = 27.6, and 24 hours less 276 s.
    assert stayed["cpu_cost"] == pytest.approx(27.6)
    assert (stayed["ram_used"], stayed["run_seconds"], stayed["seconds"]) == (276, 24 * 3600 - 276, 24 * 3600)
    assert (stayed["start"], stayed["run_start"], stayed["run_end"]) == (START, START, START + 24 * HOUR - 23)
    assert (other["node"], other["cpu_cost"], other["start"]) == ("node-b", 5.0, START)
    (asset,) = rows_of(store, "asset", "day")
    assert (asset["cpu_cost"], asset["cpu_idle_cost"]) == (48.0, 6.0)


@pytest.mark.parametrize(
    ("again", "kept"),
    [
        pytest.param(seen(0), 2.0, id="seen-as-well"),
        pytest.param(seen(0, share=0.9), 1.0, id="seen-worse"),
        pytest.param(seen(0, missing=("kube_node_info",)), 1.0, id="without-a-metric"),
        pytest.param(seen(0, seconds=1800), 1.0, id="a-part-of-the-hour"),
    ],
)
def test_an_hour_is_replaced_only_by_facts_that_saw_as_much(store: Store, again: list[Coverage], kept: float) -> None:
    before = keep(store, one_hour(1.0), seen(0))
    after = keep(store, one_hour(2.0), again)
    assert costs(store) == {0: kept}
    assert costs(store, "day") == {0: kept}
    assert (after == before) is (kept == 1.0)


def test_files_hold_the_documented_columns_and_nothing_that_their_folders_say(store: Store) -> None:
    # A cluster's folder may read as a number, and as a column of that name.
    place = ("007", DATE, DAY)
    keep(store, FactTables([container(0, cluster="007")], [node(0, cluster="007")]), seen(0), place)
    keep(store, FactTables([container(1, cluster="007")], [node(1, cluster="007")]), seen(1), place)
    for table, columns in (("allocation", ALLOCATION), ("asset", ASSET)):
        for grain, count in (("hour", 2), ("day", 1)):
            rows = rows_of(store, table, grain, "007")
            assert [list(row) for row in rows] == [list(columns)] * count
            assert {row["cluster"] for row in rows} == {"007"}


def test_each_hour_is_judged_for_itself(store: Store) -> None:
    keep(
        store, FactTables([container(0, cpu_cost=1), container(1, cpu_cost=1), container(2, cpu_cost=1)]), seen(0, 1, 2)
    )
    worse = [*seen(1, share=0.5), *seen(2, 3)]
    keep(store, FactTables([container(1, cpu_cost=7), container(2, cpu_cost=7), container(3, cpu_cost=7)]), worse)
    assert costs(store) == {0: 1, 1: 1, 2: 7, 3: 7}
    manifest = store.day(CLUSTER, DATE)
    assert manifest is not None
    assert [(one.start - START) // HOUR for one in manifest.coverage] == [0, 1, 2, 3]
    assert all(one.share == 1.0 for one in manifest.coverage)


def test_an_hour_without_rows_replaces_one_that_had_some(store: Store) -> None:
    # Its pods turned out to belong elsewhere: as well seen, so it counts.
    keep(store, one_hour(1.0), seen(0, share=0.5))
    keep(store, FactTables(), seen(0))
    assert rows_of(store) == []


def test_a_day_without_hours_can_only_be_replaced_whole(store: Store) -> None:
    keep(store, FactTables([container(hour, cpu_cost=1.0) for hour in (0, 1)]), seen(0, 1))
    with store.writing():
        store.prune(CLUSTER, hours_before=START + 24 * HOUR, days_before=0)
    slim = store.day(CLUSTER, DATE)
    assert keep(store, one_hour(5.0), seen(0)) == slim
    keep(store, FactTables([container(hour, cpu_cost=3.0) for hour in (0, 1)]), [*seen(0), *seen(1, share=0.9)])
    assert store.day(CLUSTER, DATE) == slim
    keep(store, FactTables([container(hour, cpu_cost=3.0) for hour in (0, 1, 2)]), seen(0, 1, 2))
    assert costs(store) == {0: 3, 1: 3, 2: 3}
    assert costs(store, "day") == {0: 9}


def test_pruning_lets_go_of_hours_first_and_of_days_later(store: Store) -> None:
    end = START + 24 * HOUR
    keep(store, one_hour(1.0), seen(0))
    with store.writing():
        store.prune(CLUSTER, hours_before=end - 1, days_before=end - 1)
    assert costs(store) == {0: 1}
    with store.writing():
        store.prune(CLUSTER, hours_before=end, days_before=end - 1)
    day = store.day(CLUSTER, DATE)
    assert day is not None
    assert (store.files(day, "hour"), day.has_hours) == (None, False)
    assert costs(store, "day") == {0: 1}
    # The manifest, and the day of each table.
    assert len(files_of(store)) == 1 + 5
    with store.writing():
        store.prune(CLUSTER, hours_before=end, days_before=end)
    assert store.day(CLUSTER, DATE) is None
    assert files_of(store) == set()


def test_pruning_one_cluster_leaves_the_others(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    keep(store, one_hour(2.0), seen(0), ("cluster-two", DATE, DAY))
    with store.writing():
        store.prune(CLUSTER, hours_before=0, days_before=START + 48 * HOUR)
    assert store.manifests(CLUSTER) == []
    (left,) = store.manifests("cluster-two")
    assert all(store.verified(file).exists() for file in left.files)


def test_keeping_and_pruning_remove_what_a_killed_process_left(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    left = [
        path.with_name(name)
        for path in (next(store.root.glob("allocation/grain=hour/*/*/*.parquet")),)
        for name in (".4711.parquet", "tmp_.4711.parquet", "0123456789abcdef.parquet")
    ]
    manifest = manifest_path(store.root, CLUSTER, DATE)
    left.append(manifest.with_name(f".{manifest.name}.4711"))
    elsewhere = [Path(str(path).replace(DATE, "2026-11-09")) for path in left]
    for path in (*left, *elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    keep(store, one_hour(2.0), seen(0))
    assert not any(path.exists() for path in left)
    assert costs(store) == {0: 2}
    with store.writing():
        store.prune(CLUSTER, hours_before=0, days_before=0)
    assert not any(path.exists() for path in elsewhere)
    assert costs(store) == {0: 2}
    # The manifest, the day of each table, and the hours of each but workload, which has none.
    assert len(files_of(store)) == 1 + 5 + 4


def test_the_same_facts_give_the_same_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    hours = [
        container(hour, pod=f"pod-{pod}", node=node_, cpu_cost=dice.random(), ram_used=dice.random() * 1e9)
        for hour in range(6)
        for pod in range(20)
        for node_ in ("node-a", "node-b")
    ]
    assets = [node(hour, name=f"node-{name}", cpu_cost=dice.random()) for hour in range(6) for name in "abc"]
    digests = []
    for number in range(3):
        store = Store(tmp_path / str(number))
        shuffled = dice.sample(hours, len(hours)), dice.sample(assets, len(assets))
        manifest = keep(store, FactTables(*shuffled), seen(*range(6)))
        digests.append([file.sha256 for file in manifest.files])
    assert digests[0] == digests[1] == digests[2]
    for file in manifest.files:
        assert hashlib.sha256((tmp_path / "2" / file.path).read_bytes()).hexdigest() == file.sha256


@pytest.mark.parametrize(
    "cluster",
    ["a/b", "..", ".", "", "eu-west.prod", "Zürich 雲", "a\"b'c", "*?[x]", "a\nb", "%2e%2e", "x" * 300, "雲" * 90, "~"],
    ids=ascii,
)
def test_a_cluster_may_be_called_anything(store: Store, cluster: str) -> None:
    place = (cluster, DATE, DAY)
    keep(store, one_hour(1.0), seen(0), place)
    keep(store, one_hour(2.0), seen(0), ("another", DATE, DAY))
    assert [row["cpu_cost"] for row in rows_of(store, cluster=cluster)] == [1.0]
    assert [manifest.cluster for manifest in store.manifests(cluster)] == [cluster]
    # A file lies four folders below the store, whatever the name says.
    depths = {len(path.relative_to(store.root).parts) for path in store.root.rglob("*.parquet")}
    assert depths == {5}
    assert [path.name for path in store.root.parent.iterdir()] == ["store"]


def test_long_names_that_begin_alike_are_kept_apart(store: Store) -> None:
    names = ["x" * 300 + end for end in "ab"]
    for cost, name in enumerate(names, start=1):
        keep(store, one_hour(float(cost)), seen(0), (name, DATE, DAY))
    assert [rows_of(store, cluster=name)[0]["cpu_cost"] for name in names] == [1.0, 2.0]


def test_a_second_writer_is_refused_and_readers_are_not(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    with store.writing():
        with pytest.raises(StoreLockedError, match="another process writes to the store"), Store(store.root).writing():
            pass
        assert costs(Store(store.root)) == {0: 1}
    with Store(store.root).writing():
        pass


def test_a_store_of_another_timezone_is_refused(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    other = Store(store.root, "+05:30")
    with pytest.raises(
        StoreError, match=r"keeps days of timezone 'UTC', and '\+05:30' is asked for: use --timezone UTC"
    ):
        other.day(CLUSTER, DATE)


def test_days_of_a_zone_are_its_own(tmp_path: Path) -> None:
    zone = parse_timezone("+05:30")
    store, day = Store(tmp_path, "+05:30"), day_of(DAY.start, zone)
    keep(store, one_hour(1.0, hour=0), seen(0), (CLUSTER, DATE, day))
    manifest = store.day(CLUSTER, DATE)
    assert manifest is not None
    # Midnight at +05:30 is 18:30 UTC of the day before.
    assert (manifest.start, manifest.end) == (START - int(5.5 * HOUR), START + int(18.5 * HOUR))
    assert [row["start"] for row in rows_of(store, grain="day")] == [manifest.start]


def test_reading_needs_no_lock_and_writes_nothing(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert Store(absent).day(CLUSTER, DATE) is None
    assert not absent.exists()


def test_rows_are_sorted_within_a_file(store: Store) -> None:
    rows = [container(hour, pod=pod) for hour in (2, 0, 1) for pod in ("b", "a")]
    keep(store, FactTables(rows), seen(0, 1, 2))
    found = [(row["start"], row["pod"]) for row in rows_of(store)]
    assert found == sorted(found)
    with connect() as connection:
        (path,) = store.root.glob("allocation/grain=hour/*/*/*.parquet")
        codec = run(connection, f"select distinct compression from parquet_metadata({text(str(path))})")  # noqa: S608
    assert codec == [("ZSTD",)]
