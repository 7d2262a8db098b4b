"""A made-up cluster: what existed when, and what it used. Times are unix seconds; ``None`` as an end means: not yet."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from farthing.demo.shapes import Wave
from farthing.errors import InvalidInputError

GIB = 2**30
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine over ``[created, removed)``; rates in currency per core-hour, GiB-hour and gpu-hour."""

    name: str
    address: str
    provider_id: str
    instance_type: str
    region: str
    zone: str
    cores: int
    ram_bytes: int
    gpus: int
    gpu_kind: str
    spot: bool
    created: int
    removed: int | None
    cpu_rate: float
    ram_rate: float
    gpu_rate: float

    @property
    def total_rate(self) -> float:
        """Price of the whole node. [currency per hour]"""
        return self.cores * self.cpu_rate + self.ram_bytes / GIB * self.ram_rate + self.gpus * self.gpu_rate


@dataclass(frozen=True, slots=True)
class Owner:
    """A controller; the first of a pod's owners owns the pod, each further one owns the one before it."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a container's process over ``[start, end)``, under the runtime's identity ``container_id``."""

    start: int
    end: int | None
    container_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of a pod, its requests [core, byte, gpu] and what it uses while it runs [core, byte, busy share]."""

    name: str
    image: str
    init: bool
    runs: tuple[Run, ...]
    cpu_request: float | None
    ram_request: int | None
    gpu_request: int
    cpu: Wave
    ram: Wave
    gpu_busy: Wave | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a pod sends and receives while it runs [B/s], and which shares of what it sends leave its zone, and where to."""

    sent: Wave
    received: Wave
    zone: float = 0.0
    region: float = 0.0
    internet: float = 0.0

    def to(self, kind: str) -> Wave:
        """What it sends to another ``zone``, another ``region``, the ``internet``, or, ``free``, within its zone. [B/s]"""
        shares = {"zone": self.zone, "region": self.region, "internet": self.internet}
        share = shares.get(kind, 1.0 - sum(shares.values()))
        return replace(self.sent, base=self.sent.base * share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service from ``created`` on, in front of the pods of the controller ``workload``; empty, of none.

    A load balancer has an ``address`` and a ``rate`` [currency per hour].
    """

    namespace: str
    name: str
    uid: str
    created: int
    workload: str = ""
    address: str = ""
    rate: float = 0.0

    @property
    def kind(self) -> str:
        """Its type."""
        return "LoadBalancer" if self.address else "ClusterIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Rates of a cloud: traffic by where it goes [currency per GiB] and the control plane [currency per hour]."""

    zone: float = 0.01
    region: float = 0.02
    internet: float = 0.09
    management: float = 0.10


FEES = Fees()
"""What a large cloud asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod over ``[created, deleted)``; one without a node is waiting for one."""

    namespace: str
    name: str
    uid: str
    address: str
    node: Node | None
    owners: tuple[Owner, ...]
    created: int
    deleted: int | None
    finished: int | None
    """When its last container completed, if the pod stayed on afterwards."""
    containers: tuple[Container, ...]
    claims: tuple[str, ...] = ()
    """The claims of its namespace that it mounts."""
    traffic: Traffic | None = None
    host_network: bool = False

    @property
    def span(self) -> tuple[int, int | None]:
        """From its first container's start to its last one's end; empty if none runs. [unix s]"""
        runs = [run for container in self.containers for run in container.runs]
        if not runs:
            return self.created, self.created
        ends = [run.end for run in runs if run.end is not None]
        return min(run.start for run in runs), max(ends) if len(ends) == len(runs) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A PersistentVolume over ``[created, deleted)`` and the claim bound to it all that time, if ``claim`` names one."""

    name: str
    namespace: str
    claim: str
    storage_class: str
    driver: str
    handle: str
    size: int
    """[byte]"""
    created: int
    deleted: int | None
    rate: float
    """Currency per GiB-hour."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything that existed at some moment of ``[start, end)``."""

    start: int
    end: int
    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    volumes: tuple[Volume, ...] = ()
    services: tuple[Service, ...] = ()
    fees: Fees = FEES

    def __post_init__(self) -> None:
        """Refuse a span that ends before it starts."""
        if self.start >= self.end:
            raise InvalidInputError(f"A cluster from {self.start} to {self.end} has no time: its end must come later.")

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that hold pods, sorted."""
        return tuple(sorted({pod.namespace for pod in self.pods}))

    def containers(self) -> Iterator[tuple[Pod, Container]]:
        """Every container with its pod."""
        return ((pod, container) for pod in self.pods for container in pod.containers)

    def pods_of(self, service: Service) -> list[Pod]:
        """The pods behind ``service`` that ever ran."""
        return [
            pod
            for pod in self.pods
            if pod.namespace == service.namespace
            and [owner.name for owner in pod.owners[-1:]] == [service.workload]
            and any(container.runs for container in pod.containers)
        ]

    def pods_at(self, moment: int) -> list[Pod]:
        """The pods that exist at ``moment`` [unix s], finished and waiting ones too."""
        return [pod for pod in self.pods if exists_at(pod.created, pod.deleted, moment)]

    def running_at(self, moment: int) -> list[tuple[Pod, Container]]:
        """The containers that run at ``moment`` [unix s]."""
        return [
            (pod, container)
            for pod, container in self.containers()
            if any(exists_at(run.start, run.end, moment) for run in container.runs)
        ]


def exists_at(start: int, end: int | None, moment: int) -> bool:
    """Whether ``moment`` lies in ``[start, end)``."""
    return start <= moment and (end is None or moment < end)


def overlap(start: int, end: int | None, first: int, last: int) -> tuple[int, int]:
    """The part of ``[start, end)`` in ``[first, last)``; empty when its end is not after its start."""
    return max(start, first), last if end is None else min(end, last)
