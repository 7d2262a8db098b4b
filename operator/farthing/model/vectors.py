"""Containers hour by hour, with the nodes and volumes they are charged on and what is said of them.

It is what Kubecost's ``costDataModel`` tells: what costs are made from, before they are.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.detail import said_rows
from farthing.model.question import Shape
from farthing.model.report import NETWORK_COSTS
from farthing.model.tables import RESOURCES, sum_of
from farthing.model.telling import FINEST, facts_table, told_apart

AVERAGES = tuple(f"{resource}_{part}" for resource in RESOURCES for part in ("allocated", "requested", "used"))
_OF_THE_NEWEST_POD = ("provider_id", "controller_kind", "controller")
_OF_NODES = tuple(f"{resource}_{part}" for resource in RESOURCES for part in ("quantity", "cost"))


def container_hours(shape: Shape) -> ir.Table:
    """Each container that ``shape`` keeps in each interval, in order.

    Columns: ``telling.FINEST``, start [unix s], ``AVERAGES`` over the interval [cores, B, GPUs], network_cost [currency],
    controller_kind, controller, and the provider_id of its node.
    """
    rows = _containers("allocation", shape)
    found = rows.group_by(*FINEST, "start").agg(
        **{column: rows[column].argmax(rows.run_start) for column in _OF_THE_NEWEST_POD},
        **{column: (rows[column] / rows.seconds).sum() for column in AVERAGES},
        network_cost=sum_of(rows, NETWORK_COSTS).sum(),
    )
    return found.order_by(*FINEST, "start")


def volume_hours(shape: Shape) -> ir.Table:
    """What each of those containers holds of each volume in each interval, in order.

    Columns: ``telling.FINEST``, volume_name, claim, storage_class, start [unix s], held [B] over the interval, byte_seconds
    and cost [currency].
    """
    rows = _containers("volume", shape)
    by = (*FINEST, "volume_name", "claim", "storage_class", "start")
    found = rows.group_by(*by).agg(
        held=(rows.byte_seconds / rows.seconds).sum(), byte_seconds=rows.byte_seconds.sum(), cost=rows.cost.sum()
    )
    return found.order_by(*by)


def node_sums(shape: Shape) -> ir.Table:
    """What each node had and cost in all intervals together: who is limited to namespaces is told nothing of it.

    Columns: cluster, node, provider_id, instance_type, region, spot, run_seconds, and of each resource its quantity
    [core-s, B-s, GPU-s] and cost [currency].
    """
    assets = facts_table("asset", shape)
    nodes = assets.filter(assets.type == "Node").rename(node="name")
    if shape.namespaces:
        nodes = nodes.filter(ibis.literal(value=False))
    return nodes.group_by("cluster", "node", "provider_id").agg(
        **{column: nodes[column].max() for column in ("instance_type", "region", "spot")},
        **{column: nodes[column].sum() for column in ("run_seconds", *_OF_NODES)},
    )


def said_of_containers(shape: Shape) -> ir.Table:
    """What is said of the pods of ``container_hours`` and of their namespaces; columns of ``detail.said_rows``."""
    said, containers = said_rows(shape), _containers("allocation", shape)
    of_pods = said.semi_join(containers, ["cluster", "namespace", "pod"])
    of_namespaces = said.filter(said.pod == "").semi_join(containers, ["cluster", "namespace"])
    return ibis.union(of_pods, of_namespaces, distinct=False)


def _containers(table: str, shape: Shape) -> ir.Table:
    """The facts ``table`` of containers that ``shape`` keeps; of a tenant its own."""
    rows = told_apart(table, shape)
    rows = rows.filter(rows.is_kept & ~rows.is_unmounted)
    return rows.filter(rows.namespace.isin(shape.namespaces)) if shape.namespaces else rows
