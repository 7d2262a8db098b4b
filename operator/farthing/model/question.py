"""What can be asked of the facts: a question, valid from birth."""

from dataclasses import dataclass
from typing import Final

from farthing.errors import InvalidQuestionError
from farthing.model.window import Window

ALLOCATION_PROPERTIES: Final = ("cluster", "node", "namespace", "controllerKind", "controller", "pod", "container")
ASSET_PROPERTIES: Final = ("cluster", "provider", "category", "type", "name", "providerID", "region", "instanceType")
ORDERS: Final = ("totalCost", "cpuCost", "ramCost", "gpuCost", "efficiency", "name")


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows are formed, whatever the window: what a compiled query depends on."""

    kind: str
    """``allocation`` or ``asset``."""
    aggregate: tuple[str, ...] = ()
    """Properties; none is one row a container, or an asset."""
    idle: bool = True
    split_idle: bool = False
    """One idle row a cluster instead of one in all."""
    idle_by_node: bool = False
    """One idle row a node; needs ``split_idle``."""
    sort_by: str = "totalCost"
    ascending: bool = False
    namespace: str = ""
    """The only namespace whose rows count, empty for all; then nothing is told of nodes and assets."""

    def __post_init__(self) -> None:
        allowed = ALLOCATION_PROPERTIES if self.kind == "allocation" else ASSET_PROPERTIES
        for one in self.aggregate:
            if one not in allowed:
                raise InvalidQuestionError(f"aggregate {one!r} is not offered; allowed are {', '.join(allowed)}")
        if len(set(self.aggregate)) < len(self.aggregate):
            raise InvalidQuestionError(f"aggregate {','.join(self.aggregate)!r} names a property twice; name each once")
        if self.sort_by not in ORDERS or (self.kind == "asset" and self.sort_by == "efficiency"):
            orders = [one for one in ORDERS if self.kind == "allocation" or one != "efficiency"]
            raise InvalidQuestionError(f"sortBy {self.sort_by!r} is not offered; allowed are {', '.join(orders)}")
        if self.idle_by_node and not self.split_idle:
            raise InvalidQuestionError("idleByNode gives one idle row a node, so it needs splitIdle as well")
        if self.namespace and (self.kind == "asset" or self.idle or "node" in self.aggregate):
            raise InvalidQuestionError("a question about one namespace has no assets, nodes or idle rows")


@dataclass(frozen=True, slots=True)
class Question:
    """A shape over a window whose sets are ``sets``, in order; a set may have gaps only between the joined ones."""

    shape: Shape
    window: Window
    sets: tuple[tuple[Window, ...], ...]
    limit: int = 0
    """Rows a set at most, the idle rows aside; 0 is all."""

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise InvalidQuestionError(
                f"limit {self.limit} is negative; allowed are 0 for all rows, or a number of rows"
            )
