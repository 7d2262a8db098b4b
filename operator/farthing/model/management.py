"""C8: the fee of the cluster's control plane."""

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.rates import PROVISIONERS
from farthing.model.sampled import samples
from farthing.model.tables import HOUR

NAME = "Kubernetes"
"""The service that the fee is for, as OpenCost and Kubecost call it."""


def management_assets(cluster: str, pace: ir.Table) -> ir.Table:
    """The management of the cluster in each interval, where there is a fee, as an asset, columns ``tables.ASSET``."""
    fee = samples("management_rate", "rate")
    # A cluster has one control plane: where two are told of, the name of the same one has changed.
    fee = fee.group_by("start").agg(rate=fee.rate.max(), provisioner=fee.provisioner_name.argmax(fee.rate))
    rows = fee.filter(fee.rate > 0).join(pace.select("start", "seconds"), "start")
    rows = rows.mutate(
        name=ibis.literal(NAME),
        provider=rows.provisioner.upper().cases(*PROVISIONERS.items(), else_=""),
        rate_source=ibis.literal("metrics"),
        run_start=rows.start.cast("float64"),
        run_end=rows.start + rows.seconds,
        run_seconds=rows.seconds,
        management_cost=rows.seconds / HOUR * rows.rate,
    )
    return other_assets(rows, cluster, "ClusterManagement", "Management")
