"""The disks that nodes boot from: what they cost, how full they are, and who pays for them."""

from pathlib import Path

import pytest

from farthing.model.plan import Part
from farthing.model.question import Shape, Sharing
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, container, node
from tests.support.sample_tables import GIB, HOUR, START, Facts, SampleTables

MONTH = 0.04
"""OpenCost's default rate of storage, a GiB and month of 730 h. [USD]"""
ON_NODE = {"instance": "10.0.0.7:9100"}


def booting(**given: object) -> Facts:
    """A node that boots from 73 GiB, of which 43 are free on the mean and 33 at the least."""
    tables = SampleTables()
    tables.node(**given)  # type: ignore[arg-type]
    tables.give("node_addresses", 1, node="node-a", internal_ip="10.0.0.7")
    tables.give("root_bytes", 73 * GIB, **ON_NODE)
    tables.give("root_free", 43 * GIB, **ON_NODE)
    tables.give("root_least_free", 33 * GIB, **ON_NODE)
    # Another exporter of the same node, and one of a node that nobody knows.
    tables.give("root_bytes", 73 * GIB, instance="10.0.0.7:9101")
    tables.give("root_bytes", 500 * GIB, instance="10.0.0.8:9100")
    return tables.facts()


@pytest.mark.slow
def test_the_disk_of_a_node_is_an_asset_at_the_default_rate() -> None:
    made = booting()
    (disk,) = [row for row in made.asset if row["type"] == "Disk"]
    # 73 GiB for an hour at 0.04 a month of 730 h: 0.004.
    assert disk["local_cost"] == pytest.approx(73 * MONTH / 730) == pytest.approx(0.004)
    assert (disk["pv_cost"], disk["rate_source"], disk["storage_class"]) == (0, "default", "__local__")
    assert (disk["name"], disk["provider"], disk["category"], disk["claim"]) == ("node-a", "AWS", "Storage", "")
    assert disk["pv_quantity"] == 73 * GIB * HOUR
    assert (disk["pv_used"], disk["pv_used_max"]) == (30 * GIB * HOUR, 40 * GIB)
    # Nobody is charged for it: nothing of it is missing from what volumes cost.
    assert [one.residual for one in made.coverage] == [0]


@pytest.mark.slow
def test_a_disk_costs_as_long_as_its_node_runs() -> None:
    made = booting(seen=39, created=1234)
    (disk,) = [row for row in made.asset if row["type"] == "Disk"]
    assert (disk["run_start"] - START, disk["run_seconds"]) == (1234, 3600 - 1234)
    assert disk["local_cost"] == pytest.approx(0.004 * (3600 - 1234) / 3600)


@pytest.mark.slow
def test_without_node_exporter_disks_are_part_of_the_nodes_price() -> None:
    tables = SampleTables()
    tables.node()
    assert {row["type"] for row in tables.facts().asset} == {"Node"}


def test_sharing_what_tenants_have_in_common_spreads_the_disks_of_nodes(tmp_path: Path) -> None:
    held = [container(pod="web", cpu_cost=3.0), container(pod="db", namespace="data", cpu_cost=1.0)]
    fee = node(name="cluster-one", type="ClusterManagement", management_cost=0.12)
    disk = node(name="node-a", type="Disk", local_cost=0.04, storage_class="__local__")
    with FactTables(held, [node(cpu_cost=4.0), fee, disk]) as facts:
        part: Part = facts.part(tmp_path, {0: 0})
    shape = Shape("allocation", ("namespace",), sharing=Sharing(overhead=True))
    shared = {row["name"]: row["shared_cost"] for row in Reader().rows(shape, [part]) if not row["is_idle"]}
    # 0.12 + 0.04, three quarters of which are web's.
    assert shared == pytest.approx({"shop": 0.12, "data": 0.04})
    (disks,) = [row for row in Reader().rows(Shape("asset", ("type",), idle=False), [part]) if row["name"] == "Disk"]
    assert disks["total_cost"] == 0.04
