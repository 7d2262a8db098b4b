"""A report: facts grouped, with idle as rows of its own, shared, priced and ordered. One relational expression.

Averages and efficiencies are made here, at the end, from sums (DESIGN: everything additive, ratios only at the edge).
"""

import ibis
import ibis.expr.types as ir

from farthing.model.asset_report import ASSET_SUMS, asset_report
from farthing.model.question import ALLOCATION_PROPERTIES, Shape
from farthing.model.sharing import (
    IDLE_COSTS,
    OVERALLOCATED,
    idle_rows_of,
    needs_pools,
    per_hours,
    pool_key,
    pool_parts,
    shares,
    sum_of,
    with_idle,
)
from farthing.model.tables import ALLOCATION, COSTS, LARGEST, RESOURCES, TRAFFIC, extend, zero
from farthing.model.telling import COLUMN, UNALLOCATED, keys, name_of, ordered, told_apart

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

SHARED = ("shared_cost", "share")
ALLOCATION_SUMS = (*AMOUNTS, *IDLE_COSTS, "shared_cost")
MONEY = (*COSTS, *IDLE_COSTS, *OVERALLOCATED, "shared_cost")
PROPERTY_COLUMNS = tuple(COLUMN.get(one, one) for one in ALLOCATION_PROPERTIES)
APART = ("is_shared", "shared_as", "is_kept", "is_unmounted")


def report(shape: Shape) -> ir.Table:
    """The rows of every set, in the asked order; the idle rows of a set come last.

    Columns: set, name, is_idle, one for each property (empty where rows differ), run_start and run_end [unix s], the sums
    [core-s, B-s, GPU-s, B, currency], ``share`` of what is spread [0 to 1], total_cost, network_cost and efficiencies.

    Idle rows are there whether asked for or not, with what is not shared: who shows the rows leaves them out.
    """
    return asset_report(shape) if shape.kind == "asset" else _allocation_report(shape)


def summed(shape: Shape) -> tuple[str, ...]:
    """The columns of ``report`` that may be added up."""
    return ASSET_SUMS if shape.kind == "asset" else (*ALLOCATION_SUMS, *OVERALLOCATED)


def shared_parts(shape: Shape) -> ir.Table:
    """What is spread over the rows of each set: set, part and cost; see ``sharing.pool_parts``."""
    parts = pool_parts(_finest(shape), shape)
    return per_hours(parts, ("cost",), shape).order_by("set", "part")


def _allocation_report(shape: Shape) -> ir.Table:
    finest = _finest(shape)
    rows = finest.filter(finest.is_kept & ~finest.is_shared) if "is_kept" in finest.columns else finest
    rows = _summed(rows, shape)
    rows = _with_shared_cost(rows, finest, shape)
    if not shape.namespace:
        rows = ibis.union(rows, _idle_rows(finest, shape).select(*rows.columns), distinct=False)
    rows = _with_efficiency(per_hours(rows, MONEY, shape))
    if shape.sharing.idle:
        rows = rows.mutate(**{f"{name}_cost": rows[f"{name}_cost"] + rows[f"{name}_idle_cost"] for name in RESOURCES})
    rows = rows.mutate(network_cost=sum_of(rows, tuple(f"network_{kind}_cost" for kind in TRAFFIC)))
    return ordered(rows.mutate(total_cost=sum_of(rows, COSTS) + rows.shared_cost), shape)


def _finest(shape: Shape) -> ir.Table:
    """Facts summed as far as sharing and filtering allow: by the keys, the pool of idle, and ``APART``; with ``IDLE_COSTS``."""
    facts = told_apart("allocation", shape)
    pooled = pool_key(shape)[1:] if needs_pools(shape) else ()
    apart = APART if shape.filtered or shape.sharing.pools else ()
    split = "service" in shape.aggregate
    common = [column for column in _told(shape) if column not in pooled]
    rows = facts.group_by("set", *keys(shape), *pooled, *apart).agg(
        run_start=facts.run_start.min(),
        run_end=facts.run_end.max(),
        **{f"least_{column}": facts[column].min() for column in common},
        **{f"most_{column}": facts[column].max() for column in common},
        **{column: ((facts[column] * facts.part) if split else facts[column]).sum() for column in AMOUNTS},
        **{column: facts[column].max() for column in LARGEST},
    )
    rows = rows.mutate(
        **{f"{end}_{column}": rows[column] for end in ("least", "most") for column in pooled},
    )
    return with_idle(rows, shape) if pooled else rows.mutate(**dict.fromkeys(IDLE_COSTS, zero()))


def _told(shape: Shape) -> list[str]:
    """The columns of properties that rows of ``shape`` may share."""
    asked = shape.aggregate or ("pod", "container")
    told = {column for one in asked for column in (COLUMN.get(one, one), *TOLD_BY.get(one, ()))}
    if shape.namespace:
        told -= {"cluster", "node", "provider_id"}
    return [column for column in PROPERTY_COLUMNS if column in told]


def _summed(rows: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` of ``_finest`` by the keys alone; a property is given where all agree."""
    told = _told(shape)
    grouped = rows.group_by("set", *keys(shape)).agg(
        run_start=rows.run_start.min(),
        run_end=rows.run_end.max(),
        **{
            column: ibis.ifelse(
                rows[f"least_{column}"].min() == rows[f"most_{column}"].max(), rows[f"least_{column}"].min(), ""
            )
            for column in told
        },
        **{column: rows[column].sum() for column in (*AMOUNTS, *IDLE_COSTS)},
        **{column: rows[column].max() for column in LARGEST},
    )
    return grouped.mutate(
        name=name_of(grouped, shape),
        is_idle=ibis.literal(value=False),
        **{column: ibis.literal("") for column in PROPERTY_COLUMNS if column not in told},
        **dict.fromkeys(OVERALLOCATED, zero()),
    )


def _with_shared_cost(rows: ir.Table, finest: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` with their ``share`` of what is spread and its ``shared_cost``; where nobody is to bear it, it is a row."""
    columns = [
        "set", "name", "is_idle", *PROPERTY_COLUMNS, "run_start", "run_end", *AMOUNTS, *IDLE_COSTS, *OVERALLOCATED, *LARGEST,
    ]  # fmt: skip
    if not shape.sharing.pools:
        return rows.mutate(**dict.fromkeys(SHARED, zero())).select(*columns, *SHARED)
    parts = pool_parts(finest, shape)
    spread = parts.group_by("set").agg(spread=parts.cost.sum())
    borne = shares(finest, shape)
    rows = extend(extend(rows, borne, "set", *keys(shape)), spread, "set")
    rows = rows.mutate(share=rows.share.fill_null(0.0), spread=rows.spread.fill_null(0.0))
    rows = rows.mutate(shared_cost=rows.share * rows.spread).select(*columns, *SHARED)
    if shape.filtered:
        return rows
    alone = spread.anti_join(borne, "set")
    empty = {column: ibis.literal("") for column in PROPERTY_COLUMNS}
    numbers = dict.fromkeys((*AMOUNTS, *IDLE_COSTS, *OVERALLOCATED, *LARGEST, "run_start", "run_end"), zero())
    alone = alone.mutate(
        name=ibis.literal(UNALLOCATED),
        is_idle=ibis.literal(value=False),
        share=ibis.literal(1).cast("float64"),
        shared_cost=alone.spread,
        **empty,
        **numbers,
    )
    return ibis.union(rows, alone.select(*rows.columns), distinct=False)


def _idle_rows(finest: ir.Table, shape: Shape) -> ir.Table:
    """The cost that nobody holds, as rows like the others: in all, by cluster, or by node."""
    pools = idle_rows_of(finest, shape)
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
    costs = {f"{name}_cost" for name in RESOURCES}
    without = [column for column in (*AMOUNTS, *IDLE_COSTS, *LARGEST, *SHARED) if column not in costs]
    return grouped.mutate(
        name=name.concat(IDLE),
        is_idle=ibis.literal(value=True),
        cluster=grouped.cluster_,
        **{column: ibis.literal("") for column in PROPERTY_COLUMNS if column not in {"cluster", *split}},
        **dict.fromkeys(without, zero()),
    )


def _with_efficiency(rows: ir.Table) -> ir.Table:
    """C11: used/requested; with nothing requested 1 if anything was used at a cost, else 0; in all cpu and ram by their cost."""
    for name in RESOURCES:
        requested, used, cost = rows[f"{name}_requested"], rows[f"{name}_used"], rows[f"{name}_cost"]
        unasked = ibis.ifelse((used > 0) & (cost > 0), 1.0, 0.0)
        rows = rows.mutate(**{f"{name}_efficiency": ibis.ifelse(requested > 0, used / requested, unasked)})
    weight = rows.cpu_cost + rows.ram_cost
    weighted = rows.cpu_efficiency * rows.cpu_cost + rows.ram_efficiency * rows.ram_cost
    return rows.mutate(total_efficiency=ibis.ifelse(weight > 0, weighted / weight, 0.0))
