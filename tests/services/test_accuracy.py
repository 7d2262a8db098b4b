"""What the real Prometheus' samples make of a cluster whose costs are known to the last digit."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from farthing.demo.cluster import GIB, Cluster, Container, Pod, overlap
from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.watch import expose
from farthing.model.tables import LOCAL, UNMOUNTED
from tests.conftest import programs
from tests.support.measuring import Facts, asking, facts_of
from tests.support.network_truth import NOBODY, NetworkTruth, balancer_costs, balancer_costs_found, payers
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write
from tests.support.truth import ContainerHour, container_hours, hours_of, node_hours, total_cost
from tests.support.truth_volumes import VolumeHour, volume_hours

HOUR = 3600
DAY = 24 * HOUR
START = 1_794_268_800  # 2026-11-10 00:00 UTC
RESOURCES = ("cpu", "ram", "gpu")

Key = tuple[str, str, str, str]
"""Namespace, pod, uid and container."""


@dataclass(frozen=True)
class Measured:
    """A cluster, what it costs, and what it was found to cost."""

    cluster: Cluster
    interval: int
    truth: list[ContainerHour]
    facts: Facts

    @property
    def hours(self) -> list[tuple[int, int]]:
        return hours_of(self.cluster.start, self.cluster.end)

    @property
    def containers(self) -> list[dict[str, Any]]:
        """The allocations of what ran."""
        return [row for row in self.facts.allocation if row["container"] != UNMOUNTED]

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return [row for row in self.facts.asset if row["type"] == "Node"]


WAYS = {
    # The other ways show that rows of pods and sandboxes are no containers; here they would be a quarter of all samples.
    "a week at 60 s": (7 * DAY, 60, Scraping(pod_rows=False)),
    "at 15 s, kubelets by address": (6 * HOUR, 15, Scraping(by_address=True)),
    "at 30 s, two scrapers, two kube-state-metrics": (6 * HOUR, 30, Scraping(duplicate_scraper=True, state_replicas=2)),
    "at 60 s, without cgroup ids": (12 * HOUR, 60, Scraping(cgroup_ids=False)),
}


@pytest.fixture(scope="module", params=list(WAYS.values()), ids=list(WAYS))
def prometheus_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Cluster, int]]:
    """A Prometheus that scraped the demo's cluster."""
    seconds, interval, scraping = request.param
    cluster = demo_cluster(START, START + seconds)
    folder = tmp_path_factory.mktemp("prometheus")
    with PrometheusServer(folder, programs("prometheus")["prometheus"]) as server:
        write(expose(cluster, scraping), server.url, interval)
        yield server.url, cluster, interval


@pytest.fixture(scope="module")
def measured(prometheus_server: tuple[str, Cluster, int]) -> Measured:
    url, cluster, interval = prometheus_server
    with asking(url) as client:
        facts = facts_of(client, cluster.start, cluster.end)
    return Measured(cluster, interval, container_hours(cluster, hours_of(cluster.start, cluster.end)), facts)


def key_of(row: dict[str, str]) -> Key:
    return row["namespace"], row["pod"], row["uid"], row["container"]


def found_costs(measured: Measured) -> dict[Key, float]:
    costs: defaultdict[Key, float] = defaultdict(float)
    for row in measured.containers:
        costs[key_of(row)] += sum(row[f"{resource}_cost"] for resource in RESOURCES)
    return costs


def true_rows(truth: list[ContainerHour]) -> dict[Key, list[ContainerHour]]:
    rows: defaultdict[Key, list[ContainerHour]] = defaultdict(list)
    for row in truth:
        rows[row.namespace, row.pod, row.uid, row.container].append(row)
    return rows


def run_count(cluster: Cluster, container: Container) -> int:
    spans = (overlap(run.start, run.end, cluster.start, cluster.end) for run in container.runs)
    return sum(1 for start, end in spans if start < end)


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_total_is_within_half_a_per_mille(measured: Measured, resource: str) -> None:
    true = sum(getattr(row, resource).cost for row in measured.truth)
    assert measured.facts.total(f"{resource}_cost") == pytest.approx(true, rel=0.0005)


def test_of_containers_that_ran_five_minutes_95_in_100_are_within_half_a_percent(measured: Measured) -> None:
    found = found_costs(measured)
    lasting = {
        key: total_cost(rows)
        for key, rows in true_rows(measured.truth).items()
        if sum(row.run_seconds for row in rows) >= 300
    }
    close = [key for key, true in lasting.items() if found.get(key, 0.0) == pytest.approx(true, rel=0.005)]
    assert len(close) >= 0.95 * len(lasting)


def test_none_is_off_by_more_than_a_scrape_interval_at_each_end_of_each_run(measured: Measured) -> None:
    found, true = found_costs(measured), true_rows(measured.truth)
    off = {}
    for pod, container in measured.cluster.containers():
        key = (pod.namespace, pod.name, pod.uid, container.name)
        if key not in true:
            assert key not in found
            continue
        one_second = max(row.rate_of_one_second for row in true[key])
        allowed = 2 * measured.interval * run_count(measured.cluster, container) * one_second
        error = found.get(key, 0.0) - total_cost(true[key])
        if abs(error) > allowed * (1 + 1e-9):
            off[key] = (error, allowed)
    assert not off


def test_nothing_is_found_that_did_not_run(measured: Measured) -> None:
    assert set(found_costs(measured)) <= set(true_rows(measured.truth))


def finished_pods(cluster: Cluster) -> list[Pod]:
    return [pod for pod in cluster.pods if pod.finished is not None]


def test_a_pod_that_finished_costs_nothing_after_its_end_though_it_still_exists(measured: Measured) -> None:
    ends = {pod.uid: pod.finished for pod in finished_pods(measured.cluster) if pod.finished is not None}
    lingering = [
        pod
        for pod in finished_pods(measured.cluster)
        if pod.finished is not None and (pod.deleted or measured.cluster.end) - pod.finished > HOUR
    ]
    assert lingering
    late = [row for row in measured.facts.allocation if row["uid"] in ends and row["start"] >= ends[row["uid"]]]
    assert not late


def test_each_row_is_on_its_node_and_of_its_controller(measured: Measured) -> None:
    rows = {(row.start, row.uid, row.container): row for row in measured.truth}
    assert measured.containers
    for found in measured.containers:
        true = rows[found["start"], found["uid"], found["container"]]
        assert (found["node"], found["provider_id"]) == (true.node, true.provider_id)
        assert (found["controller_kind"], found["controller"]) == (true.controller_kind.lower(), true.controller)


def test_the_largest_use_of_a_whole_hour_is_the_top_of_its_wave(measured: Measured) -> None:
    found = {(row["start"], row["uid"], row["container"]): row for row in measured.facts.allocation}
    compared = 0
    for pod, container in measured.cluster.containers():
        for start, end in measured.hours:
            if not any(run.start <= start - 300 and (run.end is None or run.end >= end) for run in container.runs):
                continue
            row = found[start, pod.uid, container.name]
            cpu = max(container.cpu.integral(at, at + 300) / 300 for at in range(start, end, 300))
            ram = max(container.ram.at(at) for at in range(start, end, 15))
            # Without cgroup ids, a pod that follows one of its name is charged what it used in the hour before as well.
            assert row["cpu_used_max"] == pytest.approx(max(cpu, row["cpu_used"] / HOUR), rel=0.005)
            assert row["ram_used_max"] == pytest.approx(ram, rel=0.002)
            compared += 1
    assert compared > 100


def test_no_largest_use_is_below_the_mean_or_above_what_is_ever_used(measured: Measured) -> None:
    tops: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for pod, container in measured.cluster.containers():
        # Without cgroup ids, two pods of one name are one to cAdvisor.
        name = (pod.namespace, pod.name, container.name)
        tops[name] = max(tops[name], container.cpu.base * (1 + container.cpu.swing))
    for row in measured.facts.allocation:
        mean = row["cpu_used"] / row["run_seconds"]
        top = tops[row["namespace"], row["pod"], row["container"]]
        assert mean <= row["cpu_used_max"] <= max(mean, top * 1.001)
        assert row["ram_used"] / row["run_seconds"] <= row["ram_used_max"] * (1 + 1e-12)


def test_nodes_cost_what_they_cost(measured: Measured) -> None:
    found = {(row["start"], row["provider_id"]): row for row in measured.nodes}
    true = {(row.start, row.provider_id): row for row in node_hours(measured.cluster, measured.hours)}
    assert found.keys() == true.keys()
    for key, row in true.items():
        cost = sum(found[key][f"{resource}_cost"] for resource in RESOURCES)
        one_scrape = row.cost / row.run_seconds * measured.interval
        assert cost == pytest.approx(row.cost, rel=1e-9, abs=one_scrape if row.run_seconds < HOUR else 1e-12)
    total = sum(row[f"{resource}_cost"] for row in measured.nodes for resource in RESOURCES)
    assert total == pytest.approx(total_cost(true.values()), rel=0.0005)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_node_and_hour_adds_up(measured: Measured, resource: str) -> None:
    held: defaultdict[tuple[int, str, str], float] = defaultdict(float)
    for row in measured.containers:
        held[row["start"], row["node"], row["provider_id"]] += row[f"{resource}_cost"]
    for row in measured.nodes:
        allocated = held.pop((row["start"], row["name"], row["provider_id"]), 0.0)
        idle, over = row[f"{resource}_idle_cost"], row[f"{resource}_overallocated_cost"]
        assert idle >= 0
        assert over >= 0
        assert allocated + idle - over == pytest.approx(row[f"{resource}_cost"], rel=1e-9, abs=1e-15)
    assert not held


def test_every_hour_is_complete(measured: Measured) -> None:
    assert len(measured.facts.coverage) == len(measured.hours)
    poor = [one for one in measured.facts.coverage if not one.complete]
    assert not poor


VolumeKey = tuple[int, str, str, str, str, str]
"""Hour, volume, namespace, pod, uid and container."""


def true_volumes(measured: Measured) -> dict[VolumeKey, VolumeHour]:
    return {
        (row.start, row.volume, row.namespace, row.pod, row.uid, row.container): row
        for row in volume_hours(measured.cluster, measured.hours)
    }


def found_volumes(measured: Measured) -> dict[VolumeKey, float]:
    names = ("start", "volume_name", "namespace", "pod", "uid", "container")
    return {tuple(row[name] for name in names): row["cost"] for row in measured.facts.volume}  # type: ignore[misc]


def test_volumes_cost_within_half_a_per_mille_what_they_cost(measured: Measured) -> None:
    true = sum(row.cost for row in true_volumes(measured).values())
    assert true > 0
    assert sum(found_volumes(measured).values()) == pytest.approx(true, rel=0.0005)
    assert measured.facts.total("pv_cost") == pytest.approx(true, rel=0.0005)
    assert sum(row["pv_cost"] for row in measured.facts.asset) == pytest.approx(true, rel=0.0005)


def test_of_who_had_a_volume_for_five_minutes_95_in_100_are_within_half_a_percent(measured: Measured) -> None:
    found = found_volumes(measured)
    lasting = {key: row.cost for key, row in true_volumes(measured).items() if row.seconds >= 300}
    close = [key for key, true in lasting.items() if found.get(key, 0.0) == pytest.approx(true, rel=0.005)]
    assert len(close) >= 0.95 * len(lasting)


def test_no_part_of_a_volume_is_off_by_more_than_two_scrapes_of_each_pod_that_has_it(measured: Measured) -> None:
    found, true = found_volumes(measured), true_volumes(measured)
    pods: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for hour, volume, _, _, uid, _ in true:
        pods[hour, volume].add(uid)
    rates = {volume.name: volume.rate * volume.size / GIB / HOUR for volume in measured.cluster.volumes}
    for key in found.keys() | true.keys():
        expected = true[key].cost if key in true else 0.0
        allowed = 2 * measured.interval * len(pods[key[:2]]) * rates[key[1]]
        assert found.get(key, 0.0) == pytest.approx(expected, abs=allowed * (1 + 1e-9)), key


def test_every_volume_and_hour_adds_up(measured: Measured) -> None:
    held: defaultdict[tuple[int, str], float] = defaultdict(float)
    for row in measured.facts.volume:
        held[row["start"], row["volume_name"]] += row["cost"]
    volumes = [row for row in measured.facts.asset if row["type"] == "Disk" and row["storage_class"] != LOCAL]
    disks = {(row["start"], row["name"]): row["pv_cost"] for row in volumes}
    assert held == pytest.approx(disks, rel=1e-9)


@pytest.fixture(scope="module")
def traffic(measured: Measured) -> NetworkTruth:
    return NetworkTruth(measured.cluster, measured.hours, measured.facts.allocation)


def test_traffic_costs_half_a_per_mille_at_most_more_or_less(traffic: NetworkTruth) -> None:
    assert sum(traffic.found.values()) == pytest.approx(sum(traffic.true.values()), rel=0.0005)


def test_of_pods_that_ran_five_hours_95_in_100_pay_for_traffic_within_half_a_percent(traffic: NetworkTruth) -> None:
    # A scrape interval and a half of a minute is half a percent of five hours.
    lasting = traffic.pods(ran=5 * HOUR)
    close = [pod for pod in lasting if traffic.found[pod] == pytest.approx(traffic.true[pod], rel=0.005)]
    assert len(close) >= 0.95 * len(lasting) > 0


def test_no_pod_pays_for_more_or_less_than_a_scrape_interval_of_its_traffic(
    measured: Measured, traffic: NetworkTruth
) -> None:
    off = {
        pod: traffic.found[pod] - true
        for pod, true in traffic.true.items()
        if abs(traffic.found[pod] - true) > measured.interval * traffic.most_a_second[pod]
    }
    assert not off


def test_load_balancers_cost_what_they_cost_and_are_paid_by_those_behind_them(measured: Measured) -> None:
    rows = measured.facts.allocation
    true = balancer_costs(measured.cluster, measured.hours)
    assert sum(row["lb_cost"] for row in rows) == pytest.approx(sum(true.values()), rel=0.0005)
    assets = [row["lb_cost"] for row in measured.facts.asset if row["type"] == "LoadBalancer"]
    assert sum(row["lb_cost"] for row in rows) == pytest.approx(sum(assets), rel=1e-9)
    expected, found = payers(true), payers(balancer_costs_found(rows))
    lasting = true_rows(measured.truth)
    ran = {(key[2], key[3]): sum(row.run_seconds for row in lasting[key]) for key in lasting}
    held = [key for key in expected if key[1] == NOBODY or ran[key] >= 300]
    close = [key for key in held if found.get(key, 0.0) == pytest.approx(expected[key], rel=0.005)]
    assert len(close) >= 0.95 * len(held) > 0


def test_the_control_plane_costs_its_fee_once_an_hour(measured: Measured) -> None:
    fees = [row["management_cost"] for row in measured.facts.asset if row["type"] == "ClusterManagement"]
    assert fees == [pytest.approx(measured.cluster.fees.management)] * len(measured.hours)
