"""What is said of the made-up cluster's pods and namespaces, and by which labels its services select pods.

Namespaces say whose they are; most pods say so themselves, a few say otherwise than their namespace, some say nothing.
"""

from collections.abc import Callable, Mapping

from farthing.demo.cluster import Cluster, Pod
from farthing.demo.identity import hexadecimal
from farthing.demo.series import SeriesBook
from farthing.demo.shapes import Constant

ONE = Constant(1.0)
Said = dict[str, str]
Add = Callable[[str, Said, tuple[int, int | None], Constant], None]

TEAMS = {
    "shop": "storefront", "payments": "payments", "data": "data-platform", "ml": "research", "kube-system": "platform",
    "monitoring": "platform",
}  # fmt: skip
"""The team that each namespace names; those of ci and sandbox name none."""

OWN_TEAMS = {
    ("shop", "api"): "api-guild", ("payments", "ledger"): "ledger", ("data", "kafka"): "streaming", ("ci", "runner"): "delivery",
}  # fmt: skip
"""The team that the pods of these workloads name themselves."""

SERVICES: dict[tuple[str, str], Said] = {
    ("shop", "web"): {"app": "web"},
    ("shop", "api"): {"app": "api"},
    ("shop", "front"): {"team": "storefront", "tier": "front"},
    ("payments", "gateway"): {"app": "gateway"},
    ("data", "postgres"): {"app": "postgres"},
    ("kube-system", "kube-dns"): {"app": "coredns"},
}
"""The labels by which each service selects pods."""

FRONT = {("shop", "web"), ("shop", "cart")}


def workload_of(pod: Pod) -> str:
    """The name of the Deployment, CronJob or whatever made the pod, or the pod's own."""
    names = [owner.name for owner in pod.owners if owner.kind not in {"ReplicaSet", "Job"}]
    return (names or [owner.name for owner in pod.owners] or [pod.name])[0]


def pod_labels(pod: Pod) -> Said:
    """The labels of a pod."""
    workload = workload_of(pod)
    place = (pod.namespace, workload)
    labels = {"app": workload}
    if pod.owners and pod.owners[0].kind == "ReplicaSet":
        labels["pod_template_hash"] = pod.owners[0].name.rpartition("-")[2]
    if pod.owners and pod.owners[0].kind == "Job":
        labels["job_name"] = pod.owners[0].name
    if pod.namespace not in {"sandbox", "kube-system"}:
        labels["env"] = "staging" if pod.namespace == "ci" else "production"
    if place in OWN_TEAMS:
        labels["team"] = OWN_TEAMS[place]
    if place in FRONT:
        labels |= {"team": "storefront", "tier": "front"}
    return labels


def pod_annotations(pod: Pod) -> Said:
    """The annotations of a pod: those of Deployments' pods say what they look like to a scraper."""
    if pod.owners and pod.owners[0].kind == "ReplicaSet":
        return {"prometheus_io_scrape": "true", "checksum_config": hexadecimal(16, pod.namespace, workload_of(pod))}
    return {}


def namespace_labels(namespace: str) -> Said:
    """The labels of a namespace."""
    named = {"kubernetes_io_metadata_name": namespace}
    return named | {"team": TEAMS[namespace]} if namespace in TEAMS else named


def namespace_annotations(namespace: str) -> Said:
    """The annotations of a namespace."""
    applied = f'{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{namespace}"}}}}\n'
    owned = {"owner": f"{TEAMS[namespace]}@example.com"} if namespace in TEAMS else {}
    return owned | {"kubectl_kubernetes_io_last_applied_configuration": applied}


def enter_said(add: Add, cluster: Cluster) -> None:
    """Enter the labels and annotations that kube-state-metrics shows."""
    always = (cluster.start, cluster.end)
    for namespace in cluster.namespaces:
        own = {"namespace": namespace}
        add("kube_namespace_labels", own | _prefixed("label", namespace_labels(namespace)), always, ONE)
        add("kube_namespace_annotations", own | _prefixed("annotation", namespace_annotations(namespace)), always, ONE)
    for pod in cluster.pods:
        own = {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}
        life = (pod.created, pod.deleted)
        add("kube_pod_labels", own | _prefixed("label", pod_labels(pod)), life, ONE)
        add("kube_pod_annotations", own | _prefixed("annotation", pod_annotations(pod)), life, ONE)


def enter_selectors(book: SeriesBook, cluster: Cluster) -> None:
    """Enter the selectors of services, as OpenCost's exporter shows them."""
    exporter = {"job": "opencost", "instance": "10.1.0.30:9003"}
    for (namespace, service), selector in SERVICES.items():
        if namespace in cluster.namespaces:
            labels = exporter | {"namespace": namespace, "service": service} | _prefixed("label", selector)
            book.add("opencost", "service_selector_labels", labels, (cluster.start, cluster.end), ONE)


def _prefixed(prefix: str, said: Mapping[str, str]) -> Said:
    return {f"{prefix}_{key}": value for key, value in said.items()}
