"""C7: what load balancers cost, and whose containers are behind them."""

import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.tables import BALANCER, nothing

SEEN = {
    "start": "int64",
    "seconds": "float64",
    "namespace": "string",
    "service": "string",
    "address": "string",
    "rate_source": "string",
    "run_start": "float64",
    "run_end": "float64",
    "run_seconds": "float64",
    "lb_cost": "float64",
}


def balancers_seen(pace: ir.Table) -> ir.Table:
    """Each load balancer in each interval: columns ``SEEN``."""
    del pace
    return nothing(SEEN)


def balancers(cluster: str, charged: ir.Table, seen: ir.Table) -> ir.Table:
    """What each container of ``charged`` is charged for each load balancer of ``seen``, columns ``tables.BALANCER``."""
    del cluster, charged, seen
    return nothing(BALANCER)


def balancer_assets(cluster: str, seen: ir.Table) -> ir.Table:
    """Each of ``seen`` as an asset, columns ``tables.ASSET``; its name is ``namespace/service``."""
    named = seen.mutate(name=seen.namespace.concat("/").concat(seen.service))
    return other_assets(named, cluster, "LoadBalancer", "Network")
