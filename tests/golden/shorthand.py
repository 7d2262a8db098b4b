"""What a scenario says of nodes, pods, volumes and services, as the series that a Prometheus has of them.

Names and labels are those of kube-state-metrics, cAdvisor and OpenCost's exporter. All is text, as YAML's base loader leaves it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

from farthing.demo.identity import hexadecimal, suffix, uid
from farthing.demo.state_series import OWNED
from tests.golden.times import instant, number, span

Told = Mapping[str, Any]
Span = tuple[int, int]
RESOURCES = {"cpu": ("cpu", "core"), "memory": ("memory", "byte"), "gpus": ("nvidia_com_gpu", "integer")}
"""What a scenario calls each resource, and kube-state-metrics' words for it and its unit."""
RATES = {
    "cpu": "node_cpu_hourly_cost",
    "memory": "node_ram_hourly_cost",
    "gpu": "node_gpu_hourly_cost",
    "node": "node_total_hourly_cost",
}
EXPORTER = {"job": "opencost"}
WORDS = {
    "nodes": {"name", "providerID", "cpu", "memory", "gpus", "labels", "rates", "life"},
    "pods": {"pod", "uid", "node", "life", "finished", "owners", "labels", "claims", "containers"},
    "containers": {"init", "cpu", "memory", "gpus", "usedCpu", "usedMemory", "runs"},
    "volumes": {"volume", "size", "claim", "class", "rate", "life"},
    "services": {"service", "type", "rate", "selector", "pods", "life"},
    "fees": {"management", "zone", "region", "internet"},
}
"""What may be said of each thing: a word that nobody reads would be a scenario that is not what its README tells."""
RAW = "raw"
"""In the place of a use: its series are among those that the scenario writes out."""


@dataclass(frozen=True)
class Line:
    """One series: ``samples`` are ``[from, to, value]``, or with the growth per second after it, of a counter."""

    metric: str
    labels: Mapping[str, str]
    samples: list[Any]


def expanded(told: Told, whole: Span) -> Iterator[Line]:
    """The series of the compact parts of a scenario that is scraped over ``whole``. Raises ValueError for unknown words."""
    _check(told)
    pods = told.get("pods", [])
    for name in sorted({pod["pod"].split("/")[0] for pod in pods} | set(told.get("namespaces", {}))):
        said = told.get("namespaces", {}).get(name, {})
        yield _shown("kube_namespace_labels", {"namespace": name, **_prefixed("label", said)}, whole)
    for node in told.get("nodes", []):
        yield from _node(node, _life(node, whole))
    for pod in pods:
        yield from _pod(pod, whole)
    yield from _owners(pods, whole)
    for volume in told.get("volumes", []):
        yield from _volume(volume, _life(volume, whole))
    for service in told.get("services", []):
        yield from _service(service, _life(service, whole), {pod["pod"]: pod_life(pod, whole) for pod in pods})
    for kind, rate in told.get("fees", {}).items():
        named = {"management": "kubecost_cluster_management_cost"}.get(kind, f"kubecost_network_{kind}_egress_cost")
        provisioner = {"provisioner_name": "EKS"} if kind == "management" else {}
        yield _shown(named, EXPORTER | provisioner, whole, rate)


def _check(told: Told) -> None:
    """Raise ValueError for a word that is not offered."""
    containers = [container for pod in told.get("pods", []) for container in pod["containers"].values()]
    fees = [told["fees"]] if "fees" in told else []
    listed = {**told, "containers": containers, "fees": fees}
    said = {part: {word for one in listed.get(part, []) for word in one} for part in WORDS}
    said["series.yaml"], offered = set(told), {**WORDS, "series.yaml": {*WORDS, "namespaces"} - {"containers"}}
    for part, words in said.items():
        if unknown := words - offered[part]:
            raise ValueError(f"{part} know no {sorted(unknown)}: there are {sorted(offered[part])}")


def pod_uid(pod: Told) -> str:
    """The uid that a pod has, its own or one made of its name."""
    return str(pod.get("uid") or uid(pod["pod"]))


def pod_life(pod: Told, whole: Span) -> Span:
    """When a pod exists: as told, else from the start of its first run to the end of its last."""
    runs = [span(run) for container in pod["containers"].values() for run in container.get("runs", [])]
    return _life(pod, (min(runs)[0], max(end for _, end in runs)) if runs else whole)


def _node(node: Told, life: Span) -> Iterator[Line]:
    name = node["name"]
    provider_id = node.get("providerID", f"aws:///eu-west-1a/i-{hexadecimal(17, name)}")
    yield _shown("kube_node_info", {"node": name, "provider_id": provider_id}, life)
    yield _shown("kube_node_created", {"node": name}, life, life[0])
    yield _shown("kube_node_labels", {"node": name, **_prefixed("label", node.get("labels", {}))}, life)
    for resource, (spelled, unit) in RESOURCES.items():
        if resource in node:
            labels = {"node": name, "resource": spelled, "unit": unit}
            yield _shown("kube_node_status_capacity", labels, life, node[resource])
    for resource, rate in node.get("rates", {}).items():
        labels = EXPORTER | {"instance": name, "node": name, "provider_id": provider_id}
        yield _shown(RATES[resource], labels, life, rate)


def _pod(pod: Told, whole: Span) -> Iterator[Line]:
    life, own = pod_life(pod, whole), {**_named(pod["pod"], "pod"), "uid": pod_uid(pod)}
    node = pod.get("node", "")
    kind, owner = (pod.get("owners") or ["/"])[0].split("/")
    yield _shown("kube_pod_info", own | {"node": node, "created_by_kind": kind, "created_by_name": owner}, life)
    yield _shown("kube_pod_owner", own | _owned_by(kind, owner), life)
    yield _shown("kube_pod_start_time", own, life, life[0])
    yield _shown("kube_pod_labels", own | _prefixed("label", pod.get("labels", {})), life)
    if "finished" in pod:
        finished = instant(pod["finished"])
        yield _shown("kube_pod_completion_time", own, (finished, life[1]), finished)
    for claim in pod.get("claims", []):
        labels = own | {"volume": claim, "persistentvolumeclaim": claim}
        yield _shown("kube_pod_spec_volumes_persistentvolumeclaims_info", labels, life)
    for name, container in pod["containers"].items():
        stays = "finished" in pod
        yield from _container(container, own | {"container": name, "node": node}, life, stays=stays)


def _container(told: Told, placed: Mapping[str, str], life: Span, *, stays: bool) -> Iterator[Line]:
    own = {name: value for name, value in placed.items() if name != "node"}
    kind = "kube_pod_init_container" if told.get("init") else "kube_pod_container"
    for resource, (spelled, unit) in RESOURCES.items():
        if resource in told:
            labels = {**placed, "resource": spelled, "unit": unit}
            yield _shown(f"{kind}_resource_requests", labels, life, told[resource])
    runs = [span(run) for run in told["runs"]] if "runs" in told else [life]
    edges = [life[0], *(edge for run in runs for edge in run), life[1]]
    states = [[start, end, turn % 2] for turn, (start, end) in enumerate(pairwise(edges)) if start < end]
    yield Line(f"{kind}_status_running", own, states)
    if not told.get("init"):
        started = [[start, end, start] for start, end in runs]
        if stays:
            started[-1][1] = life[1]
        yield Line("kube_pod_container_state_started", own, started)
    for count, run in enumerate(runs):
        slice_of_pod = f"kubepods-pod{own['uid'].replace('-', '_')}.slice"
        run_id = hexadecimal(64, own["uid"], own["container"], count)
        cgroup = {name: own[name] for name in ("namespace", "pod", "container")}
        cgroup |= {
            "job": "kubelet",
            "instance": placed["node"],
            "id": f"/kubepods.slice/{slice_of_pod}/cri-containerd-{run_id}.scope",
        }
        cpu, memory = told.get("usedCpu", "0"), told.get("usedMemory", "0")
        if cpu != RAW:
            yield Line("container_cpu_usage_seconds_total", cgroup | {"cpu": "total"}, _counter(cpu, run))
        if memory != RAW:
            yield Line("container_memory_working_set_bytes", cgroup, list(_within(memory, run)))


def _within(told: str | Mapping[str, str], run: Span) -> Iterator[tuple[int, int, float]]:
    """The pieces ``{10:00-11:00: 0.5}`` of a value, or the value that it always has, within ``run``."""
    pieces = [(run, told)] if isinstance(told, str) else [(span(times), level) for times, level in told.items()]
    for (start, end), level in pieces:
        if max(start, run[0]) < min(end, run[1]):
            yield max(start, run[0]), min(end, run[1]), number(level)


def _counter(told: str | Mapping[str, str], run: Span) -> list[Any]:
    """What is used per second as the counter that begins at 0 with ``run``."""
    pieces, total = [], 0.0
    for start, end, rate in _within(told, run):
        pieces.append([start, end, total, rate])
        total += rate * (end - start)
    return pieces


def _owners(pods: list[Told], whole: Span) -> Iterator[Line]:
    """Who owns the owners of pods: the first owns the pod, each further one the one before it."""
    chains = set()
    for pod in pods:
        owners = pod.get("owners", [])
        chains |= {(pod["pod"].split("/")[0], *pair) for pair in zip_longest(owners, owners[1:], fillvalue="/")}
    for namespace, owned, owner in sorted(chains):
        kind, name = owned.split("/")
        if kind in OWNED:
            metric, label = OWNED[kind]
            yield _shown(metric, {"namespace": namespace, label: name, **_owned_by(*owner.split("/"))}, whole)


def _volume(volume: Told, life: Span) -> Iterator[Line]:
    name, size = volume["volume"], volume["size"]
    own = {"persistentvolume": name}
    yield _shown("kube_persistentvolume_capacity_bytes", own, life, size)
    yield _shown("kube_persistentvolume_created", own, life, life[0])
    yield _shown("kube_persistentvolume_info", own | {"storageclass": volume.get("class", "standard")}, life)
    if "claim" in volume:
        bound = {"volumename": name, "storageclass": volume.get("class", "standard")}
        yield _shown("kube_persistentvolumeclaim_info", _named(volume["claim"], "persistentvolumeclaim") | bound, life)
    if "rate" in volume:
        yield _shown("pv_hourly_cost", EXPORTER | own | {"volumename": name}, life, volume["rate"])


def _service(service: Told, life: Span, lives: Mapping[str, Span]) -> Iterator[Line]:
    own = _named(service["service"], "service")
    known = own | {"uid": uid("service", service["service"])}
    yield _shown("kube_service_info", known, life)
    yield _shown("kube_service_spec_type", known | {"type": service.get("type", "ClusterIP")}, life)
    yield _shown("kube_service_created", known, life, life[0])
    if "rate" in service:
        labels = EXPORTER | {"namespace": own["namespace"], "service_name": own["service"], "ingress_ip": "203.0.113.7"}
        yield _shown("kubecost_load_balancer_cost", labels, life, service["rate"])
    if "selector" in service:
        yield _shown("service_selector_labels", EXPORTER | own | _prefixed("label", service["selector"]), life)
    for pod in service.get("pods", []):
        start, end = lives[f"{own['namespace']}/{pod}"]
        slice_of_it = {"namespace": own["namespace"], "endpointslice": f"{own['service']}-{suffix(5, own['service'])}"}
        labels = slice_of_it | {"targetref_kind": "Pod", "targetref_name": pod}
        yield _shown("kube_endpointslice_endpoints", labels, (max(start, life[0]), min(end, life[1])))


def _shown(metric: str, labels: Mapping[str, str], life: Span, value: str | float = 1) -> Line:
    return Line(metric, labels, [[*life, value]])


def _life(told: Told, otherwise: Span) -> Span:
    return span(told["life"]) if "life" in told else otherwise


def _named(path: str, kind: str) -> dict[str, str]:
    """The labels of what is written ``namespace/name``."""
    namespace, name = path.split("/")
    return {"namespace": namespace, kind: name}


def _owned_by(kind: str, name: str) -> dict[str, str]:
    return {"owner_kind": kind, "owner_name": name, "owner_is_controller": "true" if kind else ""}


def _prefixed(prefix: str, said: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}_{key}": value for key, value in said.items()}
