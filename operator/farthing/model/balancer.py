"""C7: what load balancers cost, and whose containers are behind them."""

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.pricing import hourly_rates
from farthing.model.rates import BALANCER as DEFAULT
from farthing.model.runtime import exact_or_counted
from farthing.model.sampled import POD_KEY, samples
from farthing.model.tables import BALANCER, HOUR, IDENTITY, UNMOUNTED, extend, table

SERVICE = ("namespace", "service")
KEY = ("start", *SERVICE)
SEEN = (
    "start", "seconds", *SERVICE, "address", "rate_source", "base_source", "run_start", "run_end", "run_seconds", "lb_cost", "lb_saving",
)  # fmt: skip


def balancers_seen(pace: ir.Table, prices: Prices = NO_PRICES) -> ir.Table:
    """Each load balancer in each interval: columns ``SEEN``; two services of one name, one after the other, are one."""
    told, priced = _told(pace), _priced()
    runs = ibis.union(told, priced.anti_join(told, KEY).select(*told.columns), distinct=False)
    runs = runs.group_by(*KEY).agg(
        run_seconds=runs.run_seconds.sum(), run_start=runs.run_start.min(), run_end=runs.run_end.max()
    )
    rows = extend(runs, priced.select(*KEY, "rate", "address"), *KEY)
    rows = rows.join(table("hours").select("start", "seconds"), "start")
    rows = rows.filter(rows.run_seconds > 0).mutate(
        run_seconds=ibis.least(rows.run_seconds, rows.seconds),
        address=rows.address.fill_null(""),
        base_source=ibis.ifelse(rows.rate.isnull(), "default", "metrics"),
        base=rows.rate.fill_null(DEFAULT),
    )
    rate, source = hourly_rates(prices, rows.start, "balancer")
    hours = rows.run_seconds / HOUR
    cost = hours * rate.fill_null(rows.base)
    return rows.mutate(
        rate_source=ibis.ifelse(rate.isnull(), rows.base_source, source),
        lb_cost=cost,
        lb_saving=hours * rows.base - cost,
    ).select(*SEEN)


def balancers(cluster: str, charged: ir.Table, seen: ir.Table, behind: ir.Table) -> ir.Table:
    """What each container of ``charged`` is charged for each load balancer of ``seen``, columns ``tables.BALANCER``; ``behind`` is ``services.behind_each``.

    The cost is shared by how long each container behind it ran; where none did, it is ``UNMOUNTED``'s.
    """
    rows = charged.join(behind, ("start", *POD_KEY))
    rows = rows.join(seen.select(*KEY, "address", "lb_cost", "lb_saving"), KEY)
    share = rows.run_seconds / rows.run_seconds.sum().over(ibis.window(group_by=KEY))
    held = rows.mutate(cost=rows.lb_cost * share, saving=rows.lb_saving * share)
    alone = seen.anti_join(held, KEY).rename(cost="lb_cost", saving="lb_saving")
    unknown = [name for name in IDENTITY["balancer"] if name not in alone.columns]
    alone = alone.mutate(**dict.fromkeys(unknown, ibis.literal("")))
    alone = alone.mutate(cluster=ibis.literal(cluster), pod=ibis.literal(UNMOUNTED), container=ibis.literal(UNMOUNTED))
    return ibis.union(held.select(*BALANCER), alone.select(*BALANCER), distinct=False)


def balancer_assets(cluster: str, seen: ir.Table) -> ir.Table:
    """Each of ``seen`` as an asset, columns ``tables.ASSET``: its name is ``namespace/service``, its provider id its address."""
    named = seen.mutate(name=seen.namespace.concat("/").concat(seen.service), provider_id=seen.address)
    return other_assets(named, cluster, "LoadBalancer", "Network")


def _told(pace: ir.Table) -> ir.Table:
    """The services of that type and when each was there (C1): from its creation where known, counted by scrapes else."""
    rows = samples("balancer_scrapes", "seen").join(pace, "start")
    rows = extend(rows, samples("balancer_created", "created"), *KEY, "uid")
    began = ibis.greatest(rows.created.fill_null(0.0), rows.start.cast("float64"))
    counted = ibis.least(rows.state_interval * rows.seen, rows.seconds)
    exact = ibis.greatest(rows.interval_end - began, 0.0)
    rows = rows.mutate(began=began, run_seconds=exact_or_counted(counted, exact, rows.state_interval))
    rows = rows.mutate(run_start=ibis.least(rows.began, rows.interval_end - rows.run_seconds))
    return rows.select(*KEY, "run_seconds", "run_start", run_end=rows.run_start + rows.run_seconds)


def _priced() -> ir.Table:
    """The services whose rate OpenCost's exporter tells, the rate [currency per hour], and how long it showed them."""
    scrapes, exporter = samples("balancer_rate_scrapes", "seen"), samples("exporter_scrapes", "scrapes")
    rows = samples("balancer_rate", "rate")
    rows = extend(rows, scrapes, "start", "namespace", "service_name", "ingress_ip").rename(service="service_name")
    # What any one address was shown is what the exporter was scraped: several at once add up to more.
    most = rows.group_by("start").agg(most=rows.seen.max())
    # The address may change: its parts follow each other.
    rows = rows.group_by(*KEY).agg(
        rate=(rows.rate * rows.seen).sum() / rows.seen.sum(),
        address=rows.ingress_ip.argmax(rows.seen),
        seen=rows.seen.sum(),
    )
    rows = extend(rows, exporter.group_by("start").agg(scrapes=exporter.scrapes.max()), "start")
    rows = rows.join(most, "start").join(table("hours").select("start", "seconds"), "start")
    of = ibis.greatest(rows.scrapes.fill_null(0.0), rows.most)
    rows = rows.mutate(run_seconds=rows.seconds * ibis.least(rows.seen / of, 1.0))
    return rows.mutate(run_start=rows.start.cast("float64"), run_end=rows.start + rows.run_seconds)
