"""C8: the fee of the cluster's control plane."""

import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.tables import nothing


def management_assets(cluster: str, pace: ir.Table) -> ir.Table:
    """The management of the cluster in each interval as an asset, columns ``tables.ASSET``."""
    del pace
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
        "ClusterManagement",
        "Management",
    )
