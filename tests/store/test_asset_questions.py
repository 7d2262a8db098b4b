"""Questions about assets over files of facts: by what rows are formed, what filters leave, and what rows tell."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farthing.errors import InvalidQuestionError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import ASSET_FIELDS, ASSET_LISTS, Filter, parse_asset_lists
from farthing.model.plan import Part
from farthing.model.question import ASSET_AGGREGATES, ASSET_ORDERS, Shape
from farthing.store.reading import Reader
from tests.support.bill_rows import billed, with_bill
from tests.support.fact_rows import START, FactTables, container, node, said

HOUR = 3600.0
READER = Reader()


def disk(name: str, cost: float, **values: Any) -> dict[str, Any]:
    named = {"type": "Disk", "category": "Storage", "provider": "", "provider_id": f"vol-{name}", "instance_type": "",
             "region": "", "zone": "", "pv_cost": cost}  # fmt: skip
    return node(name=name, **{**named, **values})


ASSETS = [
    node(name="node-a", account="123", cpu_cost=1.0, pool="web", cpu_quantity=4 * HOUR, cpu_user=HOUR, cpu_system=0.5 * HOUR),
    node(1, name="node-a", account="123", cpu_cost=2.0, pool="web", cpu_quantity=4 * HOUR, cpu_user=HOUR),
    node(name="node-b", provider="GCP", project="shop-1", ram_cost=4.0, spot=True, pool="web"),
    disk("pv-1", 8.0, claim="data", claim_namespace="shop", storage_class="gp3", pv_quantity=100.0, pv_used=25.0, pv_used_max=9.0),
    disk("pv-2", 16.0, cluster="cluster-two", storage_class="gp3", pv_quantity=100.0, pv_used_max=7.0),
    # Seed 002's own.
    node(name="", type="Cloud", category="Storage", account="< REDACTED >", service="AmazonS3", provider_id="cloud-bench-1",
         lb_cost=32.0),
]  # fmt: skip
LABELS = [
    said("node_label", "team", "web", pod="node-a"),
    said("node_label", "arch", "amd64", pod="node-a"),
    said("node_label", "arch", "amd64", pod="node-b"),
    said("node_label", "team", "data", pod="node-b"),
    # A pod's label, and a node's of another day.
    said("label", "team", "pods", pod="node-a"),
    said("node_label", "team", "old", pod="node-a", start=START - 86_400),
]
ALL = {"node-a", "node-b", "pv-1", "pv-2", "cloud"}


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    folder = tmp_path_factory.mktemp("facts")
    with FactTables([container()], ASSETS, workload=LABELS) as facts:
        yield facts.part(folder, {0: 0, 1: 0})


def costs(part: Part, *aggregate: str, kept: Filter | None = None) -> dict[str, float]:
    shape = Shape("asset", aggregate, idle=False) if kept is None else Shape("asset", aggregate, idle=False, kept=kept)
    return {row["name"]: row["total_cost"] for row in READER.rows(shape, [part])}


def test_a_single_asset_is_named_by_what_kubecost_names_it_by(part: Part) -> None:
    assert costs(part) == {
        "AWS/123/__undefined__/Compute/cluster-one/Node/Kubernetes/aws:///a/i-a/node-a": 3.0,
        "GCP/__undefined__/shop-1/Compute/cluster-one/Node/Kubernetes/aws:///a/i-b/node-b": 4.0,
        "__undefined__/__undefined__/__undefined__/Storage/cluster-one/Disk/Kubernetes/vol-pv-1/pv-1": 8.0,
        "__undefined__/__undefined__/__undefined__/Storage/cluster-two/Disk/Kubernetes/vol-pv-2/pv-2": 16.0,
        # Seed 002: but for the cluster, which a bill does not tell.
        "AWS/< REDACTED >/__undefined__/Storage/cluster-one/Cloud/AmazonS3/cloud-bench-1/__undefined__": 32.0,
    }


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (["account"], {"123": 3.0, "< REDACTED >": 32.0, "__undefined__": 28.0}),
        (["cluster"], {"cluster-one": 47.0, "cluster-two": 16.0}),
        (["project"], {"shop-1": 4.0, "__undefined__": 59.0}),
        (["providerID"], {"aws:///a/i-a": 3.0, "aws:///a/i-b": 4.0, "vol-pv-1": 8.0, "vol-pv-2": 16.0, "cloud-bench-1": 32.0}),
        (["provider"], {"AWS": 35.0, "GCP": 4.0, "__undefined__": 24.0}),
        (["type"], {"Node": 7.0, "Disk": 24.0, "Cloud": 32.0}),
        (["category"], {"Compute": 7.0, "Storage": 56.0}),
        (["service"], {"Kubernetes": 31.0, "AmazonS3": 32.0}),
        (["name"], {"node-a": 3.0, "node-b": 4.0, "pv-1": 8.0, "pv-2": 16.0, "__undefined__": 32.0}),
        (["label:team"], {"team=web": 3.0, "team=data": 4.0, "__undefined__": 56.0}),
        (["label:arch", "type"], {"arch=amd64/Node": 7.0, "__undefined__/Disk": 24.0, "__undefined__/Cloud": 32.0}),
        (["team"], {"web": 3.0, "data": 4.0, "__undefined__": 56.0}),
        # One label, spelled in two ways.
        (["team", "label:Team"], {"web/team=web": 3.0, "data/team=data": 4.0, "__undefined__/__undefined__": 56.0}),
        (["type", "cluster"], {"Node/cluster-one": 7.0, "Disk/cluster-one": 8.0, "Disk/cluster-two": 16.0, "Cloud/cluster-one": 32.0}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_rows_are_formed_by(part: Part, aggregate: list[str], expected: dict[str, float]) -> None:
    assert costs(part, *aggregate) == expected


@pytest.mark.parametrize("order", ASSET_ORDERS)
@pytest.mark.parametrize("limit", [0, 2])
def test_rows_are_ordered_by(part: Part, order: str, limit: int) -> None:
    rows = READER.rows(Shape("asset", ("type", "name"), idle=False, sort_by=order), [part], limit)
    assert len(rows) == (limit or 5)
    if order == "diskCost":
        assert [row["name"] for row in rows][:2] == ["Disk/pv-2", "Disk/pv-1"]
    if order == "cpuCost":
        assert rows[0]["name"] == "Node/node-a"
    if order in {"name", "cloudCost", "adjustment"}:
        # Without a bill there is nothing to order by but names, which go down as all else does.
        names = [row["name"] for row in rows]
        assert names == sorted(names, reverse=order == "name")


@pytest.mark.parametrize("order", ASSET_ORDERS)
def test_a_limit_holds_of_each_table_and_totals_count_every_row(part: Part, order: str) -> None:
    hours = replace(part, sets={START: 0, START + 3600: 1})
    shape = Shape("asset", ("type", "name"), idle=False, sort_by=order)
    found = READER.found(shape, [hours], 2)
    assert [row["set"] for row in found.rows] == [0, 0, 1]
    assert found.rows_total == 6
    assert sum(one["cpu_cost"] + one["ram_cost"] + one["pv_cost"] + one["lb_cost"] for one in found.counted) == 63.0


COSTS = {"node-a": 3.0, "node-b": 4.0, "pv-1": 8.0, "pv-2": 16.0, "cloud": 32.0}


def total(*names: str) -> float:
    return sum(COSTS[name] for name in names)


@pytest.mark.parametrize(
    ("lists", "left"),
    [
        # Each filter: one value, another case, a list, a prefix, nothing known, nobody.
        ({"filterAccounts": "123"}, {"node-a"}),
        ({"filterAccounts": "12*,<*"}, {"node-a", "cloud"}),
        ({"filterAccounts": "__undefined__"}, {"node-b", "pv-1", "pv-2"}),
        ({"filterCategories": "Compute"}, {"node-a", "node-b"}),
        ({"filterCategories": "compute"}, set()),
        ({"filterCategories": "Sto*"}, {"pv-1", "pv-2", "cloud"}),
        ({"filterClusters": "cluster-two"}, {"pv-2"}),
        ({"filterClusters": "cluster-*"}, ALL),
        ({"filterClusters": "Cluster-two"}, set()),
        ({"filterLabels": "team:web"}, {"node-a"}),
        ({"filterLabels": "team:WEB"}, set()),
        ({"filterLabels": "team:web,team:d*"}, {"node-a", "node-b"}),
        ({"filterLabels": "team:*"}, {"node-a", "node-b"}),
        ({"filterLabels": "team:old"}, set()),
        ({"filterLabels": "team:pods"}, set()),
        ({"filterLabels": "te*:web"}, set()),
        ({"filterLabels": "team"}, set()),
        ({"filterLabels": "team,team:data"}, {"node-b"}),
        ({"filterNames": "node-a,pv-1"}, {"node-a", "pv-1"}),
        ({"filterNames": "node*"}, {"node-a", "node-b"}),
        ({"filterNames": "Node-a"}, set()),
        ({"filterProjects": "shop-1"}, {"node-b"}),
        ({"filterProjects": "shop*"}, {"node-b"}),
        ({"filterProviders": "GCP"}, {"node-b"}),
        ({"filterProviders": "gcp"}, set()),
        ({"filterProviders": "GCP,A*"}, {"node-a", "node-b", "cloud"}),
        ({"filterProviderIDs": "vol-pv-1"}, {"pv-1"}),
        ({"filterProviderIDs": "vol*"}, {"pv-1", "pv-2"}),
        ({"filterServices": "AmazonS3"}, {"cloud"}),
        ({"filterServices": "Kube*"}, {"node-a", "node-b", "pv-1", "pv-2"}),
        # Types fit in any case, and know no prefix.
        ({"filterTypes": "Node"}, {"node-a", "node-b"}),
        ({"filterTypes": "nOdE,disk"}, {"node-a", "node-b", "pv-1", "pv-2"}),
        ({"filterTypes": "Nod*"}, set()),
        ({"filterTypes": "Shed"}, set()),
        # And across, or within.
        ({"filterClusters": "cluster-one", "filterNames": "node-a,pv-2"}, {"node-a"}),
        ({"filterTypes": "node", "filterLabels": "team:data", "filterProjects": "shop-1"}, {"node-b"}),
        ({"filterTypes": "disk", "filterLabels": "team:web"}, set()),
        ({}, ALL),
    ],
    ids=lambda value: ",".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_lists_leave(part: Part, lists: Mapping[str, str], left: set[str]) -> None:
    kept = parse_asset_lists(lists)
    assert sum(costs(part, kept=kept).values()) == total(*left)
    # What is left is the same however its rows are formed.
    assert sum(costs(part, "label:team", "type", kept=kept).values()) == total(*left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('assetType:"node"', {"node-a", "node-b"}),
        ('assetType!:"NODE"', {"pv-1", "pv-2", "cloud"}),
        ('name<~:"pv"+cluster~>:"two"', {"pv-2"}),
        ('category:"Compute"|service:"AmazonS3"', {"node-a", "node-b", "cloud"}),
        ('project:"shop-1"|account~:"2"', {"node-a", "node-b"}),
        ('provider:"__undefined__"', {"pv-1", "pv-2"}),
        ('providerID~:"/i-"', {"node-a", "node-b"}),
        ('label[team]!:"web"', ALL - {"node-a"}),
        ('label:"team"', {"node-a", "node-b"}),
        ('team:"data"', {"node-b"}),
        ('label[team]:"__undefined__"', {"pv-1", "pv-2", "cloud"}),
    ],
)
def test_a_filter_leaves(part: Part, text: str, left: set[str]) -> None:
    assert sum(costs(part, kept=parse_filter(text, ASSET_FIELDS)).values()) == total(*left)


VALUES = [
    "123", "node", "disk,node", "team:web", "team:*", "team:w*,arch:amd64", "n*", "p*,node-a", "*", "GCP", "Comp*", "shop-1",
    "cluster-one", "vol*", "aws*,cloud*", "Kubernetes", "AmazonS3", "__undefined__", "", ",",
]  # fmt: skip
"""Some of each list, and what most of them do not know."""


AGGREGATES = st.lists(
    st.sampled_from([*ASSET_AGGREGATES, "label:team", "label:arch", "label:no.such/key"]), max_size=4, unique=True
)
FILTERS = st.dictionaries(st.sampled_from(sorted(ASSET_LISTS)), st.sampled_from(VALUES), max_size=3)
OF_NODES = {"node-a": {"team": "web", "arch": "amd64"}, "node-b": {"team": "data", "arch": "amd64"}}
COLUMNS = {"assetType": "type", "providerID": "provider_id"}


def is_kept(asset: Mapping[str, Any], lists: Mapping[str, str]) -> bool:
    """Whether seed 002 says that filters keep ``asset``: and across, or within a list, ``*`` at the end but of types and keys."""

    def fits(compared: str, text: str) -> bool:
        value = asset[COLUMNS.get(compared, compared)] if compared != "label" else ""
        if compared == "assetType":
            return bool(value.lower() == text.lower())
        if compared == "label":
            key, _, text = text.partition(":")
            if key not in OF_NODES.get(asset["name"], {}) or not text:
                return False
            value = OF_NODES[asset["name"]][key]
        return bool(value.startswith(text[:-1]) if text.endswith("*") else (value or "__undefined__") == text)

    asked = {ASSET_LISTS[name]: list(filter(None, text.split(","))) for name, text in lists.items()}
    return all(any(fits(one, text) for text in texts) for one, texts in asked.items() if texts)


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(AGGREGATES, FILTERS)
def test_the_sum_over_any_aggregate_is_that_of_the_assets_which_the_filters_keep(
    part: Part, aggregate: list[str], lists: dict[str, str]
) -> None:
    expected = sum(
        one["cpu_cost"] + one["ram_cost"] + one["pv_cost"] + one["lb_cost"] for one in ASSETS if is_kept(one, lists)
    )
    assert sum(costs(part, *aggregate, kept=parse_asset_lists(lists)).values()) == expected


TAGGED = [
    billed("", 64.0, resource="bucket", service="AmazonS3", tags='{"team": "web"}'),
    billed("", 128.0, resource="", account="123", service="Tax", tags='{"team": "data", "Arch": "amd64"}'),
    billed("", -1.0, resource="bucket", service="AmazonS3", charge_category="Credit", credit=-1.0),
]


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(aggregate=AGGREGATES, lists=FILTERS)
def test_it_is_with_a_bill_too(
    part: Part, tmp_path_factory: pytest.TempPathFactory, aggregate: list[str], lists: dict[str, str]
) -> None:
    of_bill = with_bill(part, tmp_path_factory.mktemp("bill") / "bill", TAGGED, 43_200.0)
    kept = parse_asset_lists(lists)
    assert sum(costs(of_bill, *aggregate, kept=kept).values()) == pytest.approx(
        sum(costs(of_bill, kept=kept).values()), rel=1e-12
    )
    everything = costs(of_bill, *aggregate)
    assert sum(everything.values()) == pytest.approx(63.0 + 191.0, rel=1e-12)


def details(part: Part, *aggregate: str) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, str]]]:
    """What rows tell beside their sums, and their labels, by name."""
    found = READER.found(Shape("asset", aggregate, idle=False), [part], detailed=True)
    labels: dict[str, dict[str, str]] = {}
    for one in found.details["node_label"]:
        labels.setdefault(one["name"], {})[one["key"]] = one["value"]
    return {one["name"]: one for one in found.details["asset_part"]}, labels


def test_a_row_tells_what_its_assets_share_and_what_was_used_of_them(part: Part) -> None:
    parts, labels = details(part, "type")
    nodes, disks = parts["Node"], parts["Disk"]
    assert (nodes["pool"], nodes["category"], nodes["provider"], nodes["project"]) == ("web", "Compute", "", "")
    assert (nodes["cpu_user"], nodes["cpu_system"], nodes["number"]) == (2 * HOUR, 0.5 * HOUR, 2)
    # Two hours of node-a, one of node-b as spot.
    assert (nodes["node_seconds"], nodes["spot_seconds"]) == (3 * HOUR, HOUR)
    assert (disks["storage_class"], disks["claim"], disks["pv_used"], disks["pv_used_max"]) == ("gp3", "", 25.0, 9.0)
    # Both nodes are amd64, and of a team each.
    assert labels == {"Node": {"arch": "amd64"}}


def test_a_row_of_one_node_has_its_labels_and_one_with_other_assets_none(part: Part) -> None:
    _, labels = details(part, "name")
    assert labels == {"node-a": {"team": "web", "arch": "amd64"}, "node-b": {"team": "data", "arch": "amd64"}}
    assert details(part, "cluster")[1] == {}


OF_SEVERAL = [
    node(name="node-a", provider="AWS", account="123", cpu_cost=1.0),
    disk("pv-1", 2.0, claim="data", claim_namespace="shop", provider="AWS", account="123", region="eu-west-1", pv_quantity=10.0),
    disk("pv-2", 4.0, claim="data", claim_namespace="shop-2", provider="AWS", account="123"),
    disk("pv-3", 8.0, provider="AWS"),
    disk("node-a", 0.0, local_cost=16.0, storage_class="__local__"),
    node(name="shop/front", type="LoadBalancer", category="Network", provider_id="203.0.113.7", lb_cost=32.0),
    node(name="shop-2/shop", type="LoadBalancer", category="Network", provider_id="203.0.113.8", lb_cost=64.0),
    node(name="Kubernetes", type="ClusterManagement", category="Management", provider_id="", management_cost=128.0),
    # What calls itself as the namespace does is not its own.
    node(name="shop/x", type="Network", category="Network", provider_id="", network_cost=256.0),
    node(name="shop", type="Cloud", claim_namespace="shop", provider_id="shop"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["", 'name!:"x"', 'assetType!:"node"', 'label[team]!:"web"', 'provider!:"GCP"'])
@pytest.mark.parametrize("aggregate", [(), ("type",), ("name",), ("category", "service"), ("team",), ("label:team",)])
def test_a_tenant_sees_its_claims_and_its_balancers_and_nothing_of_others(
    tmp_path: Path, aggregate: tuple[str, ...], kept: str
) -> None:
    with FactTables([container()], OF_SEVERAL, workload=LABELS) as facts:
        part = facts.part(tmp_path, {0: 0})
    part = with_bill(part, tmp_path / "bill", [billed("", 512.0, resource="bucket")])
    shape = Shape("asset", aggregate, idle=False, namespaces=("shop",), kept=parse_filter(kept, ASSET_FIELDS))
    found = READER.found(shape, [part], detailed=True)
    assert sum(row["total_cost"] for row in found.rows) == 34.0
    told = repr((found.rows, found.details))
    for foreign in ("pv-2", "pv-3", "node-a", "shop-2", "AWS", "123", "cluster-one", "vol-", "eu-west-1", "203.0.113.8", "m5", "'metrics'", "bucket"):  # fmt: skip
        assert foreign not in told
    if not aggregate:
        assert [row["name"] for row in found.rows] == ["LoadBalancer/shop/front", "Disk/pv-1"]
        assert [row["provider_id"] for row in found.rows] == ["203.0.113.7", ""]
        assert [one["claim"] for one in found.details["asset_part"]] == ["data", ""]


def test_what_a_tenant_is_not_told_it_cannot_find_by_a_filter(tmp_path: Path) -> None:
    with FactTables([container()], OF_SEVERAL) as facts:
        part = facts.part(tmp_path, {0: 0})
    for kept in ('account:"123"', 'cluster:"cluster-one"', 'provider:"AWS"', 'providerID<~:"vol"', 'name:"pv-2"'):
        shape = Shape("asset", (), idle=False, namespaces=("shop",), kept=parse_filter(kept, ASSET_FIELDS))
        assert READER.rows(shape, [part]) == []


@pytest.mark.parametrize("one", ["cluster", "provider", "account", "project", "providerID", "region", "instanceType"])
def test_rows_of_a_tenant_are_not_formed_by_what_is_the_clusters(one: str) -> None:
    with pytest.raises(InvalidQuestionError, match="a question about some namespaces has no "):
        Shape("asset", (one,), idle=False, namespaces=("shop",))
