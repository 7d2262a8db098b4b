"""What part of its clusters' assets each row holds, or of each asset: OpenCost's proportional asset resource costs.

The costs that the parts are made from add up; who tells of them divides (``exports.allocation_parts``).
"""

import ibis
import ibis.expr.types as ir

from farthing.model.question import Shape
from farthing.model.tables import RESOURCES, extend, joined, zero
from farthing.model.telling import facts_table, keys, told_apart

HELD = (*RESOURCES, "pv", "lb")
"""What of assets rows hold: resources of nodes, volumes and load balancers."""

_COSTS = tuple(f"{name}_cost" for name in HELD)
_ASSET = ("cluster", "type", "asset")


def proportion_rows(shape: Shape) -> ir.Table:
    """What each row holds of each cluster's assets, or of each asset where idle is told by node, and what these cost.

    Columns: set, name, cluster, and by asset also its type, its name as asset and its provider_id; of each of ``HELD`` the row's
    cost, such as cpu_cost, and that of_all, such as cpu_of_all [currency, both after bills]. A row has what the filter keeps
    of it, before anything is shared; of_all is all that the assets cost, whoever holds them, and what of them is idle.
    """
    by = _ASSET if shape.idle_by_node else ("cluster",)
    held = _of_each_asset(shape) if shape.idle_by_node else _held(told_apart("allocation", shape), shape, by)
    held = held.group_by("set", *keys(shape), *by).agg(**{column: held[column].sum() for column in _COSTS})
    assets = facts_table("asset", shape).rename(asset="name")
    costs = assets.group_by("set", *by).agg(
        **{f"{name}_of_all": assets[f"{name}_cost"].sum() for name in HELD},
        # Of a node that was replaced under its name, the newest.
        **({"provider_id": assets.provider_id.argmax(assets.run_start)} if shape.idle_by_node else {}),
    )
    found = extend(held.mutate(name=joined(held, keys(shape))).drop(*keys(shape)), costs, "set", *by)
    known = {f"{name}_of_all": found[f"{name}_of_all"].fill_null(0.0) for name in HELD}
    return found.mutate(**known).order_by("set", "name", *by)


def _held(rows: ir.Table, shape: Shape, by: tuple[str, ...]) -> ir.Table:
    """Of rows told apart those that count, with the costs of ``HELD`` that they have, and 0 of the others."""
    rows = rows.filter(rows.is_kept & ~rows.is_shared)
    costs = {column: rows[column] * rows.part if column in rows.columns else zero() for column in _COSTS}
    return rows.select("set", *keys(shape), *by, **costs)


def _of_each_asset(shape: Shape) -> ir.Table:
    """What rows hold of each node, volume and load balancer, named as the facts of assets name them."""
    nodes, volumes, balancers = (told_apart(name, shape) for name in ("allocation", "volume", "balancer"))
    # What no container holds is on no node; what containers hold of the others is in facts of their own.
    nodes = nodes.filter(nodes.node != "").drop("pv_cost", "lb_cost")
    parts = (
        nodes.mutate(type=ibis.literal("Node"), asset=nodes.node),
        volumes.mutate(type=ibis.literal("Disk"), asset=volumes.volume_name, pv_cost=volumes.cost),
        balancers.mutate(
            type=ibis.literal("LoadBalancer"),
            asset=balancers.namespace.concat("/").concat(balancers.service),
            lb_cost=balancers.cost,
        ),
    )
    return ibis.union(*(_held(rows, shape, _ASSET) for rows in parts), distinct=False)
