"""A report: facts grouped, with idle as rows of its own, shared, priced and ordered. One relational expression.

Averages and efficiencies are made here, at the end, from sums (DESIGN: everything additive, ratios only at the edge).
"""

from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from farthing.model.asset_report import ASSET_SUMS, asset_report
from farthing.model.question import Shape
from farthing.model.sharing import (
    IDLE_COSTS,
    OVERALLOCATED,
    idle_rows_of,
    per_hours,
    pool_parts,
    shares,
    sum_of,
    summed_rows,
)
from farthing.model.sums import AMOUNTS, PROPERTY_COLUMNS, apart_by, by_key, needs_pools, pool_columns, pools_by, told
from farthing.model.tables import COSTS, LARGEST, RESOURCES, TRAFFIC, extend, zero
from farthing.model.telling import ORDER_COLUMN, UNALLOCATED, keys, name_of, ordered

IDLE = "__idle__"

ALLOCATION_SUMS = (*AMOUNTS, *IDLE_COSTS, "shared_cost")
MONEY = (*COSTS, *IDLE_COSTS, *OVERALLOCATED, "shared_cost")
NETWORK_COSTS = tuple(f"network_{kind}_cost" for kind in TRAFFIC)
OF_RESOURCES = tuple(
    (name, f"{name}_cost", f"{name}_idle_cost", f"{name}_requested", f"{name}_used") for name in RESOURCES
)
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
    split = pools_by(shape) if shape.split_idle else ()
    rows = pools.group_by("set", *split).agg(
        run_start=pools.run_start.min(),
        run_end=pools.run_end.max(),
        least_cluster=pools.cluster.min(),
        most_cluster=pools.cluster.max(),
        **{f"{name}_cost": pools[f"{name}_idle_cost"].sum() for name in RESOURCES},
        **{column: pools[column].sum() for column in OVERALLOCATED},
    )
    name = ibis.literal("")
    for key in split:
        name = name.concat(rows[key]).concat("/")
    costs = tuple(f"{name}_cost" for name in RESOURCES)
    rows = rows.select(
        "set",
        *("run_start", "run_end", *costs, *OVERALLOCATED),
        *(one for one in split if one != "cluster"),
        name=name.concat(IDLE) if split else ibis.literal(IDLE),
        cluster=ibis.ifelse(rows.least_cluster == rows.most_cluster, rows.least_cluster, ""),
    )
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
    row["network_cost"] = sum(row[column] for column in NETWORK_COSTS)
    own = {}
    for name, cost, idle, requested, used in OF_RESOURCES:
        own[name] = row[cost] - row[idle]
        unasked = 1.0 if row[used] > 0 and own[name] > 0 else 0.0
        row[f"{name}_efficiency"] = row[used] / row[requested] if row[requested] > 0 else unasked
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
    parts = pool_parts(summed_rows(shape), shape)
    return per_hours(parts, ("cost",), shape).order_by("set", "part")


def _allocation_report(shape: Shape) -> ir.Table:
    every = summed_rows(shape)
    rows = _shown(every, shape)
    if shape.sharing.pools:
        rows = _with_shared_cost(rows, every, shape)
    rows = per_hours(rows, tuple(column for column in MONEY if column in rows.columns), shape)
    if shape.sort_by == "efficiency":
        rows = _with_efficiency(rows)
    if shape.sharing.idle:
        rows = rows.mutate(**{f"{name}_cost": rows[f"{name}_cost"] + rows[f"{name}_idle_cost"] for name in RESOURCES})
    if shape.sort_by == "networkCost":
        rows = rows.mutate(network_cost=sum_of(rows, NETWORK_COSTS))
    whole = (*COSTS, "shared_cost") if shape.sharing.pools else COSTS
    if shape.sort_by == "sharedCost" and not shape.sharing.pools:
        rows = rows.mutate(shared_cost=zero())
    return ordered(rows.mutate(total_cost=sum_of(rows, whole)), shape)


def _shown(rows: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` that are kept and not shared, by set and keys; a property is given where all agree."""
    for one, shown in (("is_kept", True), ("is_shared", False)):
        if one in apart_by(shape):
            rows = rows.filter(rows[one] if shown else ~rows[one])
    by_keys, idle = by_key(shape), IDLE_COSTS if needs_pools(shape) else ()
    looked_at = [column for column in told(shape) if column not in by_keys]
    least, most = (
        {column: column if column in pool_columns(shape) else f"{end}_{column}" for column in looked_at}
        for end in ("least", "most")
    )
    rows = rows.group_by("set", *keys(shape)).agg(
        run_start=rows.run_start.min(),
        run_end=rows.run_end.max(),
        **{f"least_{column}": rows[least[column]].min() for column in looked_at},
        **{f"most_{column}": rows[most[column]].max() for column in looked_at},
        **{column: rows[column].sum() for column in (*AMOUNTS, *idle)},
        **{column: rows[column].max() for column in LARGEST},
    )
    properties = {
        column: ibis.ifelse(rows[f"least_{column}"] == rows[f"most_{column}"], rows[f"least_{column}"], "")
        for column in looked_at
    }
    properties |= {column: rows[key].nullif(UNALLOCATED).fill_null("") for column, key in by_keys.items()}
    names = keys(shape) if shape.sharing.pools else ()
    return rows.select(
        "set", *names, "run_start", "run_end", *AMOUNTS, *idle, *LARGEST, name=name_of(rows, shape), **properties
    )


def _with_shared_cost(rows: ir.Table, every: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` with their ``share`` of what is spread and its ``shared_cost``; what nobody is to bear is a row's without names."""
    parts = pool_parts(every, shape)
    spread = parts.group_by("set").agg(spread=parts.cost.sum())
    borne = shares(every, shape)
    rows = extend(extend(rows, borne, "set", *keys(shape)), spread, "set").drop(*keys(shape))
    if not shape.filtered:
        rows = _with_unborne(rows, spread.anti_join(borne, "set"), "/".join(UNALLOCATED for _ in keys(shape)))
    rows = rows.mutate(share=rows.share.fill_null(0.0), shared_cost=(rows.share * rows.spread).fill_null(0.0))
    return rows.drop("spread")


def _with_unborne(rows: ir.Table, unborne: ir.Table, name: str) -> ir.Table:
    """``rows`` where in the sets of ``unborne`` the row ``name`` has the whole share; it is made where there is none."""
    rows = extend(rows, unborne.select("set", unborne=True), "set")
    bears = rows.unborne.fill_null(ibis.literal(value=False)) & (rows.name == name)
    rows = rows.mutate(share=ibis.ifelse(bears, 1.0, rows.share)).drop("unborne")
    made = unborne.anti_join(rows.filter(rows.name == name), "set")
    empty = {column: ibis.literal("") if kind.is_string() else zero() for column, kind in rows.schema().items()}
    whole = {
        "set": made["set"],
        "name": ibis.literal(name),
        "share": ibis.literal(1).cast("float64"),
        "spread": made.spread,
    }
    return ibis.union(rows, made.select(**{**empty, **whole}).select(*rows.columns), distinct=False)


def _with_efficiency(rows: ir.Table) -> ir.Table:
    """C11: used/requested; with nothing requested 1 if anything was used at a cost, else 0; in all cpu and ram by their cost."""
    for name in RESOURCES:
        requested, used, cost = rows[f"{name}_requested"], rows[f"{name}_used"], rows[f"{name}_cost"]
        unasked = ibis.ifelse((used > 0) & (cost > 0), 1.0, 0.0)
        rows = rows.mutate(**{f"{name}_efficiency": ibis.ifelse(requested > 0, used / requested, unasked)})
    weight = rows.cpu_cost + rows.ram_cost
    weighted = rows.cpu_efficiency * rows.cpu_cost + rows.ram_efficiency * rows.ram_cost
    return rows.mutate(total_efficiency=ibis.ifelse(weight > 0, weighted / weight, 0.0))
