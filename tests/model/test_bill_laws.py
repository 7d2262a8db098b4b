"""Laws of bills on random clusters: nothing of a bill is lost or counted twice, and allocations + idle are still what assets cost."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.model.bills import ADJUSTMENTS
from farthing.model.question import Shape, Sharing
from farthing.model.tables import RESOURCES
from farthing.store.reading import Reader
from tests.support.bill_rows import DAY, billed, with_bill
from tests.support.fact_rows import FactTables, container, node

pytestmark = pytest.mark.slow

READER = Reader()
COST = st.floats(0.01, 100).map(lambda cost: round(cost, 3))
AGGREGATES = (("namespace",), ("node",), ("namespace", "controller"), ())
SHARINGS = (
    Sharing(),
    Sharing(idle=True),
    Sharing(namespaces=("kube-system",)),
    Sharing(idle=True, namespaces=("kube-system",), monthly_cost=730.0),
)
BY_ASSET = Shape("asset", ())
Row = dict[str, Any]
Cluster = tuple[list[Row], list[Row]]
REPEATED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """A day of containers on two nodes, each of which costs what is charged on it, and idle."""
    rows = [
        container(
            pod=f"{draw(st.sampled_from(('web', 'db')))}-{number}",
            namespace=draw(st.sampled_from(("shop", "kube-system"))),
            **dict(zip(("node", "provider_id"), draw(st.sampled_from((("node-a", "aws:///a/i-a"), ("node-b", "aws:///a/i-b")))), strict=True)),
            **{f"{name}_cost": draw(COST) for name in RESOURCES},
        )
        for number in range(draw(st.integers(1, 5)))
    ]  # fmt: skip
    nodes = []
    for name in ("node-a", "node-b"):
        held = {one: fsum(row[f"{one}_cost"] for row in rows if row["node"] == name) for one in RESOURCES}
        idle = {one: draw(COST) for one in RESOURCES}
        costs = {f"{one}_cost": held[one] + idle[one] for one in RESOURCES}
        parts = {f"{one}_allocated_cost": held[one] for one in RESOURCES} | {
            f"{one}_idle_cost": idle[one] for one in RESOURCES
        }
        nodes.append(node(name=name, **costs, **parts))
    return rows, nodes


BILLS = st.lists(
    st.builds(
        billed, st.sampled_from(("i-a", "i-b", "bucket", "")), st.floats(-5, 100).map(lambda cost: round(cost, 3))
    ),
    min_size=1,
    max_size=6,
)


def rows_of(cluster: Cluster, shape: Shape, bill: Iterable[Row]) -> list[Row]:
    """The rows of ``shape``, adjusted by ``bill``."""
    with tempfile.TemporaryDirectory() as folder, FactTables(*cluster) as tables:
        part = with_bill(tables.part(Path(folder), {0: 0}), Path(folder, "bill"), bill, seconds=DAY)
        return READER.rows(shape, [part], 0, [DAY])


def total(rows: Iterable[Row], *columns: str) -> float:
    return fsum(row[column] for row in rows for column in columns if column in row)


@REPEATED
@given(cluster=clusters(), bill=BILLS, aggregate=st.sampled_from(AGGREGATES), sharing=st.sampled_from(SHARINGS))
def test_adjustments_off_and_adjustments_are_adjustments_on(
    cluster: Cluster, bill: list[Row], aggregate: tuple[str, ...], sharing: Sharing
) -> None:
    on = rows_of(cluster, Shape("allocation", aggregate, sharing=sharing), bill)
    off = rows_of(cluster, Shape("allocation", aggregate, sharing=sharing, reconcile=False), bill)
    changed = total(on, *ADJUSTMENTS, "shared_adjustment")
    assert total(on, "total_cost") == pytest.approx(total(off, "total_cost") + changed, rel=1e-9, abs=1e-9)
    if sharing == Sharing():
        assert {row["name"]: row["total_cost"] - total([row], *ADJUSTMENTS) for row in on} == pytest.approx(
            {row["name"]: row["total_cost"] for row in off}, rel=1e-9, abs=1e-9
        )


@REPEATED
@given(cluster=clusters(), bill=BILLS, aggregate=st.sampled_from(AGGREGATES), sharing=st.sampled_from(SHARINGS[:3]))
def test_allocations_and_idle_are_still_what_assets_cost(
    cluster: Cluster, bill: list[Row], aggregate: tuple[str, ...], sharing: Sharing
) -> None:
    rows = rows_of(cluster, Shape("allocation", aggregate, sharing=sharing), bill)
    assets = rows_of(cluster, BY_ASSET, bill)
    assert total(rows, "total_cost") == pytest.approx(
        total(assets, "total_cost") - total(assets, "cloud_cost"), rel=1e-9, abs=1e-9
    )
    assert total(rows, "billed_cost") == pytest.approx(
        total(assets, "billed_cost") - total(assets, "cloud_cost"), rel=1e-9, abs=1e-9
    )
    assert all(row["total_cost"] >= -1e-9 for row in rows)


@REPEATED
@given(cluster=clusters(), bill=BILLS)
def test_assets_and_cloud_cost_what_the_bill_and_the_lists_say(cluster: Cluster, bill: list[Row]) -> None:
    assets = rows_of(cluster, BY_ASSET, bill)
    keys = {row["resource_key"] for row in bill}
    unbilled = fsum(
        one[f"{name}_cost"] for one in cluster[1] for name in RESOURCES if f"i-{one['name'][-1]}" not in keys
    )
    assert total(assets, "total_cost") == pytest.approx(
        unbilled + fsum(row["cost"] for row in bill), rel=1e-9, abs=1e-9
    )


@REPEATED
@given(cluster=clusters(), sharing=st.sampled_from(SHARINGS))
def test_a_bill_of_exactly_the_list_cost_adjusts_by_nothing(cluster: Cluster, sharing: Sharing) -> None:
    bill = [billed(f"i-{one['name'][-1]}", fsum(one[f"{name}_cost"] for name in RESOURCES)) for one in cluster[1]]
    shape = Shape("allocation", ("namespace",), sharing=sharing)
    on, off = rows_of(cluster, shape, bill), rows_of(cluster, replace(shape, reconcile=False), bill)
    assert [row["total_cost"] for row in on] == pytest.approx([row["total_cost"] for row in off], rel=1e-12, abs=1e-12)
    assert total(on, *ADJUSTMENTS, "shared_adjustment") == pytest.approx(0.0, abs=1e-9)
    assert all(row["cloud_cost"] == 0 for row in rows_of(cluster, BY_ASSET, bill))
