"""Pod templates and the pods they become: when each container runs, and what it uses then."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from farthing.demo.cluster import Container, Node, Owner, Pod, Run, Traffic
from farthing.demo.identity import between, chance, hexadecimal, uid
from farthing.demo.machines import Room
from farthing.demo.shapes import Wave
from farthing.errors import InvalidInputError

STARTUP_SECONDS = (2, 6)
"""Least and most between a pod's creation and its first container's start."""
RESTART_SECONDS = 2
CRASH_RUN_SECONDS = (190, 460)
CRASH_BACKOFF_SECONDS = (20, 40, 80, 160, 300)
"""kubelet doubles the wait between two runs of a crashing container, up to five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerTemplate:
    """A container before it has a pod. [core, byte, gpu; busy share of a GPU]

    ``seconds`` is how long it runs (``None``: as long as its pod); ``restarts_at`` [unix s] restarts it once;
    ``crashes`` restarts it for ever.
    """

    name: str
    image: str
    cpu: Wave
    ram: Wave
    cpu_request: float | None = None
    ram_request: int | None = None
    gpu_request: int = 0
    gpu_busy: Wave | None = None
    init: bool = False
    seconds: int | None = None
    restarts_at: int | None = None
    crashes: bool = False


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What all pods of one workload have in common."""

    namespace: str
    name: str
    containers: tuple[ContainerTemplate, ...]
    claims: tuple[str, ...] = ()
    """The claims that all of them mount."""
    claim_templates: tuple[str, ...] = ()
    """Claims of which each pod name has its own, as a StatefulSet's pods do."""

    def claims_of(self, name: str) -> tuple[str, ...]:
        """The claims that the pod ``name`` mounts."""
        return (*self.claims, *(f"{claim}-{name}" for claim in self.claim_templates))

    traffic: Traffic | None = None
    host_network: bool = False

    def room(self, start: int, end: int | None) -> Room:
        """What one of its pods needs of a node over ``[start, end)``."""
        return Room(
            start,
            end,
            sum(container.cpu_request or 0.0 for container in self.containers if not container.init),
            sum(container.ram_request or 0 for container in self.containers if not container.init),
            sum(container.gpu_request for container in self.containers),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """When a pod exists; ``runs`` is false for one that never starts, ``finished`` true for one that ends by itself."""

    created: int
    deleted: int | None = None
    runs: bool = True
    finishes: bool = False


def pod(template: PodTemplate, name: str, node: Node | None, owners: tuple[Owner, ...], life: Life) -> Pod:
    """The pod ``name`` of ``template`` on ``node``; its uid and addresses follow from its name and creation."""
    identity = uid(template.namespace, name, life.created)
    start = life.created + between(*STARTUP_SECONDS, identity)
    containers = []
    for container in sorted(template.containers, key=lambda each: not each.init):
        runs = tuple(_runs(container, start, life.deleted, f"{identity}/{container.name}")) if life.runs else ()
        containers.append(_container(container, runs, identity))
        if container.init and container.seconds is not None:
            start += container.seconds + 1
    ends = [run.end for container in containers for run in container.runs]
    return Pod(
        namespace=template.namespace,
        name=name,
        uid=identity,
        address=f"10.1.{between(0, 255, identity, 'net')}.{between(1, 254, identity, 'host')}",
        node=node,
        owners=owners,
        created=life.created,
        deleted=life.deleted,
        finished=max((end for end in ends if end is not None), default=None) if life.finishes else None,
        containers=tuple(containers),
        claims=template.claims_of(name),
        traffic=None if template.traffic is None else _traffic(template.traffic, identity),
        host_network=template.host_network,
    )


def _traffic(template: Traffic, pod_uid: str) -> Traffic:
    share = 0.85 + 0.3 * chance(pod_uid, "traffic")
    sent, received = (replace(wave, base=wave.base * share) for wave in (template.sent, template.received))
    return replace(template, sent=sent, received=received)


def _container(template: ContainerTemplate, runs: tuple[Run, ...], pod_uid: str) -> Container:
    share = 0.85 + 0.3 * chance(pod_uid, template.name)
    return Container(
        name=template.name,
        image=template.image,
        init=template.init,
        runs=runs,
        cpu_request=template.cpu_request,
        ram_request=template.ram_request,
        gpu_request=template.gpu_request,
        cpu=replace(template.cpu, base=template.cpu.base * share),
        ram=replace(template.ram, base=float(int(template.ram.base * share))),
        gpu_busy=template.gpu_busy,
    )


def _runs(template: ContainerTemplate, start: int, end: int | None, key: str) -> Iterator[Run]:
    if template.seconds is not None:
        end = start + template.seconds
    for run_start, run_end in _spans(template, start, end, key):
        yield Run(run_start, run_end, hexadecimal(64, key, run_start))


def _spans(template: ContainerTemplate, start: int, end: int | None, key: str) -> Iterator[tuple[int, int | None]]:
    restart = template.restarts_at
    if template.crashes:
        yield from _crashes(start, end, key)
    elif restart is not None and start < restart and (end is None or restart + RESTART_SECONDS < end):
        yield start, restart
        yield restart + RESTART_SECONDS, end
    elif end is None or start < end:
        yield start, end


def _crashes(start: int, end: int | None, key: str) -> Iterator[tuple[int, int | None]]:
    if end is None:
        raise InvalidInputError(f"Container {key!r} crashes for ever but its pod has no end: give the pod one.")
    count = 0
    while start < end:
        stop = min(end, start + between(*CRASH_RUN_SECONDS, key, count))
        yield start, stop
        start = stop + CRASH_BACKOFF_SECONDS[min(count, len(CRASH_BACKOFF_SECONDS) - 1)]
        count += 1
