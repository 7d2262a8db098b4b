"""The exact answer obeys the rules of cost by hand-worked numbers."""

import pytest

from farthing.demo.cluster import GIB, Cluster, Container, Node, Owner, Pod, Run
from farthing.demo.scenario import demo_cluster
from farthing.demo.shapes import Wave
from tests.support.truth import container_hours, hours_of, node_hours, total_cost

HOUR = 3600
START = 1_794_873_600


def node(removed: int | None = None) -> Node:
    return Node(
        name="n", address="10.0.0.1", provider_id="aws:///a/i-1", instance_type="t", region="r", zone="ra",
        cores=2, ram_bytes=4 * GIB, gpus=0, gpu_kind="", spot=False, created=0, removed=removed,
        cpu_rate=3.0, ram_rate=0.5, gpu_rate=0.0,
    )  # fmt: skip


def one_container(runs: tuple[Run, ...], cpu_request: float | None, cpu: float) -> Cluster:
    container = Container(
        name="c", image="i", init=False, runs=runs, cpu_request=cpu_request, ram_request=GIB, gpu_request=0,
        cpu=Wave(cpu), ram=Wave(GIB / 2), gpu_busy=None,
    )  # fmt: skip
    pod = Pod(
        namespace="ns", name="p", uid="u", address="10.1.0.1", node=node(), owners=(Owner("Job", "j"),),
        created=START - 1, deleted=None, finished=None, containers=(container,),
    )  # fmt: skip
    return Cluster(START, START + 2 * HOUR, (node(),), (pod,))


def test_a_container_is_charged_the_larger_of_request_and_use_hour_by_hour() -> None:
    # 30 minutes in the first hour, 15 in the second; 1 core requested, 0.25 used; 1 GiB requested, half of it used.
    runs = (Run(START + 1800, START + HOUR + 900, "a"),)
    first, second = container_hours(one_container(runs, 1.0, 0.25), hours_of(START, START + 2 * HOUR))
    assert (first.run_seconds, second.run_seconds) == (1800, 900)
    assert first.cpu.used == pytest.approx(450)
    assert first.cpu.cost == pytest.approx(0.5 * 3.0)
    assert first.ram.cost == pytest.approx(0.5 * 0.5)
    assert second.cost == pytest.approx(0.25 * 3.0 + 0.25 * 0.5)


def test_what_requests_nothing_is_charged_its_use() -> None:
    (row,) = container_hours(one_container((Run(START, None, "a"),), None, 0.5), [(START, START + HOUR)])
    assert row.cpu.requested == 0
    assert row.cpu.cost == pytest.approx(0.5 * 3.0)


def test_the_runs_of_one_hour_are_one_row() -> None:
    runs = (Run(START, START + 600, "a"), Run(START + 900, START + 1200, "b"))
    (row,) = container_hours(one_container(runs, 1.0, 0.0), [(START, START + HOUR)])
    assert (row.run_seconds, row.run_count) == (900, 2)


def test_a_node_costs_what_it_holds_as_long_as_it_is_there() -> None:
    cluster = Cluster(START, START + HOUR, (node(removed=START + 900),), ())
    (row,) = node_hours(cluster, hours_of(START, START + HOUR))
    # A quarter of an hour of 2 cores at 3 and 4 GiB at 0.5.
    assert row.run_seconds == 900
    assert row.cost == pytest.approx(0.25 * (2 * 3 + 4 * 0.5))
    assert row.idle_cost == pytest.approx(row.cost)


def test_splitting_the_hours_changes_no_use() -> None:
    cluster = demo_cluster(START, START + 4 * HOUR)
    whole = container_hours(cluster, hours_of(START, START + 4 * HOUR))
    halves = container_hours(cluster, [(at, at + 1800) for at in range(START, START + 4 * HOUR, 1800)])
    assert sum(row.cpu.used for row in halves) == pytest.approx(sum(row.cpu.used for row in whole), rel=1e-12)
    assert sum(row.run_seconds for row in halves) == sum(row.run_seconds for row in whole)


def test_the_demo_has_idle_cost_and_no_node_holds_more_than_it_is() -> None:
    cluster = demo_cluster(START, START + 4 * HOUR)
    hours = hours_of(START, START + 4 * HOUR)
    nodes, containers = node_hours(cluster, hours), container_hours(cluster, hours)
    assert all(row.allocated_cpu_cost <= row.cpu_cost and row.allocated_ram_cost <= row.ram_cost for row in nodes)
    idle = sum(row.idle_cost for row in nodes)
    assert idle > 0
    assert total_cost(containers) + idle == pytest.approx(total_cost(nodes), rel=1e-12)
