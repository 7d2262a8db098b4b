"""The demo's cluster holds what it promises, and its closed forms are right."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.demo.cluster import Cluster, Run, exists_at
from farthing.demo.large import Size, bench_cluster
from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Part, Scraping, Series, scrape_phase
from farthing.demo.shapes import Constant, Wave
from farthing.demo.shapes import Counter as CounterShape
from farthing.demo.watch import expose
from farthing.errors import InvalidInputError
from farthing.prometheus.catalogue import CATALOGUE

START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOUR = 3600
END = START + 5 * HOUR

waves = st.builds(
    Wave, st.floats(0.001, 1e10), st.floats(0, 1), st.floats(-math.pi, math.pi, allow_nan=False, allow_infinity=False)
)


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return demo_cluster(START, END)


@given(wave=waves, start=st.integers(START, START + 86_400), seconds=st.integers(1, 7200))
def test_the_integral_of_a_wave_is_what_numeric_integration_finds(wave: Wave, start: int, seconds: int) -> None:
    # Simpson's rule on 100 parts: its error is below (step ** 4) of a curve that turns once a day.
    step = seconds / 100
    inner = sum((4 if index % 2 else 2) * wave.at(start + index * step) for index in range(1, 100))
    numeric = step / 3 * (wave.at(start) + inner + wave.at(start + seconds))
    assert wave.integral(start, start + seconds) == pytest.approx(numeric, rel=1e-6)


@given(wave=waves, first=st.integers(START, START + 86_400), interval=st.integers(1, 300), count=st.integers(1, 240))
def test_the_sum_of_samples_is_what_adding_them_gives(wave: Wave, first: int, interval: int, count: int) -> None:
    added = math.fsum(wave.at(first + index * interval) for index in range(count))
    assert wave.total(first, interval, count) == pytest.approx(added, rel=1e-9, abs=wave.base * 1e-9)


def test_a_day_of_a_wave_is_its_base_times_a_day() -> None:
    assert Wave(0.5, 0.9, 1.1).integral(START + 77, START + 77 + 86_400) == pytest.approx(43_200, rel=1e-12)


def test_a_counter_shows_the_area_since_it_began() -> None:
    # 0.25 cores for 100 seconds.
    assert CounterShape(Wave(0.25), START).at(START + 100) == pytest.approx(25)


def test_a_wave_below_zero_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="swing"):
        Wave(1.0, 1.5)


def test_the_same_arguments_give_the_same_cluster(cluster: Cluster) -> None:
    assert demo_cluster(START, END) == cluster
    assert demo_cluster(START, END, seed=2) != cluster


def test_about_sixty_pods_are_there_at_once(cluster: Cluster) -> None:
    assert all(60 <= len(cluster.pods_at(moment)) <= 80 for moment in range(START, END, 600))


def test_one_node_goes_and_one_is_replaced_under_its_name_within_an_hour(cluster: Cluster) -> None:
    names = Counter(node.name for node in cluster.nodes)
    (replaced,) = [name for name, count in names.items() if count == 2]
    old, new = (node for node in cluster.nodes if node.name == replaced)
    assert old.provider_id != new.provider_id
    assert old.removed is not None
    assert 0 < new.created - old.removed < HOUR
    (gone,) = [node for node in cluster.nodes if node.removed and node.name != replaced]
    assert gone.removed is not None
    assert 600 < gone.removed % HOUR < 3000


def test_no_pod_outlives_its_node_and_no_container_its_pod(cluster: Cluster) -> None:
    for pod, container in cluster.containers():
        if pod.node is None:
            assert not container.runs
            continue
        assert pod.node.created <= pod.created
        gone = ends_at(pod.node.removed)
        assert all(pod.created < run.start < ends_at(run.end) <= ends_at(pod.deleted) for run in container.runs)
        assert all(ends_at(run.end) <= gone for run in container.runs)
        # Only the objects of finished pods outlive their node.
        assert pod.finished is not None or ends_at(pod.deleted) <= gone


def ends_at(end: int | None) -> float:
    return math.inf if end is None else end


def test_the_runs_of_a_container_follow_each_other_each_under_an_identity_of_its_own(cluster: Cluster) -> None:
    identities = []
    for _, container in cluster.containers():
        identities += [run.container_id for run in container.runs]
        assert all(earlier.end is not None and earlier.end < later.start for earlier, later in pairwise(container.runs))
    assert len(identities) == len(set(identities))


def test_a_stateful_pod_moves_to_another_node_under_its_name(cluster: Cluster) -> None:
    first, second = (pod for pod in cluster.pods if (pod.namespace, pod.name) == ("data", "postgres-0"))
    assert first.uid != second.uid
    assert first.node != second.node
    assert first.deleted is not None
    assert first.deleted < second.created


def test_a_rollout_ends_the_old_replica_set_without_completion_times(cluster: Cluster) -> None:
    web = [pod for pod in cluster.pods if pod.owners and pod.owners[-1].name == "web"]
    by_replica_set = Counter(pod.owners[0].name for pod in web)
    assert len(by_replica_set) == 2
    old = [pod for pod in web if pod.deleted is not None]
    assert len(old) >= 6
    assert all(pod.finished is None for pod in old)


@pytest.mark.parametrize(
    ("job", "seconds"), [("sync-orders", 60), ("settle", 300), ("extract", 900), ("reindex", 2400), ("train-7", 2400)]
)
def test_a_job_runs_its_minutes_and_its_pod_stays(cluster: Cluster, job: str, seconds: int) -> None:
    pods = [pod for pod in cluster.pods if pod.owners and job in pod.owners[-1].name]
    assert pods
    for pod in pods:
        (run,) = pod.containers[0].runs
        assert run.end == run.start + seconds == pod.finished
        assert pod.deleted is not None
        assert pod.deleted >= run.end + 20 * 60


def test_pods_that_never_start_are_there_and_run_nothing(cluster: Cluster) -> None:
    stuck = [pod for pod in cluster.pods if pod.namespace == "sandbox"]
    assert [pod.node is None for pod in stuck] == [True, False]
    assert all(not container.runs for pod in stuck for container in pod.containers)


def test_some_containers_use_more_than_they_request_for_part_of_the_day(cluster: Cluster) -> None:
    (api, *_) = (pod.containers[0] for pod in cluster.pods if pod.owners and pod.owners[-1].name == "api")
    assert api.cpu_request is not None
    assert api.cpu.base * (1 - api.cpu.swing) < api.cpu_request < api.cpu.base * (1 + api.cpu.swing)


def test_requests_never_exceed_a_node(cluster: Cluster) -> None:
    for moment in range(START, END, 300):
        held: dict[str, float] = dict.fromkeys((node.provider_id for node in cluster.nodes), 0.0)
        for pod, container in cluster.running_at(moment):
            assert pod.node is not None
            held[pod.node.provider_id] += container.cpu_request or 0.0
        assert all(held[node.provider_id] <= node.cores for node in cluster.nodes)


def test_most_lives_begin_and_end_off_every_scrape_of_a_minute(cluster: Cluster) -> None:
    runs: list[Run] = [run for _, container in cluster.containers() for run in container.runs]
    assert sum(run.start % 60 == 0 for run in runs) < len(runs) / 20


def test_every_metric_of_the_catalogue_is_exposed(cluster: Cluster) -> None:
    exposed = {series.metric for series in expose(cluster).series}
    assert {query.metric for query in CATALOGUE if query.metric} <= exposed


def test_no_series_is_exposed_twice(cluster: Cluster) -> None:
    scraping = Scraping(duplicate_scraper=True, state_replicas=2, by_address=True)
    identities = Counter((series.metric, series.labels) for series in expose(cluster, scraping).series)
    assert max(identities.values()) == 1


def test_without_cgroup_ids_the_runs_of_a_container_are_one_series(cluster: Cluster) -> None:
    series = [
        each
        for each in expose(cluster, Scraping(cgroup_ids=False)).series
        if each.metric == "container_cpu_usage_seconds_total" and ("container", "importer") in each.labels
    ]
    (importer,) = series
    assert len(importer.parts) > 5


def test_two_values_at_one_time_are_refused() -> None:
    parts = (Part(0, 10, Constant(1)), Part(9, 20, Constant(2)))
    with pytest.raises(InvalidInputError, match="overlap"):
        Series("up", (), "target", parts)


def test_targets_are_scraped_at_different_seconds() -> None:
    phases = {scrape_phase(f"kubelet/10.0.0.{index}:10250", 60) for index in range(60)}
    assert len(phases) > 20


def test_the_large_cluster_has_its_size_at_every_moment() -> None:
    size = Size(nodes=10, pods=200, containers=250)
    large = bench_cluster(START, START + 24 * HOUR, size)
    for moment in range(START, START + 24 * HOUR, 2 * HOUR):
        running = large.running_at(moment)
        assert len({pod.uid for pod, _ in running}) == pytest.approx(200, abs=3)
        assert len(running) == pytest.approx(250, abs=3)
    assert len([node for node in large.nodes if exists_at(node.created, node.removed, START)]) == 10


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="pods a node"):
        Size(nodes=100, pods=200, containers=200)
