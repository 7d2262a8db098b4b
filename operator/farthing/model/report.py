"""A report: facts grouped, with idle as rows of its own, and shared. One relational expression.

Averages and efficiencies are made here, at the end, from sums (DESIGN: everything additive, ratios only at the edge).
"""

from typing import Any

import ibis
import ibis.expr.types as ir

from farthing.model.asset_report import ADJUSTED, asset_report, asset_sums
from farthing.model.bills import ADDED, OF_IDLE
from farthing.model.keeping import UNALLOCATED
from farthing.model.question import Shape
from farthing.model.sharing import IDLE_COSTS, OVERALLOCATED, idle_rows_of, of_idle, summed_rows
from farthing.model.spreading import is_shown, share_of, weights, with_last_resort
from farthing.model.sums import AMOUNTS, PROPERTY_COLUMNS, amounts, by_key, pool_columns, pools_by, told
from farthing.model.tables import COSTS, LARGEST, RESOURCES, TRAFFIC, joined, sum_of, zero
from farthing.model.telling import keys

IDLE = "__idle__"

ALLOCATION_SUMS = (*AMOUNTS, *IDLE_COSTS, "shared_cost")
NETWORK_COSTS = tuple(f"network_{kind}_cost" for kind in TRAFFIC)
OF_RESOURCES = tuple(
    (name, f"{name}_cost", f"{name}_idle_cost", f"{name}_requested", f"{name}_used") for name in RESOURCES
)
EMPTY: dict[str, Any] = {
    **dict.fromkeys(PROPERTY_COLUMNS, ""),
    **dict.fromkeys((*ALLOCATION_SUMS, *OVERALLOCATED, *LARGEST, "share"), 0.0),
    **dict.fromkeys(
        (
            *ADDED["allocation"],
            "shared_adjustment",
            "external_cost",
            *(f"{name}_{part}" for name in RESOURCES for part in OF_IDLE),
        ),
        0.0,
    ),
}
"""What a row has in the columns that its question has no need of."""
EMPTY_ASSET: dict[str, Any] = dict.fromkeys((*ADDED["asset"], *ADJUSTED.values()), 0.0)


def report(shape: Shape) -> ir.Table:
    """The rows of every set, but for those of idle cost.

    Columns: set, name, one for each property that may be told (empty where rows differ), run_start and run_end [unix s], sums
    [core-s, B-s, GPU-s, B, currency] and total_cost. ``completed`` adds what follows from them: the fewer columns an engine
    is asked for, the sooner it has planned the query.
    """
    return asset_report(shape) if shape.kind == "asset" else _allocation_report(shape, last_resort=False)


def report_with_last_resort(shape: Shape) -> ir.Table:
    """``report`` of an allocation where there are sets in which nobody bears what is spread: a row without names does."""
    return _allocation_report(shape, last_resort=True)


def idle_report(shape: Shape) -> ir.Table:
    """The rows of idle cost of every set: in all, by cluster, or by node; what is shared is not there."""
    pools = idle_rows_of(shape)
    split = pools_by(shape) if shape.split_idle else ()
    rows = pools.group_by("set", *split).agg(
        run_start=pools.run_start.min(),
        run_end=pools.run_end.max(),
        least_cluster=pools.cluster.min(),
        most_cluster=pools.cluster.max(),
        **{f"{name}_cost": pools[f"{name}_idle_cost"].sum() for name in RESOURCES},
        **{column: pools[column].sum() for column in (*OVERALLOCATED, *of_idle(shape)[len(RESOURCES) :])},
    )
    name = ibis.literal("")
    for key in split:
        name = name.concat(rows[key]).concat("/")
    costs = tuple(f"{name}_cost" for name in RESOURCES)
    rows = rows.select(
        "set",
        *("run_start", "run_end", *costs, *OVERALLOCATED, *of_idle(shape)[len(RESOURCES) :]),
        *(one for one in split if one != "cluster"),
        name=name.concat(IDLE) if split else ibis.literal(IDLE),
        cluster=ibis.ifelse(rows.least_cluster == rows.most_cluster, rows.least_cluster, ""),
    )
    return rows.mutate(total_cost=sum_of(rows, costs))


def completed(row: dict[str, Any], shape: Shape, *, is_idle: bool) -> dict[str, Any]:
    """``row`` of ``report`` or ``idle_report`` with every column that rows of its kind have, and with efficiencies (C11).

    Efficiency is used/requested; with nothing requested 1 if anything was used at a cost, else 0; in all that of cpu and ram
    by their cost before idle.
    """
    if shape.kind == "asset":
        return {**EMPTY_ASSET, **row, "is_idle": False}
    row = {**EMPTY, **row, "is_idle": is_idle}
    if is_idle or shape.sharing.idle:
        # Their own, or what they bear of their pool's.
        for name in RESOURCES:
            row[f"{name}_adjustment"] += row[f"{name}_idle_adjustment"]
            row["billed_cost"] += row[f"{name}_idle_billed"]
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
        return asset_sums(shape)
    return (
        *amounts(shape),
        *(of_idle(shape) if shape.sharing.idle else ()),
        *(("shared_cost",) if shape.sharing.pools else ()),
    )


def _allocation_report(shape: Shape, *, last_resort: bool) -> ir.Table:
    rows = _grouped(shape, last_resort=last_resort)
    if shape.sort_by == "efficiency":
        rows = _with_efficiency(rows)
    if shape.sharing.idle:
        rows = rows.mutate(**{f"{name}_cost": rows[f"{name}_cost"] + rows[f"{name}_idle_cost"] for name in RESOURCES})
    if shape.sort_by == "networkCost":
        rows = rows.mutate(network_cost=sum_of(rows, NETWORK_COSTS))
    if shape.sharing.pools:
        rows = rows.mutate(shared_cost=rows.share * rows.spread)
    elif shape.sort_by == "sharedCost":
        rows = rows.mutate(shared_cost=zero())
    whole = (*COSTS, "shared_cost") if shape.sharing.pools else COSTS
    return rows.mutate(total_cost=sum_of(rows, whole))


def _grouped(shape: Shape, *, last_resort: bool) -> ir.Table:
    """Rows of ``summed_rows`` that are shown, by set and keys, with their part of what is spread; a property where all agree."""
    rows, pools = summed_rows(shape), shape.sharing.pools
    if last_resort:
        rows = with_last_resort(rows, shape)
    shown = is_shown(rows, shape)
    if not pools and shown is not None:
        # What others weigh does not matter.
        rows, shown = rows.filter(shown), None
    # Under a filter idle that is not shared has rows of its own.
    by_keys, idle = by_key(shape), of_idle(shape) if shape.sharing.idle else ()
    looked_at = [column for column in told(shape) if column not in by_keys]
    least, most = (
        {column: column if column in pool_columns(shape) else f"{end}_{column}" for column in looked_at}
        for end in ("least", "most")
    )
    groups = rows.group_by("set", *keys(shape)).agg(
        run_start=rows.run_start.min(where=shown),
        run_end=rows.run_end.max(where=shown),
        **{f"least_{column}": rows[least[column]].min(where=shown) for column in looked_at},
        **{f"most_{column}": rows[most[column]].max(where=shown) for column in looked_at},
        **{column: rows[column].sum(where=shown) for column in (*amounts(shape), *idle)},
        **{column: rows[column].max(where=shown) for column in LARGEST},
        **(weights(rows, shape) if pools else {}),
    )
    if shown is not None:
        groups = groups.filter(groups.number > 0)
    properties = {
        column: ibis.ifelse(groups[f"least_{column}"] == groups[f"most_{column}"], groups[f"least_{column}"], "")
        for column in looked_at
    }
    properties |= {column: groups[key].nullif(UNALLOCATED).fill_null("") for column, key in by_keys.items()}
    told_of = ("run_start", "run_end", *amounts(shape), *idle, *LARGEST)
    borne = {"share": share_of(groups, shape), "spread": groups.spread_of_set} if pools else {}
    return groups.select("set", *told_of, name=joined(groups, keys(shape)), **properties, **borne)


def _with_efficiency(rows: ir.Table) -> ir.Table:
    """C11: used/requested; with nothing requested 1 if anything was used at a cost, else 0; in all cpu and ram by their cost."""
    for name in RESOURCES:
        requested, used, cost = rows[f"{name}_requested"], rows[f"{name}_used"], rows[f"{name}_cost"]
        unasked = ibis.ifelse((used > 0) & (cost > 0), 1.0, 0.0)
        rows = rows.mutate(**{f"{name}_efficiency": ibis.ifelse(requested > 0, used / requested, unasked)})
    weight = rows.cpu_cost + rows.ram_cost
    weighted = rows.cpu_efficiency * rows.cpu_cost + rows.ram_efficiency * rows.ram_cost
    return rows.mutate(total_efficiency=ibis.ifelse(weight > 0, weighted / weight, 0.0))
