"""C6: what traffic costs, by where it goes.

Only what leaves the zone costs, and only the network-costs daemonset tells where bytes go; it and cAdvisor count by pod.
"""

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.growth import counters, with_growth, with_tail
from farthing.model.rates import TRAFFIC as DEFAULTS
from farthing.model.tables import GIB, POD_KEY, TRAFFIC, extend, samples, table
from farthing.model.usage import POD_UID

NAME = ("start", "namespace", "pod")
POD = ("start", *POD_KEY)
SENT, RECEIVED = "network_transfer_bytes", "network_receive_bytes"
PAID = tuple(f"network_{kind}_bytes" for kind in TRAFFIC)
NUMBERS = (SENT, RECEIVED, *(f"network_{kind}_{part}" for kind in TRAFFIC for part in ("bytes", "cost")))


def traffic(charged: ir.Table, pods: ir.Table, parts: Iterable[ir.Table]) -> ir.Table:
    """The traffic [B] of each container of ``charged`` in each interval and its cost, from ``parts`` that tell it by pod.

    Columns: start, namespace, pod, uid, container, and ``NUMBERS``. A pod's traffic is shared over its containers by how long each ran.
    """
    rows = pods
    for part in parts:
        rows = extend(rows, part, *POD)
    rows = extend(rows, _rates(), "start")
    rows = rows.mutate(**{name: rows[name].fill_null(0.0) for name in (SENT, RECEIVED, *PAID)})
    rows = rows.mutate(
        **{f"network_{kind}_cost": rows[f"network_{kind}_bytes"] / GIB * rows[f"{kind}_rate"] for kind in TRAFFIC}
    )
    rows = charged.select(*POD, "container", "run_seconds").join(rows.select(*POD, *NUMBERS, "container_seconds"), POD)
    share = rows.run_seconds / rows.container_seconds
    return rows.select(*POD, "container", **{name: rows[name] * share for name in NUMBERS})


def network_assets(cluster: str, allocation: ir.Table) -> ir.Table:
    """The network of the cluster in each interval, where it costs anything, as an asset, columns ``tables.ASSET``."""
    rows = allocation.group_by("start").agg(
        seconds=allocation.seconds.max(),
        **{f"{kind}_cost": allocation[f"network_{kind}_cost"].sum() for kind in TRAFFIC},
    )
    zone, region, internet = (rows[f"{kind}_cost"] for kind in TRAFFIC)
    rows = rows.mutate(network_cost=zone + region + internet)
    rows = rows.filter(rows.network_cost > 0)
    rows = rows.mutate(
        name=ibis.literal(cluster),
        run_start=rows.start.cast("float64"),
        run_end=rows.start + rows.seconds,
        run_seconds=rows.seconds,
    )
    return other_assets(rows, cluster, "Network", "Network")


def pods_charged(pace: ir.Table, charged: ir.Table) -> ir.Table:
    """The pods of ``charged``.

    Columns: ``POD``, node, run_start, run_end, interval_end and started [unix s], longest and container_seconds (of its
    longest and of all its containers) and usage_interval [s].
    """
    rows = charged.group_by(*POD).agg(
        node=charged.node.max(),
        run_start=charged.run_start.min(),
        run_end=charged.run_end.max(),
        longest=charged.run_seconds.max(),
        container_seconds=charged.run_seconds.sum(),
    )
    rows = rows.join(pace.select("start", "interval_end", "usage_interval"), "start")
    started = samples("pod_started", "started")
    return extend(rows, started.group_by(*POD_KEY).agg(started=started.started.max()), *POD_KEY)


def paid_counters(pace: ir.Table, pods: ir.Table) -> ir.Table:
    """The counters of where each of ``pods`` sent to, with their growth [B]."""
    return _with_pod_growth(_called(counters(pace, "egress").rename(pod="pod_name"), pods), pods)


def interface_counters(pace: ir.Table, pods: ir.Table, name: str) -> ir.Table:
    """The counters ``transmit`` or ``receive`` of the interfaces of ``pods``, with their growth [B]."""
    rows = counters(pace, name, scraped="transmit")
    told = rows.mutate(uid=rows.id.re_extract(POD_UID, 1).replace("_", "-"))
    known = pods.select(*POD_KEY).distinct()
    by_path = told.semi_join(known, POD_KEY)
    by_name = told.anti_join(known, POD_KEY).drop("uid")
    rows = ibis.union(by_path, _called(by_name, pods).select(*by_path.columns), distinct=False)
    # What cAdvisor shows of a pod in the host's network is the traffic of the host.
    return _with_pod_growth(rows.anti_join(samples("host_pods"), POD_KEY), pods)


def paid(rows: ir.Table, pods: ir.Table) -> ir.Table:
    """Bytes that each of ``pods`` sent out of its zone, by ``rows`` of ``paid_counters``: columns ``POD`` and ``PAID``."""
    leaves_zone = (rows.internet == "false") & (rows.same_zone == "false")
    where = {
        "zone": leaves_zone & (rows.same_region == "true"),
        "region": leaves_zone & (rows.same_region == "false"),
        "internet": rows.internet == "true",
    }
    return _summed(
        rows, pods, {f"network_{kind}_bytes": ibis.ifelse(where[kind], rows.growth, 0.0) for kind in TRAFFIC}
    )


def through_interfaces(rows: ir.Table, pods: ir.Table, column: str) -> ir.Table:
    """Bytes that went through the interfaces of each of ``pods``: columns ``POD`` and ``column``."""
    return _summed(rows, pods, {column: rows.growth})


def _called(rows: ir.Table, pods: ir.Table) -> ir.Table:
    """``rows``, which tell a pod by its name, with the uid of the one of that name that ran longest in the interval."""
    return rows.join(pods.group_by(*NAME).agg(uid=pods.uid.argmax(pods.longest)), NAME)


def _with_pod_growth(rows: ir.Table, pods: ir.Table) -> ir.Table:
    """``rows`` of counters of ``pods`` with their growth [B]."""
    rows = rows.join(pods.select(*POD, "node", "started"), POD)
    # A pod that was looked at in the interval before had not used what it has a new counter of.
    looked = rows.before.notnull().any().over(ibis.window(group_by=POD))
    rows = rows.mutate(started=ibis.ifelse(looked, ibis.null("float64"), rows.started))
    return with_growth(rows, ibis.literal(value=True))


def _summed(rows: ir.Table, pods: ir.Table, amounts: dict[str, ir.FloatingValue]) -> ir.Table:
    """The ``amounts`` of ``rows`` summed up by pod, with what no scrape saw of its end: columns ``POD`` and the amounts'."""
    found = rows.group_by(*POD).agg(
        scraped_at=rows.scraped_at.max(),
        carried_seconds=rows.carried_seconds.max(),
        **{name: amount.sum() for name, amount in amounts.items()},
    )
    found = found.join(pods, POD)
    return with_tail(found, found.run_end - found.run_start, *amounts).select(*POD, *amounts)


def _rates() -> ir.Table:
    """The rate of each kind of traffic in each interval [currency per GiB]: columns start, zone_rate and so on."""
    rows = table("hours").select("start")
    for kind in TRAFFIC:
        rows = extend(rows, samples(f"network_{kind}_rate", f"{kind}_rate"), "start")
    return rows.mutate(**{f"{kind}_rate": rows[f"{kind}_rate"].fill_null(DEFAULTS[kind]) for kind in TRAFFIC})
