"""What ``/metrics`` tells of an hour, each number worked out beside it."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from farthing.model.metric_rows import ROWS, Largest
from farthing.model.tables import BALANCER, GIB, LOCAL, UNMOUNTED, VOLUME
from farthing.store.reading import Reader
from tests.support.fact_rows import NOTHING, START, FactTables, container, node, said

pytestmark = pytest.mark.slow
HOUR = 3600.0
READER = Reader()


def rows_of(kind: str, folder: Path, facts: FactTables, most: int = 100) -> list[dict[str, Any]]:
    expression, shape = ROWS[kind]
    # What was read of a path is kept.
    own = Path(mkdtemp(dir=folder))
    with facts:
        return READER.facts(shape, Largest(expression, most), [facts.part(own, {0: 0})], most)


def charged(columns: dict[str, str], **values: Any) -> dict[str, Any]:
    """A row of volumes or balancers for the container of ``container()``."""
    whose = {name: value for name, value in container().items() if name in columns and not name.startswith("cost")}
    return {**{name: NOTHING[kind] for name, kind in columns.items()}, **whose, **values}


def test_a_node_is_told_by_what_a_unit_of_it_cost_and_by_its_labels(tmp_path: Path) -> None:
    # 4 cores, 8 GiB and 2 GPUs for an hour.
    held = {"cpu_quantity": 4 * HOUR, "ram_quantity": 8 * GIB * HOUR, "gpu_quantity": 2 * HOUR}
    one = node(cpu_cost=0.2, ram_cost=0.04, gpu_cost=1.5, spot=True, **held)
    labels = [
        said("node_label", "kubernetes_io_arch", "arm64", pod="node-a"),
        said("node_label", "os", "linux", pod="node-a"),
    ]
    (row,) = rows_of("nodes", tmp_path, FactTables([], [one], workload=labels))
    assert {name: row[name] for name in ("cpu_rate", "ram_rate", "gpu_rate", "cost")} == pytest.approx(
        {"cpu_rate": 0.05, "ram_rate": 0.005, "gpu_rate": 0.75, "cost": 1.74}
    )
    told = [row[name] for name in ("node", "provider_id", "instance_type", "region", "arch", "spot")]
    assert told == ["node-a", "aws:///a/i-a", "m5.large", "eu-west-1", "arm64", 1.0]


def test_what_nobody_knows_of_a_node_has_no_rate_and_no_gpus_cost_nothing(tmp_path: Path) -> None:
    (row,) = rows_of("nodes", tmp_path, FactTables([], [node()]))
    assert (row["cpu_rate"], row["ram_rate"], row["gpu_rate"], row["arch"]) == (None, None, 0.0, "")


def test_a_replaced_node_is_one_with_the_labels_of_the_newer_and_the_mean_of_both_rates(tmp_path: Path) -> None:
    half = {"run_seconds": 1800.0, "cpu_quantity": 4 * 1800.0}
    old = node(provider_id="old", instance_type="m4.xlarge", cpu_cost=0.2, run_end=START + 1800.0, **half)
    new = node(provider_id="new", cpu_cost=0.4, run_start=START + 1800.0, **half)
    (row,) = rows_of("nodes", tmp_path, FactTables([], [new, old]))
    # 0.1 and 0.2 a core-hour, for two core-hours each.
    assert (row["provider_id"], row["instance_type"]) == ("new", "m5.large")
    assert (row["cpu_rate"], row["cost"]) == pytest.approx((0.15, 0.6))


def test_a_container_holds_what_it_had_on_the_average_of_the_whole_hour(tmp_path: Path) -> None:
    # Two cores for half an hour; what was there before of the same name adds up.
    half = container(seconds=1800, cpu_allocated=2 * 1800.0, ram_allocated=GIB * 1800.0, cpu_cost=0.1, ram_cost=0.2)
    before = container(uid="uid-before", gpu_allocated=900.0, cpu_allocated=360.0, gpu_cost=0.3)
    nobody = container(pod=UNMOUNTED, container=UNMOUNTED, pv_cost=7.0)
    (row,) = rows_of("containers", tmp_path, FactTables([half, before, nobody]))
    assert [row[name] for name in ("namespace", "pod", "container", "node")] == ["shop", "web", "main", "node-a"]
    assert [row[name] for name in ("cpu", "ram", "gpu", "cost")] == pytest.approx([1.1, GIB / 2, 0.25, 0.6])


def test_an_hour_that_the_clocks_cut_short_is_told_by_its_own_length(tmp_path: Path) -> None:
    held = container(seconds=1800, cpu_allocated=2 * 1800.0) | {"seconds": 1800.0}
    (row,) = rows_of("containers", tmp_path, FactTables([held]))
    assert row["cpu"] == pytest.approx(2.0)
    (row,) = rows_of("nodes", tmp_path, FactTables([], [node(cpu_cost=0.25, seconds=1800.0)]))
    assert row["cost"] == pytest.approx(0.5)


def test_a_volume_is_told_by_the_cost_of_its_gib_and_disks_of_nodes_are_none(tmp_path: Path) -> None:
    disk = node(name="pv-1", type="Disk", provider_id="vol-1", pv_quantity=10 * GIB * HOUR, pv_cost=0.05)
    own = node(name="node-a", type="Disk", storage_class=LOCAL, pv_quantity=10 * GIB * HOUR, local_cost=0.05)
    (row,) = rows_of("volumes", tmp_path, FactTables([], [disk, own, node()]))
    assert (row["volume_name"], row["provider_id"]) == ("pv-1", "vol-1")
    assert (row["rate"], row["cost"]) == pytest.approx((0.005, 0.05))


def test_a_pod_holds_its_part_of_a_volume_and_nobody_holds_none(tmp_path: Path) -> None:
    named = {"volume_name": "pv-1", "claim": "data"}
    held = [charged(VOLUME, **named, container=name, byte_seconds=GIB * HOUR, cost=0.1) for name in ("main", "side")]
    free = charged(VOLUME, **named, pod=UNMOUNTED, container=UNMOUNTED, byte_seconds=GIB * HOUR)
    (row,) = rows_of("claims", tmp_path, FactTables(volume=[*held, free]))
    assert [row[name] for name in ("namespace", "pod", "claim", "volume_name")] == ["shop", "web", "data", "pv-1"]
    assert (row["bytes"], row["cost"]) == pytest.approx((2 * GIB, 0.2))


def test_a_balancer_is_told_whole_whoever_is_behind_it(tmp_path: Path) -> None:
    named = {"service": "web", "address": "203.0.113.7"}
    parts = [
        charged(BALANCER, **named, cost=0.01),
        charged(BALANCER, **named, pod=UNMOUNTED, container=UNMOUNTED, cost=0.015),
    ]
    (row,) = rows_of("balancers", tmp_path, FactTables(balancer=parts))
    assert [row[name] for name in ("namespace", "service", "address")] == ["shop", "web", "203.0.113.7"]
    assert row["cost"] == pytest.approx(0.025)


@pytest.mark.parametrize(("provider", "name"), [("AWS", "EKS"), ("GCP", "GKE"), ("Azure", "AKS"), ("", "")])
def test_the_fee_is_told_of_who_opencost_calls_so(tmp_path: Path, provider: str, name: str) -> None:
    fee = node(name="Kubernetes", type="ClusterManagement", provider=provider, management_cost=0.1)
    (row,) = rows_of("management", tmp_path, FactTables([], [fee, node(cpu_cost=5.0)]))
    assert (row["provisioner"], row["cost"]) == (name, 0.1)


def test_traffic_is_told_by_the_cost_of_a_gib_where_there_was_any(tmp_path: Path) -> None:
    sent = [container(pod=pod, network_zone_bytes=GIB / 2, network_zone_cost=0.005) for pod in ("a", "b")]
    (row,) = rows_of("traffic", tmp_path, FactTables([*sent, container(pod="c", network_internet_bytes=GIB)]))
    assert (row["zone"], row["region"], row["internet"]) == (pytest.approx(0.01), None, 0.0)
    (nothing,) = rows_of("traffic", tmp_path, FactTables())
    assert {nothing[kind] for kind in ("zone", "region", "internet")} == {None}


def test_what_costs_most_is_told_and_how_many_there_are_in_all(tmp_path: Path) -> None:
    costs = {"a": 1.0, "b": 3.0, "c": 3.0, "d": 2.0, "e": 3.0}
    held = [container(pod=pod, cpu_cost=cost) for pod, cost in costs.items()]
    rows = rows_of("containers", tmp_path, FactTables(held), most=2)
    assert {(row["pod"], row["found"]) for row in rows} == {("b", 5), ("c", 5)}
