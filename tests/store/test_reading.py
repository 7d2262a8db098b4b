"""Questions over files of facts: rows by any properties, idle as rows, orders, limits, scope, and ratios at the end (C11)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from farthing.errors import StoreError
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.store.reading import Reader
from tests.support.fact_rows import START, FactTables, container, node

Row = dict[str, Any]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two hours of two clusters with three nodes."""
    made = tmp_path_factory.mktemp("facts")
    shop = [
        container(
            hour, pod=f"web-{number}", controller="web", cpu_cost=1.0, ram_cost=0.25, cpu_requested=7200, cpu_used=3600
        )
        for hour in (0, 1)
        for number in (1, 2)
    ]
    others = [
        container(0, pod="db-0", namespace="data", controller="db", controller_kind="statefulset", node="node-b",
                  provider_id="aws:///a/i-b", cpu_cost=3.0, cpu_requested=3600, cpu_used=7200),
        container(1, pod="job", namespace="data", controller="", controller_kind="", gpu_cost=4.0),
        container(1, pod="far", namespace="shop", cluster="cluster-two", controller="web", node="node-c", cpu_cost=0.5),
    ]  # fmt: skip
    nodes = [
        node(0, name="node-a", cpu_cost=5.0, cpu_idle_cost=3.0, cpu_allocated_cost=2.0),
        node(1, name="node-a", cpu_cost=5.0, cpu_idle_cost=3.0, cpu_allocated_cost=2.0),
        node(0, name="node-b", cpu_cost=2.0, cpu_overallocated_cost=1.0, cpu_allocated_cost=3.0, ram_idle_cost=0.5,
             ram_cost=0.5, instance_type="c5.large"),
        node(1, name="node-c", cluster="cluster-two", cpu_cost=1.0, cpu_idle_cost=0.5, provider="", region=""),
    ]  # fmt: skip
    with FactTables([*shop, *others], nodes) as facts:
        facts.part(made, {})
    return made


def part(folder: Path, sets: Mapping[int, int]) -> list[Part]:
    """The hours of ``sets``, each with its set."""
    files = {table: [str(folder / table)] for table in ("allocation", "asset")}
    return [Part(files, {START + hour * 3600: index for hour, index in sets.items()})]


@pytest.fixture(scope="module")
def both(folder: Path) -> list[Part]:
    return part(folder, {0: 0, 1: 0})


def names(rows: list[Row]) -> list[str]:
    return [row["name"] for row in rows]


def costs(rows: list[Row]) -> dict[str, float]:
    return {row["name"]: row["total_cost"] for row in rows}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        # web-1 and web-2 cost 1.25 an hour, db-0 3 and the job 4 in one, and far 0.5 in the other cluster.
        (("namespace",), {"data": 7.0, "shop": 5.5}),
        (("cluster",), {"cluster-one": 12.0, "cluster-two": 0.5}),
        (("cluster", "namespace"), {"cluster-one/data": 7.0, "cluster-one/shop": 5.0, "cluster-two/shop": 0.5}),
        (("node",), {"node-a": 9.0, "node-b": 3.0, "node-c": 0.5}),
        (("controllerKind",), {"deployment": 5.5, "__unallocated__": 4.0, "statefulset": 3.0}),
        (("controller",), {"deployment:web": 5.5, "__unallocated__": 4.0, "statefulset:db": 3.0}),
        (("namespace", "pod"), {"data/job": 4.0, "data/db-0": 3.0, "shop/web-1": 2.5, "shop/web-2": 2.5, "shop/far": 0.5}),
        (("container",), {"main": 12.5}),
        ((), {
            "cluster-one/node-a/data/job/main": 4.0,
            "cluster-one/node-b/data/db-0/main": 3.0,
            "cluster-one/node-a/shop/web-1/main": 2.5,
            "cluster-one/node-a/shop/web-2/main": 2.5,
            "cluster-two/node-c/shop/far/main": 0.5,
        }),
    ],
    ids=lambda value: "+".join(value) or "none" if isinstance(value, tuple) else "",
)  # fmt: skip
def test_rows_are_formed_by_the_asked_properties(
    reader: Reader, both: list[Part], aggregate: tuple[str, ...], expected: dict[str, float]
) -> None:
    rows = [row for row in reader.rows(Shape("allocation", aggregate), both) if not row["is_idle"]]
    assert costs(rows) == expected
    # The dearest first; equal ones by name.
    assert names(rows) == list(expected)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param({}, {"__idle__": 7.0}, id="in-all"),
        pytest.param({"split_idle": True}, {"cluster-one/__idle__": 6.5, "cluster-two/__idle__": 0.5}, id="by-cluster"),
        pytest.param(
            {"split_idle": True, "idle_by_node": True},
            {
                "cluster-one/node-a/__idle__": 6.0,
                "cluster-one/node-b/__idle__": 0.5,
                "cluster-two/node-c/__idle__": 0.5,
            },
            id="by-node",
        ),
    ],
)
def test_idle_is_rows_of_its_own(
    reader: Reader, both: list[Part], flags: dict[str, bool], expected: dict[str, float]
) -> None:
    rows = [row for row in reader.rows(Shape("allocation", ("namespace",), **flags), both) if row["is_idle"]]
    assert costs(rows) == expected
    # What does not fit on node-b is not taken from what is idle elsewhere.
    assert sum(row["cpu_overallocated_cost"] for row in rows) == 1.0
    assert {row["namespace"] for row in rows} == {""}


def test_idle_rows_come_last(reader: Reader, both: list[Part]) -> None:
    for ascending in (True, False):
        rows = reader.rows(Shape("allocation", ("namespace",), ascending=ascending), both)
        assert [row["is_idle"] for row in rows] == [False, False, True]


@pytest.mark.parametrize(
    ("sort_by", "ascending", "expected"),
    [
        # Totals: data 7, shop 5.5; cpu: shop 4.5, data 3; ram: shop 1, data 0; gpu: data 4, shop 0.
        ("totalCost", False, ["data", "shop"]),
        ("totalCost", True, ["shop", "data"]),
        ("cpuCost", False, ["shop", "data"]),
        ("ramCost", False, ["shop", "data"]),
        ("gpuCost", False, ["data", "shop"]),
        ("name", True, ["data", "shop"]),
        ("name", False, ["shop", "data"]),
        # Efficiency: data 2, shop 0.5.
        ("efficiency", True, ["shop", "data"]),
        ("efficiency", False, ["data", "shop"]),
    ],
)
def test_rows_lie_in_the_asked_order(
    reader: Reader, both: list[Part], sort_by: str, ascending: bool, expected: list[str]
) -> None:
    shape = Shape("allocation", ("namespace",), sort_by=sort_by, ascending=ascending)
    assert names(reader.rows(shape, both))[:2] == expected


def test_a_limit_cuts_each_set_and_leaves_its_idle_rows(reader: Reader, folder: Path) -> None:
    shape = Shape("allocation", ("pod",))
    hours = part(folder, {0: 0, 1: 1})
    assert [(row["set"], row["name"]) for row in reader.rows(shape, hours, limit=2)] == [
        (0, "db-0"), (0, "web-1"), (0, "__idle__"), (1, "job"), (1, "web-1"), (1, "__idle__"),
    ]  # fmt: skip
    # Three pods in the first hour, four in the second.
    assert len(reader.rows(shape, hours)) == 3 + 4 + 2
    assert len(reader.rows(shape, hours, limit=100)) == 3 + 4 + 2


def test_hours_outside_the_sets_do_not_count(reader: Reader, folder: Path) -> None:
    assert costs(reader.rows(Shape("allocation", ("namespace",)), part(folder, {1: 0})))["data"] == 4.0


def test_a_property_is_told_where_all_rows_of_a_group_share_it(reader: Reader, both: list[Part]) -> None:
    rows = {row["name"]: row for row in reader.rows(Shape("allocation", ("pod",)), both)}
    assert (rows["web-1"]["node"], rows["web-1"]["namespace"], rows["web-1"]["cluster"]) == (
        "node-a", "shop", "cluster-one",
    )  # fmt: skip
    by_namespace = {row["name"]: row for row in reader.rows(Shape("allocation", ("namespace",)), both)}
    # Its pods are on several nodes and in two clusters.
    assert (by_namespace["shop"]["node"], by_namespace["shop"]["cluster"]) == ("", "")
    assert by_namespace["data"]["cluster"] == "cluster-one"


def test_a_row_spans_from_its_first_start_to_its_last_end(reader: Reader, both: list[Part]) -> None:
    rows = {row["name"]: row for row in reader.rows(Shape("allocation", ("pod",)), both)}
    spans = {name: (row["run_start"] - START, row["run_end"] - START) for name, row in rows.items()}
    assert (spans["web-1"], spans["db-0"], spans["job"]) == ((0, 7200), (0, 3600), (3600, 7200))


def test_a_question_about_a_namespace_tells_nothing_of_others_or_of_nodes(reader: Reader, both: list[Part]) -> None:
    for aggregate in ((), ("namespace",), ("controller",), ("pod", "container")):
        rows = reader.rows(Shape("allocation", aggregate, idle=False, namespaces=("shop",)), both)
        assert rows
        told = repr(rows)
        for secret in ("node-", "i-a", "data", "db", "job", "__idle__"):
            assert secret not in told, (aggregate, secret)
        assert sum(row["total_cost"] for row in rows) == 5.5


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (("type",), {"Node": 13.5}),
        (("name",), {"node-a": 10.0, "node-b": 2.5, "node-c": 1.0}),
        (("provider", "region"), {"AWS/eu-west-1": 12.5, "__undefined__/__undefined__": 1.0}),
        (("instanceType",), {"m5.large": 11.0, "c5.large": 2.5}),
        ((), {
            "AWS/__undefined__/__undefined__/Compute/cluster-one/Node/Kubernetes/aws:///a/i-a/node-a": 10.0,
            "AWS/__undefined__/__undefined__/Compute/cluster-one/Node/Kubernetes/aws:///a/i-b/node-b": 2.5,
            "__undefined__/__undefined__/__undefined__/Compute/cluster-two/Node/Kubernetes/aws:///a/i-c/node-c": 1.0,
        }),
    ],
    ids=lambda value: "+".join(value) or "none" if isinstance(value, tuple) else "",
)  # fmt: skip
def test_assets_are_formed_by_the_asked_properties(
    reader: Reader, both: list[Part], aggregate: tuple[str, ...], expected: dict[str, float]
) -> None:
    assert costs(reader.rows(Shape("asset", aggregate, idle=False), both)) == expected


@pytest.mark.parametrize(
    ("cpu", "ram", "expected"),
    [
        # Requested, used and cost of each; cpu, ram and total efficiency.
        pytest.param((4, 2, 3.0), (8, 2, 1.0), (0.5, 0.25, (0.5 * 3 + 0.25 * 1) / 4), id="weighted-by-cost"),
        pytest.param((1, 3, 1.0), (1, 1, 1.0), (3, 1, 2), id="not-capped"),
        pytest.param((0, 2, 1.0), (0, 0, 0.0), (1, 0, 1), id="used-without-request"),
        pytest.param((0, 0, 0.0), (0, 0, 0.0), (0, 0, 0), id="nothing"),
        pytest.param((0, 2, 0.0), (4, 4, 1.0), (0, 1, 1), id="used-at-no-cost"),
        pytest.param((2, 0, 1.0), (2, 0, 1.0), (0, 0, 0), id="asked-for-and-not-used"),
    ],
)
def test_efficiency_is_used_over_requested(
    reader: Reader,
    tmp_path: Path,
    cpu: tuple[float, float, float],
    ram: tuple[float, float, float],
    expected: tuple[float, float, float],
) -> None:
    values = dict(zip(("cpu_requested", "cpu_used", "cpu_cost"), cpu, strict=True))
    values |= dict(zip(("ram_requested", "ram_used", "ram_cost"), ram, strict=True))
    with FactTables([container(0, **values)]) as facts:
        (row,) = reader.rows(Shape("allocation", ("pod",)), [facts.part(tmp_path, {0: 0})])
    assert (row["cpu_efficiency"], row["ram_efficiency"], row["total_efficiency"]) == pytest.approx(expected)


def test_the_efficiency_of_a_group_is_that_of_its_sums(reader: Reader, tmp_path: Path) -> None:
    # 1 of 2 and 9 of 8: 10 of 10, not the mean of 0.5 and 1.125.
    rows = [container(0, pod="a", cpu_requested=2, cpu_used=1, cpu_cost=1)]
    rows += [container(0, pod="b", cpu_requested=8, cpu_used=9, cpu_cost=4)]
    with FactTables(rows) as facts:
        (row,) = reader.rows(Shape("allocation", ("namespace",)), [facts.part(tmp_path, {0: 0})])
    assert row["cpu_efficiency"] == 1.0


def test_a_file_that_is_gone_or_torn_is_an_error_of_the_store(reader: Reader, folder: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.parquet"
    torn.write_bytes((folder / "allocation").read_bytes()[:-20])
    for path in (torn, tmp_path / "gone.parquet"):
        for lasting in (False, True):
            broken = Part({"allocation": [str(path)], "asset": [str(folder / "asset")]}, {START: 0}, lasting=lasting)
            with pytest.raises(StoreError, match=r"the stored facts cannot be read .*: run 'farthing store verify'"):
                reader.rows(Shape("allocation"), [broken])
    # And the reader goes on.
    assert reader.rows(Shape("allocation"), part(folder, {0: 0}))
