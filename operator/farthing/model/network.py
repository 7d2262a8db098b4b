"""C6: what traffic costs, by where it goes.

Only what leaves the zone costs, and only the network-costs daemonset tells where bytes go; it and cAdvisor count by pod.
"""

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.growth import seen_before, with_growth, with_tail
from farthing.model.network_samples import DAEMON_KEY, SCRAPER_KEY
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.pricing import traffic_rate
from farthing.model.rates import TRAFFIC as DEFAULTS
from farthing.model.sampled import POD_KEY, identities, samples
from farthing.model.tables import GIB, TRAFFIC, extend, table
from farthing.model.usage import POD_UID

NAME = ("start", "namespace", "pod")
POD = ("start", *POD_KEY)
SENT, RECEIVED = "network_transfer_bytes", "network_receive_bytes"
PAID = tuple(f"network_{kind}_bytes" for kind in TRAFFIC)
RATES = tuple(f"{kind}{of}_rate" for kind in TRAFFIC for of in ("", "_base"))
NUMBERS = (SENT, RECEIVED, *(f"network_{kind}_{part}" for kind in TRAFFIC for part in ("bytes", "cost", "saving")))


def traffic(charged: ir.Table, pods: ir.Table, parts: Iterable[ir.Table], prices: Prices = NO_PRICES) -> ir.Table:
    """The traffic [B] of each container of ``charged`` in each interval and its cost, from ``parts`` that tell it by pod.

    Columns: start, namespace, pod, uid, container, and ``NUMBERS``. A pod's traffic is shared over its containers by how long each ran.
    """
    rows = pods
    for part in parts:
        rows = extend(rows, part, "pod_no")
    rows = extend(rows, _rates(prices), "start")
    counted = (SENT, RECEIVED, *PAID)
    rows = rows.mutate(**{name: rows[name].fill_null(0.0) for name in counted})
    rows = rows.select(*POD, *counted, *RATES, "container_seconds")
    rows = charged.select(*POD, "container", "run_seconds").join(rows, POD)
    share = rows.run_seconds / rows.container_seconds
    rows = rows.mutate(**{name: rows[name] * share for name in counted})
    costs = {kind: rows[f"network_{kind}_bytes"] / GIB * rows[f"{kind}_rate"] for kind in TRAFFIC}
    base = {kind: rows[f"network_{kind}_bytes"] / GIB * rows[f"{kind}_base_rate"] for kind in TRAFFIC}
    rows = rows.mutate(
        **{f"network_{kind}_cost": cost for kind, cost in costs.items()},
        **{f"network_{kind}_saving": base[kind] - cost for kind, cost in costs.items()},
    )
    return rows.select(*POD, "container", *NUMBERS)


def network_assets(cluster: str, allocation: ir.Table) -> ir.Table:
    """The network of the cluster in each interval, where it costs anything, as an asset, columns ``tables.ASSET``."""
    rows = allocation.group_by("start").agg(
        seconds=allocation.seconds.max(),
        **{
            f"{kind}_{part}": allocation[f"network_{kind}_{part}"].sum()
            for kind in TRAFFIC
            for part in ("cost", "saving")
        },
    )
    rows = rows.mutate(
        network_cost=rows.zone_cost + rows.region_cost + rows.internet_cost,
        network_saving=rows.zone_saving + rows.region_saving + rows.internet_saving,
    )
    rows = rows.filter((rows.network_cost > 0) | (rows.network_saving != 0))
    rows = rows.mutate(
        name=ibis.literal(cluster),
        run_start=rows.start.cast("float64"),
        run_end=rows.start + rows.seconds,
        run_seconds=rows.seconds,
    )
    return other_assets(rows, cluster, "Network", "Network")


def pods_charged(pace: ir.Table, charged: ir.Table) -> ir.Table:
    """The pods of ``charged`` in each interval, numbered.

    Columns: ``POD``, pod_no, node, run_start, run_end, interval_end and started [unix s], longest and container_seconds (of
    its longest and of all its containers) and usage_interval [s], and whether it is in the host's network.
    """
    rows = charged.group_by(*POD).agg(
        node=charged.node.max(),
        run_start=charged.run_start.min(),
        run_end=charged.run_end.max(),
        longest=charged.run_seconds.max(),
        container_seconds=charged.run_seconds.sum(),
    )
    rows = rows.join(pace.select("start", "interval_end", "usage_interval"), "start")
    started, hosted = samples("pod_started", "started"), samples("host_pods").select(*POD_KEY).distinct()
    rows = extend(rows, started.group_by(*POD_KEY).agg(started=started.started.max()), *POD_KEY)
    rows = extend(rows, hosted.mutate(hosted=True), *POD_KEY)
    return rows.mutate(hosted=rows.hosted.fill_null(ibis.literal(value=False)), pod_no=ibis.row_number())


def destinations(pods: ir.Table) -> ir.Table:
    """Whose each counter of the network-costs daemonset is in each interval.

    Columns: start, egress_no, pod_no, kind, scraper_no and target_no (a pod of the daemonset as one scraper sees it).
    """
    found = identities("egress_no")
    found = found.mutate(
        scraper_no=ibis.dense_rank().over(order_by=[found[label] for label in SCRAPER_KEY]),
        target_no=ibis.dense_rank().over(order_by=[found[label] for label in (*SCRAPER_KEY, *DAEMON_KEY)]),
    ).drop(*SCRAPER_KEY, *DAEMON_KEY)
    rows = found.rename(pod="pod_name").join(_named(pods), ["namespace", "pod"])
    leaves_zone = (rows.internet == "false") & (rows.same_zone == "false")
    kind = ibis.cases(
        (rows.internet == "true", "internet"),
        (leaves_zone & (rows.same_region == "true"), "zone"),
        (leaves_zone & (rows.same_region == "false"), "region"),
        else_="free",
    )
    return rows.select("start", "egress_no", "pod_no", "scraper_no", "target_no", kind=kind)


def interfaces(pods: ir.Table) -> ir.Table:
    """Whose each of cAdvisor's interfaces is in each interval: columns start, interface_no and pod_no."""
    found = identities("interface_no")
    found = found.mutate(uid=found.id.re_extract(POD_UID, 1).replace("_", "-"))
    by_path = found.join(pods, POD_KEY).select("start", "interface_no", "pod_no", "hosted")
    by_name = found.anti_join(pods, POD_KEY).drop("uid").join(_named(pods), ["namespace", "pod"])
    rows = ibis.union(by_path, by_name.select(*by_path.columns), distinct=False)
    # What cAdvisor shows of a pod in the host's network is the traffic of the host.
    return rows.filter(~rows.hosted).drop("hosted")


def egress_counters(rows: ir.Table, pods: ir.Table, owners: ir.Table) -> ir.Table:
    """``rows`` of ``growth.counters`` that are of ``pods``, with their growth [B], by ``owners`` of ``destinations``."""
    rows = rows.join(owners, ["start", "egress_no"]).drop("egress_no")
    rows = rows.join(pods.select("pod_no", "node", "started"), "pod_no")
    # What was looked at and is still has no counter older than that look. If all its counters have ended, its labels have
    # changed, and the new counters may be as old as it is. Where no label tells one pod of the daemonset from another, the
    # node does.
    stays = rows.before.notnull() & rows.scraped_at.notnull()
    looked = stays.any().over(ibis.window(group_by=["start", "target_no", "node"]))
    rows = rows.mutate(started=ibis.ifelse(looked, ibis.null("float64"), rows.started))
    return with_growth(rows, looked, ibis.literal(value=True))


def interface_counters(rows: ir.Table, pods: ir.Table, owners: ir.Table) -> ir.Table:
    """``rows`` of ``growth.counters`` that are of ``pods``, with their growth [B], by ``owners`` of ``interfaces``."""
    rows = rows.join(owners, ["start", "interface_no"]).drop("interface_no")
    rows = rows.join(pods.select("pod_no", "node", "started"), "pod_no")
    # A pod that was looked at in the interval before had not used what it has a new counter of.
    looked = seen_before(rows, "pod_no")
    rows = rows.mutate(started=ibis.ifelse(looked, ibis.null("float64"), rows.started))
    return with_growth(rows, seen_before(rows, "node"), ibis.literal(value=True))


def paid(rows: ir.Table, pods: ir.Table) -> ir.Table:
    """Bytes that each of ``pods`` sent out of its zone, by ``rows`` of ``egress_counters``: columns pod_no and ``PAID``.

    What the pods of the daemonset saw adds up; of several scrapers of them, the one that saw the pod longest counts.
    """
    sent = {f"network_{kind}_bytes": ibis.ifelse(rows.kind == kind, rows.growth, 0.0) for kind in TRAFFIC}
    seen = _summed(rows, pods, "target_no", sent, "scraper_no", "target_no")
    seen = seen.group_by("pod_no", "scraper_no").agg(
        from_start=seen.seen_before.any().cast("int8"),
        to_end=seen.scraped_at.notnull().any().cast("int8"),
        **{name: seen[name].sum() for name in PAID},
    )
    # The same one hour by hour, for hours to add up: their last scrapes differ. Where one took over from the other, the
    # larger part counts.
    of_pod = ibis.window(group_by="pod_no")
    replaced = seen.from_start.max().over(of_pod) > seen.from_start.min().over(of_pod)
    zone, region, internet = (seen[name] for name in PAID)
    part = ibis.ifelse(replaced, zone + region + internet, 0.0)
    seen = seen.mutate(ends=seen.from_start + seen.to_end, part=part)
    order = ibis.window(group_by="pod_no", order_by=[ibis.desc(seen.ends), ibis.desc(seen.part), seen.scraper_no])
    seen = seen.mutate(place=ibis.row_number().over(order))
    return seen.filter(seen.place == 0).select("pod_no", *PAID)


def through_interfaces(rows: ir.Table, pods: ir.Table, column: str) -> ir.Table:
    """Bytes that went through the interfaces of each of ``pods``: columns pod_no and ``column``."""
    return _summed(rows, pods, "node", {column: rows.growth}).select("pod_no", column)


def _named(pods: ir.Table) -> ir.Table:
    """The one of ``pods`` of each name that ran longest in the interval: columns ``NAME``, pod_no and hosted."""
    order = ibis.window(group_by=NAME, order_by=[ibis.desc(pods.longest), pods.uid])
    rows = pods.mutate(place=ibis.row_number().over(order))
    return rows.filter(rows.place == 0).select(*NAME, "pod_no", "hosted")


def _summed(
    rows: ir.Table, pods: ir.Table, target: str, amounts: dict[str, ir.FloatingValue], *beside: str
) -> ir.Table:
    """The ``amounts`` of ``rows`` summed up by pod and ``beside``, with what no scrape of ``target`` saw of the pod's end."""
    found = rows.group_by("pod_no", *beside).agg(
        scraped_at=rows.scraped_at.max(),
        carried_seconds=rows.carried_seconds.max(),
        seen_before=rows.before.notnull().any(),
        **{name: amount.sum() for name, amount in amounts.items()},
    )
    lives = pods.select("pod_no", "start", "node", "run_start", "run_end", "interval_end", "usage_interval")
    found = found.join(lives, "pod_no")
    return with_tail(found, found.run_end - found.run_start, target, *amounts)


def _rates(prices: Prices) -> ir.Table:
    """The rate of each kind of traffic in each interval [currency per GiB], with and without ``prices``: start and ``RATES``."""
    rows = table("hours").select("start")
    for kind in TRAFFIC:
        rows = extend(rows, samples(f"network_{kind}_rate", f"{kind}_base_rate"), "start")
    rows = rows.mutate(**{f"{kind}_base_rate": rows[f"{kind}_base_rate"].fill_null(DEFAULTS[kind]) for kind in TRAFFIC})
    told = {kind: traffic_rate(prices, rows.start, kind) for kind in TRAFFIC}
    return rows.mutate(**{f"{kind}_rate": told[kind].fill_null(rows[f"{kind}_base_rate"]) for kind in TRAFFIC})
