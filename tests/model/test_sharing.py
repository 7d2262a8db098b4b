"""C10 worked by hand: who bears idle and shared costs, and that a filter changes no row that stays.

One hour of one cluster. Four containers, of a namespace each, are charged 12; idle is 12:

    node-a   shop/web           cpu 3, ram 1      idle cpu 6, ram 2
             kube-system/agent  cpu 1, ram 1
    node-b   data/db            cpu 4             idle cpu 4
             batch/job          cpu 2
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farthing.errors import InvalidQuestionError
from farthing.model.answer import added
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import Filter
from farthing.model.plan import Part
from farthing.model.question import Shape, Sharing
from farthing.model.tables import BALANCER, UNMOUNTED
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, Row, container, node, said

pytestmark = pytest.mark.slow

IDLE = 12.0
HOURS = [3600.0]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Part]]:
    folder = tmp_path_factory.mktemp("facts")
    on_b = {"node": "node-b", "provider_id": "aws:///a/i-b"}
    rows = [
        container(pod="web", namespace="shop", cpu_cost=3.0, ram_cost=1.0),
        container(pod="agent", namespace="kube-system", cpu_cost=1.0, ram_cost=1.0),
        container(pod="db", namespace="data", cpu_cost=4.0, **on_b),
        container(pod="job", namespace="batch", cpu_cost=2.0, **on_b),
    ]
    nodes = [
        node(cpu_cost=10.0, cpu_allocated_cost=4.0, cpu_idle_cost=6.0, ram_cost=4.0, ram_allocated_cost=2.0, ram_idle_cost=2.0),
        node(name="node-b", cpu_cost=10.0, cpu_allocated_cost=6.0, cpu_idle_cost=4.0),
        node(name="cluster-one", type="ClusterManagement", management_cost=0.12),
    ]  # fmt: skip
    names = [
        said("label", "app", "web", pod="web"),
        said("label", "app", "store", pod="db", namespace="data"),
        said("label", "tier", "system", pod="agent", namespace="kube-system"),
        said("service", "front", pod="web"),
        said("service", "inside", pod="web"),
    ]
    with FactTables(rows, nodes, workload=names) as facts:
        yield [facts.part(folder, {0: 0})]


def shape(sharing: Sharing | None = None, kept: str = "", **values: Any) -> Shape:
    found: Filter = parse_filter(kept)
    return Shape(
        "allocation", **{"aggregate": ("namespace",), "sharing": sharing or Sharing(), "kept": found, **values}
    )


def costs(rows: list[Row]) -> dict[str, float]:
    """Total cost by name, those of 0 left out."""
    return {row["name"]: row["total_cost"] for row in rows if row["total_cost"]}


@pytest.mark.parametrize(
    ("sharing", "values", "expected"),
    [
        pytest.param(Sharing(), {}, {"shop": 4, "kube-system": 2, "data": 4, "batch": 2, "__idle__": 12}, id="nothing"),
        # Of 10 charged for cpu, 10 are idle: as much again for each; of 2 for ram, 2.
        pytest.param(Sharing(idle=True), {}, {"shop": 8, "kube-system": 4, "data": 8, "batch": 4}, id="idle"),
        # node-a: cpu 6 by 3:1, ram 2 by 1:1; node-b: cpu 4 by 4:2.
        pytest.param(
            Sharing(idle=True),
            {"idle_by_node": True},
            {"shop": 4 + 4.5 + 1, "kube-system": 2 + 1.5 + 1, "data": 4 + 8 / 3, "batch": 2 + 4 / 3},
            id="idle-by-node",
        ),
        # 2 of kube-system by 4:4:2.
        pytest.param(
            Sharing(namespaces=("kube-system",)),
            {},
            {"shop": 4.8, "data": 4.8, "batch": 2.4, "__idle__": 12},
            id="namespace-weighted",
        ),
        pytest.param(
            Sharing(namespaces=("kube-system",), even=True),
            {},
            {"shop": 4 + 2 / 3, "data": 4 + 2 / 3, "batch": 2 + 2 / 3, "__idle__": 12},
            id="namespace-even",
        ),
        pytest.param(
            Sharing(labels=(("tier", "system"),)),
            {},
            {"shop": 4.8, "data": 4.8, "batch": 2.4, "__idle__": 12},
            id="label-weighted",
        ),
        # kube-system with its idle is 4, and it goes by cost before idle: 4:4:2.
        pytest.param(
            Sharing(idle=True, namespaces=("kube-system",)),
            {},
            {"shop": 8 + 1.6, "data": 8 + 1.6, "batch": 4 + 0.8},
            id="idle-and-namespace",
        ),
        # 730 a month is 1 an hour, by 4:2:4:2.
        pytest.param(
            Sharing(monthly_cost=730.0),
            {},
            {"shop": 4 + 4 / 12, "kube-system": 2 + 2 / 12, "data": 4 + 4 / 12, "batch": 2 + 2 / 12, "__idle__": 12},
            id="monthly-amount",
        ),
        pytest.param(
            Sharing(overhead=True),
            {},
            {"shop": 4.04, "kube-system": 2.02, "data": 4.04, "batch": 2.02, "__idle__": 12},
            id="overhead",
        ),
        # A pod behind two services is halved; one behind none is nobody's.
        pytest.param(
            Sharing(),
            {"aggregate": ("service",)},
            {"front": 2, "inside": 2, "__unallocated__": 8, "__idle__": 12},
            id="two-services",
        ),
        pytest.param(
            Sharing(),
            {"aggregate": ("namespace", "label:app")},
            {
                "shop/app=web": 4,
                "data/app=store": 4,
                "kube-system/__unallocated__": 2,
                "batch/__unallocated__": 2,
                "__idle__": 12,
            },
            id="label-missing-on-some",
        ),
        pytest.param(
            Sharing(),
            {"aggregate": ("product",)},
            {"web": 4, "store": 4, "__unallocated__": 4, "__idle__": 12},
            id="alias",
        ),
        pytest.param(
            Sharing(),
            {"aggregate": ("deployment",)},
            {"web": 4, "agent": 2, "db": 4, "job": 2, "__idle__": 12},
            id="deployment",
        ),
        pytest.param(Sharing(), {"aggregate": ("statefulset",)}, {"__unallocated__": 12, "__idle__": 12}, id="no-statefulset"),
    ],
)  # fmt: skip
def test_costs_are_spread_as_asked(
    reader: Reader, parts: list[Part], sharing: Sharing, values: dict[str, Any], expected: dict[str, float]
) -> None:
    assert costs(reader.rows(shape(sharing, **values), parts, passed=HOURS)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("kept", "sharing", "expected"),
    [
        pytest.param('namespace:"shop"', Sharing(idle=True, namespaces=("kube-system",)), {"shop": 9.6}, id="all-shared"),
        pytest.param(
            'namespace:"shop","batch"', Sharing(namespaces=("kube-system",), even=True),
            {"shop": 4 + 2 / 3, "batch": 2 + 2 / 3, "__idle__": 4 + 2}, id="even",
        ),
        # Idle that is not shared is what sharing would have given the rows that stay: cpu 3 and ram 1.
        pytest.param('label[app]:"web"', Sharing(), {"shop": 4, "__idle__": 4}, id="idle-of-what-stays"),
        pytest.param('services:"front"', Sharing(), {"shop": 4, "__idle__": 4}, id="service"),
        pytest.param('label:"tier"', Sharing(), {"kube-system": 2, "__idle__": 2}, id="has-a-label"),
        pytest.param('label[app]!:"web"', Sharing(idle=True), {"kube-system": 4, "data": 8, "batch": 4}, id="not"),
        pytest.param('label[app]:"__unallocated__"', Sharing(idle=True), {"kube-system": 4, "batch": 4}, id="none"),
        pytest.param(
            '(namespace<~:"s" | pod~>:"b") + node:"node-b"', Sharing(idle=True), {"data": 8, "batch": 4}, id="both-and-one",
        ),
        pytest.param('namespace:"nowhere"', Sharing(idle=True, monthly_cost=730.0), {}, id="nothing-stays"),
    ],
)  # fmt: skip
def test_a_filter_changes_no_row_that_stays(
    reader: Reader, parts: list[Part], kept: str, sharing: Sharing, expected: dict[str, float]
) -> None:
    assert costs(reader.rows(shape(sharing, kept), parts, passed=HOURS)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("limit", [0, 1])
@pytest.mark.parametrize(("kept", "idle"), [("", 10.0), ('namespace:"shop"', 10.0 * 3 / 4)])
def test_idle_that_is_not_shared_is_told_once_and_no_part_of_an_efficiency(
    reader: Reader, tmp_path: Path, kept: str, idle: float, limit: int
) -> None:
    asked = {"cpu_requested": 7200.0, "cpu_used": 3600.0, "ram_requested": 4.0, "ram_used": 1.0}
    rows = [
        container(pod="web", cpu_cost=3.0, ram_cost=1.0, **asked),
        container(pod="db", namespace="data", cpu_cost=1.0),
    ]
    with FactTables(rows, [node(cpu_cost=14.0, cpu_allocated_cost=4.0, cpu_idle_cost=10.0)]) as facts:
        question = shape(Sharing(), kept)
        found = reader.found(question, [facts.part(tmp_path, {0: 0})], limit, HOURS)
    (web,) = [row for row in found.rows if row["name"] == "shop"]
    # cpu is half used and ram a quarter, at costs of 3 and 1.
    assert (web["total_efficiency"], web["cpu_idle_cost"]) == (pytest.approx(0.4375), 0.0)
    assert added(question, found.counted)["cpu_idle_cost"] == pytest.approx(idle)


def test_what_nobody_can_bear_is_a_row_of_its_own(reader: Reader, parts: list[Part]) -> None:
    everyone = Sharing(idle=True, namespaces=("shop", "kube-system", "data", "batch"))
    assert costs(reader.rows(shape(everyone), parts, passed=HOURS)) == pytest.approx({"__unallocated__": 24})


def test_what_nobody_can_bear_is_added_to_the_row_without_names_where_there_is_one(
    reader: Reader, tmp_path: Path
) -> None:
    unmounted = {"pod": UNMOUNTED, "container": UNMOUNTED, "node": "", "provider_id": "", "controller": ""}
    rows = [container(**unmounted, namespace="shop", pv_cost=2.0)]
    fee = [node(name="cluster-one", type="ClusterManagement", management_cost=0.12)]
    with FactTables(rows, fee) as facts:
        found = reader.rows(
            shape(Sharing(overhead=True), aggregate=("label:app", "team")), [facts.part(tmp_path, {0: 0})], passed=HOURS
        )
    (row,) = [row for row in found if row["total_cost"]]
    assert (row["name"], row["total_cost"], row["shared_cost"], row["share"]) == (
        "__unallocated__/__unallocated__", pytest.approx(2.12), pytest.approx(0.12), 1.0,
    )  # fmt: skip


@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("limit", [0, 1])
def test_what_nobody_mounts_bears_nothing_also_where_a_filter_keeps_it(
    reader: Reader, tmp_path: Path, even: bool, limit: int
) -> None:
    unmounted = {"pod": UNMOUNTED, "container": UNMOUNTED, "node": "", "provider_id": "", "controller": ""}
    rows = [
        container(pod="web", cpu_cost=3.0),
        container(**unmounted, namespace="left", pv_cost=2.0),
        container(pod="free", namespace="free"),
    ]
    with FactTables(rows, []) as facts:
        sharing = Sharing(monthly_cost=73.0, even=even)
        part = facts.part(tmp_path, {0: 0})
        found = reader.rows(shape(sharing, 'namespace:"left","free"'), [part], limit, HOURS)
    # 0.1 an hour: all of it by weight is web's; evenly web and free have half each.
    expected = {"left": (0.0, 2.0), "free": (0.5, 0.05) if even else (0.0, 0.0)}
    told = {row["name"]: (row["share"], row["total_cost"]) for row in found if not row["is_idle"]}
    assert told == {name: pytest.approx(expected[name]) for name in told}
    assert set(told) == ({"left"} if limit else {"left", "free"})


def test_what_is_overallocated_is_that_of_the_rows_a_filter_keeps(reader: Reader, tmp_path: Path) -> None:
    rows = [container(pod="web", cpu_cost=6.0), container(pod="db", namespace="data", cpu_cost=3.0)]
    nodes = [node(cpu_cost=3.0, cpu_allocated_cost=9.0, cpu_overallocated_cost=6.0, ram_cost=1.0, ram_idle_cost=1.0)]
    with FactTables(rows, nodes) as facts:
        part = [facts.part(tmp_path, {0: 0})]
        for sharing in (Sharing(), Sharing(idle=True)):
            found = reader.rows(shape(sharing, 'namespace:"data"'), part, passed=HOURS)
            (idle,) = [row for row in found if row["is_idle"]]
            # 3 of 9 are data's; nobody was charged for memory, so its idle is nobody's.
            assert (idle["cpu_overallocated_cost"], idle["total_cost"]) == (pytest.approx(2.0), 0.0)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ('services:"front" | services:"Front"', {"web-1", "web-2"}),
        ('services:"Front"', {"web-2"}),
        ('services:"front","x" + services!:"front|x"', {"web-1"}),
        ('services:"__unallocated__"', {"db", "left"}),
        ('services:"__unallocated__","front"', {"web-1", "db", "left"}),
        # The claim that nobody mounts has what is said of its namespace.
        ('label:"team"', {"db", "left"}),
        ('label[team]:"store"', {"left"}),
        ('label:"team","app"', {"web-1", "db", "left"}),
        ('label!:"team"', {"web-1", "web-2"}),
    ],
)
def test_a_filter_of_services_and_of_keys_tells_each_thing_said_from_the_others(
    reader: Reader, tmp_path: Path, kept: str, expected: set[str]
) -> None:
    unmounted = {"container": UNMOUNTED, "uid": "", "node": "", "provider_id": "", "controller": ""}
    rows = [
        container(pod="web-1", cpu_cost=1.0),
        container(pod="web-2", cpu_cost=1.0),
        container(pod="db", namespace="data", cpu_cost=1.0),
        container(pod="left", namespace="data", pv_cost=1.0, **unmounted),
    ]
    names = [
        said("service", "front", pod="web-1"),
        said("service", "Front", pod="web-2"),
        said("label", "app", "x", pod="web-1"),
        said("label", "team", "own", pod="db", namespace="data"),
        said("namespace_label", "team", "store", namespace="data"),
    ]
    with FactTables(rows, [], workload=names) as facts:
        found = reader.rows(shape(kept=kept, aggregate=("pod",)), [facts.part(tmp_path, {0: 0})], passed=HOURS)
    assert {row["name"] for row in found if row["total_cost"]} == expected


def test_details_are_those_of_the_rows_shown(reader: Reader, parts: list[Part], tmp_path: Path) -> None:
    by_container = shape(aggregate=())
    found = reader.found(by_container, parts, limit=1, passed=HOURS, detailed=True)
    (first,) = [row["pod"] for row in found.rows if not row["is_idle"]]
    assert {one["pod"] for one in found.details["said"]} == {first}
    # A load balancer whose address changed is one.
    behind = {"node": "node-a", "provider_id": "", "service": "front", "run_seconds": 1800.0}
    balancers = [
        {**container(pod="web"), **behind, "address": address, "cost": cost, "saving": 0.0}
        for address, cost in (("", 1.0), ("192.0.2.1", 2.0))
    ]
    kept = [{name: one[name] for name in BALANCER} for one in balancers]
    with FactTables([container(pod="web", lb_cost=3.0)], [], balancer=kept) as facts:
        found = reader.found(shape(), [facts.part(tmp_path, {0: 0})], passed=HOURS, detailed=True)
    (one,) = found.details["balancer"]
    assert (one["address"], one["cost"], one["run_seconds"]) == ("192.0.2.1", 3.0, 3600.0)


def test_one_question_asks_for_ten_labels_and_no_more() -> None:
    keys = "+".join(f'label[k{number}]:"v"' for number in range(10))
    shape(kept=f'{keys}+label[k0]!:"w"')
    with pytest.raises(InvalidQuestionError, match="name 11 different labels and annotations; at most 10 are offered"):
        shape(kept=keys, aggregate=("annotation:note",))
    with pytest.raises(InvalidQuestionError, match="name 12 different"):
        shape(Sharing(labels=tuple((f"key{number}", "v") for number in range(12))))


def test_a_tenant_may_say_how_it_would_share_what_it_has_not() -> None:
    of_shop = {"idle": False, "namespaces": ("shop",)}
    assert shape(Sharing(even=True), **of_shop).namespaces == ("shop",)
    with pytest.raises(InvalidQuestionError, match="a question about some namespaces has no"):
        shape(Sharing(overhead=True), **of_shop)
    with pytest.raises(InvalidQuestionError, match="includeProportionalAssetResourceCosts needs idle"):
        shape(**of_shop, proportions=True)


def test_what_has_not_passed_carries_no_shared_amount(reader: Reader, parts: list[Part]) -> None:
    rows = reader.rows(shape(Sharing(monthly_cost=730.0)), parts, passed=[1800.0])
    assert sum(row["shared_cost"] for row in rows) == pytest.approx(0.5)


def test_the_parts_of_what_is_shared_are_told(reader: Reader, parts: list[Part]) -> None:
    sharing = Sharing(idle=True, namespaces=("kube-system",), monthly_cost=73.0, overhead=True)
    found = reader.found(shape(sharing), parts, passed=HOURS, detailed=True)
    assert {row["part"]: row["cost"] for row in found.details["shared"]} == pytest.approx(
        {"kube-system": 4, "shareCost": 0.1, "overhead": 0.12}
    )
    assert sum(row["share"] for row in found.rows) == pytest.approx(1.0)
