"""The machines a made-up cluster rents, at prices near a large cloud's, and where a pod finds room on them."""

from collections import defaultdict
from dataclasses import dataclass

from farthing.demo.cluster import GIB, Node
from farthing.demo.identity import hexadecimal
from farthing.errors import InvalidInputError

REGION = "us-east-1"
SPOT_SHARE = 0.35
"""What a spot machine costs of the full rate."""


@dataclass(frozen=True, slots=True)
class _Kind:
    cores: int
    ram_gib: int
    cpu_rate: float
    ram_rate: float
    gpus: int = 0
    gpu_kind: str = ""
    gpu_rate: float = 0.0


_KINDS = {
    "m5.xlarge": _Kind(4, 16, 0.0336, 0.0036),
    "m5.2xlarge": _Kind(8, 32, 0.0336, 0.0036),
    "m5.4xlarge": _Kind(16, 64, 0.0336, 0.0036),
    "c5.4xlarge": _Kind(16, 32, 0.0353, 0.0036),
    "r5.xlarge": _Kind(4, 32, 0.0342, 0.0036),
    "g4dn.12xlarge": _Kind(48, 192, 0.0336, 0.0036, 4, "Tesla-T4", 0.402),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine to rent: its address ``10.x.y.z``, kind, zone letter and time."""

    address: str
    kind: str
    zone: str
    created: int
    removed: int | None = None
    spot: bool = False

    def rent(self, seed: int) -> Node:
        """The node it becomes. Raises InvalidInputError for a kind we do not rent."""
        kind = _KINDS.get(self.kind)
        if kind is None:
            raise InvalidInputError(f"Machine kind {self.kind!r} is not rented; use one of {', '.join(_KINDS)}.")
        share = SPOT_SHARE if self.spot else 1.0
        zone = REGION + self.zone
        return Node(
            name=f"ip-{self.address.replace('.', '-')}.ec2.internal",
            address=self.address,
            provider_id=f"aws:///{zone}/i-0{hexadecimal(16, seed, self.address, self.created)}",
            instance_type=self.kind,
            region=REGION,
            zone=zone,
            cores=kind.cores,
            ram_bytes=kind.ram_gib * GIB,
            gpus=kind.gpus,
            gpu_kind=kind.gpu_kind,
            spot=self.spot,
            created=self.created,
            removed=self.removed,
            cpu_rate=kind.cpu_rate * share,
            ram_rate=kind.ram_rate * share,
            gpu_rate=kind.gpu_rate * share,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """What a pod needs of a node over ``[start, end)``. [core, byte, gpu; unix s]"""

    start: int
    end: int | None
    cpu: float
    ram: int
    gpus: int = 0

    def meets(self, other: "Room") -> bool:
        """Whether both are on at some moment."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)


class Placement:
    """Puts each pod where most room is left over its whole life; GPU nodes take only pods that ask for GPUs."""

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.nodes = nodes
        self._rooms: defaultdict[Node, list[Room]] = defaultdict(list)

    def book(self, node: Node, room: Room) -> None:
        """Take ``room`` on ``node``, whether it fits or not (a DaemonSet's pod does not choose)."""
        self._rooms[node].append(room)

    def pick(self, room: Room, avoid: str = "") -> Node:
        """The emptiest node that is there at the start (a finite ``room``: until its end) and is not named ``avoid``.

        Raises InvalidInputError when no node has the room.
        """
        fullness = {
            node: self._fullness(node, room) for node in self.nodes if node.name != avoid and _suits(node, room)
        }
        if not fullness or min(fullness.values()) > 1:
            raise InvalidInputError(f"No node has room for {room}: rent more machines.")
        chosen = min(fullness, key=lambda node: fullness[node])
        self.book(chosen, room)
        return chosen

    def _fullness(self, node: Node, room: Room) -> float:
        """The fuller of cpu, ram and GPUs, were ``room`` taken too; 1 is full."""
        taken = [other for other in self._rooms[node] if other.meets(room)]
        cpu = room.cpu + sum(other.cpu for other in taken)
        ram = room.ram + sum(other.ram for other in taken)
        gpus = room.gpus + sum(other.gpus for other in taken)
        return max(cpu / node.cores, ram / node.ram_bytes, gpus / node.gpus if node.gpus else 0.0)


def _suits(node: Node, room: Room) -> bool:
    if (node.gpus > 0) != (room.gpus > 0) or node.created > room.start:
        return False
    needed_until = room.start + 1 if room.end is None else room.end
    return node.removed is None or node.removed - DRAIN_SECONDS > needed_until


DRAIN_SECONDS = 75
"""How long before a node goes its pods are moved; DaemonSets' pods stay to the end."""
