"""``includeProportionalAssetResourceCosts``: parts of clusters and nodes, of a store whose costs are worked out by hand."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from farthing.model.tables import RESOURCES, UNMOUNTED
from farthing.services.asking import AskService
from farthing.services.scope import Scope
from farthing.settings import Settings
from farthing.store.bills import Bills
from farthing.store.days import Store
from farthing.store.focus import reading
from tests.support.api_server import ApiServer
from tests.support.fact_rows import CLUSTER, START, FactTables, Row, container, keep, node, said, seen
from tests.support.focus_files import as_csv, charge

pytestmark = pytest.mark.slow

FIELD = "includeProportionalAssetResourceCosts"
LATER = START + 3 * 86400
HOURS = {"window": "2026-11-17T00:00:00Z,2026-11-17T02:00:00Z", "accumulate": "true"}
ASKED = {**HOURS, "aggregate": "namespace", FIELD: "true"}
NODE = 16.0
"""What a node costs an hour for each resource, held or idle."""

# Of two hours, by namespace: on node-a shop holds 2 of cpu in the first hour and 6 in the second, and 1 of ram; data 1 and 3,
# kube-system 1 of cpu: 10 of cpu and 4 of ram in all. On node-b shop holds 2 of ram, data 4 of cpu, 2 of ram and 8 of gpu. The
# cluster is both: 14 of cpu, 8 of ram, 8 of gpu, 30 together.
HELD = [
    (0, "node-a", "shop", "web", {"cpu": 2.0, "ram": 1.0}),
    (1, "node-a", "shop", "web", {"cpu": 6.0}),
    (0, "node-b", "shop", "cart", {"ram": 2.0}),
    (0, "node-a", "data", "db", {"cpu": 1.0, "ram": 3.0}),
    (0, "node-b", "data", "train", {"cpu": 4.0, "ram": 2.0, "gpu": 8.0}),
    (0, "node-a", "kube-system", "dns", {"cpu": 1.0}),
]
PARTS = {
    "shop": (8 / 14, 3 / 8, 0, 11 / 30),
    "data": (5 / 14, 5 / 8, 1, 18 / 30),
    "kube-system": (1 / 14, 0, 0, 1 / 30),
}
"""Of cpu, ram and gpu of the cluster, and of all of it."""
ON_NODES = {
    "shop": {"a": (8 / 10, 1 / 4, 0, 9 / 14), "b": (0, 2 / 4, 0, 2 / 16)},
    "data": {"a": (1 / 10, 3 / 4, 0, 4 / 14), "b": (1, 2 / 4, 1, 14 / 16)},
    "kube-system": {"a": (1 / 10, 0, 0, 1 / 14)},
}


def facts() -> FactTables:
    rows = [
        container(
            hour, pod=pod, namespace=namespace, node=on, provider_id=f"aws:///a/i-{on[-1]}",
            **{f"{name}_cost": cost for name, cost in costs.items()},
        )
        for hour, on, namespace, pod, costs in HELD
    ]  # fmt: skip
    nodes = [_node(hour, on) for hour in (0, 1) for on in ("node-a", "node-b")]
    # A volume that nobody mounts is on no node.
    rows.append(container(pod=UNMOUNTED, container=UNMOUNTED, namespace="old", node="", provider_id="", pv_cost=5.0))
    words = [said("service", one, pod="web") for one in ("front", "back")]
    return FactTables(rows, nodes, workload=words)


def _node(hour: int, name: str) -> Row:
    held = [costs for at, on, _, _, costs in HELD if (at, on) == (hour, name)]
    charged = {resource: sum(one.get(resource, 0.0) for one in held) for resource in RESOURCES}
    return node(
        hour,
        name=name,
        **{f"{resource}_cost": NODE for resource in RESOURCES},
        **{f"{resource}_allocated_cost": cost for resource, cost in charged.items()},
        **{f"{resource}_idle_cost": NODE - cost for resource, cost in charged.items()},
    )


def service_of(folder: Path) -> AskService:
    settings = Settings(store=folder / "store", cluster=CLUSTER)
    keep(Store(settings.store, settings.timezone), facts(), seen(0, 1))
    return wiring.ask_service(settings, None, lambda: LATER)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskService:
    return service_of(tmp_path_factory.mktemp("proportions"))


@pytest.fixture(scope="module")
def server(service: AskService) -> Iterator[ApiServer]:
    with ApiServer(create_app(Asking(service, everything), "0.0.0")) as server:
        yield server


def parts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: numbers(one) for key, one in row["proportionalAssetResourceCosts"].items()}


def numbers(one: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(one[f"{name}Percentage"] for name in ("cpu", "ram", "gpu", "nodeResourceCost"))


def near(*expected: float) -> Any:
    return pytest.approx(expected, rel=1e-12, abs=1e-15)


def on_nodes(expected: Mapping[str, tuple[float, ...]]) -> dict[str, Any]:
    return {f"cluster-one,node-{name}": near(*one) for name, one in expected.items()}


@pytest.mark.parametrize(
    "path", ["/model/allocation", "/allocation", "/allocation/compute", "/model/allocation/compute"]
)
def test_each_row_tells_its_part_of_the_cluster(server: ApiServer, path: str) -> None:
    (rows,) = server.data(path, includeIdle="true", **ASKED)
    assert set(rows) == {*PARTS, "old", "__idle__"}
    for name, expected in PARTS.items():
        told = rows[name]["proportionalAssetResourceCosts"]
        assert set(told) == {"cluster-one"}
        assert set(told["cluster-one"]) == {
            "cluster", "cpuPercentage", "gpuPercentage", "ramPercentage", "nodeResourceCostPercentage",
        }  # fmt: skip
        assert told["cluster-one"]["cluster"] == "cluster-one"
        assert numbers(told["cluster-one"]) == near(*expected)
    assert parts(rows["old"]) == {"cluster-one": (0, 0, 0, 0)}
    assert rows["__idle__"]["proportionalAssetResourceCosts"] == {}


def test_by_node_each_row_tells_its_part_of_every_node_it_ran_on(server: ApiServer) -> None:
    (rows,) = server.data("/allocation", includeIdle="true", idleByNode="true", **ASKED)
    for name, expected in ON_NODES.items():
        assert parts(rows[name]) == on_nodes(expected)
    one = rows["data"]["proportionalAssetResourceCosts"]["cluster-one,node-b"]
    assert (one["cluster"], one["node"], one["providerID"]) == ("cluster-one", "node-b", "i-b")
    assert parts(rows["old"]) == {}
    idle = [row for name, row in rows.items() if "__idle__" in name]
    assert len(idle) == 2
    assert not any(row["proportionalAssetResourceCosts"] for row in idle)


@pytest.mark.parametrize("aggregate", ["", "namespace", "pod", "node", "service", "cluster", "label:app"])
@pytest.mark.parametrize("by_node", ["false", "true"])
def test_the_parts_of_all_rows_add_up_to_one(server: ApiServer, aggregate: str, by_node: str) -> None:
    (rows,) = server.data("/model/allocation", **{**ASKED, "aggregate": aggregate, "idleByNode": by_node})
    sums: dict[str, tuple[float, ...]] = {}
    for row in rows.values():
        for key, told in parts(row).items():
            sums[key] = tuple(map(sum, zip(sums.get(key, (0, 0, 0, 0)), told, strict=True)))
    # Nobody holds gpu of node-a.
    of_nodes = {"cluster-one,node-a": near(1, 1, 0, 1), "cluster-one,node-b": near(1, 1, 1, 1)}
    assert sums == (of_nodes if by_node == "true" else {"cluster-one": near(1, 1, 1, 1)})


def test_a_pod_behind_two_services_is_told_half_by_each(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", **{**ASKED, "aggregate": "service"})
    # Of web's 8 of cpu and 1 of ram.
    for name in ("front", "back"):
        assert parts(rows[name]) == {"cluster-one": near(4 / 14, 0.5 / 8, 0, 4.5 / 30)}


def test_sets_have_parts_of_their_own(server: ApiServer) -> None:
    asked = {**ASKED, "accumulate": "false", "step": "1h", "idleByNode": "true"}
    first, second = server.data("/model/allocation", **asked)
    # In the first hour 2 of the 4 of cpu that are held of node-a, and 1 of 4 of ram.
    assert parts(first["shop"])["cluster-one,node-a"] == near(2 / 4, 1 / 4, 0, 3 / 8)
    assert parts(second["shop"]) == {"cluster-one,node-a": near(1, 0, 0, 1)}
    assert set(second) == {"shop", "cluster-one/node-a/__idle__", "cluster-one/node-b/__idle__"}


def test_a_filter_keeps_what_parts_are_of(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", filter='namespace:"shop"', **ASKED)
    assert set(rows) == {"shop", "__idle__"}
    assert parts(rows["shop"]) == {"cluster-one": near(*PARTS["shop"])}
    # What the filter leaves of a row is its part: cart alone, with 2 of ram.
    (rows,) = server.data("/model/allocation", filter='node:"node-b"', **ASKED)
    assert parts(rows["shop"]) == {"cluster-one": near(0, 2 / 8, 0, 2 / 30)}
    (rows,) = server.data("/model/allocation", filterNodes="node-b", idleByNode="true", **ASKED)
    assert parts(rows["shop"]) == on_nodes({"b": ON_NODES["shop"]["b"]})


@pytest.mark.parametrize(
    "shared",
    [
        {"shareNamespaces": "kube-system"},
        {"shareNamespaces": "kube-system", "shareIdle": "true", "shareCost": "730", "shareSplit": "even"},
    ],
)
def test_what_is_shared_is_held_by_nobody_else(server: ApiServer, shared: dict[str, str]) -> None:
    (rows,) = server.data("/model/allocation", **shared, **ASKED)
    assert "kube-system" not in rows
    for name in ("shop", "data"):
        assert parts(rows[name]) == {"cluster-one": near(*PARTS[name])}


def test_of_a_row_that_is_shared_in_part_the_rest_counts(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", shareNamespaces="kube-system", **{**ASKED, "aggregate": "node"})
    # 10 of cpu on node-a less the 1 that is shared, of 14; with 4 of ram, of 30.
    assert parts(rows["node-a"]) == {"cluster-one": near(9 / 14, 4 / 8, 0, 13 / 30)}


def test_a_cost_by_the_hour_has_the_same_parts_and_so_has_a_page(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", costMetric="hourly", **ASKED)
    assert {name: parts(rows[name]) for name in PARTS} == {
        name: {"cluster-one": near(*one)} for name, one in PARTS.items()
    }
    (page,) = server.data("/model/allocation", limit="1", offset="1", shareTenancyCosts="false", **ASKED)
    # The dearest is data, with 18.
    assert set(page) == {"shop", "__idle__"}
    assert parts(page["shop"]) == {"cluster-one": near(*PARTS["shop"])}


def test_what_bills_change_is_in_the_parts(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    bills = Bills(tmp_path / "store")
    # By list node-a costs 16 for each of three resources, twice; the bill says the double.
    path = as_csv(tmp_path / "bill.csv", [charge("i-a", 2 * 6 * NODE)])
    with bills.writing(), reading([path], "USD", UTC) as found:
        bills.keep(found, "USD", LATER)
    with ApiServer(create_app(Asking(service, everything), "0.0.0")) as server:
        (rows,) = server.data("/model/allocation", **ASKED)
        # 16 of 20 + 4 of cpu, 2 + 2 of 8 + 4 of ram, none of 8 of gpu; 20 of 44 together.
        assert parts(rows["shop"]) == {"cluster-one": near(16 / 24, 4 / 12, 0, 20 / 44)}
        (rows,) = server.data("/model/allocation", reconcile="false", **ASKED)
        assert parts(rows["shop"]) == {"cluster-one": near(*PARTS["shop"])}


def test_who_does_not_ask_is_told_no_parts(server: ApiServer) -> None:
    for asked in ({}, {FIELD: "false"}, {FIELD: ""}):
        (rows,) = server.data("/model/allocation", aggregate="namespace", **HOURS, **asked)
        assert [row["proportionalAssetResourceCosts"] for row in rows.values()] == [{}] * len(rows)


def test_a_table_has_a_column_of_parts_where_they_are_asked_for(server: ApiServer) -> None:
    text = server.get("/model/allocation", format="csv", **ASKED).text
    assert "proportionalAssetResourceCosts" in text.splitlines()[0].split(",")
    (rows,) = server.data("/model/allocation", **ASKED)
    cell = json.dumps(rows["shop"]["proportionalAssetResourceCosts"], separators=(",", ":")).replace('"', '""')
    assert f'"{cell}"' in text
    plain = server.get("/model/allocation", format="csv", aggregate="namespace", **HOURS).text
    assert "proportionalAssetResourceCosts" not in plain


@pytest.mark.parametrize("path", ["/allocation", "/allocation/compute", "/model/allocation/compute"])
def test_without_idle_it_is_refused_as_opencost_does(server: ApiServer, path: str) -> None:
    for idle in ({}, {"includeIdle": "false"}):
        answer = server.get(path, **ASKED, **idle)
        assert answer.status_code == 400
        assert FIELD in answer.json()["message"]
        assert "includeIdle" in answer.json()["message"]
    answer = server.get("/model/allocation", idle="false", **ASKED)
    assert (answer.status_code, FIELD in answer.json()["message"]) == (400, True)


def test_summaries_and_toplines_have_no_place_for_it(server: ApiServer) -> None:
    for path in ("/model/allocation/summary", "/model/allocation/summary/topline", "/allocation/summary"):
        assert server.data(path, **ASKED) == server.data(path, aggregate="namespace", **HOURS)


@pytest.mark.parametrize("asked", [{}, {"includeIdle": "true"}, {"idleByNode": "true"}, {"filterNamespaces": "shop"}])
@pytest.mark.parametrize("path", ["/model/allocation", "/allocation"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_who_sees_some_namespaces_is_refused(service: AskService, path: str, asked: dict[str, str], form: str) -> None:
    with ApiServer(create_app(Asking(service, lambda _: Scope(("shop",))), "0.0.0")) as tenant:
        answer = tenant.get(path, format=form, **ASKED, **asked)
        assert answer.status_code == 403, answer.text
        assert "you see only the costs of your own namespaces" in answer.json()["message"]
        assert FIELD in answer.json()["message"]
        (rows,) = tenant.data(path, aggregate="namespace", **HOURS)
        assert {name: row["proportionalAssetResourceCosts"] for name, row in rows.items()} == {"shop": {}}
