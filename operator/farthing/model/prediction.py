"""What workloads would cost a month: what they request, and use where they run already, at the average rates of a cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import ibis.expr.types as ir

from farthing.errors import NoDataError
from farthing.model.filters import Comparison, Either, Every, Filter
from farthing.model.question import COST_METRICS, Shape
from farthing.model.tables import HOUR, RESOURCES, zero
from farthing.model.telling import facts_table

Amounts = Mapping[str, float]
"""Of each of ``RESOURCES`` an amount. [cores, B, GPUs]"""

HOURS: Final = COST_METRICS["monthly"]
"""Of a month. [h]"""

DAEMON_SET: Final = "daemonset"


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload as its manifest tells it."""

    namespace: str
    kind: str
    """In lower case, as facts have the kinds of controllers."""
    name: str
    containers: tuple[tuple[str, Amounts], ...]
    """Of one pod, the name of each and what it requests."""
    pods: float | None = None
    """None: one on each node for a DaemonSet; else as many as run now, or 1."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What facts know it by."""
        return self.namespace, self.kind, self.name


@dataclass(frozen=True, slots=True)
class Running:
    """What a workload was seen to hold on average, all its pods together."""

    requested: Amounts
    allocated: Amounts
    used: Mapping[str, Amounts] = field(default_factory=dict)
    """By the name of the container, of one of them."""
    pods: float = 0.0


@dataclass(frozen=True, slots=True)
class ClusterRates:
    """What resources cost on average."""

    rates: Amounts
    """A core-hour, a byte-hour and a GPU-hour; of what no node had, none. [currency]"""
    nodes: float
    """On average."""


def among(workloads: Sequence[Workload]) -> Filter:
    """A filter that keeps what ``workloads`` run, and of other namespaces and kinds what has one of their names."""
    names = tuple(dict.fromkeys(one.name for one in workloads))
    namespaces = tuple(dict.fromkeys(one.namespace for one in workloads))
    named = Either((Comparison("controllerName", "equals", names), Comparison("pod", "equals", names)))
    return Every((Comparison("namespace", "equals", namespaces), named))


def node_costs(shape: Shape) -> ir.Table:
    """What all nodes cost, one row of all sets: run_seconds [s], and of each resource its cost [currency] and quantity [resource-s]."""
    facts = facts_table("asset", shape)
    nodes = facts.filter(facts.type == "Node")
    sums = ["run_seconds", *(f"{name}_{part}" for name in RESOURCES for part in ("cost", "quantity"))]
    return nodes.agg(**{column: nodes[column].sum().fill_null(zero()) for column in sums})


def cluster_rates(row: Mapping[str, Any], seconds: float) -> ClusterRates:
    """The rates of ``node_costs`` over ``seconds``."""
    held = {name: row[f"{name}_quantity"] for name in RESOURCES}
    rates = {name: row[f"{name}_cost"] / quantity * HOUR for name, quantity in held.items() if quantity > 0}
    return ClusterRates(rates, row["run_seconds"] / seconds if seconds > 0 else 0.0)


def held_before(running: Running | None, *, with_use: bool) -> Amounts:
    """What is held now: what is charged, the larger of request and use hour by hour (C3); or only what is requested."""
    if running is None:
        return dict.fromkeys(RESOURCES, 0.0)
    return running.allocated if with_use else running.requested


def held_after(workload: Workload, running: Running | None, nodes: float, *, with_use: bool) -> Amounts:
    """What ``workload`` would hold: of each container its request or, if that is more, what it used on average so far."""
    used = running.used if running is not None and with_use else {}
    pods = _pods(workload, running, nodes)
    return {
        resource: pods
        * sum(max(requests[resource], used.get(name, {}).get(resource, 0.0)) for name, requests in workload.containers)
        for resource in RESOURCES
    }


def monthly(held: Amounts, rates: ClusterRates) -> Mapping[str, tuple[float, float]]:
    """Of each of ``RESOURCES`` that is ``held`` all the time, the resource-hours of a month and what they cost. [currency]

    Raises NoDataError for what no node had.
    """
    for resource in RESOURCES:
        if held[resource] > 0 and resource not in rates.rates:
            raise NoDataError(
                f"no node that was seen in windowResourceCost had any {resource}, so that none can be priced: ask for a window "
                "in which one had"
            )
    hours = {resource: held[resource] * HOURS for resource in RESOURCES}
    return {resource: (hours[resource], hours[resource] * rates.rates.get(resource, 0.0)) for resource in RESOURCES}


def _pods(workload: Workload, running: Running | None, nodes: float) -> float:
    if workload.pods is not None:
        return workload.pods
    if workload.kind == DAEMON_SET:
        return nodes
    return running.pods if running is not None and running.pods > 0 else 1.0
