"""The exact answer for a made-up cluster, from its closed forms: resource-seconds and costs by hour."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from farthing.demo.cluster import GIB, Cluster, Container, Node, Pod, overlap
from farthing.demo.shapes import Wave

HOUR = 3600
Interval = tuple[int, int]
"""``[start, end)`` in unix seconds; an hour, or whatever the timezone makes of one."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One resource of one container over one hour, in core-, byte- or gpu-seconds, and its cost."""

    requested: float
    used: float
    rate: float
    """Currency per core-, byte- or gpu-second."""

    @property
    def allocated(self) -> float:
        return max(self.requested, self.used)

    @property
    def cost(self) -> float:
        return self.allocated * self.rate


@dataclass(frozen=True, slots=True)
class ContainerHour:
    """What one container is charged in ``[start, end)``; its runs in that hour are added up."""

    start: int
    end: int
    namespace: str
    pod: str
    uid: str
    container: str
    node: str
    provider_id: str
    controller_kind: str
    controller: str
    run_seconds: float
    run_count: int
    cpu: Charge
    ram: Charge
    gpu: Charge

    @property
    def cost(self) -> float:
        return self.cpu.cost + self.ram.cost + self.gpu.cost

    @property
    def rate_of_one_second(self) -> float:
        """Mean cost of a second of its run in this hour. [currency per s]"""
        return self.cost / self.run_seconds


@dataclass(frozen=True, slots=True)
class NodeHour:
    """What one node costs in ``[start, end)``, and how much of it its containers hold."""

    start: int
    end: int
    node: str
    provider_id: str
    run_seconds: float
    core_seconds: float
    byte_seconds: float
    gpu_seconds: float
    cpu_cost: float
    ram_cost: float
    gpu_cost: float
    allocated_cpu_cost: float
    allocated_ram_cost: float
    allocated_gpu_cost: float

    @property
    def cost(self) -> float:
        return self.cpu_cost + self.ram_cost + self.gpu_cost

    @property
    def idle_cost(self) -> float:
        """Per resource never negative (C9)."""
        return (
            max(0.0, self.cpu_cost - self.allocated_cpu_cost)
            + max(0.0, self.ram_cost - self.allocated_ram_cost)
            + max(0.0, self.gpu_cost - self.allocated_gpu_cost)
        )


def hours_of(start: int, end: int) -> list[Interval]:
    """The whole hours of ``[start, end)``."""
    return [(begin, begin + HOUR) for begin in range(start, end, HOUR)]


def container_hours(cluster: Cluster, hours: Sequence[Interval]) -> list[ContainerHour]:
    """One row per hour and container that ran in it."""
    return [
        row
        for pod, container in cluster.containers()
        if pod.node is not None
        for hour in hours
        for row in _container_hour(pod, pod.node, container, hour)
    ]


def node_hours(cluster: Cluster, hours: Sequence[Interval]) -> list[NodeHour]:
    """One row per hour and node that was there in it."""
    held: dict[tuple[int, str], list[ContainerHour]] = {}
    for row in container_hours(cluster, hours):
        held.setdefault((row.start, row.provider_id), []).append(row)
    return [
        row
        for node in cluster.nodes
        for start, end in hours
        for row in _node_hour(node, (start, end), held.get((start, node.provider_id), []))
    ]


def total_cost(rows: Iterable[ContainerHour | NodeHour]) -> float:
    """Sum of the rows' costs. [currency]"""
    return sum(row.cost for row in rows)


def _container_hour(pod: Pod, node: Node, container: Container, hour: Interval) -> Iterator[ContainerHour]:
    spans = [span for run in container.runs if (span := overlap(run.start, run.end, *hour))[0] < span[1]]
    if not spans:
        return
    seconds = sum(end - start for start, end in spans)
    owner = pod.owners[-1] if pod.owners else None
    yield ContainerHour(
        *hour,
        pod.namespace,
        pod.name,
        pod.uid,
        container.name,
        node.name,
        node.provider_id,
        owner.kind if owner else "",
        owner.name if owner else "",
        seconds,
        len(spans),
        Charge((container.cpu_request or 0.0) * seconds, _area(container.cpu, spans), node.cpu_rate / HOUR),
        Charge((container.ram_request or 0.0) * seconds, _area(container.ram, spans), node.ram_rate / HOUR / GIB),
        Charge(
            container.gpu_request * seconds,
            container.gpu_request * _area(container.gpu_busy, spans) if container.gpu_busy else 0.0,
            node.gpu_rate / HOUR,
        ),
    )


def _node_hour(node: Node, hour: Interval, held: list[ContainerHour]) -> Iterator[NodeHour]:
    start, end = overlap(node.created, node.removed, *hour)
    if start >= end:
        return
    hours = (end - start) / HOUR
    yield NodeHour(
        *hour,
        node.name,
        node.provider_id,
        end - start,
        node.cores * (end - start),
        node.ram_bytes * (end - start),
        node.gpus * (end - start),
        node.cores * node.cpu_rate * hours,
        node.ram_bytes / GIB * node.ram_rate * hours,
        node.gpus * node.gpu_rate * hours,
        sum(row.cpu.cost for row in held),
        sum(row.ram.cost for row in held),
        sum(row.gpu.cost for row in held),
    )


def _area(wave: Wave, spans: list[Interval]) -> float:
    return sum(wave.integral(start, end) for start, end in spans)
