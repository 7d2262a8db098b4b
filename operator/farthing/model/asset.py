"""Assets: what each node costs, and where its cost went: allocated, idle, overallocated (C9, C12)."""

import ibis
import ibis.expr.types as ir

from farthing.model.allocation import UNIT
from farthing.model.breakdown import NAMED
from farthing.model.rates import discounted
from farthing.model.tables import ASSET, DISCOUNTED, RESOURCES, extend, zero

KEY = ("start", "node", "provider_id")
HOURLY = ("pv", "network", "lb", "management")
"""What only other assets than nodes cost."""
NOT_OF_NODES = (
    "pv_quantity", "pv_used", "pv_used_max", "local_cost",
    *(f"{name}_{part}" for name in HOURLY for part in ("cost", "saving")),
)  # fmt: skip
OF_KUBERNETES = "Kubernetes"
"""The service that all a cluster makes belongs to."""
SYSTEM = "kube-system"
"""The namespace of what the cluster needs itself."""
NOT_OF_OTHERS = tuple(column for column in ASSET if column.startswith(tuple(f"{name}_" for name in RESOURCES)))


def node_assets(cluster: str, nodes: ir.Table, allocation: ir.Table, shares: ir.Table) -> ir.Table:
    """Each of ``nodes`` in each interval as an asset, columns ``tables.ASSET``; costs in currency, quantities in resource-s.

    Of cpu used, system, user and other are those ``shares`` of the node's time (``breakdown.cpu_shares``). Of memory, and of
    cpu where there are none, system is what containers of kube-system used, and user what the others did: OpenCost tells
    memory so, and of cpu nothing without node-exporter.
    """
    of_system = allocation.namespace == SYSTEM
    charged = allocation.group_by(*KEY).agg(
        **{f"{name}_allocated_cost": allocation[f"{name}_cost"].sum() for name in RESOURCES},
        **{f"{name}_system": allocation[f"{name}_used"].sum(where=of_system) for name in ("cpu", "ram")},
        **{f"{name}_user": allocation[f"{name}_used"].sum(where=~of_system) for name in ("cpu", "ram")},
    )
    rows = extend(nodes, charged, *KEY)
    rows = rows.mutate(
        **{f"{name}_allocated_cost": rows[f"{name}_allocated_cost"].fill_null(0.0) for name in RESOURCES},
        **{f"{name}_{user}": rows[f"{name}_{user}"].fill_null(0.0) for name in ("cpu", "ram") for user in NAMED},
    )
    rows = extend(rows, shares, "start", "node")
    rows = rows.mutate(
        cpu_other=(rows.other_share * rows.cpu_quantity).fill_null(0.0),
        ram_other=zero(),
        **{f"cpu_{user}": (rows[f"{user}_share"] * rows.cpu_quantity).fill_null(rows[f"cpu_{user}"]) for user in NAMED},
        **{f"{name}_list": rows[f"{name}_quantity"] / UNIT[name] * rows[f"{name}_rate"] for name in RESOURCES},
        **{f"{name}_base": rows[f"{name}_quantity"] / UNIT[name] * rows[f"{name}_base_rate"] for name in RESOURCES},
    )
    rows = rows.mutate(
        **{f"{name}_cost": discounted(rows[f"{name}_list"], rows.discount, name) for name in RESOURCES},
    )
    rows = rows.mutate(
        **{f"{name}_saving": rows[f"{name}_base"] - rows[f"{name}_cost"] for name in RESOURCES},
        **{f"{name}_discount": rows[f"{name}_list"] - rows[f"{name}_cost"] for name in DISCOUNTED},
    )
    return rows.mutate(
        cluster=ibis.literal(cluster),
        type=ibis.literal("Node"),
        name=rows.node,
        category=ibis.literal("Compute"),
        **{f"{name}_idle_cost": idle(rows[f"{name}_cost"], rows[f"{name}_allocated_cost"]) for name in RESOURCES},
        **{
            f"{name}_overallocated_cost": idle(rows[f"{name}_allocated_cost"], rows[f"{name}_cost"])
            for name in RESOURCES
        },
        **dict.fromkeys(NOT_OF_NODES, zero()),
        **dict.fromkeys(("account", "project", "storage_class", "claim", "claim_namespace"), ibis.literal("")),
        service=ibis.literal(OF_KUBERNETES),
    ).select(*ASSET)


def other_assets(rows: ir.Table, cluster: str, kind: str, category: str) -> ir.Table:
    """``rows`` as assets of the type ``kind``, columns ``tables.ASSET``.

    They have start, seconds, name, run_start, run_end [unix s] and run_seconds [s], their own cost, and whatever
    else of an asset they know; the rest is empty or 0.
    """
    texts = [name for name, type_ in ASSET.items() if type_ == "string" and name not in rows.columns]
    numbers = [name for name in (*NOT_OF_NODES, *NOT_OF_OTHERS) if name not in rows.columns]
    rows = rows.mutate(
        **dict.fromkeys(texts, ibis.literal("")),
        **dict.fromkeys(numbers, zero()),
    )
    return rows.mutate(
        cluster=ibis.literal(cluster),
        type=ibis.literal(kind),
        category=ibis.literal(category),
        service=ibis.literal(OF_KUBERNETES),
        spot=ibis.literal(value=False),
    ).select(*ASSET)


def idle(asset_cost: ir.FloatingValue, allocated_cost: ir.FloatingValue) -> ir.FloatingValue:
    """The part of an asset's cost nobody holds, never negative; with its arguments swapped, what is overallocated."""
    return ibis.greatest(asset_cost - allocated_cost, 0.0)


def residuals(allocation: ir.Table, asset: ir.Table) -> ir.Table:
    """C12 in each interval: allocations + idle - overallocated, less the asset's cost, of the worst node and resource.

    Also of all volumes, and of all load balancers.

    Columns: start, residual (relative to the larger of what the asset costs and what is charged on it, or to 1 where that is more).
    """
    charged = allocation.group_by(*KEY).agg(
        **{f"{name}_charged": allocation[f"{name}_cost"].sum() for name in RESOURCES}
    )
    nodes = asset.filter(asset.type == "Node").rename(node="name")
    rows = extend(nodes, charged, *KEY)
    errors = [
        (
            rows[f"{name}_charged"].fill_null(0.0)
            + rows[f"{name}_idle_cost"]
            - rows[f"{name}_overallocated_cost"]
            - rows[f"{name}_cost"]
        ).abs()
        / ibis.greatest(rows[f"{name}_cost"], rows[f"{name}_charged"].fill_null(0.0), 1.0)
        for name in RESOURCES
    ]
    of_nodes = rows.group_by("start").agg(residual=ibis.greatest(*errors).max())
    both = ibis.union(of_nodes, _residuals_of_others(allocation, asset), distinct=False)
    return both.group_by("start").agg(residual=both.residual.max())


def _residuals_of_others(allocation: ir.Table, asset: ir.Table) -> ir.Table:
    """The same of all volumes and load balancers of an interval: what is charged for them, less what they cost."""
    kinds = ("pv_cost", "lb_cost")
    charged = allocation.select("start", *kinds, **{f"{kind}_asset": zero() for kind in kinds})
    assets = asset.select("start", **dict.fromkeys(kinds, zero()), **{f"{kind}_asset": asset[kind] for kind in kinds})
    rows = ibis.union(charged, assets.select(*charged.columns), distinct=False)
    sums = rows.group_by("start").agg(**{column: rows[column].sum() for column in rows.columns if column != "start"})
    errors = [
        (sums[kind] - sums[f"{kind}_asset"]).abs() / ibis.greatest(sums[kind], sums[f"{kind}_asset"], 1.0)
        for kind in kinds
    ]
    return sums.select("start", residual=ibis.greatest(*errors))
