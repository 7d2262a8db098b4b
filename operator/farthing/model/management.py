"""C8: the fee of the cluster's control plane."""

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.pricing import hourly_rates
from farthing.model.rates import PROVISIONERS
from farthing.model.sampled import samples
from farthing.model.tables import HOUR, extend

NAME = "Kubernetes"
"""The service that the fee is for, as OpenCost and Kubecost call it."""


def management_assets(cluster: str, pace: ir.Table, prices: Prices = NO_PRICES) -> ir.Table:
    """The management of the cluster in each interval, where there is a fee, as an asset, columns ``tables.ASSET``."""
    fee = samples("management_rate", "rate")
    # A cluster has one control plane: where two are told of, the name of the same one has changed.
    fee = fee.group_by("start").agg(rate=fee.rate.max(), provisioner=fee.provisioner_name.argmax(fee.rate))
    rows = extend(pace.select("start", "seconds"), fee, "start")
    told, source = hourly_rates(prices, rows.start, "management")
    base, hours = rows.rate.fill_null(0.0), rows.seconds / HOUR
    rows = rows.mutate(
        management_cost=hours * told.fill_null(base),
        rate_source=source.nullif("").fill_null("metrics"),
        base_source=ibis.ifelse(base > 0, "metrics", ""),
    )
    rows = rows.mutate(management_saving=hours * base - rows.management_cost)
    rows = rows.filter((rows.management_cost > 0) | (rows.management_saving != 0)).mutate(
        name=ibis.literal(NAME),
        provider=rows.provisioner.fill_null("").upper().cases(*PROVISIONERS.items(), else_=""),
        run_start=rows.start.cast("float64"),
        run_end=rows.start + rows.seconds,
        run_seconds=rows.seconds,
    )
    return other_assets(rows, cluster, "ClusterManagement", "Management")
