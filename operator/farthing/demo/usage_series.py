"""What cAdvisor, node-exporter, the DCGM exporter and OpenCost's exporter show of a made-up cluster."""

from dataclasses import dataclass

from farthing.demo.cluster import GIB, Cluster, Container, Node, Pod, Run
from farthing.demo.identity import hexadecimal, uid
from farthing.demo.series import Scraping, SeriesBook
from farthing.demo.shapes import Constant, Counter, Shape, Wave

CPU = "container_cpu_usage_seconds_total"
RAM = "container_memory_working_set_bytes"
MODES = {"idle": 0.72, "user": 0.18, "system": 0.06, "iowait": 0.03, "softirq": 0.01}
"""Which part of the time cores are in which mode."""
DISK_BYTES = 80.0 * GIB
"""Of the disk that a node boots from."""
CORES_SHOWN = 2
"""Cores of a node that node-exporter shows: all are alike."""
PAUSE_IMAGE = "registry.example/pause:3.10"


@dataclass(frozen=True, slots=True)
class Kubelet:
    """One job's view of one node's kubelet."""

    book: SeriesBook
    target: str
    labels: dict[str, str]
    keeps_ids: bool

    def add(self, metric: str, labels: dict[str, str], span: tuple[int, int | None], shape: Shape) -> None:
        """Enter a series as this job sees it."""
        kept = labels if self.keeps_ids else {name: text for name, text in labels.items() if name not in {"id", "name"}}
        self.book.add(self.target, metric, self.labels | kept, span, shape)

    def add_cgroup(self, labels: dict[str, str], run: Run, cpu: Wave, ram: Wave) -> None:
        """Enter a cgroup's use: its counter begins with it."""
        span = (run.start, run.end)
        self.add(CPU, labels | {"cpu": "total"}, span, Counter(cpu, run.start))
        self.add(RAM, labels, span, ram)


def enter_usage(book: SeriesBook, cluster: Cluster, scraping: Scraping) -> None:
    """Enter cAdvisor's series of containers and, if asked for, of pods, sandboxes and machines."""
    kubelets = {node: kubelets_of(book, node, scraping) for node in cluster.nodes}
    for node in cluster.nodes if scraping.pod_rows else ():
        machine = Run(node.created, node.removed, "")
        for kubelet in kubelets[node]:
            kubelet.add_cgroup({"id": "/"}, machine, Wave(node.cores * 0.4, 0.2), Wave(node.ram_bytes * 0.5, 0.1))
    for pod in cluster.pods:
        if pod.node is None:
            continue
        for kubelet in kubelets[pod.node]:
            for container in pod.containers:
                for run in container.runs:
                    labels = cgroup(pod, container.name, container.image, run.container_id)
                    kubelet.add_cgroup(labels, run, container.cpu, container.ram)
            if scraping.pod_rows:
                _enter_pod_rows(kubelet, pod)


def enter_machines(book: SeriesBook, cluster: Cluster) -> None:
    """Enter what node-exporter shows of each node: how long its first cores were in each mode, and the disk it boots from."""
    for node in cluster.nodes:
        exporter = f"{node.address}:9100"
        own = {"job": "node-exporter", "instance": exporter}
        for core in range(min(node.cores, CORES_SHOWN)):
            for mode, share in MODES.items():
                labels = own | {"cpu": str(core), "mode": mode}
                span = (node.created, node.removed)
                book.add(f"node/{exporter}", "node_cpu_seconds_total", labels, span, Counter(Wave(share), node.created))
        disk = own | {"device": "/dev/nvme0n1p1", "fstype": "xfs", "mountpoint": "/"}
        life = (node.created, node.removed)
        book.add(f"node/{exporter}", "node_filesystem_size_bytes", disk, life, Constant(DISK_BYTES))
        book.add(f"node/{exporter}", "node_filesystem_free_bytes", disk, life, Wave(DISK_BYTES * 0.7, 0.05))


def enter_gpus(book: SeriesBook, cluster: Cluster) -> None:
    """Enter how busy each GPU is; the device numbers of a node are given out in the order of the pods' creation."""
    device_of: dict[str, int] = {}
    holders = [(pod, container) for pod, container in cluster.containers() if pod.node and container.gpu_busy]
    for pod, container in sorted(holders, key=lambda holder: holder[0].created):
        for _ in range(container.gpu_request):
            if pod.node is None or container.gpu_busy is None:
                continue
            device = device_of.get(pod.node.provider_id, 0)
            device_of[pod.node.provider_id] = device + 1
            labels = _device(pod.node, device % pod.node.gpus) | {
                "namespace": pod.namespace,
                "pod": pod.name,
                "container": container.name,
            }
            for run in container.runs:
                target = f"dcgm/{pod.node.name}"
                book.add(target, "DCGM_FI_PROF_GR_ENGINE_ACTIVE", labels, (run.start, run.end), container.gpu_busy)


def enter_rates(book: SeriesBook, cluster: Cluster) -> None:
    """Enter the hourly rates of each node as OpenCost's exporter gives them, memory per GiB."""
    for node in cluster.nodes:
        labels = {
            "job": "opencost",
            "instance": node.name,
            "node": node.name,
            "provider_id": node.provider_id,
            "instance_type": node.instance_type,
            "region": node.region,
            "arch": "amd64",
        }
        rates = {
            "node_cpu_hourly_cost": node.cpu_rate,
            "node_ram_hourly_cost": node.ram_rate,
            "node_gpu_hourly_cost": node.gpu_rate,
            "node_total_hourly_cost": node.total_rate,
            "kubecost_node_is_spot": float(node.spot),
        }
        for metric, rate in rates.items():
            book.add("opencost", metric, labels, (node.created, node.removed), Constant(rate))


def kubelets_of(book: SeriesBook, node: Node, scraping: Scraping) -> list[Kubelet]:
    """The jobs that scrape the kubelet of ``node``."""
    by_name, by_address = node.name, f"{node.address}:10250"
    instance, other = (by_address, by_name) if scraping.by_address else (by_name, by_address)
    labels = {"instance": instance, "job": "kubelet", "metrics_path": "/metrics/cadvisor"}
    if scraping.node_label:
        labels["node"] = node.name
    kubelets = [Kubelet(book, f"kubelet/{instance}", labels, scraping.cgroup_ids)]
    if scraping.duplicate_scraper:
        second = {"instance": other, "job": "kubernetes-nodes-cadvisor"}
        kubelets.append(Kubelet(book, f"kubernetes-nodes-cadvisor/{other}", second, scraping.cgroup_ids))
    return kubelets


def _enter_pod_rows(kubelet: Kubelet, pod: Pod) -> None:
    """Enter the pod's own cgroup and its sandbox's, both of which are there before any container is."""
    life = Run(pod.created + 1, pod.deleted if pod.finished is None else pod.finished, "")
    if not any(container.runs for container in pod.containers) or (life.end is not None and life.end <= life.start):
        return
    own = {"namespace": pod.namespace, "pod": pod.name}
    kubelet.add_cgroup(
        own | {"id": _slice(pod)},
        life,
        Wave(sum(container.cpu.base for container in pod.containers if not container.init)),
        Wave(sum(container.ram.base for container in pod.containers if not container.init)),
    )
    sandbox = cgroup(pod, "POD", PAUSE_IMAGE, hexadecimal(64, pod.uid, "sandbox"))
    kubelet.add_cgroup(sandbox, life, Wave(0.0001), Wave(450_560.0))


def cgroup(pod: Pod, container: str, image: str, container_id: str) -> dict[str, str]:
    """CAdvisor's labels of a container, or of the pod's sandbox."""
    return {
        "namespace": pod.namespace,
        "pod": pod.name,
        "container": container,
        "image": image,
        "name": container_id,
        "id": f"{_slice(pod)}/cri-containerd-{container_id}.scope",
    }


def _slice(pod: Pod) -> str:
    """Name the pod's cgroup as kubelet's systemd driver does, by its class of service."""
    requests = any(_requests_anything(container) for container in pod.containers)
    service = "burstable" if requests else "besteffort"
    pod_slice = f"kubepods-{service}-pod{pod.uid.replace('-', '_')}.slice"
    return f"/kubepods.slice/kubepods-{service}.slice/{pod_slice}"


def _requests_anything(container: Container) -> bool:
    return container.cpu_request is not None or container.ram_request is not None


def _device(node: Node, device: int) -> dict[str, str]:
    return {
        "job": "dcgm-exporter",
        "instance": f"{node.address}:9400",
        "Hostname": node.name,
        "gpu": str(device),
        "device": f"nvidia{device}",
        "modelName": node.gpu_kind,
        "UUID": f"GPU-{uid(node.provider_id, device)}",
    }
