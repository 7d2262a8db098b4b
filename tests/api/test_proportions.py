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
NUMBERS = ("cpu", "ram", "gpu", "nodeResourceCost", "pv", "loadBalancer")
ASKED = {**HOURS, "aggregate": "namespace", FIELD: "true"}
NODE = {"cpu": 16.0, "ram": 8.0, "gpu": 12.0}
"""What each of two nodes costs an hour, held or idle: 36 together."""

# Of two hours, by namespace: on node-a shop holds 2 of cpu in the first hour and 6 in the second, and 1 of ram; data 1 and 3,
# kube-system 1 of cpu. On node-b shop holds 2 of ram, data 4 of cpu, 2 of ram and 8 of gpu. Either node costs 32 for cpu, 16 for
# ram, 24 for gpu: 72; the cluster's 64, 32, 48: 144. The volume pv-both costs 6, of which shop holds 2 and data 4; pv-old, that
# nobody mounts, 5: 11. The load balancer shop/front costs 4 and data/api 2: 6.
HELD = [
    (0, "node-a", "shop", "web", {"cpu": 2.0, "ram": 1.0, "pv": 2.0, "lb": 3.0}),
    (1, "node-a", "shop", "web", {"cpu": 6.0}),
    (0, "node-b", "shop", "cart", {"ram": 2.0, "lb": 1.0}),
    (0, "node-a", "data", "db", {"cpu": 1.0, "ram": 3.0, "pv": 4.0, "lb": 2.0}),
    (0, "node-b", "data", "train", {"cpu": 4.0, "ram": 2.0, "gpu": 8.0}),
    (0, "node-a", "kube-system", "dns", {"cpu": 1.0}),
]
BALANCERS = {"shop": "front", "data": "api"}
PARTS = {
    "shop": (8 / 64, 3 / 32, 0, 11 / 144, 2 / 11, 4 / 6),
    "data": (5 / 64, 5 / 32, 8 / 48, 18 / 144, 4 / 11, 2 / 6),
    "kube-system": (1 / 64, 0, 0, 1 / 144, 0, 0),
    "old": (0, 0, 0, 0, 5 / 11, 0),
}
"""Of the cluster's cpu, ram and gpu, of its nodes, of its volumes and of its load balancers."""
OF_EACH = {
    "shop": {
        "node-a": (8 / 32, 1 / 16, 0, 9 / 72, 0, 0),
        "node-b": (0, 2 / 16, 0, 2 / 72, 0, 0),
        "pv-both": (0, 0, 0, 0, 2 / 6, 0),
        "shop/front": (0, 0, 0, 0, 0, 1),
    },
    "data": {
        "node-a": (1 / 32, 3 / 16, 0, 4 / 72, 0, 0),
        "node-b": (4 / 32, 2 / 16, 8 / 24, 14 / 72, 0, 0),
        "pv-both": (0, 0, 0, 0, 4 / 6, 0),
        "data/api": (0, 0, 0, 0, 0, 1),
    },
    "kube-system": {"node-a": (1 / 32, 0, 0, 1 / 72, 0, 0)},
    "old": {"pv-old": (0, 0, 0, 0, 1, 0)},
}


def facts() -> FactTables:
    rows = [
        container(
            hour, pod=pod, namespace=namespace, node=on, provider_id=f"aws:///a/i-{on[-1]}",
            **{f"{name}_cost": cost for name, cost in costs.items()},
        )
        for hour, on, namespace, pod, costs in HELD
    ]  # fmt: skip
    old = {"pod": UNMOUNTED, "container": UNMOUNTED, "namespace": "old", "node": "", "provider_id": ""}
    rows.append(container(**old, pv_cost=5.0))
    volumes = [
        {**row, "volume_name": "pv-old" if row["namespace"] == "old" else "pv-both", "cost": row["pv_cost"]}
        for row in rows
        if row["pv_cost"]
    ]
    balancers = [
        {**row, "service": BALANCERS[row["namespace"]], "address": "10.0.0.7", "cost": row["lb_cost"]}
        for row in rows
        if row["lb_cost"]
    ]
    assets = [
        *(_node(hour, on) for hour in (0, 1) for on in ("node-a", "node-b")),
        node(name="pv-both", type="Disk", category="Storage", provider_id="vol-both", pv_cost=6.0),
        node(name="pv-old", type="Disk", category="Storage", provider_id="", pv_cost=5.0),
        node(name="shop/front", type="LoadBalancer", category="Network", provider_id="10.0.0.7", lb_cost=4.0),
        node(name="data/api", type="LoadBalancer", category="Network", provider_id="10.0.0.7", lb_cost=2.0),
    ]
    words = [said("service", one, pod="web") for one in ("front", "back")]
    return FactTables(rows, assets, volume=volumes, balancer=balancers, workload=words)


def _node(hour: int, name: str) -> Row:
    held = [costs for at, on, _, _, costs in HELD if (at, on) == (hour, name)]
    charged = {resource: sum(one.get(resource, 0.0) for one in held) for resource in RESOURCES}
    return node(
        hour,
        name=name,
        **{f"{resource}_cost": cost for resource, cost in NODE.items()},
        **{f"{resource}_allocated_cost": cost for resource, cost in charged.items()},
        **{f"{resource}_idle_cost": NODE[resource] - cost for resource, cost in charged.items()},
    )


def service_of(folder: Path, tables: FactTables | None = None) -> AskService:
    settings = Settings(store=folder / "store", cluster=CLUSTER)
    keep(Store(settings.store, settings.timezone), tables or facts(), seen(0, 1))
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
    return tuple(one[f"{name}Percentage"] for name in NUMBERS)


def near(*expected: float) -> Any:
    return pytest.approx(expected, rel=1e-12, abs=1e-15)


def of_each(expected: Mapping[str, tuple[float, ...]]) -> dict[str, Any]:
    return {f"cluster-one,{name}": near(*one) for name, one in expected.items()}


@pytest.mark.parametrize(
    "path", ["/model/allocation", "/allocation", "/allocation/compute", "/model/allocation/compute"]
)
def test_each_row_tells_its_part_of_the_cluster(server: ApiServer, path: str) -> None:
    (rows,) = server.data(path, includeIdle="true", **ASKED)
    assert set(rows) == {*PARTS, "__idle__"}
    for name, expected in PARTS.items():
        told = rows[name]["proportionalAssetResourceCosts"]
        assert set(told) == {"cluster-one"}
        assert set(told["cluster-one"]) == {"cluster", *(f"{one}Percentage" for one in NUMBERS)}
        assert told["cluster-one"]["cluster"] == "cluster-one"
        assert numbers(told["cluster-one"]) == near(*expected)
    assert rows["__idle__"]["proportionalAssetResourceCosts"] == {}


def test_by_node_each_row_tells_its_part_of_every_asset(server: ApiServer) -> None:
    (rows,) = server.data("/allocation", includeIdle="true", idleByNode="true", **ASKED)
    for name, expected in OF_EACH.items():
        assert parts(rows[name]) == of_each(expected)
    told = {**rows["data"]["proportionalAssetResourceCosts"], **rows["old"]["proportionalAssetResourceCosts"]}
    names = {f"{one}Percentage" for one in NUMBERS}
    which = {key: {name: value for name, value in one.items() if name not in names} for key, one in told.items()}
    assert which == {
        "cluster-one,node-a": {"cluster": "cluster-one", "name": "node-a", "type": "Node", "providerID": "i-a"},
        "cluster-one,node-b": {"cluster": "cluster-one", "name": "node-b", "type": "Node", "providerID": "i-b"},
        "cluster-one,pv-both": {"cluster": "cluster-one", "name": "pv-both", "type": "PV", "providerID": "vol-both"},
        "cluster-one,pv-old": {"cluster": "cluster-one", "name": "pv-old", "type": "PV"},
        "cluster-one,data/api": {"cluster": "cluster-one", "name": "data/api", "type": "LoadBalancer"},
    }
    idle = [row for name, row in rows.items() if "__idle__" in name]
    assert len(idle) == 2
    assert not any(row["proportionalAssetResourceCosts"] for row in idle)


@pytest.mark.parametrize("aggregate", ["", "namespace", "pod", "node", "service", "cluster", "label:app"])
@pytest.mark.parametrize("by_node", ["false", "true"])
def test_the_parts_of_all_rows_and_of_idle_add_up_to_one(server: ApiServer, aggregate: str, by_node: str) -> None:
    (rows,) = server.data("/model/allocation", **{**ASKED, "aggregate": aggregate, "idleByNode": by_node})
    sums: dict[str, tuple[float, ...]] = {}
    for row in rows.values():
        for key, told in parts(row).items():
            sums[key] = tuple(map(sum, zip(sums.get(key, (0,) * len(NUMBERS)), told, strict=True)))
    nodes = 1 if by_node == "true" else 2
    for name, row in rows.items():
        if "__idle__" in name:
            # Either node's two hours.
            idle = [row[f"{one}Cost"] / (2 * cost * nodes) for one, cost in NODE.items()]
            idle.append(sum(row[f"{one}Cost"] for one in NODE) / (2 * 36 * nodes))
            key = name.removesuffix("/__idle__").replace("/", ",") if by_node == "true" else "cluster-one"
            sums[key] = (*(part + own for part, own in zip(sums[key], idle, strict=False)), *sums[key][len(idle) :])
    each = {
        **dict.fromkeys(("node-a", "node-b"), (1, 1, 1, 1, 0, 0)),
        **dict.fromkeys(("pv-both", "pv-old"), (0, 0, 0, 0, 1, 0)),
        **dict.fromkeys(("shop/front", "data/api"), (0, 0, 0, 0, 0, 1)),
    }
    assert sums == (of_each(each) if by_node == "true" else {"cluster-one": near(1, 1, 1, 1, 1, 1)})


def test_a_pod_behind_two_services_is_told_half_by_each(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", **{**ASKED, "aggregate": "service"})
    # Of web's 8 of cpu and 1 of ram, 2 of volumes and 3 of load balancers.
    for name in ("front", "back"):
        assert parts(rows[name]) == {"cluster-one": near(4 / 64, 0.5 / 32, 0, 4.5 / 144, 1 / 11, 1.5 / 6)}
    (rows,) = server.data("/model/allocation", **{**ASKED, "aggregate": "service", "idleByNode": "true"})
    for name in ("front", "back"):
        assert parts(rows[name]) == of_each(
            {
                "node-a": (4 / 32, 0.5 / 16, 0, 4.5 / 72, 0, 0),
                "pv-both": (0, 0, 0, 0, 1 / 6, 0),
                "shop/front": (0, 0, 0, 0, 0, 1.5 / 4),
            }
        )


def test_a_load_balancer_of_a_pod_behind_two_services_is_told_half_by_each(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", aggregate="service", **HOURS)
    # Of the 3 that web bears; who is behind no service bears the 2 of data and the 1 of cart.
    costs = {
        name: {key: one["cost"] for key, one in (row["lbAllocations"] or {}).items()} for name, row in rows.items()
    }
    half = {"cluster-one/shop/front": pytest.approx(1.5)}
    of_others = {"cluster-one/shop/front": pytest.approx(1.0), "cluster-one/data/api": pytest.approx(2.0)}
    assert costs == {"front": half, "back": half, "__unallocated__": of_others, "__idle__": {}}


def test_sets_have_parts_of_their_own(server: ApiServer) -> None:
    asked = {**ASKED, "accumulate": "false", "step": "1h", "idleByNode": "true"}
    first, second = server.data("/model/allocation", **asked)
    # Of an hour of node-a, which costs 16 for cpu, 8 for ram and 36 in all.
    assert parts(first["shop"])["cluster-one,node-a"] == near(2 / 16, 1 / 8, 0, 3 / 36, 0, 0)
    assert parts(second["shop"]) == of_each({"node-a": (6 / 16, 0, 0, 6 / 36, 0, 0)})
    assert set(second) == {"shop", "cluster-one/node-a/__idle__", "cluster-one/node-b/__idle__"}


def test_a_filter_keeps_what_parts_are_of(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", filter='namespace:"shop"', **ASKED)
    assert set(rows) == {"shop", "__idle__"}
    assert parts(rows["shop"]) == {"cluster-one": near(*PARTS["shop"])}
    # What the filter leaves of a row is its part: cart alone, with 2 of ram and 1 of a load balancer.
    (rows,) = server.data("/model/allocation", filter='node:"node-b"', **ASKED)
    assert parts(rows["shop"]) == {"cluster-one": near(0, 2 / 32, 0, 2 / 144, 0, 1 / 6)}
    (rows,) = server.data("/model/allocation", filterNodes="node-b", idleByNode="true", **ASKED)
    of_cart = {"node-b": OF_EACH["shop"]["node-b"], "shop/front": (0, 0, 0, 0, 0, 1 / 4)}
    assert parts(rows["shop"]) == of_each(of_cart)


@pytest.mark.parametrize(
    "shared",
    [
        {"shareNamespaces": "kube-system"},
        {"shareNamespaces": "kube-system", "shareIdle": "true", "shareCost": "730", "shareSplit": "even"},
    ],
)
def test_what_is_shared_changes_no_part_of_who_bears_it(server: ApiServer, shared: dict[str, str]) -> None:
    (rows,) = server.data("/model/allocation", **shared, **ASKED)
    assert "kube-system" not in rows
    for name in ("shop", "data"):
        assert parts(rows[name]) == {"cluster-one": near(*PARTS[name])}


def test_of_a_row_that_is_shared_in_part_the_rest_counts(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", shareNamespaces="kube-system", **{**ASKED, "aggregate": "node"})
    # 10 of cpu on node-a less the 1 that is shared; with 4 of ram, all of pv-both, and 5 of load balancers.
    assert parts(rows["node-a"]) == {"cluster-one": near(9 / 64, 4 / 32, 0, 13 / 144, 6 / 11, 5 / 6)}


def test_a_cost_by_the_hour_has_the_same_parts_and_so_has_a_page(server: ApiServer) -> None:
    (rows,) = server.data("/model/allocation", costMetric="hourly", **ASKED)
    assert {name: parts(rows[name]) for name in PARTS} == {
        name: {"cluster-one": near(*one)} for name, one in PARTS.items()
    }
    (page,) = server.data("/model/allocation", limit="1", offset="1", shareTenancyCosts="false", **ASKED)
    # The dearest is data, with 24; shop has 17.
    assert set(page) == {"shop", "__idle__"}
    assert parts(page["shop"]) == {"cluster-one": near(*PARTS["shop"])}


def test_what_bills_change_is_in_the_parts_and_in_what_they_are_of(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    bills = Bills(tmp_path / "store")
    # By list two hours of node-a cost 72 and pv-both 6; the bill says the double of either.
    path = as_csv(tmp_path / "bill.csv", [charge("i-a", 144.0), charge("vol-both", 12.0)])
    with bills.writing(), reading([path], "USD", UTC) as found:
        bills.keep(found, "USD", LATER)
    with ApiServer(create_app(Asking(service, everything), "0.0.0")) as server:
        (rows,) = server.data("/model/allocation", **ASKED)
        # 2 * 8 of cpu and 2 * 1 + 2 of ram, of 2 * 32 + 32, 2 * 16 + 16 and, with gpu, 2 * 72 + 72; 2 * 2 of 2 * 6 + 5.
        assert parts(rows["shop"]) == {"cluster-one": near(16 / 96, 4 / 48, 0, 20 / 216, 4 / 17, 4 / 6)}
        (rows,) = server.data("/model/allocation", reconcile="false", **ASKED)
        assert parts(rows["shop"]) == {"cluster-one": near(*PARTS["shop"])}


def test_of_what_no_asset_is_known_of_there_is_no_part(tmp_path: Path) -> None:
    with ApiServer(
        create_app(Asking(service_of(tmp_path, FactTables([container(cpu_cost=1.0)])), everything), "0.0.0")
    ) as server:
        (rows,) = server.data("/model/allocation", **ASKED)
        assert parts(rows["shop"]) == {"cluster-one": (0, 0, 0, 0, 0, 0)}
        (rows,) = server.data("/model/allocation", idleByNode="true", **ASKED)
        told = rows["shop"]["proportionalAssetResourceCosts"]["cluster-one,node-a"]
        assert (told["name"], "providerID" in told, *numbers(told)) == ("node-a", False, 0, 0, 0, 0, 0, 0)


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
