"""A report: facts grouped, with idle as rows of its own, shared, priced and ordered. One relational expression.

Averages and efficiencies are made here, at the end, from sums (DESIGN: everything additive, ratios only at the edge).
"""

from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from farthing.model.asset_report import ASSET_SUMS, asset_report
from farthing.model.question import ALLOCATION_PROPERTIES, Shape
from farthing.model.sharing import (
    IDLE_COSTS,
    OVERALLOCATED,
    idle_rows_of,
    is_apart,
    needs_pools,
    per_hours,
    pool_key,
    pool_parts,
    shares,
    sum_of,
    with_idle,
)
from farthing.model.tables import ALLOCATION, COSTS, LARGEST, RESOURCES, TRAFFIC, extend, zero
from farthing.model.telling import COLUMN, ORDER_COLUMN, UNALLOCATED, asked, keys, name_of, ordered, told_apart

IDLE = "__idle__"

TOLD_BY = {
    "node": ("cluster", "provider_id"),
    "namespace": ("cluster",),
    "controllerKind": ("cluster",),
    "controller": ("cluster", "controller_kind", "namespace"),
    "service": ("cluster", "namespace"),
    "pod": ("cluster", "controller_kind", "controller", "namespace", "node", "provider_id"),
}
"""Columns that most rows of one value of a property share, so that it is worth to look whether all do."""

NOT_ADDED = (*LARGEST, "seconds", "run_seconds", "run_start", "run_end")
AMOUNTS = tuple(column for column, kind in ALLOCATION.items() if kind == "float64" and column not in NOT_ADDED)
"""Columns of the facts that add up."""

ALLOCATION_SUMS = (*AMOUNTS, *IDLE_COSTS, "shared_cost")
MONEY = (*COSTS, *IDLE_COSTS, *OVERALLOCATED, "shared_cost")
PROPERTY_COLUMNS = tuple(COLUMN.get(one, one) for one in ALLOCATION_PROPERTIES)
APART = ("is_shared", "shared_as", "is_kept", "is_unmounted")
EMPTY: dict[str, Any] = {
    **dict.fromkeys(PROPERTY_COLUMNS, ""),
    **dict.fromkeys((*ALLOCATION_SUMS, *OVERALLOCATED, *LARGEST, "share"), 0.0),
}
"""What a row has in the columns that its question has no need of."""


def report(shape: Shape) -> ir.Table:
    """The rows of every set in the asked order, but for those of idle cost.

    Columns: set, name, one for each property that may be told (empty where rows differ), run_start and run_end [unix s], sums
    [core-s, B-s, GPU-s, B, currency] and total_cost. ``completed`` adds what follows from them: the fewer columns an engine
    is asked for, the sooner it has planned the query.
    """
    return asset_report(shape) if shape.kind == "asset" else _allocation_report(shape)


def idle_report(shape: Shape) -> ir.Table:
    """The rows of idle cost of every set, in the asked order: in all, by cluster, or by node; what is shared is not there."""
    pools = idle_rows_of(shape)
    split = [] if not shape.split_idle else list(pool_key(shape)[1:])
    grouped = pools.group_by("set", *split).agg(
        run_start=pools.run_start.min(),
        run_end=pools.run_end.max(),
        cluster_=ibis.ifelse(pools.cluster.min() == pools.cluster.max(), pools.cluster.min(), ""),
        **{f"{name}_cost": pools[f"{name}_idle_cost"].sum() for name in RESOURCES},
        **{column: pools[column].sum() for column in OVERALLOCATED},
    )
    name = ibis.literal("")
    for key in split:
        name = name.concat(grouped[key]).concat("/")
    rows = grouped.mutate(name=name.concat(IDLE), cluster=grouped.cluster_).drop("cluster_")
    costs = tuple(f"{name}_cost" for name in RESOURCES)
    rows = per_hours(rows, (*costs, *OVERALLOCATED), shape)
    rows = rows.mutate(total_cost=sum_of(rows, costs))
    return ordered(rows, shape if ORDER_COLUMN[shape.sort_by] in rows.columns else replace(shape, sort_by="totalCost"))


def completed(row: dict[str, Any], shape: Shape, *, is_idle: bool) -> dict[str, Any]:
    """``row`` of ``report`` or ``idle_report`` with every column that rows of its kind have, and with efficiencies (C11).

    Efficiency is used/requested; with nothing requested 1 if anything was used at a cost, else 0; in all that of cpu and ram
    by their cost before idle.
    """
    if shape.kind == "asset":
        return {**row, "is_idle": False}
    row = {**EMPTY, **row, "is_idle": is_idle}
    row["network_cost"] = sum(row[f"network_{kind}_cost"] for kind in TRAFFIC)
    own = {name: row[f"{name}_cost"] - row[f"{name}_idle_cost"] for name in RESOURCES}
    for name, cost in own.items():
        requested, used = row[f"{name}_requested"], row[f"{name}_used"]
        unasked = 1.0 if used > 0 and cost > 0 else 0.0
        row[f"{name}_efficiency"] = used / requested if requested > 0 else unasked
    weight = own["cpu"] + own["ram"]
    weighted = row["cpu_efficiency"] * own["cpu"] + row["ram_efficiency"] * own["ram"]
    row["total_efficiency"] = weighted / weight if weight > 0 else 0.0
    return row


def summed(shape: Shape) -> tuple[str, ...]:
    """The columns of ``report`` that may be added up."""
    if shape.kind == "asset":
        return ASSET_SUMS
    return (*AMOUNTS, *(IDLE_COSTS if needs_pools(shape) else ()), *(("shared_cost",) if shape.sharing.pools else ()))


def shared_parts(shape: Shape) -> ir.Table:
    """What is spread over the rows of each set: set, part and cost; see ``sharing.pool_parts``."""
    parts = pool_parts(_finest(shape), shape)
    return per_hours(parts, ("cost",), shape).order_by("set", "part")


def _allocation_report(shape: Shape) -> ir.Table:
    finest = _finest(shape)
    rows = _summed(finest, shape)
    if shape.sharing.pools:
        rows = _with_shared_cost(rows, finest, shape)
    rows = per_hours(rows, tuple(column for column in MONEY if column in rows.columns), shape)
    if shape.sort_by == "efficiency":
        rows = _with_efficiency(rows)
    if shape.sharing.idle:
        rows = rows.mutate(**{f"{name}_cost": rows[f"{name}_cost"] + rows[f"{name}_idle_cost"] for name in RESOURCES})
    if shape.sort_by == "networkCost":
        rows = rows.mutate(network_cost=sum_of(rows, tuple(f"network_{kind}_cost" for kind in TRAFFIC)))
    whole = (*COSTS, "shared_cost") if shape.sharing.pools else COSTS
    if shape.sort_by == "sharedCost" and not shape.sharing.pools:
        rows = rows.mutate(shared_cost=zero())
    return ordered(rows.mutate(total_cost=sum_of(rows, whole)), shape)


def _finest(shape: Shape) -> ir.Table:
    """Facts summed as far as sharing and filtering allow: by the keys, the pool of idle, and ``APART``; with ``IDLE_COSTS``."""
    facts = told_apart("allocation", shape)
    pooled = pool_key(shape)[1:] if needs_pools(shape) else ()
    apart = APART if is_apart(shape) else ()
    split = "service" in shape.aggregate
    common = [column for column in _told(shape) if column not in (*pooled, *_by_key(shape))]
    rows = facts.group_by("set", *keys(shape), *pooled, *apart).agg(
        run_start=facts.run_start.min(),
        run_end=facts.run_end.max(),
        **{f"least_{column}": facts[column].min() for column in common},
        **{f"most_{column}": facts[column].max() for column in common},
        **{column: ((facts[column] * facts.part) if split else facts[column]).sum() for column in AMOUNTS},
        **{column: facts[column].max() for column in LARGEST},
    )
    rows = rows.mutate(
        **{
            f"{end}_{column}": rows[column]
            for end in ("least", "most")
            for column in pooled
            if column in _told(shape) and column not in _by_key(shape)
        }
    )
    return with_idle(rows, shape) if pooled else rows


def _told(shape: Shape) -> list[str]:
    """The columns of properties that rows of ``shape`` may share."""
    named = shape.aggregate or ("pod", "container")
    told = {column for one in named for column in (COLUMN.get(one, one), *TOLD_BY.get(one, ()))}
    if shape.namespace:
        told -= {"cluster", "node", "provider_id"}
    return [column for column in PROPERTY_COLUMNS if column in told]


def _by_key(shape: Shape) -> dict[str, str]:
    """The columns of properties that a key names as they are, and the column of that key."""
    pairs = zip(asked(shape), keys(shape), strict=True)
    return {COLUMN.get(one, one): key for one, key in pairs if one in ALLOCATION_PROPERTIES and one != "controller"}


def _summed(rows: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` of ``_finest`` that are kept and not shared, by the keys alone; a property is given where all agree."""
    by_key = _by_key(shape)
    told, idle = [one for one in _told(shape) if one not in by_key], IDLE_COSTS if needs_pools(shape) else ()
    if is_apart(shape):
        rows = rows.filter(rows.is_kept & ~rows.is_shared)
    if is_apart(shape) or idle:
        rows = rows.group_by("set", *keys(shape)).agg(
            run_start=rows.run_start.min(),
            run_end=rows.run_end.max(),
            **{f"least_{column}": rows[f"least_{column}"].min() for column in told},
            **{f"most_{column}": rows[f"most_{column}"].max() for column in told},
            **{column: rows[column].sum() for column in (*AMOUNTS, *idle)},
            **{column: rows[column].max() for column in LARGEST},
        )
    properties = {
        column: ibis.ifelse(rows[f"least_{column}"] == rows[f"most_{column}"], rows[f"least_{column}"], "")
        for column in told
    }
    properties |= {column: rows[key].nullif(UNALLOCATED).fill_null("") for column, key in by_key.items()}
    names = keys(shape) if shape.sharing.pools else ()
    return rows.select(
        "set", *names, "run_start", "run_end", *AMOUNTS, *idle, *LARGEST, name=name_of(rows, shape), **properties
    )


def _with_shared_cost(rows: ir.Table, finest: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` with their ``share`` of what is spread and its ``shared_cost``; where nobody is to bear it, it is a row."""
    parts = pool_parts(finest, shape)
    spread = parts.group_by("set").agg(spread=parts.cost.sum())
    borne = shares(finest, shape)
    rows = extend(extend(rows, borne, "set", *keys(shape)), spread, "set")
    rows = rows.mutate(share=rows.share.fill_null(0.0), shared_cost=(rows.share * rows.spread).fill_null(0.0))
    rows = rows.drop("spread", *keys(shape))
    if shape.filtered:
        return rows
    alone = spread.anti_join(borne, "set")
    empty = {column: ibis.literal("") if kind.is_string() else zero() for column, kind in rows.schema().items()}
    alone = alone.mutate(**{column: value for column, value in empty.items() if column != "set"})
    alone = alone.mutate(
        name=ibis.literal(UNALLOCATED), share=ibis.literal(1).cast("float64"), shared_cost=alone.spread
    )
    return ibis.union(rows, alone.select(*rows.columns), distinct=False)


def _with_efficiency(rows: ir.Table) -> ir.Table:
    """C11: used/requested; with nothing requested 1 if anything was used at a cost, else 0; in all cpu and ram by their cost."""
    for name in RESOURCES:
        requested, used, cost = rows[f"{name}_requested"], rows[f"{name}_used"], rows[f"{name}_cost"]
        unasked = ibis.ifelse((used > 0) & (cost > 0), 1.0, 0.0)
        rows = rows.mutate(**{f"{name}_efficiency": ibis.ifelse(requested > 0, used / requested, unasked)})
    weight = rows.cpu_cost + rows.ram_cost
    weighted = rows.cpu_efficiency * rows.cpu_cost + rows.ram_efficiency * rows.ram_cost
    return rows.mutate(total_efficiency=ibis.ifelse(weight > 0, weighted / weight, 0.0))
