"""What the real Prometheus' samples make of a cluster whose costs are known to the last digit."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from farthing.demo.cluster import Cluster, Container, Pod, overlap
from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.watch import expose
from farthing.model.tables import UNMOUNTED
from tests.conftest import programs
from tests.support.measuring import Facts, Row, asking, facts_of
from tests.support.network_truth import NOBODY, NetworkTruth, balancer_costs, balancer_costs_found, payers
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write
from tests.support.truth import ContainerHour, container_hours, hours_of, node_hours, total_cost

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


def held_by_containers(facts: Facts) -> list[Row]:
    """The allocations but those of what no container holds."""
    return [row for row in facts.allocation if row["container"] != UNMOUNTED]


def nodes_of(facts: Facts) -> list[Row]:
    return [row for row in facts.asset if row["type"] == "Node"]


def found_costs(facts: Facts) -> dict[Key, float]:
    costs: defaultdict[Key, float] = defaultdict(float)
    for row in held_by_containers(facts):
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
    found = found_costs(measured.facts)
    lasting = {
        key: total_cost(rows)
        for key, rows in true_rows(measured.truth).items()
        if sum(row.run_seconds for row in rows) >= 300
    }
    close = [key for key, true in lasting.items() if found.get(key, 0.0) == pytest.approx(true, rel=0.005)]
    assert len(close) >= 0.95 * len(lasting)


def test_none_is_off_by_more_than_a_scrape_interval_at_each_end_of_each_run(measured: Measured) -> None:
    found, true = found_costs(measured.facts), true_rows(measured.truth)
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
    assert set(found_costs(measured.facts)) <= set(true_rows(measured.truth))


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
    assert measured.facts.allocation
    for found in held_by_containers(measured.facts):
        true = rows[found["start"], found["uid"], found["container"]]
        assert (found["node"], found["provider_id"]) == (true.node, true.provider_id)
        assert (found["controller_kind"], found["controller"]) == (true.controller_kind.lower(), true.controller)


def test_nodes_cost_what_they_cost(measured: Measured) -> None:
    found = {(row["start"], row["provider_id"]): row for row in nodes_of(measured.facts)}
    true = {(row.start, row.provider_id): row for row in node_hours(measured.cluster, measured.hours)}
    assert found.keys() == true.keys()
    for key, row in true.items():
        cost = sum(found[key][f"{resource}_cost"] for resource in RESOURCES)
        one_scrape = row.cost / row.run_seconds * measured.interval
        assert cost == pytest.approx(row.cost, rel=1e-9, abs=one_scrape if row.run_seconds < HOUR else 1e-12)
    total = sum(row[f"{resource}_cost"] for row in nodes_of(measured.facts) for resource in RESOURCES)
    assert total == pytest.approx(total_cost(true.values()), rel=0.0005)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_node_and_hour_adds_up(measured: Measured, resource: str) -> None:
    held: defaultdict[tuple[int, str, str], float] = defaultdict(float)
    for row in held_by_containers(measured.facts):
        held[row["start"], row["node"], row["provider_id"]] += row[f"{resource}_cost"]
    for row in nodes_of(measured.facts):
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


@pytest.fixture(scope="module")
def traffic(measured: Measured) -> NetworkTruth:
    return NetworkTruth(measured.cluster, measured.hours, measured.facts.allocation)


def test_traffic_costs_half_a_per_mille_at_most_more_or_less(measured: Measured, traffic: NetworkTruth) -> None:
    # Of two scrapers nobody knows which saw the end of a pod last: what is filled in may be too much.
    allowed = 0.001 if measured.interval == 30 else 0.0005
    assert sum(traffic.found.values()) == pytest.approx(sum(traffic.true.values()), rel=allowed)


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
