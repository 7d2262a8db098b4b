"""``farthing assets`` over a store with the demo's cluster in it."""

import json
from typing import Any

import pytest

from farthing.model.filters import ASSET_LISTS
from tests.support.command import Farthing
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow


@pytest.fixture
def asked(farthing: Farthing, demo: DemoStore) -> Any:
    """Ask for assets with these flags: the rows by name."""

    def ask(*flags: str) -> dict[str, dict[str, Any]]:
        done = farthing("assets", "--window", str(demo.window), *demo.flags, *flags, "-o", "json")
        assert (done.code, done.err) == (0, "")
        return {row["name"]: row for row in json.loads(done.out)}

    return ask


def test_each_list_of_the_seed_is_a_flag(farthing: Farthing) -> None:
    told = farthing("assets", "--help").out
    # filterProviderIDs is --filter-provider-ids.
    assert told.count("--filter-") == len(ASSET_LISTS)
    assert "--filter-provider-ids" in told
    sentences = " ".join(told.split())
    for one in ("account", "category", "cluster", "provider id", "type"):
        assert f"Assets whose {one} is one of these." in sentences


def test_lists_and_a_filter_hold_together_and_change_nothing_of_what_stays(asked: Any) -> None:
    every = asked("--aggregate", "type,name")
    shown = asked(
        "--aggregate", "type,name", "--filter-types", "NODE,disk", "--filter-providers", "AWS", "--filter", 'name!~:"pvc-"'
    )  # fmt: skip
    assert {name.split("/")[0] for name in shown} == {"Node", "Disk"}
    assert shown == {
        name: row
        for name, row in every.items()
        if name.startswith(("Node/", "Disk/")) and "pvc-" not in name
    }  # fmt: skip


def test_assets_are_told_apart_by_the_labels_of_their_nodes(asked: Any) -> None:
    by_pool = asked("--aggregate", "label:eks.amazonaws.com/nodegroup", "--filter-types", "node")
    assert {name.removeprefix("eks_amazonaws_com_nodegroup=") for name in by_pool} == {"gpu", "general", "spot"}
    (spot,) = asked("--aggregate", "type", "--filter-labels", "eks_amazonaws_com_nodegroup:sp*").values()
    assert (spot["pool"], spot["preemptible"]) == ("spot", 1.0)
    assert spot["totalCost"] == by_pool["eks_amazonaws_com_nodegroup=spot"]["totalCost"]


def test_what_no_asset_can_fit_reports_none(asked: Any) -> None:
    assert asked("--filter-labels", "team") == asked("--filter-types", "Nod*") == {}


def test_a_single_asset_has_kubecosts_name_and_tells_who_used_it(asked: Any) -> None:
    rows = asked()
    nodes = [row for row in rows.values() if row["type"] == "Node"]
    for row in nodes:
        about = row["properties"]
        parts = ["AWS", "__undefined__", "__undefined__", "Compute", about["cluster"], "Node", "Kubernetes"]
        assert row["name"] == "/".join([*parts, about["providerID"], about["name"]])
        assert sum(row["cpuBreakdown"].values()) == pytest.approx(1)
    # Workloads run somewhere, and kube-system's on each node.
    assert sum(row["cpuBreakdown"]["user"] for row in nodes) > 0
    assert all(row["ramBreakdown"]["system"] > 0 for row in nodes)
    disks = [row for row in rows.values() if row["type"] == "Disk"]
    assert {(row["claimNamespace"], row["claimName"]) for row in disks} >= {("ml", "datasets"), ("", "")}


def test_a_flag_that_says_nothing_is_refused(farthing: Farthing, demo: DemoStore) -> None:
    done = farthing("assets", "--window", str(demo.window), *demo.flags, "--filter", 'namespace:"shop"')
    assert done.code != 0
    assert "expected is one of name, assetType" in done.err
