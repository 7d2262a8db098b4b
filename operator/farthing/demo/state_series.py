"""What kube-state-metrics v2 shows of a made-up cluster."""

from collections.abc import Iterator
from itertools import zip_longest

from farthing.demo.cluster import Cluster, Container, Node, Owner, Pod
from farthing.demo.said_series import enter_said
from farthing.demo.series import SeriesBook
from farthing.demo.shapes import Constant
from farthing.demo.volume_series import enter_volumes

ONE = Constant(1.0)
ZERO = Constant(0.0)
Span = tuple[int, int | None]
OWNED = {
    "ReplicaSet": ("kube_replicaset_owner", "replicaset"),
    "Job": ("kube_job_owner", "job_name"),
    "Deployment": ("kube_deployment_owner", "deployment"),
    "StatefulSet": ("kube_statefulset_owner", "statefulset"),
}
"""Of each kind whose owner is shown: the metric, and its label for the name."""


def enter_state(book: SeriesBook, cluster: Cluster, replica: int) -> None:
    """Enter the series of the kube-state-metrics numbered ``replica``."""
    view = _View(book, f"10.1.0.{10 + replica}:8080")
    for node in cluster.nodes:
        _enter_node(view, node)
    for pod in cluster.pods:
        _enter_pod(view, pod)
    _enter_owners(view, cluster)
    enter_said(view.add, cluster)
    enter_volumes(view.add, cluster)


class _View:
    """The book as one instance of kube-state-metrics writes to it."""

    def __init__(self, book: SeriesBook, instance: str) -> None:
        self._book = book
        self._own = {"instance": instance, "job": "kube-state-metrics"}
        self._target = f"kube-state-metrics/{instance}"

    def add(self, metric: str, labels: dict[str, str], span: Span, shape: Constant) -> None:
        self._book.add(self._target, metric, self._own | labels, span, shape)


def _enter_node(view: _View, node: Node) -> None:
    life = (node.created, node.removed)
    own = {"node": node.name}
    view.add(
        "kube_node_info",
        own
        | {
            "kernel_version": "6.1.141-155.222.amzn2023.x86_64",
            "os_image": "Amazon Linux 2023",
            "container_runtime_version": "containerd://2.1.4",
            "kubelet_version": "v1.34.2",
            "kubeproxy_version": "deprecated",
            "provider_id": node.provider_id,
            "internal_ip": node.address,
        },
        life,
        ONE,
    )
    view.add("kube_node_created", own, life, Constant(float(node.created)))
    view.add(
        "kube_node_labels",
        own
        | {
            "label_kubernetes_io_os": "linux",
            "label_kubernetes_io_arch": "amd64",
            "label_node_kubernetes_io_instance_type": node.instance_type,
            "label_topology_kubernetes_io_region": node.region,
            "label_topology_kubernetes_io_zone": node.zone,
            "label_karpenter_sh_capacity_type": "spot" if node.spot else "on-demand",
            "label_nvidia_com_gpu_product": node.gpu_kind,
            "label_eks_amazonaws_com_nodegroup": _pool(node),
        },
        life,
        ONE,
    )
    for resource, unit, amount in _resources(node.cores, node.ram_bytes, node.gpus):
        for metric in ("kube_node_status_capacity", "kube_node_status_allocatable"):
            view.add(metric, own | {"resource": resource, "unit": unit}, life, Constant(amount))


def _pool(node: Node) -> str:
    if node.gpus:
        return "gpu"
    return "spot" if node.spot else "general"


def _enter_pod(view: _View, pod: Pod) -> None:
    life = (pod.created, pod.deleted)
    own = {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}
    node = "" if pod.node is None else pod.node.name
    owner_kind, owner_name = (pod.owners[0].kind, pod.owners[0].name) if pod.owners else ("", "")
    address = "" if pod.node is None else pod.address
    created_by = {"created_by_kind": owner_kind, "created_by_name": owner_name}
    placed = {"node": node, "pod_ip": address, "host_network": str(pod.host_network).lower()}
    view.add("kube_pod_info", own | created_by | placed, life, ONE)
    view.add("kube_pod_owner", own | _owner_labels(owner_kind, owner_name), life, ONE)
    if pod.finished is not None:
        view.add("kube_pod_completion_time", own, (pod.finished, pod.deleted), Constant(float(pod.finished)))
    for container in pod.containers:
        labels = own | {"container": container.name}
        _enter_requests(view, container, labels | {"node": node}, life)
        if pod.node is not None:
            _enter_runs(view, container, labels, life)
            if not container.init:
                _enter_started(view, pod, container, labels)


def _enter_requests(view: _View, container: Container, labels: dict[str, str], life: Span) -> None:
    kind = "kube_pod_init_container" if container.init else "kube_pod_container"
    amounts = tuple(_resources(container.cpu_request, container.ram_request, container.gpu_request))
    for resource, unit, amount in amounts:
        named = labels | {"resource": resource, "unit": unit}
        view.add(f"{kind}_resource_requests", named, life, Constant(amount))
        if unit == "integer":
            view.add(f"{kind}_resource_limits", named, life, Constant(amount))


def _enter_runs(view: _View, container: Container, labels: dict[str, str], life: Span) -> None:
    """Enter 1 while it runs, 0 before, between and after its runs, as long as the pod exists."""
    metric = "kube_pod_init_container_status_running" if container.init else "kube_pod_container_status_running"
    waits_since = life[0]
    for run in container.runs:
        if waits_since < run.start:
            view.add(metric, labels, (waits_since, run.start), ZERO)
        view.add(metric, labels, (run.start, run.end), ONE)
        if run.end is None:
            return
        waits_since = run.end
    if life[1] is None or waits_since < life[1]:
        view.add(metric, labels, (waits_since, life[1]), ZERO)


def _enter_started(view: _View, pod: Pod, container: Container, labels: dict[str, str]) -> None:
    """Enter the start of each run; one that waits to be restarted shows none, one that completed keeps its last."""
    for run in container.runs:
        is_last = run is container.runs[-1]
        end = pod.deleted if is_last and pod.finished is not None else run.end
        view.add("kube_pod_container_state_started", labels, (run.start, end), Constant(float(run.start)))


def _enter_owners(view: _View, cluster: Cluster) -> None:
    """Enter who owns the owners of pods: they stay once they are there, but for Jobs, deleted with their pods."""
    entered: set[tuple[str, Owner]] = set()
    for pod in sorted(cluster.pods, key=lambda each: each.created):
        for owned, owner in zip_longest(pod.owners, pod.owners[1:]):
            if owned.kind not in OWNED or (pod.namespace, owned) in entered:
                continue
            entered.add((pod.namespace, owned))
            metric, label = OWNED[owned.kind]
            above = _owner_labels(owner.kind, owner.name) if owner else _owner_labels("", "")
            life = (pod.created, pod.deleted if owned.kind == "Job" else None)
            view.add(metric, {"namespace": pod.namespace, label: owned.name} | above, life, ONE)


def _owner_labels(kind: str, name: str) -> dict[str, str]:
    return {"owner_kind": kind, "owner_name": name, "owner_is_controller": "true" if kind else ""}


def _resources(cpu: float | None, ram: int | None, gpus: int) -> Iterator[tuple[str, str, float]]:
    """Yield resource, unit and amount, spelled as kube-state-metrics does."""
    if cpu is not None:
        yield "cpu", "core", float(cpu)
    if ram is not None:
        yield "memory", "byte", float(ram)
    if gpus:
        yield "nvidia_com_gpu", "integer", float(gpus)
