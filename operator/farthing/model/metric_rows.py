"""What ``/metrics`` tells of one hour of facts, under the names and with the labels of OpenCost's exporter.

What has a unit of a resource in its name is the rate that the hour was charged at, after discounts and before bills; what has
not is what the hour cost, or was allocated on the average of the whole hour: of a container that ran for half of it, half. So
allocation x rate is what ``/model/allocation`` says that the hour cost.

Names that begin with ``kube_`` are kube-state-metrics', which Farthing needs anyway, and are not told a second time: sums over
both would double.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import ibis
import ibis.expr.types as ir

from farthing.model.allocation import UNIT
from farthing.model.question import Shape
from farthing.model.rates import PROVISIONERS
from farthing.model.said import column_of, with_node_labels
from farthing.model.tables import GIB, HOUR, LOCAL, RESOURCES, TRAFFIC, UNMOUNTED, sum_of, zero
from farthing.model.telling import Expression, facts_table

ALLOCATIONS: Final = Shape("allocation", idle=False, reconcile=False)
ASSETS: Final = Shape("asset", ("label:kubernetes.io/arch",), idle=False, reconcile=False)
"""Asks for the label by which nodes tell their processors."""

BYTES_OF_GIB_HOUR: Final = GIB * HOUR

TOLD_BY: Final = ("exporter", "farthing")
"""A label that every metric named as OpenCost's carries, and its value: rates that we tell must never become rates that we read."""


def nodes(shape: Shape) -> ir.Table:
    """Each node: node, provider_id, instance_type, region, arch, spot [0 or 1], a rate of each resource and cost [currency].

    cpu_rate and ram_rate [currency per core- and GiB-hour] are null where nobody tells what the node holds; gpu_rate [per
    GPU-hour] is 0 without GPUs. A node that was replaced in the hour is one row, with the labels of the newer and the mean
    rates of both: dashboards join by the name.
    """
    assets = facts_table("asset", shape).rename(asset_name="name")
    rows = with_node_labels(assets.filter(assets.type == "Node"), shape)
    (arch,) = map(column_of, shape.lookups)
    rows = rows.mutate(arch=rows[arch].fill_null(""), spot=rows.spot.cast("float64"), cost=_hourly(rows, RESOURCES))
    grouped = rows.group_by(node=rows.asset_name).agg(
        **{
            column: rows[column].argmax(rows.run_end)
            for column in ("provider_id", "instance_type", "region", "arch", "spot")
        },
        **{f"{name}_rate": _rate(rows[f"{name}_cost"], rows[f"{name}_quantity"], UNIT[name]) for name in RESOURCES},
        cost=rows.cost.sum(),
    )
    return grouped.mutate(gpu_rate=grouped.gpu_rate.fill_null(0.0))


def containers(shape: Shape) -> ir.Table:
    """What each container held: namespace, pod, container, node, cpu [cores], ram [B], gpu [GPUs] and cost [currency]."""
    rows = facts_table("allocation", shape)
    rows = rows.filter(rows.container != UNMOUNTED)
    return rows.group_by("namespace", "pod", "container", "node").agg(
        **{name: (rows[f"{name}_allocated"] / rows.seconds).sum() for name in RESOURCES},
        cost=_hourly(rows, RESOURCES).sum(),
    )


def volumes(shape: Shape) -> ir.Table:
    """Each volume but the disks that nodes boot from: volume_name, provider_id, rate [currency per GiB-hour] and cost [currency]."""
    rows = facts_table("asset", shape)
    rows = rows.filter(rows.type == "Disk", rows.storage_class != LOCAL)
    return rows.group_by(volume_name=rows.name).agg(
        provider_id=rows.provider_id.argmax(rows.run_end),
        rate=_rate(rows.pv_cost, rows.pv_quantity, BYTES_OF_GIB_HOUR),
        cost=_hourly(rows, ("pv",)).sum(),
    )


def claims(shape: Shape) -> ir.Table:
    """What each pod held of a volume: namespace, pod, claim, volume_name, bytes [B] and cost [currency]."""
    rows = facts_table("volume", shape)
    rows = rows.filter(rows.container != UNMOUNTED)
    return rows.group_by("namespace", "pod", "claim", "volume_name").agg(
        bytes=(rows.byte_seconds / rows.seconds).sum(), cost=(rows.cost * HOUR / rows.seconds).sum()
    )


def balancers(shape: Shape) -> ir.Table:
    """Each load balancer: namespace, service, address and cost [currency]."""
    rows = facts_table("balancer", shape)
    return rows.group_by("namespace", "service", "address").agg(cost=(rows.cost * HOUR / rows.seconds).sum())


def management(shape: Shape) -> ir.Table:
    """The fee of the cluster: provisioner, as OpenCost calls it, and cost [currency]."""
    rows = facts_table("asset", shape)
    rows = rows.filter(rows.type == "ClusterManagement")
    names = ((provider, name) for name, provider in PROVISIONERS.items())
    return rows.group_by(provisioner=rows.provider.cases(*names, else_="")).agg(
        cost=_hourly(rows, ("management",)).sum()
    )


def traffic(shape: Shape) -> ir.Table:
    """One row with the rate of each kind of ``tables.TRAFFIC`` [currency per GiB], null where none was seen; its cost is 0."""
    rows = facts_table("allocation", shape)
    rates = {kind: _rate(rows[f"network_{kind}_cost"], rows[f"network_{kind}_bytes"], GIB) for kind in TRAFFIC}
    return rows.aggregate(**rates).mutate(cost=zero())


ROWS: Final[Mapping[str, tuple[Expression, Shape]]] = MappingProxyType(
    {
        "nodes": (nodes, ASSETS),
        "containers": (containers, ALLOCATIONS),
        "volumes": (volumes, ASSETS),
        "claims": (claims, ALLOCATIONS),
        "balancers": (balancers, ALLOCATIONS),
        "management": (management, ASSETS),
        "traffic": (traffic, ALLOCATIONS),
    }
)
"""All that is told, each with the shape whose facts it is made of."""


@dataclass(frozen=True, slots=True)
class Largest:
    """The ``most`` of ``rows`` that cost most, with ``found``: how many there are in all."""

    rows: Expression
    most: int

    def __call__(self, shape: Shape) -> ir.Table:
        """As a table; of equal costs the first by name."""
        rows = self.rows(shape)
        names = [rows[column] for column, kind in rows.schema().items() if kind.is_string()]
        place = ibis.row_number().over(order_by=[ibis.desc(rows.cost), *names])
        rows = rows.mutate(place=place, found=rows.count().over(ibis.window()))
        return rows.filter(rows.place < self.most).drop("place")


def _rate(cost: ir.FloatingColumn, quantity: ir.FloatingColumn, unit: float) -> ir.FloatingScalar:
    """What a unit of ``unit`` of ``quantity`` cost on the average of a group, null where there was none."""
    return ibis.ifelse(quantity.sum() > 0, cost.sum() / (quantity.sum() / unit), ibis.null("float64"))


def _hourly(rows: ir.Table, names: tuple[str, ...]) -> ir.FloatingColumn:
    """The costs ``names`` of each row, of an hour of its length. [currency]"""
    return sum_of(rows, tuple(f"{name}_cost" for name in names)) * HOUR / rows.seconds
