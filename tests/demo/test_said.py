"""What the made-up cluster says of its pods arrives as it was said."""

from dataclasses import dataclass

import pytest

from farthing.demo.cluster import Cluster, Pod
from farthing.demo.said_series import (
    SERVICES,
    namespace_annotations,
    namespace_labels,
    pod_annotations,
    pod_labels,
    workload_of,
)
from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.source import DemoSource
from farthing.model.intervals import Chunk
from farthing.prometheus.source import CatalogueSource
from farthing.services.gather import gathered
from farthing.store.engine import run
from farthing.store.workbench import Workbench

pytestmark = pytest.mark.slow

START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOUR = 3600
HOURS = 3
LAST_APPLIED = "kubectl_kubernetes_io_last_applied_configuration"

Whose = tuple[str, str, str]
Said = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Found:
    """A cluster, what was found to be said of each pod and namespace, and who controls each pod."""

    cluster: Cluster
    said: dict[Whose, Said]
    controllers: dict[Whose, tuple[str, str]]


@pytest.fixture(scope="module", params=[1, 2], ids=["one-exporter", "two-exporters"])
def found(request: pytest.FixtureRequest) -> Found:
    cluster = demo_cluster(START, START + HOURS * HOUR)
    source = DemoSource(cluster, Scraping(state_replicas=request.param))
    chunk = Chunk(HOUR, tuple((START + hour * HOUR, 3600.0) for hour in range(HOURS)))
    with gathered(CatalogueSource(source), Workbench, chunk, "demo") as (bench, _):
        assert isinstance(bench, Workbench)
        rows = run(
            bench.connection, "select namespace, pod, uid, kind, key, value from workload where kind <> 'node_label'"
        )
        owned = run(
            bench.connection,
            "select distinct namespace, pod, uid, controller_kind, controller from allocation where uid <> ''",
        )
    said: dict[Whose, Said] = {}
    for *whose, kind, key, value in rows:
        of_one = said.setdefault((whose[0], whose[1], whose[2]), {})
        assert (kind, key) not in of_one
        of_one[kind, key] = value
    return Found(cluster, said, {(row[0], row[1], row[2]): (row[3], row[4]) for row in owned})


def expected(pod: Pod, cluster: Cluster) -> Said:
    """What is to be found of a pod, by Kubernetes' and Kubecost's rules: services by their selectors or endpoint slices."""
    labels = namespace_labels(pod.namespace) | pod_labels(pod)
    annotations = namespace_annotations(pod.namespace) | pod_annotations(pod)
    services = {
        service: ""
        for (namespace, service), selector in SERVICES.items()
        if namespace == pod.namespace and selector.items() <= pod_labels(pod).items()
    }
    services |= {
        service.name: ""
        for service in cluster.services
        if service.namespace == pod.namespace and service.workload == workload_of(pod)
    }
    return {
        (kind, key): text
        for kind, said in (("label", labels), ("annotation", annotations), ("service", services))
        for key, text in said.items()
        if key != LAST_APPLIED
    }


def test_of_every_pod_all_is_found_that_is_said_of_it(found: Found) -> None:
    pods = {(pod.namespace, pod.name, pod.uid): expected(pod, found.cluster) for pod in found.cluster.pods}
    of_pods = {whose: said for whose, said in found.said.items() if whose[1]}
    # A pod that is gone before a scrape saw it is not told of.
    assert len(of_pods) > len(pods) * 0.95
    assert {whose: pods[whose] for whose in of_pods} == of_pods


def test_of_every_namespace_all_is_found_that_is_said_of_it(found: Found) -> None:
    for namespace in found.cluster.namespaces:
        said = found.said[namespace, "", ""]
        assert {key: text for (kind, key), text in said.items() if kind == "namespace_label"} == namespace_labels(
            namespace
        )
        annotations = {key: text for (kind, key), text in said.items() if kind == "namespace_annotation"}
        assert annotations == {
            key: text for key, text in namespace_annotations(namespace).items() if key != LAST_APPLIED
        }


def test_some_pods_differ_from_their_namespace_and_some_have_no_team(found: Found) -> None:
    teams = {whose[:2]: said.get(("label", "team")) for whose, said in found.said.items() if whose[1]}
    by_namespace: dict[str, set[str | None]] = {}
    for (namespace, _), team in teams.items():
        by_namespace.setdefault(namespace, set()).add(team)
    assert by_namespace["shop"] == {"storefront", "api-guild"}
    assert by_namespace["sandbox"] == {None}
    assert by_namespace["ci"] == {"delivery"}


def test_the_controller_is_the_last_of_a_pods_owners(found: Found) -> None:
    owners = {(pod.namespace, pod.name, pod.uid): pod.owners for pod in found.cluster.pods}
    assert found.controllers
    for whose, controller in found.controllers.items():
        top = owners[whose][-1:]
        assert controller == ((top[0].kind.lower(), top[0].name) if top else ("", "")), whose
    assert {("grafana", "main"), ("prometheus", "main"), ("rollout", "cart")} <= set(found.controllers.values())
