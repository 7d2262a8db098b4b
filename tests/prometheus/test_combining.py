"""What a restart of the watchers breaks in two is put together, and what several watchers saw counts once."""

from collections.abc import Iterator, Mapping

import pytest

from farthing.demo.series import Exposition, Part, Series
from farthing.demo.shapes import Constant
from tests.conftest import programs
from tests.support.measuring import Facts, asking, facts_of
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOUR = 3600
MINUTE = 60
MIB = float(2**20)
UID = "0a5f6a52-6f0e-4b60-9a86-0d1f3c3a7a11"

Span = tuple[int, int]
"""First and last minute of the hour, the last one not included."""
Labels = dict[str, str]


def series(metric: str, labels: Mapping[str, str], span: Span, value: float) -> Series:
    start, end = (START + minute * MINUTE for minute in span)
    return Series(metric, tuple(sorted(labels.items())), "watcher", (Part(start, end, Constant(value)),))


def state(watcher: Labels, span: Span, *, gone_at: int = 40) -> Iterator[Series]:
    """What one kube-state-metrics shows while it is there: a node, and a container that is deleted at ``gone_at`` [min].

    At minute 30 the node's kubelet is brought to a new version.
    """
    first, last = span
    who = watcher | {"namespace": "shop", "pod": "web", "uid": UID, "container": "main"}
    yield series("kube_pod_info", watcher | {"namespace": "shop", "pod": "web", "uid": UID, "node": "n"}, span, 1)
    if first < gone_at:
        until = (first, min(gone_at, last))
        yield series("kube_pod_container_status_running", who, until, 1)
        yield series("kube_pod_container_resource_requests", who | {"resource": "cpu"}, until, 1)
    yield series("kube_namespace_labels", watcher | {"namespace": "shop"}, span, 1)
    yield series("kube_node_status_capacity", watcher | {"node": "n", "resource": "cpu"}, span, 4)
    node = watcher | {"node": "n", "provider_id": "aws:///a/i-1"}
    for version, begin, end in (("v1.33.1", first, min(30, last)), ("v1.34.2", max(30, first), last)):
        if begin < end:
            yield series("kube_node_info", node | {"kubelet_version": version}, (begin, end), 1)


def cadvisor(watcher: Labels, gone_at: int = 40) -> Iterator[Series]:
    """100 MiB until minute 10, 400 MiB from then on; the label ``image`` changes with it."""
    path = f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-1.scope"
    who = watcher | {"namespace": "shop", "pod": "web", "container": "main", "id": path}
    for image, span, mebibytes in (("one", (0, 10), 100), ("two", (10, gone_at), 400)):
        yield series("container_memory_working_set_bytes", who | {"image": image}, span, mebibytes * MIB)
        yield series("container_cpu_usage_seconds_total", who | {"image": image}, span, 0)


KSM, OPENCOST = {"job": "kube-state-metrics"}, {"job": "opencost"}
OLD, NEW = {"instance": "10.0.0.1:8080"}, {"instance": "10.0.0.2:8080"}
A, B = {"replica": "a"}, {"replica": "b"}
KUBELET = {"job": "kubelet", "instance": "n"}
WAYS: dict[str, list[Series]] = {
    "one": [*state(KSM | OLD, (0, 60)), *cadvisor(KUBELET)],
    "restarted": [*state(KSM | OLD, (0, 25)), *state(KSM | NEW, (25, 60)), *cadvisor(KUBELET)],
    "two at once": [
        *state(KSM | OLD, (0, 60)),
        *state(KSM | NEW, (0, 60)),
        *cadvisor(KUBELET),
        *cadvisor(KUBELET | {"job": "cadvisor"}),
    ],
    "two at once, both restarted": [
        *state(KSM | OLD, (0, 25)),
        *state(KSM | NEW, (25, 60)),
        *state(KSM | {"instance": "10.0.0.3:8080"}, (0, 50)),
        *state(KSM | {"instance": "10.0.0.4:8080"}, (50, 60)),
        *cadvisor(KUBELET),
    ],
    "restarted, and a second job for the first half hour": [
        *state(KSM | OLD, (0, 25)),
        *state(KSM | NEW, (25, 60)),
        *state(OPENCOST | OLD, (0, 30)),
        *cadvisor(KUBELET),
    ],
    "restarted, seen by two Prometheuses, of which one came at minute 20": [
        *state(KSM | OLD | A, (0, 25)),
        *state(KSM | NEW | A, (25, 60)),
        *state(KSM | OLD | B, (20, 25)),
        *state(KSM | NEW | B, (25, 60)),
        *cadvisor(KUBELET | A),
        *cadvisor(KUBELET | B),
    ],
    "a second pod of the same job for half an hour": [
        *state(KSM | OLD, (0, 60)),
        *state(KSM | NEW, (0, 30)),
        *cadvisor(KUBELET),
    ],
}  # fmt: skip
INEXACT = "a second pod of the same job for half an hour"


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """A Prometheus that holds the hour once for each way to watch it."""
    folder = tmp_path_factory.mktemp("prometheus")
    with PrometheusServer(folder, programs("prometheus")["prometheus"], out_of_order_window="1d") as server:
        for name, shown in WAYS.items():
            write(Exposition(START, START + HOUR, tuple(shown)), server.url, labels={"cluster": name})
        yield server


def found(server: PrometheusServer, name: str) -> Facts:
    with asking(server.url, cluster_label="cluster", cluster=name) as client:
        return facts_of(client, START, START + HOUR)


@pytest.mark.parametrize("name", [name for name in WAYS if name != INEXACT])
def test_however_it_was_watched_an_hour_is_the_same(prometheus_server: PrometheusServer, name: str) -> None:
    facts = found(prometheus_server, name)
    (web,), (node,), (seen,) = facts.allocation, facts.asset, facts.coverage
    # Deleted at minute 40; one core was asked for.
    assert (web["run_seconds"], web["cpu_requested"]) == pytest.approx((2400, 2400))
    # A quarter of its 40 minutes at 100 MiB, the rest at 400: 325 MiB for 2400 s.
    assert web["ram_used"] == pytest.approx(325 * MIB * 2400)
    assert (node["run_seconds"], node["cpu_quantity"]) == pytest.approx((3600, 4 * 3600))
    assert (seen.missing, seen.complete) == ((), True)
    assert seen.share == pytest.approx(1.0)


def test_a_second_pod_of_one_job_that_came_or_went_within_the_hour_leans_the_count_towards_its_time(
    prometheus_server: PrometheusServer,
) -> None:
    # 40 + 30 of 60 + 30 scrapes: 2800 s of 3600 rather than 2400. What lasted is exact, and so is the coverage.
    facts = found(prometheus_server, INEXACT)
    (web,), (node,), (seen,) = facts.allocation, facts.asset, facts.coverage
    assert (web["run_seconds"], node["run_seconds"], seen.complete) == (pytest.approx(2800), 3600, True)
