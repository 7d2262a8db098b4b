"""What the containers of each workload asked for, used and were charged: by workload and container, all its pods together."""

from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir

from farthing.model.question import Shape
from farthing.model.tables import LARGEST, RESOURCES
from farthing.model.telling import told_apart

SIZED: Final = ("cpu", "ram")
"""Resources whose use has a level: a request may be fitted to it."""

WHOSE: Final = ("cluster", "namespace", "controller_kind", "controller", "container")
"""What tells one row from another. A pod without a controller is one of its own, of the kind ``POD``."""

POD: Final = "pod"
SUMS: Final = ("requested", "used", "allocated", "cost")

SURELY: Final = 1 - 1e-9
"""A sum of seconds that lacks so little of a share of another is that share."""


@dataclass(frozen=True, slots=True)
class Level:
    """Which level of use of a container counts."""

    quantile: float = 1.0
    """Its level in an interval was that or less for this share of the time it ran; 1 is the largest. [0 to 1]"""
    largest: bool = True
    """Whether its level in an interval is the largest use that was seen, or else the mean."""


@dataclass(frozen=True, slots=True)
class WorkloadUse:
    """The use of each container of each workload over all intervals of a question, as ``model.telling.Expression``.

    Columns: ``WHOSE``; first_start [unix s]; run_seconds; of each resource its sums requested, used, allocated [resource-s] and
    cost; and of cpu [cores] and ram [B] used_max, level, and latest, the request when it was last seen to run, the largest
    where several ran. A level goes by intervals of facts, each as long as the container ran in it: a pod's hour, or
    its day where the store keeps no hours of it.
    """

    cpu: Level = Level()
    ram: Level = Level()

    def __call__(self, shape: Shape) -> ir.Table:
        """The table for the rows that ``shape`` may see and its filter keeps."""
        facts = told_apart("allocation", shape)
        facts = facts.filter(facts.is_kept & ~facts.is_unmounted & (facts.run_seconds > 0))
        if shape.namespaces:
            facts = facts.filter(facts.namespace.isin(shape.namespaces))
        alone = facts.controller == ""
        sums = ["run_seconds", *(f"{name}_{part}" for name in RESOURCES for part in SUMS)]
        facts = facts.select(
            *("cluster", "namespace", "container", "run_start", "run_end", *sums, *LARGEST),
            controller_kind=ibis.ifelse(alone, POD, facts.controller_kind),
            controller=ibis.ifelse(alone, facts.pod, facts.controller),
        )
        asked = {"cpu": self.cpu, "ram": self.ram}
        facts = facts.mutate(
            newest=facts.run_end.max().over(ibis.window(group_by=WHOSE)),
            **{f"{name}_level": _level(facts, name, level) for name, level in asked.items()},
        )
        below = {f"{name}_below": _below(facts, name) for name, level in asked.items() if level.quantile < 1}
        facts = (
            facts.mutate(whole=facts.run_seconds.sum().over(ibis.window(group_by=WHOSE)), **below) if below else facts
        )
        return facts.group_by(*WHOSE).agg(
            first_start=facts.run_start.min(),
            **{column: facts[column].sum() for column in sums},
            **{column: facts[column].max() for column in LARGEST},
            **{f"{name}_level": _quantile(facts, name, level) for name, level in asked.items()},
            **{
                f"{name}_latest": (facts[f"{name}_requested"] / facts.run_seconds).max(
                    where=facts.run_end == facts.newest
                )
                for name in SIZED
            },
        )


def _level(facts: ir.Table, name: str, level: Level) -> ir.FloatingValue:
    """The level of use in each interval."""
    return facts[f"{name}_used_max"] if level.largest else facts[f"{name}_used"] / facts.run_seconds


def _below(facts: ir.Table, name: str) -> ir.FloatingValue:
    """For how long containers of the workload ran at each row's level or less. [s]"""
    so_far = ibis.window(group_by=WHOSE, order_by=facts[f"{name}_level"], preceding=None, following=0)
    return facts.run_seconds.sum().over(so_far)


def _quantile(facts: ir.Table, name: str, level: Level) -> ir.FloatingScalar:
    """The least level that was enough for the share of the time that is asked for."""
    levels = facts[f"{name}_level"]
    if level.quantile >= 1:
        return levels.max()
    return levels.min(where=facts[f"{name}_below"] >= level.quantile * SURELY * facts.whole)
