"""Controllers: the pods that a Deployment, StatefulSet, DaemonSet, Job or CronJob makes over the life of a cluster."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from farthing.demo.cluster import Node, Owner, Pod
from farthing.demo.identity import between, hexadecimal, suffix
from farthing.demo.machines import DRAIN_SECONDS, Placement
from farthing.demo.templates import Life, PodTemplate, pod

MOVE_SECONDS = 9
"""From a pod's end to the creation of the one that takes its place."""
ROLLOUT_SECONDS = 40
"""From one replica's turn in a rollout to the next one's."""
SURGE_SECONDS = 17
"""How long an old replica lives on beside its new one."""


@dataclass(frozen=True, slots=True)
class Stay:
    """When a replica is there, and the moments at which it must leave its node for another. [unix s]"""

    start: int
    end: int | None = None
    moves: tuple[int, ...] = ()


class Planner:
    """Makes pods and finds their nodes; times are unix seconds, and nothing starts after ``end``."""

    def __init__(self, placement: Placement, end: int) -> None:
        self._placement = placement
        self._end = end

    def deployment(
        self,
        template: PodTemplate,
        replicas: int,
        created: int,
        *,
        rollout: int | None = None,
        above: tuple[Owner, ...] = (),
    ) -> Iterator[Pod]:
        """Replicas owned by a ReplicaSet of a Deployment (or of ``above``); ``rollout`` replaces the ReplicaSet."""
        above = above or (Owner("Deployment", template.name),)
        for index in range(replicas):
            begin = created + between(0, 30, template.name, index)
            switch = None if rollout is None else rollout + ROLLOUT_SECONDS * index
            old = Stay(begin, None if switch is None else switch + SURGE_SECONDS)
            yield from self._replica(template, _replica_set(template, above, 1), index, old)
            if switch is not None:
                yield from self._replica(template, _replica_set(template, above, 2), index, Stay(switch))

    def stateful_set(
        self,
        template: PodTemplate,
        replicas: int,
        created: int,
        moves: tuple[tuple[int, int], ...] = (),
        above: tuple[Owner, ...] = (),
    ) -> Iterator[Pod]:
        """Pods of a StatefulSet, owned by ``above``, that keep their names.

        Each of ``moves`` is (index, moment) of a pod that changes its node.
        """
        owners = (Owner("StatefulSet", template.name), *above)
        for index in range(replicas):
            own_moves = tuple(moment for moved, moment in moves if moved == index)
            stay = Stay(created + between(0, 30, template.name, index), None, own_moves)
            yield from self._ordinal(template, owners, f"{template.name}-{index}", stay)

    def daemon_set(self, template: PodTemplate) -> Iterator[Pod]:
        """One pod on every node, as long as the node is there."""
        for node in self._placement.nodes:
            created = node.created + between(8, 20, template.name, node.name)
            self._placement.book(node, template.room(created, node.removed))
            name = f"{template.name}-{suffix(5, template.name, node.provider_id)}"
            yield pod(
                template, name, node, (Owner("DaemonSet", template.name),), Life(created=created, deleted=node.removed)
            )

    def bare(self, template: PodTemplate, life: Life, *, placed: bool = True) -> Pod:
        """A pod that nobody owns; not ``placed``, it waits for a node for ever."""
        room = template.room(life.created, life.deleted)
        return pod(template, template.name, self._placement.pick(room) if placed else None, (), life)

    def job(self, template: PodTemplate, name: str, created: int, keep: int, owner: Owner | None = None) -> Pod:
        """One Job's pod: it runs its containers' ``seconds``, then stays, finished, for ``keep`` seconds."""
        seconds = max(container.seconds or 0 for container in template.containers)
        node = self._placement.pick(template.room(created, created + seconds + ROLLOUT_SECONDS))
        owners = (Owner("Job", name),) if owner is None else (Owner("Job", name), owner)
        life = Life(created=created, deleted=created + seconds + keep, finishes=True)
        return pod(template, f"{name}-{suffix(5, template.namespace, name)}", node, owners, life)

    def cron_job(self, template: PodTemplate, every: int, since: int, keep: int) -> Iterator[Pod]:
        """A Job at each multiple of ``every`` seconds from ``since`` on, each created a little late."""
        for due in range(-(-since // every) * every, self._end, every):
            name = f"{template.name}-{due // 60}"
            yield self.job(template, name, due + between(1, 9, name), keep, Owner("CronJob", template.name))

    def _replica(self, template: PodTemplate, owners: tuple[Owner, ...], index: int, stay: Stay) -> Iterator[Pod]:
        name = owners[0].name
        yield from self._lives(template, owners, stay, lambda start: f"{name}-{suffix(5, name, index, start)}")

    def _ordinal(self, template: PodTemplate, owners: tuple[Owner, ...], name: str, stay: Stay) -> Iterator[Pod]:
        yield from self._lives(template, owners, stay, lambda _: name)

    def _lives(
        self, template: PodTemplate, owners: tuple[Owner, ...], stay: Stay, name: Callable[[int], str]
    ) -> Iterator[Pod]:
        """The pods that one replica is in turn: a new one whenever it must leave its node."""
        start, avoid = stay.start, ""
        while start < self._end and (stay.end is None or start < stay.end):
            due = _first_after(start, (*stay.moves, stay.end))
            node = self._placement.pick(template.room(start, due), avoid)
            leaves = _first_after(start, (due, _drained(node, name(start))))
            yield pod(template, name(start), node, owners, Life(created=start, deleted=leaves))
            if leaves is None:
                return
            start, avoid = leaves + MOVE_SECONDS, node.name


def _replica_set(template: PodTemplate, above: tuple[Owner, ...], revision: int) -> tuple[Owner, ...]:
    name = f"{template.name}-{hexadecimal(10, template.namespace, template.name, revision)}"
    return Owner("ReplicaSet", name), *above


def _drained(node: Node, name: str) -> int | None:
    return None if node.removed is None else node.removed - DRAIN_SECONDS + between(0, DRAIN_SECONDS // 2, name)


def _first_after(start: int, moments: tuple[int | None, ...]) -> int | None:
    return min((moment for moment in moments if moment is not None and moment > start), default=None)
