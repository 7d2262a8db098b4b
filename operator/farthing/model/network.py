"""C6: what traffic costs, by where it goes."""

import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.tables import TRAFFIC, nothing

COLUMNS = {
    "start": "int64",
    "namespace": "string",
    "pod": "string",
    "uid": "string",
    "container": "string",
    "network_transfer_bytes": "float64",
    "network_receive_bytes": "float64",
    **{f"network_{kind}_{part}": "float64" for kind in TRAFFIC for part in ("bytes", "cost")},
}


def traffic(pace: ir.Table, charged: ir.Table) -> ir.Table:
    """The traffic of each container of ``charged`` in each interval and its cost: columns ``COLUMNS``."""
    del pace, charged
    return nothing(COLUMNS)


def network_assets(cluster: str, allocation: ir.Table) -> ir.Table:
    """The network of the cluster in each interval as an asset, columns ``tables.ASSET``."""
    del allocation
    return other_assets(
        nothing(
            {
                "start": "int64",
                "seconds": "float64",
                "name": "string",
                "run_start": "float64",
                "run_end": "float64",
                "run_seconds": "float64",
            }
        ),
        cluster,
        "Network",
        "Network",
    )
