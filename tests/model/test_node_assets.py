"""Nodes as assets: how long they ran, what they hold, and where their cost went (C1, C4, C9, C12)."""

import pytest

from tests.support.sample_tables import GIB, HOUR, START, Facts, SampleTables, uid_of

pytestmark = pytest.mark.slow

OLD, NEW = "aws:///a/i-old", "aws:///a/i-new"


def test_a_node_removed_within_the_hour_costs_what_it_ran() -> None:
    tables = SampleTables(hours=2)
    tables.node(cores=4, gib=8, seen={0: 38}, rates=(0.03, 0.004, 0.9))
    made = tables.facts()
    row = made.node()
    # 38 scrapes: 2280 s of 4 cores at 0.03 and of 8 GiB at 0.004.
    assert (row["run_seconds"], row["run_start"] - START, row["run_end"] - START) == (2280, 0, 2280)
    assert row["cpu_cost"] == pytest.approx(4 * 2280 / 3600 * 0.03)
    assert row["ram_cost"] == pytest.approx(8 * 2280 / 3600 * 0.004)
    assert [one for one in made.asset if one["start"] == START + HOUR] == []


def test_a_node_created_within_the_hour_costs_from_then_on() -> None:
    tables = SampleTables()
    # Created at 1234 s; 39 scrapes saw it.
    tables.node(cores=4, seen=39, created=1234)
    row = tables.facts().node()
    assert (row["run_seconds"], row["run_start"] - START) == (3600 - 1234, 1234)
    assert row["cpu_quantity"] == 4 * (3600 - 1234)


def test_what_a_node_keeps_from_pods_is_its_overhead() -> None:
    tables = SampleTables()
    tables.node("node-a", cores=4, gib=16, seen=39, created=1234)
    tables.node("node-b", cores=4, gib=16)
    tables.give("node_allocatable", 3.92, node="node-a", resource="cpu")
    tables.give("node_allocatable", 14 * GIB, node="node-a", resource="memory")
    # More than there is: a kubelet that has not told its new capacity yet.
    tables.give("node_allocatable", 8, node="node-b", resource="cpu")
    made = tables.facts()
    row = made.node()
    # 0.08 cores and 2 GiB, for as long as it ran.
    assert (row["cpu_overhead"], row["ram_overhead"]) == pytest.approx((0.08 * 2366, 2 * GIB * 2366))
    other = made.node("node-b")
    assert (other["cpu_overhead"], other["ram_overhead"]) == (0, 0)


@pytest.fixture(scope="module")
def replaced() -> Facts:
    """node-a of 8 cores goes at 1330 s and comes back at 1500 s with 4 cores, under its name."""
    tables = SampleTables()
    tables.node("node-a", OLD, cores=8, gib=32, seen={0: 22}, rates=(0.03, 0.004, 0.9))
    tables.rows["node_capacity"] = [row for row in tables.rows["node_capacity"] if row[1] == START]
    tables.node("node-a", NEW, cores=4, gib=16, seen=35, created=1500, rates=(0.06, 0.008, 0.9))
    tables.container("before", seen=22, started=-9000, requests={"cpu": 2})
    tables.container("after", seen=34, started=1560, requests={"cpu": 2})
    return tables.facts()


def test_a_node_replaced_under_its_name_is_two_assets(replaced: Facts) -> None:
    # 22 scrapes saw the old one, and the new one ran from 1500 s.
    old, new = replaced.node(provider_id=OLD), replaced.node(provider_id=NEW)
    assert (old["run_seconds"], new["run_seconds"]) == (1320, 2100)
    assert (old["cpu_quantity"], new["cpu_quantity"]) == (8 * 1320, 4 * 2100)
    assert (old["ram_quantity"], new["ram_quantity"]) == (32 * GIB * 1320, 16 * GIB * 2100)
    assert (old["cpu_cost"], new["cpu_cost"]) == pytest.approx((8 * 1320 / 3600 * 0.03, 4 * 2100 / 3600 * 0.06))


def test_containers_are_charged_on_the_node_they_ran_on(replaced: Facts) -> None:
    before, after = replaced.container("before"), replaced.container("after")
    assert (before["provider_id"], after["provider_id"]) == (OLD, NEW)
    assert (before["cpu_cost"], after["cpu_cost"]) == pytest.approx((2 * 1320 / 3600 * 0.03, 2 * 2040 / 3600 * 0.06))
    assert replaced.node(provider_id=OLD)["cpu_allocated_cost"] == before["cpu_cost"]


@pytest.mark.parametrize(
    ("asked", "allocated", "idle", "over"),
    [
        pytest.param(1, 1, 3, 0, id="half-empty"),
        pytest.param(4, 4, 0, 0, id="full"),
        pytest.param(6, 6, 0, 2, id="more-held-than-there-is"),
    ],
)
def test_what_nobody_holds_is_idle_and_what_does_not_fit_is_kept(
    asked: float, allocated: float, idle: float, over: float
) -> None:
    tables = SampleTables()
    tables.node(cores=4, gib=16, rates=(0.03, 0.004, 0.9))
    tables.container("pod", started=-100, requests={"cpu": asked})
    row = tables.facts().node()
    core_hours = {name: row[f"cpu_{name}_cost"] / 0.03 for name in ("allocated", "idle", "overallocated")}
    assert core_hours == pytest.approx({"allocated": allocated, "idle": idle, "overallocated": over})
    # The other resource is not touched: 16 GiB-hours at 0.004 are idle.
    assert (row["ram_idle_cost"], row["ram_overallocated_cost"]) == (pytest.approx(0.064), 0)


def test_gpus_of_a_partitioned_device_add_up_to_the_device() -> None:
    tables = SampleTables()
    tables.node("mig", gpus={"nvidia_com_mig_1g_5gb": 7})
    tables.node("mixed", "aws:///a/i-2", gpus={"nvidia_com_gpu": 1, "nvidia_com_mig_3g_20gb": 2})
    made = tables.facts()
    assert made.node("mig")["gpu_quantity"] == pytest.approx(1 * HOUR)
    assert made.node("mixed")["gpu_quantity"] == pytest.approx((1 + 6 / 7) * HOUR)


def test_a_node_says_what_it_is() -> None:
    tables = SampleTables()
    tables.node("node-a", "gce://p/z/node-a")
    tables.give(
        "node_labels",
        1,
        node="node-a",
        label_node_kubernetes_io_instance_type="n2-standard-4",
        label_topology_kubernetes_io_region="europe-west1",
        label_topology_kubernetes_io_zone="europe-west1-b",
    )
    tables.node("unlabelled", "")
    made = tables.facts()
    row, other = made.node("node-a"), made.node("unlabelled")
    told = ("type", "category", "provider", "instance_type", "region", "zone", "spot")
    assert [row[one] for one in told] == [
        "Node", "Compute", "GCP", "n2-standard-4", "europe-west1", "europe-west1-b", False,
    ]  # fmt: skip
    assert [other[one] for one in told] == ["Node", "Compute", "", "", "", "", False]


def label_of(instance_type: str, *, spot: bool) -> dict[str, str]:
    return {
        "label_node_kubernetes_io_instance_type": instance_type,
        "label_karpenter_sh_capacity_type": "spot" if spot else "on-demand",
    }


@pytest.mark.parametrize("labels_last", [True, False], ids=["labels-of-both", "labels-of-the-newer-alone"])
def test_of_two_nodes_of_one_name_each_is_what_its_own_labels_say(labels_last: bool) -> None:
    # A spot node is replaced at minute 20 of the second hour by one that is not. Neither has rates of its own.
    tables = SampleTables(hours=3)
    tables.node("n", OLD, seen={0: 60, 1: 20}, rates=None)
    tables.node("n", NEW, seen={1: 40, 2: 60}, created=HOUR + 1200, rates=None)
    tables.rows["node_capacity"] = list(dict.fromkeys(tables.rows["node_capacity"]))
    old_hours = (-1, 0, 1) if labels_last else (-1, 0)
    tables.give("node_labels", dict.fromkeys(old_hours, 1.0), node="n", **label_of("z9.large", spot=True))
    tables.give("node_labels", dict.fromkeys((1, 2), 1.0), node="n", **label_of("a1.large", spot=False))
    made = tables.facts()
    told = [(row["start"] - START, row["provider_id"], row["instance_type"], row["spot"]) for row in made.asset]
    assert sorted(told) == [
        (0, OLD, "z9.large", True),
        (HOUR, NEW, "a1.large", False),
        (HOUR, OLD, "z9.large", True),
        (2 * HOUR, NEW, "a1.large", False),
    ]
    # Four cores at the defaults: 0.006655 a core-hour of spot, 0.031611 else.
    assert made.node("n", 0)["cpu_cost"] == pytest.approx(4 * 0.006655)
    assert made.node("n", 2)["cpu_cost"] == pytest.approx(4 * 0.031611)


def test_a_node_that_lived_within_one_hour_is_what_its_labels_say() -> None:
    tables = SampleTables()
    tables.node("n", NEW, seen=20, created=600, rates=None)
    tables.give("node_labels", 1, node="n", **label_of("m5.large", spot=True))
    row = tables.facts().node("n")
    assert (row["instance_type"], row["spot"]) == ("m5.large", True)


def test_two_scrapers_of_a_node_do_not_double_it() -> None:
    # Two rows of one node where an exporter knows it by two ids: the rate of the better one, once.
    tables = SampleTables()
    tables.node("node-a", "aws:///a/i-1", cores=2, gib=4, rates=(0.03, 0.004, 0.9))
    tables.give("node_cpu_rate", 9.0, node="node-a", provider_id="elsewhere")
    tables.container("pod", uid=uid_of("pod"), started=-10, requests={"cpu": 1})
    made = tables.facts()
    assert len(made.asset) == 1
    assert made.node()["cpu_cost"] == pytest.approx(0.06)
