"""C13: what bills say corrects what assets cost, and everything that is charged on them, by one ratio a day and asset.

A bill's rows for a day and a resource, over the list cost of the assets of its key on that day, less 1, is the ratio of each of
them. Their costs, idle or allocated, change by it, so that allocations + idle = assets holds as it did before. Facts are never
rewritten: adjusted, they only exist while a question is answered. Rows that no asset is found for are ``Cloud`` assets.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.focus import BILL, PROVIDERS
from farthing.model.resource_key import resource_key
from farthing.model.tables import ASSET, FACTS, IDENTITY, RESOURCES, Columns, sum_of, zero
from farthing.model.tags import TAGS

ADJUSTMENTS = (*(f"{name}_adjustment" for name in RESOURCES), "pv_adjustment", "lb_adjustment")
"""What bills changed of each cost of an allocation: they are part of that cost. [currency]"""

OF_IDLE = ("idle_adjustment", "idle_billed")
"""Of a node's idle cost of each resource, what bills changed, and what they told at all. [currency]"""

CLOUD = ("cloud_cost", "credit")
ADDED: dict[str, tuple[str, ...]] = {
    "allocation": (*ADJUSTMENTS, "billed_cost"),
    "asset": (
        "adjustment",
        "billed_cost",
        *CLOUD,
        *(f"{name}_{part}" for name in RESOURCES for part in ("adjustment", *OF_IDLE)),
    ),
    "volume": ("adjustment",),
    "balancer": ("adjustment",),
}
"""Columns that facts have once bills adjusted them; ``billed_cost`` is that part of a row's costs that a bill tells."""


def columns_added(name: str) -> Columns:
    """The columns that the facts ``name`` have once bills adjusted them: ``ADDED`` and, of assets, ``TAGS``."""
    texts = {TAGS: "string"} if name == "asset" else {}
    return {**dict.fromkeys(ADDED.get(name, ()), "float64"), **texts}


OTHER_COSTS = ("pv_cost", "local_cost", "network_cost", "lb_cost", "management_cost")
ASSET_COSTS = (*(f"{name}_cost" for name in RESOURCES), *OTHER_COSTS)
SCALED = (
    *(f"{name}_{part}" for name in RESOURCES for part in ("cost", "allocated_cost", "idle_cost", "overallocated_cost")),
    *OTHER_COSTS,
)
"""Columns of assets that change with their cost."""

INTERVAL: Columns = {"start": "int64", "day": "int64", "seconds": "float64", "part": "float64"}
"""The intervals that are asked for, the local day each is in, and how much of that day it is. [0 to 1]"""

WHICH = ("day", "cluster", "type", "name", "holder")
"""What an asset's ratio is found by. ``holder`` is the provider id of a node; other assets are known by their names."""


SAME = ("start", "key", "whose")
"""What an asset and a row of a bill must share."""


def _whose(provider: ir.StringValue) -> ir.StringValue:
    """Whose keys they are: a bucket of a cloud may have the name of a machine that is nobody's; empty for all without bills."""
    return ibis.ifelse(provider.isin(sorted(set(PROVIDERS.values()))), provider, "")


def _asset_days() -> ir.Table:
    """The list cost of each asset of each day, with its key."""
    asset = ibis.table(ASSET, name="asset_of_day")
    rows = (
        asset.mutate(own=sum_of(asset, ASSET_COSTS))
        .group_by("start", "cluster", "type", "name", "provider_id", "provider")
        .agg(own=lambda t: t.own.sum())
    )
    return rows.mutate(key=resource_key(rows.provider_id), whose=_whose(rows.provider))


def _bill() -> ir.Table:
    bill = ibis.table({**BILL, "settled": "boolean"}, name="bill")
    return bill.mutate(key=bill.resource_key, whose=_whose(bill.provider))


def _listed(assets: ir.Table) -> ir.Table:
    """What ``assets`` of one key cost by list on a day: columns ``SAME`` and listed."""
    listed = assets.filter((assets.key != "") & (assets.own > 0))
    return listed.group_by(*SAME).agg(listed=listed.own.sum())


def _told(listed: ir.Table) -> ir.Table:
    """The days and keys of which bills tell what assets cost, from ``_listed``: columns ``SAME``, billed and ratio."""
    bill = _bill()
    billed = bill.filter(bill.settled).group_by(*SAME).agg(billed=bill.cost.sum())
    both = listed.join(billed, list(SAME))
    # What is paid back beyond the cost of the day makes no cost negative: it stays a row of the bill.
    return both.select(*SAME, "billed", ratio=ibis.greatest(both.billed, 0.0) / both.listed - 1.0)


def ratios() -> ir.Table:
    """By how much the cost of each asset of each day changes: columns ``WHICH`` and ratio; those that no bill tells of are not there.

    Reads ``asset_of_day`` (facts of assets by the day, of all clusters) and ``bill`` (rows of bills, columns ``focus.BILL``, and
    ``settled``: whether bills tell all of that day).
    """
    assets = _asset_days()
    told = _told(_listed(assets))
    rows = assets.left_join(told, [assets[one] == told[one] for one in SAME]).select(
        "cluster", "type", "name", "own", "ratio",
        day=assets.start, holder=ibis.ifelse(assets.type == "Node", assets.provider_id, ""),
    )  # fmt: skip
    found = rows.group_by(*WHICH).agg(
        ratio=(rows.own * rows.ratio.fill_null(0.0)).sum() / rows.own.sum(), known=rows.ratio.notnull().any()
    )
    return found.filter(found.known).drop("known")


def unmatched() -> ir.Table:
    """Rows of bills that no asset is found for, by the intervals asked for: columns ``focus.BILL``, day, seconds and part."""
    bill, interval = _bill(), ibis.table(INTERVAL, name="part_of_day")
    listed = _listed(_asset_days())
    told = _told(listed)
    # A key that is none matches nothing, and neither does what a bill gives back beyond the cost.
    rows = bill.anti_join(told.filter(told.billed >= 0), list(SAME))
    # Of a day that waits for its bill, the list price of an asset stands for what was told of it so far.
    rows = rows.anti_join(listed, [*(rows[one] == listed[one] for one in SAME), ~rows.settled])
    return rows.rename(day="start").join(interval, "day")


def clouds() -> ir.Table:
    """Rows of bills that no asset is found for, as facts of assets: columns ``tables.ASSET`` and ``columns_added``."""
    rows = unmatched()
    known = {
        "type": ibis.literal("Cloud"),
        "provider_id": rows.resource,
        "run_seconds": rows.seconds,
        "run_start": rows.start.cast("float64"),
        "run_end": rows.start + rows.seconds,
        "cloud_cost": rows.cost * rows.part,
        "billed_cost": rows.cost * rows.part,
        "credit": rows.credit * rows.part,
    }
    empty = {"string": ibis.literal(""), "boolean": ibis.literal(value=False), "float64": zero()}
    columns = {**ASSET, **columns_added("asset")}
    return rows.select(
        **{name: known.get(name, rows[name] if name in rows.columns else empty[kind]) for name, kind in columns.items()}
    )


def adjusted(name: str) -> ir.Table:
    """The facts ``name`` as bills change them, with ``columns_added``; of assets with the ``clouds``.

    Reads the facts themselves as ``fact`` (of allocations also ``volume_fact`` and ``balancer_fact``), ``interval`` and
    ``ratio`` (``ratios``).
    """
    rows = _with_day(ibis.table(FACTS[name], name="fact"))
    if name == "allocation":
        return _allocations(rows)
    if name == "asset":
        return _assets(rows)
    return _held(rows, name).select(*FACTS[name], *ADDED[name])


def _with_day(rows: ir.Table) -> ir.Table:
    interval = ibis.table(INTERVAL, name="part_of_day")
    return rows.join(interval.select("start", "day"), "start")


def _ratio(kind: str) -> ir.Table:
    """The ratios of the assets of one type."""
    ratio = ibis.table({**dict.fromkeys(WHICH, "string"), "day": "int64", "ratio": "float64"}, name="ratio")
    return ratio.filter(ratio.type == kind).drop("type")


def _held(rows: ir.Table, name: str) -> ir.Table:
    """``rows`` of volumes or balancers at adjusted costs, with the ``adjustment`` and ``told``, the part of the cost that a bill tells."""
    ratio = _ratio("Disk" if name == "volume" else "LoadBalancer")
    asset = rows.volume_name if name == "volume" else rows.namespace.concat("/").concat(rows.service)
    found = rows.left_join(
        ratio, [rows.day == ratio.day, rows.cluster == ratio.cluster, asset == ratio["name"]]
    ).select(*(rows[one] for one in rows.columns), ratio=ratio.ratio)
    adjustment = found.cost * found.ratio.fill_null(0.0)
    cost = found.cost + adjustment
    return found.mutate(adjustment=adjustment, cost=cost, told=ibis.ifelse(found.ratio.notnull(), cost, zero()))


def _allocations(rows: ir.Table) -> ir.Table:
    ratio, key = _ratio("Node"), ("start", *IDENTITY["allocation"])
    found = rows.left_join(
        ratio,
        [
            rows.day == ratio.day,
            rows.cluster == ratio.cluster,
            rows.node == ratio["name"],
            rows.provider_id == ratio.holder,
        ],
    ).select(*(rows[one] for one in rows.columns), ratio=ratio.ratio)
    for column, table in (("pv", "volume"), ("lb", "balancer")):
        parts = _held(_with_day(ibis.table(FACTS[table], name=f"{table}_fact")), table)
        parts = parts.filter(parts.adjustment.notnull() & (parts.told != 0.0) | (parts.adjustment != 0.0))
        parts = parts.group_by(*key).agg(
            **{f"{column}_adjustment": parts.adjustment.sum(), f"{column}_told": parts.told.sum()}
        )
        found = found.left_join(parts, list(key), rname="{name}__right").drop(*(f"{one}__right" for one in key))
    of_node = {f"{name}_adjustment": found[f"{name}_cost"] * found.ratio.fill_null(0.0) for name in RESOURCES}
    found = found.mutate(
        **of_node, pv_adjustment=found.pv_adjustment.fill_null(0.0), lb_adjustment=found.lb_adjustment.fill_null(0.0)
    )
    changed = {
        one.replace("adjustment", "cost"): found[one.replace("adjustment", "cost")] + found[one] for one in ADJUSTMENTS
    }
    found = found.mutate(**changed)
    on_node = found.cpu_cost + found.ram_cost + found.gpu_cost
    told = (
        ibis.ifelse(found.ratio.notnull(), on_node, zero())
        + found.pv_told.fill_null(0.0)
        + found.lb_told.fill_null(0.0)
    )
    return found.mutate(billed_cost=told).select(*FACTS["allocation"], *ADDED["allocation"])


def _assets(rows: ir.Table) -> ir.Table:
    ratio = ibis.table({**dict.fromkeys(WHICH, "string"), "day": "int64", "ratio": "float64"}, name="ratio")
    holder = ibis.ifelse(rows.type == "Node", rows.provider_id, "")
    same = [rows[one] == ratio[one] for one in ("day", "cluster", "type", "name")]
    found = rows.left_join(ratio, [*same, holder == ratio.holder]).select(
        *(rows[one] for one in rows.columns), ratio=ratio.ratio.fill_null(0.0), is_told=ratio.ratio.notnull()
    )
    own = sum_of(found, ASSET_COSTS)
    billed = ibis.ifelse(found.is_told, own * (1.0 + found.ratio), zero())
    parts = {}
    for name in RESOURCES:
        cost = found[f"{name}_idle_cost"]
        parts[f"{name}_adjustment"] = found[f"{name}_cost"] * found.ratio
        parts[f"{name}_idle_adjustment"] = cost * found.ratio
        parts[f"{name}_idle_billed"] = ibis.ifelse(found.is_told, cost * (1.0 + found.ratio), zero())
    found = found.mutate(
        adjustment=own * found.ratio,
        billed_cost=billed,
        **dict.fromkeys(CLOUD, zero()),
        **{TAGS: ibis.literal("")},
        **parts,
        **{column: found[column] * (1.0 + found.ratio) for column in SCALED},
    ).select(*ASSET, *columns_added("asset"))
    return ibis.union(found, clouds().select(*found.columns), distinct=False)
