"""External costs: what bills tell of resources outside of the cluster is added to the rows that their tags name, and to no other."""

from pathlib import Path
from typing import Any

import pytest

from farthing.errors import InvalidQuestionError
from farthing.model.filter_parser import parse_filter
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.store.reading import Reader
from tests.support.bill_rows import DAY, billed, with_bill
from tests.support.fact_rows import START, FactTables, container, node, said

Row = dict[str, Any]

BUCKET = billed("bucket", 10.0, tags='{"kubernetes_namespace":"shop","kubernetes_label_app":"web"}')
TOPIC = billed("topic", 1.0, tags='{"kubernetes_namespace":"data"}')
STRANGE = (
    billed("other", 100.0, tags='{"kubernetes_namespace":"elsewhere"}'),
    billed("untagged", 200.0),
    billed("broken", 400.0, tags='{"kubernetes_namespace":'),
    billed("number", 800.0, tags='{"kubernetes_namespace":7,"kubernetes_label_app":null}'),
    # A machine of the cluster: its costs are those of what runs on it.
    billed("i-a", 8.0, tags='{"kubernetes_namespace":"shop"}'),
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Part:
    """A day: web of shop holds 2, db of data 3, and 3 are idle."""
    folder = tmp_path_factory.mktemp("facts")
    rows = [container(cpu_cost=2.0), container(pod="db", namespace="data", cpu_cost=3.0)]
    nodes = [node(cpu_cost=8.0, cpu_allocated_cost=5.0, cpu_idle_cost=3.0)]
    with FactTables(rows, nodes, workload=[said("label", "app", "web")]) as tables:
        return with_bill(tables.part(folder, {0: 0}), folder / "bill", [BUCKET, TOPIC, *STRANGE], seconds=DAY)


def external(reader: Reader, part: Part, shape: Shape, limit: int = 0) -> dict[str, tuple[float, float]]:
    rows = reader.rows(shape, [part], limit, [DAY])
    return {row["name"]: (row["external_cost"], row["total_cost"]) for row in rows}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (("namespace",), {"shop": (10.0, 12.0), "data": (1.0, 4.0), "__idle__": (0.0, 3.0)}),
        (("label:app",), {"app=web": (10.0, 12.0), "__unallocated__": (0.0, 3.0), "__idle__": (0.0, 3.0)}),
        (("product",), {"web": (10.0, 12.0), "__unallocated__": (0.0, 3.0), "__idle__": (0.0, 3.0)}),
        (
            ("namespace", "label:app"),
            {"shop/app=web": (10.0, 12.0), "data/__unallocated__": (0.0, 3.0), "__idle__": (0.0, 3.0)},
        ),
    ],
    ids=lambda given: ",".join(given) if isinstance(given, tuple) else "",
)
def test_costs_go_to_the_rows_that_their_tags_name(
    reader: Reader, part: Part, aggregate: tuple[str, ...], expected: dict[str, tuple[float, float]]
) -> None:
    assert external(reader, part, Shape("allocation", aggregate, external=True)) == expected


def test_nothing_is_added_unless_it_is_asked_for(reader: Reader, part: Part) -> None:
    assert external(reader, part, Shape("allocation", ("namespace",)))["shop"] == (0.0, 2.0)


def test_a_row_that_is_filtered_out_gets_nothing(reader: Reader, part: Part) -> None:
    shape = Shape("allocation", ("namespace",), idle=False, external=True, kept=parse_filter('namespace:"data"'))
    rows = external(reader, part, shape)
    assert (rows["data"], "shop" in rows) == ((1.0, 4.0), False)


def test_rows_are_in_the_order_and_number_that_the_whole_cost_asks_for(reader: Reader, part: Part) -> None:
    shape = Shape("allocation", ("namespace",), external=True)
    assert list(external(reader, part, shape)) == ["shop", "data", "__idle__"]
    found = reader.found(shape, [part], 1, [DAY])
    assert [row["name"] for row in found.rows] == ["shop", "__idle__"]
    assert sum(row["external_cost"] for row in found.counted) == 11.0


def test_external_costs_need_no_adjustments(reader: Reader, tmp_path: Path) -> None:
    with FactTables([container(cpu_cost=2.0)], [node(cpu_cost=2.0)]) as tables:
        told = with_bill(tables.part(tmp_path, {0: 0}), tmp_path / "bill", [BUCKET, billed("i-a", 4.0)], seconds=DAY)
    shape = Shape("allocation", ("namespace",), idle=False, external=True, reconcile=False)
    assert external(reader, told, shape)["shop"] == (10.0, 12.0)
    assert told.billing is not None
    assert told.billing.intervals[0][0] == START


@pytest.mark.parametrize("aggregate", [(), ("node",), ("namespace", "controller"), ("annotation:a",)])
def test_rows_without_tags_of_their_own_are_refused(aggregate: tuple[str, ...]) -> None:
    with pytest.raises(InvalidQuestionError, match="external costs go to rows by tags"):
        Shape("allocation", aggregate, external=True)
