"""Stored facts at other prices: costs made anew from stored quantities, and from what things cost without price books.

Of rows that are kept by the day alone, a rule's validity is judged at the start of the day, and a node's selectors by what
it was for the longest part of it.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.allocation import PART_KEY, UNIT
from farthing.model.asset import idle, other_assets
from farthing.model.cloud import clouds, in_cloud
from farthing.model.management import NAME
from farthing.model.network import network_assets
from farthing.model.prices import Prices
from farthing.model.pricing import hourly_rates, label_column, storage_rates, traffic_rate, with_rules
from farthing.model.rates import discounted
from farthing.model.tables import ASSET, DISCOUNTED, FACTS, GIB, HOUR, LOCAL, RESOURCES, TRAFFIC, extend, zero

REPRICED = ("allocation", "asset", "volume", "balancer")
"""The facts that have costs."""
INTERVALS = {"start": "int64", "seconds": "float64"}
SERVICE = ("start", "cluster", "namespace", "service")
NODE = ("start", "cluster", "node", "provider_id")
TIMES = ("seconds", "run_seconds", "run_start", "run_end")


def stored(name: str) -> ir.Table:
    """The facts called ``name`` as they are stored."""
    return ibis.table(FACTS[name], name=f"stored_{name}")


def repricing_steps(cluster: str, prices: Prices, *, by_day: bool) -> dict[str, ir.Table]:
    """Name and expression of each step from ``stored`` facts to ``REPRICED``, in order, as ``facts.steps`` has them.

    ``by_day`` is for rows that were summed into a day and whose hours are gone; else they are of one day. Also needs the
    table ``intervals``.
    """
    made: dict[str, ir.Table] = {}

    def step(name: str, expression: ir.Table) -> ir.Table:
        made[name] = expression
        return ibis.table(expression.schema(), name=name)

    node = step("node_rule", _rules(prices, by_day=by_day))
    volume = step("volume", _volumes(prices))
    served = step("served", _served(prices))
    balancer = step("balancer", _balancers(served))
    allocation = step("allocation", _allocations(prices, node, volume, balancer))
    disk = volume.group_by("start", "cluster", name=volume.volume_name).agg(
        pv_cost=volume.cost.sum(), pv_saving=volume.saving.sum()
    )
    parts = (
        _nodes(node, allocation, by_day=by_day),
        _disks(prices, disk),
        served,
        _network(cluster, allocation),
        _management(cluster, prices),
    )
    cloud = step("cloud", clouds(node.select("start", "provider", "provider_id")))
    step("asset", in_cloud(ibis.union(*(part.select(*ASSET) for part in parts), distinct=False), cloud))
    return made


def _rules(prices: Prices, *, by_day: bool) -> ir.Table:
    """The stored nodes with what the rules say of each; labels are those of the day."""
    asset, workload = stored("asset"), stored("workload")
    rows = asset.filter(asset.type == "Node")
    node = ("start", "cluster", "pod") if by_day else ("cluster", "pod")
    for key in prices.label_keys:
        said = workload.filter((workload.kind == "node_label") & (workload.key == key))
        values = said.group_by(*node).agg(**{label_column(key): said["value"].max()}).rename(name="pod")
        rows = extend(rows, values, *node[:-1], "name")
    return with_rules(rows, prices, "name")


def _volumes(prices: Prices) -> ir.Table:
    rows = stored("volume")
    rate, _ = storage_rates(prices, rows.start, rows.storage_class)
    rows = rows.mutate(base=rows.cost + rows.saving, rate=rate)
    rows = rows.mutate(cost=ibis.coalesce(rows.byte_seconds / (GIB * HOUR) * rows.rate, rows.base))
    return rows.mutate(saving=rows.base - rows.cost).select(*FACTS["volume"])


def _disks(prices: Prices, disk: ir.Table) -> ir.Table:
    """The disks, at what their volumes are charged."""
    asset = stored("asset")
    rows = asset.filter(asset.type == "Disk").drop("pv_cost", "pv_saving")
    rows = extend(rows, disk, "start", "cluster", "name")
    _, source = storage_rates(prices, rows.start, rows.storage_class)
    return rows.mutate(
        pv_cost=rows.pv_cost.fill_null(0.0),
        pv_saving=rows.pv_saving.fill_null(0.0),
        # No rule is about the disks that nodes boot from.
        rate_source=ibis.ifelse(rows.storage_class == LOCAL, "", source).nullif("").fill_null(rows.base_source),
    )


def _served(prices: Prices) -> ir.Table:
    """The load balancers."""
    asset = stored("asset")
    rows = asset.filter(asset.type == "LoadBalancer")
    rate, source = hourly_rates(prices, rows.start, "balancer")
    rows = rows.mutate(
        base=rows.lb_cost + rows.lb_saving, rate_source=source.nullif("").fill_null(rows.base_source), rate=rate
    )
    rows = rows.mutate(lb_cost=ibis.coalesce(rows.run_seconds / HOUR * rows.rate, rows.base))
    return rows.mutate(lb_saving=rows.base - rows.lb_cost)


def _balancers(served: ir.Table) -> ir.Table:
    """What each container is charged for load balancers: the same part of their cost as before."""
    rows = stored("balancer")
    rows = rows.mutate(name=rows.namespace.concat("/").concat(rows.service), base=rows.cost + rows.saving)
    of_service = ibis.window(group_by=SERVICE)
    rows = rows.mutate(whole=rows.base.sum().over(of_service), count=rows.base.count().over(of_service).cast("float64"))
    whole = served.group_by("start", "cluster", "name").agg(
        lb_cost=served.lb_cost.sum(), lb_saving=served.lb_saving.sum(), rate=served.rate.max()
    )
    rows = extend(rows, whole, "start", "cluster", "name")
    part = ibis.ifelse(rows.whole > 0, rows.base / rows.whole, 1.0 / rows["count"])
    # Without a rate of a book each row is what it was, to the last digit.
    rows = rows.mutate(cost=ibis.ifelse(rows.rate.isnull(), rows.base, rows.lb_cost * part))
    return rows.mutate(saving=rows.base - rows.cost).select(*FACTS["balancer"])


def _allocations(prices: Prices, node: ir.Table, volume: ir.Table, balancer: ir.Table) -> ir.Table:
    rows = stored("allocation")
    names = list(rows.columns)
    rows = rows.drop("pv_cost", "lb_cost")
    ruled = (*(f"{name}_rule_rate" for name in RESOURCES), "discount")
    longest = ibis.window(group_by=["start", "cluster", "name", "provider_id"], order_by=[ibis.desc(node.run_seconds)])
    first = node.mutate(place=ibis.row_number().over(longest))
    first = first.filter(first.place == 0).select("start", "cluster", "provider_id", *ruled, node="name")
    rows = extend(rows, first, *NODE)
    for part, column in ((volume, "pv_cost"), (balancer, "lb_cost")):
        rows = extend(rows, part.group_by(*PART_KEY).agg(**{column: part.cost.sum()}), *PART_KEY)
    base = {name: rows[f"{name}_cost"] + rows[f"{name}_saving"] for name in RESOURCES}
    costs = {
        name: discounted(
            ibis.coalesce(rows[f"{name}_allocated"] / UNIT[name] * rows[f"{name}_rule_rate"], base[name]),
            rows.discount.fill_null(0.0),
            name,
        )
        for name in RESOURCES
    }
    for kind in TRAFFIC:
        one = f"network_{kind}"
        base[one] = rows[f"{one}_cost"] + rows[f"{one}_saving"]
        costs[one] = ibis.coalesce(rows[f"{one}_bytes"] / GIB * traffic_rate(prices, rows.start, kind), base[one])
    rows = rows.mutate(
        **{f"{name}_cost": cost for name, cost in costs.items()},
        **{f"{name}_saving": base[name] - cost for name, cost in costs.items()},
        pv_cost=rows.pv_cost.fill_null(0.0),
        lb_cost=rows.lb_cost.fill_null(0.0),
    )
    return rows.select(*names)


def _nodes(node: ir.Table, allocation: ir.Table, *, by_day: bool) -> ir.Table:
    """The nodes, and where their cost went (C9)."""
    charged = allocation.group_by(*NODE).agg(
        **{f"{name}_charged": allocation[f"{name}_cost"].sum() for name in RESOURCES}
    )
    rows = extend(node, charged.rename(name="node"), "start", "cluster", "name", "provider_id")
    of_node = ibis.window(group_by=["start", "cluster", "name", "provider_id"])
    rows = rows.mutate(
        **{f"{name}_base": rows[f"{name}_cost"] + rows[f"{name}_saving"] for name in RESOURCES},
        **{f"{name}_before": rows[f"{name}_cost"] for name in RESOURCES},
        **{f"{name}_whole": rows[f"{name}_quantity"].sum().over(of_node) for name in RESOURCES},
    )
    rows = rows.mutate(
        **{
            f"{name}_list": ibis.coalesce(
                rows[f"{name}_quantity"] / UNIT[name] * rows[f"{name}_rule_rate"], rows[f"{name}_base"]
            )
            for name in RESOURCES
        },
    )
    rows = rows.mutate(
        **{f"{name}_cost": discounted(rows[f"{name}_list"], rows.discount, name) for name in RESOURCES},
        rate_source=rows.rule_source.nullif("").fill_null(rows.base_source),
    )
    # A node that was another thing for a part of the day has several rows, by which its containers are not told apart.
    rows = rows.mutate(
        **{
            f"{name}_allocated_cost": rows[f"{name}_charged"].fill_null(0.0)
            * ibis.ifelse(rows[f"{name}_whole"] > 0, rows[f"{name}_quantity"] / rows[f"{name}_whole"], 1.0)
            for name in RESOURCES
        },
        **{f"{name}_saving": rows[f"{name}_base"] - rows[f"{name}_cost"] for name in RESOURCES},
        **{f"{name}_discount": rows[f"{name}_list"] - rows[f"{name}_cost"] for name in DISCOUNTED},
    )
    # Of a day that was idle in one hour and overallocated in another, the sums alone would not tell.
    over = {
        name: ibis.ifelse(
            rows[f"{name}_before"] > 0,
            rows[f"{name}_overallocated_cost"] * rows[f"{name}_cost"] / rows[f"{name}_before"],
            0.0,
        )
        if by_day
        else zero()
        for name in RESOURCES
    }
    held = {name: (rows[f"{name}_cost"] + over[name], rows[f"{name}_allocated_cost"]) for name in RESOURCES}
    return rows.mutate(
        **{f"{name}_idle_cost": idle(*held[name]) for name in RESOURCES},
        **{f"{name}_overallocated_cost": over[name] + idle(*reversed(held[name])) for name in RESOURCES},
    )


def _network(cluster: str, allocation: ir.Table) -> ir.Table:
    """The network, at what its traffic is charged; its times are those that are stored."""
    asset = stored("asset")
    known = asset.filter(asset.type == "Network").select("start", **{f"{one}_known": asset[one] for one in TIMES})
    rows = extend(network_assets(cluster, allocation), known, "start")
    return rows.mutate(**{one: rows[f"{one}_known"].fill_null(rows[one]) for one in TIMES})


def _management(cluster: str, prices: Prices) -> ir.Table:
    """The fee of the cluster in each interval, told by metrics or not."""
    asset = stored("asset")
    known = asset.filter(asset.type == "ClusterManagement")
    fees = known.group_by("start").agg(
        base=(known.management_cost + known.management_saving).sum(),
        provider=known.provider.max(),
        base_source=known.base_source.max(),
    )
    rows = extend(ibis.table(INTERVALS, name="intervals"), fees, "start")
    rate, source = hourly_rates(prices, rows.start, "management")
    rows = rows.mutate(
        base=rows.base.fill_null(0.0), base_source=rows.base_source.fill_null(""), rate=rate, told=source
    )
    rows = rows.mutate(management_cost=ibis.coalesce(rows.seconds / HOUR * rows.rate, rows.base))
    rows = rows.mutate(
        name=ibis.literal(NAME),
        provider=rows.provider.fill_null(""),
        rate_source=rows.told.nullif("").fill_null(rows.base_source),
        management_saving=rows.base - rows.management_cost,
        run_start=rows.start.cast("float64"),
        run_end=rows.start + rows.seconds,
        run_seconds=rows.seconds,
    )
    rows = rows.filter((rows.management_cost > 0) | (rows.management_saving != 0))
    return other_assets(rows, cluster, "ClusterManagement", "Management")
