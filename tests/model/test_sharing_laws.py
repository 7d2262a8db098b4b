"""Laws of sharing on random clusters: nothing is lost, nothing is made, and a filter only leaves out."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.model.filter_parser import parse_filter
from farthing.model.plan import Part
from farthing.model.question import Shape, Sharing
from farthing.model.tables import UNMOUNTED
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, Row, container, node, said

pytestmark = pytest.mark.slow

HOURS = [3600.0, 1800.0]
AMOUNT = 730.0
NAMESPACES = ("shop", "data", "kube-system")
COST = st.floats(0, 100).map(lambda cost: round(cost, 3))

AGGREGATES = (
    ("cluster",),
    ("node",),
    ("namespace",),
    ("controller",),
    ("deployment",),
    ("service",),
    ("namespace", "label:app"),
    ("product", "container"),
    (),
)
SHARINGS = (
    Sharing(),
    Sharing(idle=True),
    Sharing(namespaces=("kube-system",)),
    Sharing(labels=(("app", "web"),), even=True),
    Sharing(idle=True, namespaces=("kube-system",), monthly_cost=AMOUNT, overhead=True),
    Sharing(monthly_cost=AMOUNT, even=True),
)
FILTERS = ('namespace:"shop"', 'label[app]:"web"+node:"node-a"', 'services:"front" | pod<~:"d"', 'namespace!:"shop"')


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of containers, of assets and of what is said; two hours, two nodes."""
    rows, names = [], []
    for number in range(draw(st.integers(0, 6))):
        namespace, on = draw(st.sampled_from(NAMESPACES)), draw(st.sampled_from("ab"))
        pod = f"{draw(st.sampled_from(('web', 'db')))}-{number}"
        names += [said("label", "app", pod[:3], pod=pod, namespace=namespace)] if draw(st.booleans()) else []
        for service in draw(st.sets(st.sampled_from(("front", "inside")))):
            names.append(said("service", service, pod=pod, namespace=namespace))
        for hour in draw(st.sets(st.sampled_from((0, 1)), min_size=1)):
            where = {"node": f"node-{on}", "provider_id": f"aws:///a/i-{on}", "namespace": namespace}
            costs = {f"{kind}_cost": draw(COST) for kind in ("cpu", "ram", "gpu", "pv", "lb", "network_zone")}
            rows.append(container(hour, pod=pod, controller=pod[:3], **where, **costs))
    if draw(st.booleans()):
        unmounted = {"pod": UNMOUNTED, "container": UNMOUNTED, "node": "", "provider_id": "", "controller": ""}
        rows.append(container(0, **unmounted, namespace="data", pv_cost=draw(COST)))
    nodes = [
        node(hour, name=f"node-{on}", **{f"{kind}_idle_cost": draw(COST) for kind in ("cpu", "ram", "gpu")})
        for hour in (0, 1)
        for on in "ab"
    ]
    fees = [node(hour, name="kubernetes", type="ClusterManagement", management_cost=draw(COST)) for hour in (0, 1)]
    return rows, [*nodes, *fees], names


@contextmanager
def stored(facts: tuple[list[Row], list[Row], list[Row]], sets: dict[int, int]) -> Iterator[list[Part]]:
    rows, assets, names = facts
    with tempfile.TemporaryDirectory() as folder, FactTables(rows, assets, workload=names) as tables:
        yield [tables.part(Path(folder), sets)]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def bill(facts: tuple[list[Row], list[Row], list[Row]], sharing: Sharing, passed: float) -> float:
    """What all rows must come to: charges, idle, and what is spread from outside."""
    rows, assets, _ = facts
    charged = fsum(cost for row in rows for name, cost in row.items() if name.endswith("_cost"))
    idle = fsum(row[f"{kind}_idle_cost"] for row in assets for kind in ("cpu", "ram", "gpu"))
    fees = fsum(row["management_cost"] for row in assets) if sharing.overhead else 0.0
    return charged + idle + fees + sharing.monthly_cost * passed / 3600 / 730


def total(rows: list[Row]) -> float:
    return fsum(row["total_cost"] for row in rows)


@few
@given(facts=clusters(), aggregate=st.sampled_from(AGGREGATES), sharing=st.sampled_from(SHARINGS))
def test_the_grand_total_is_the_same_however_rows_are_formed_and_costs_shared(
    reader: Reader, aggregate: tuple[str, ...], sharing: Sharing, facts: tuple[list[Row], list[Row], list[Row]]
) -> None:
    shape = Shape("allocation", aggregate, sharing=sharing)
    with stored(facts, {0: 0, 1: 0}) as whole:
        assert total(reader.rows(shape, whole, passed=[sum(HOURS)])) == pytest.approx(
            bill(facts, sharing, sum(HOURS)), rel=1e-9, abs=1e-9
        )
    with stored(facts, {0: 0, 1: 1}) as halves:
        rows = reader.rows(shape, halves, passed=HOURS)
    assert total(rows) == pytest.approx(bill(facts, sharing, sum(HOURS)), rel=1e-9, abs=1e-9)
    assert all(row["total_cost"] >= 0 for row in rows)
    for index in {row["set"] for row in rows if row["share"]}:
        assert fsum(row["share"] for row in rows if row["set"] == index) == pytest.approx(1.0)


@few
@given(
    facts=clusters(),
    kept=st.sampled_from(FILTERS),
    by_node=st.booleans(),
    sharing=st.sampled_from((SHARINGS[0], *SHARINGS[3:5])),
)
def test_a_filter_leaves_rows_out_and_changes_none(
    reader: Reader, kept: str, by_node: bool, sharing: Sharing, facts: tuple[list[Row], list[Row], list[Row]]
) -> None:
    values: dict[str, Any] = {"idle_by_node": by_node, "split_idle": True, "sharing": sharing}
    one_a_container = Shape("allocation", (), **values)
    by_namespace = Shape("allocation", ("namespace",), **values, kept=parse_filter(kept))
    with stored(facts, {0: 0, 1: 0}) as whole:
        everyone = {row["name"]: row["total_cost"] for row in reader.rows(one_a_container, whole, passed=[5400.0])}
        filtered = reader.rows(replace(one_a_container, kept=parse_filter(kept)), whole, passed=[5400.0])
        summed = reader.rows(by_namespace, whole, passed=[5400.0])
    staying = [row for row in filtered if not row["is_idle"]]
    for row in staying:
        assert row["total_cost"] == pytest.approx(everyone[row["name"]], rel=1e-9, abs=1e-9)
    if not sharing.even:
        # Even shares go by the rows of the aggregate, so they differ between aggregates.
        picked = fsum(row["total_cost"] for row in staying)
        assert total([row for row in summed if not row["is_idle"]]) == pytest.approx(picked, rel=1e-9, abs=1e-9)
    assert total([row for row in summed if row["is_idle"]]) == pytest.approx(
        total([row for row in filtered if row["is_idle"]]), rel=1e-9, abs=1e-9
    )


@few
@given(facts=clusters(), order=st.randoms())
def test_nothing_depends_on_the_order_of_rows(
    reader: Reader, facts: tuple[list[Row], list[Row], list[Row]], order: Any
) -> None:
    shape = Shape("allocation", ("namespace", "label:app"), sharing=SHARINGS[4], sort_by="name")
    mixed: Any = tuple(order.sample(rows, len(rows)) for rows in facts)
    with stored(facts, {0: 0, 1: 0}) as one, stored(mixed, {0: 0, 1: 0}) as other:
        first, second = (reader.rows(shape, parts, passed=[5400.0]) for parts in (one, other))
    assert [row["name"] for row in first] == [row["name"] for row in second]
    for left, right in zip(first, second, strict=True):
        assert left["total_cost"] == pytest.approx(right["total_cost"], rel=1e-9, abs=1e-9)
