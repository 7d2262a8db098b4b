"""What the real Prometheus' samples make of counters: of jobs shorter than a minute, and of a daemonset that is replaced."""

from collections.abc import Iterator

import pytest

from farthing.demo.series import Exposition, Part, Series
from farthing.demo.shapes import Constant, Counter, Shape, Wave
from tests.conftest import programs
from tests.support.measuring import Facts, asking, facts_of
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write
from tests.support.sample_tables import GIB, HOUR, START, cgroup, uid_of

END = START + 3 * HOUR
HALF_PAST = START + HOUR + HOUR // 2
HOURLY = 2 * GIB / HOUR
"""What the pod that stays sends to the internet. [B/s]"""
ANNOTATIONS = {"job": "annotations", "instance": "10.0.0.1:3001"}
MONITOR = {"job": "monitor", "instance": "10.0.0.1:3001", "pod": "network-costs-x", "service": "network-costs"}


def shown(metric: str, labels: dict[str, str], start: int, end: int, shape: Shape) -> Series:
    return Series(metric, tuple(sorted(labels.items())), "all", (Part(start, end, shape),))


def pod(name: str, start: int, end: int) -> Iterator[Series]:
    """A pod of one container that uses one core over ``[start, end)`` [unix s]."""
    who = {"namespace": "shop", "pod": name, "uid": uid_of(name)}
    gone, main = min(END, end + 120), who | {"container": "main"}
    yield shown("kube_pod_info", who | {"node": "node-a"}, start, gone, Constant(1))
    yield shown("kube_pod_start_time", who, start, gone, Constant(start))
    yield shown("kube_pod_container_status_running", main, start, end, Constant(1))
    yield shown("kube_pod_container_state_started", main, start, end, Constant(start))
    yield shown("kube_pod_container_resource_requests", main | {"resource": "cpu"}, start, gone, Constant(0.5))
    if end < END:
        yield shown("kube_pod_completion_time", who, end, gone, Constant(end))
    run = {"namespace": "shop", "pod": name, "container": "main", "id": cgroup(uid_of(name), "run-1")}
    yield shown("container_cpu_usage_seconds_total", run, start, end, Counter(Wave(1), start))
    yield shown("container_memory_working_set_bytes", run, start, end, Constant(1e8))


def egress(name: str, start: int, end: int, since: int, **labels: str) -> Series:
    """What ``name`` sends over ``[start, end)``, counted ``since`` [unix s]."""
    way = {"internet": "true", "same_zone": "false", "same_region": "false"}
    who = {"namespace": "shop", "pod_name": name, **way, **labels}
    return shown("kubecost_pod_network_egress_bytes_total", who, start, end, Counter(Wave(HOURLY), since))


def cluster() -> Iterator[Series]:
    yield shown("kube_namespace_labels", {"namespace": "shop"}, START, END, Constant(1))
    yield shown("kube_node_info", {"node": "node-a", "provider_id": "aws:///a/i-1"}, START, END, Constant(1))
    for resource, amount in (("cpu", 4), ("memory", 16 * GIB)):
        capacity = {"node": "node-a", "resource": resource}
        yield shown("kube_node_status_capacity", capacity, START, END, Constant(amount))
    yield from pod("web", START, END)


def jobs() -> Iterator[Series]:
    """A job of 40 s in each minute of the second hour but the last two, beginning at any second of it."""
    yield egress("web", START, END, START, **ANNOTATIONS)
    for minute in range(1, 58):
        start = START + HOUR + minute * 60 - 2 + minute * 7 % 60
        yield from pod(f"job-{minute}", start, start + 40)
        yield egress(f"job-{minute}", start, start + 40, start, **ANNOTATIONS)


def replaced() -> Iterator[Series]:
    yield egress("web", START, HALF_PAST, START, **ANNOTATIONS, pod="network-costs-old")
    yield egress("web", HALF_PAST, END, HALF_PAST, **ANNOTATIONS, pod="network-costs-new")


def twice() -> Iterator[Series]:
    for labels in (ANNOTATIONS, MONITOR):
        yield egress("web", START, END, START, **labels)


def relabelled() -> Iterator[Series]:
    long_ago = START - 50 * HOUR
    yield egress("web", START, HALF_PAST, long_ago, **ANNOTATIONS)
    yield egress("web", HALF_PAST, END, long_ago, **ANNOTATIONS, service="network-costs")


WAYS = {"jobs": jobs, "replaced": replaced, "twice": twice, "relabelled": relabelled}


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with PrometheusServer(folder, programs("prometheus")["prometheus"], out_of_order_window="1d") as server:
        yield server.url


def found(url: str, name: str, way: str, hour: int, missed: int = 0) -> Facts:
    """The facts of one hour of a cluster that Prometheus did not scrape for so many minutes of the second one."""
    gap = (START + HOUR + 1200, START + HOUR + 1200 + missed * 60)
    exposition = Exposition(START, END, (*cluster(), *WAYS[way]()))
    write(exposition, url, labels={"cluster": name}, gaps=[gap] if missed else [])
    with asking(url, cluster_label="cluster", cluster=name) as client:
        return facts_of(client, START + hour * HOUR, START + (hour + 1) * HOUR)


@pytest.mark.parametrize("missed", [0, 1, 3])
def test_missed_scrapes_do_not_make_short_jobs_dear(prometheus_server: str, missed: int) -> None:
    facts = found(prometheus_server, f"jobs {missed}", "jobs", 1, missed)
    seen = [row for row in facts.allocation if row["pod"].startswith("job-")]
    assert len(seen) > 30
    true = 40.0 * len(seen)
    # A job that a scrape saw in its first four seconds may count less; one beside a gap is off by a scrape interval.
    assert 0.9 * true < sum(row["cpu_used"] for row in seen) <= true * 1.02
    assert max(row["cpu_used"] for row in seen) <= 40 + 60
    sent = sum(row["network_internet_bytes"] for row in seen)
    assert 0.9 * true * HOURLY < sent <= true * HOURLY * 1.02
    assert facts.coverage[0].complete


@pytest.mark.parametrize("way", ["replaced", "twice", "relabelled"])
def test_what_is_sent_is_counted_once_whoever_tells_of_it(prometheus_server: str, way: str) -> None:
    # In the hour in which labels change, up to a scrape interval of it is lost; in the next nothing is.
    for hour, lost in ((1, 60 * HOURLY), (2, 1.0)):
        rows = [row for row in found(prometheus_server, f"{way} {hour}", way, hour).allocation if row["pod"] == "web"]
        assert sum(row["network_internet_bytes"] for row in rows) == pytest.approx(2 * GIB, abs=lost)
