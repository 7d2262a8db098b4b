"""C10: shared namespaces and labels, the monthly amount and the overhead, spread over the groups of a question.

Idle was shared before (``model.sharing``). Weights are of all rows; the filter comes last, so that it changes no row that stays.
What is spread in each set, and how much bears it, is asked first; the report then has it as ``sums.OF_SETS``.
"""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from farthing.model.bills import ADJUSTMENTS
from farthing.model.keeping import UNALLOCATED
from farthing.model.question import COST_METRICS, Shape
from farthing.model.sharing import IDLE_COSTS, summed_rows
from farthing.model.sums import OF_SETS, sums_table
from farthing.model.tables import COSTS, HOUR, RESOURCES, sum_of, zero
from farthing.model.telling import facts_table, keys

PART = ("set", "part", "cost")
TOLD = ("adjustment", "billed")
"""What bills changed of a part, and what of it they tell. [currency]"""


def shared_costs(shape: Shape) -> ir.Table:
    """What of the facts is spread, if ``shape.sharing.of_facts``: set, part (namespace, label, or ``overhead``) and cost."""
    parts, told = [], TOLD if shape.reconcile else ()
    if shape.sharing.rows:
        rows = summed_rows(shape)
        shared = rows.filter(rows.is_shared)
        idle = sum_of(shared, IDLE_COSTS) if shape.sharing.idle else zero()
        shared = shared.mutate(whole=sum_of(shared, COSTS) + idle, **_told(shared, shape))
        found = shared.group_by("set", "shared_as").agg(
            cost=shared.whole.sum(), **{one: shared[one].sum() for one in told}
        )
        parts.append(found.rename(part="shared_as").select(*PART, *told))
    if shape.sharing.overhead:
        asset = facts_table("asset", shape)
        fees = asset.group_by("set").agg(cost=(asset.management_cost + asset.local_cost).sum())
        fees = fees.mutate(part=ibis.literal("overhead"), **dict.fromkeys(told, zero()))
        parts.append(fees.select(*PART, *told))
    both = parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)
    # What a bill says costs nothing was changed by it all the same.
    return both.filter((both.cost > 0) | (both.adjustment != 0)) if told else both.filter(both.cost > 0)


def _told(shared: ir.Table, shape: Shape) -> dict[str, ir.FloatingValue]:
    """What of ``shared`` bills changed, and what they tell at all, where they adjust costs."""
    if not shape.reconcile:
        return {}
    parts = {"adjustment": ADJUSTMENTS, "billed": ("billed_cost",)}
    idle = {one: tuple(f"{name}_idle_{one}" for name in RESOURCES) if shape.sharing.idle else () for one in TOLD}
    return {one: sum_of(shared, (*parts[one], *idle[one])) for one in TOLD}


def monthly_costs(shape: Shape, passed: Sequence[float]) -> list[dict[str, Any]]:
    """What of a monthly amount is spread in each set, by how much of it has ``passed`` [s]; columns as of ``shared_costs``."""
    hourly = shape.sharing.monthly_cost / COST_METRICS["monthly"]
    costs = (hourly * seconds / HOUR for seconds in passed)
    return [{"set": index, "part": "shareCost", "cost": cost} for index, cost in enumerate(costs) if cost > 0]


def bearing(shape: Shape) -> ir.Table:
    """What bears in each set: set, weight [currency] and bearers, the number of groups; no row where nothing does.

    The groups are those of all rows that are neither shared nor unmounted; they weigh their cost before idle.
    """
    rows = sums_table(shape)
    rows = rows.filter(_bears(rows, shape))
    groups = rows.group_by("set", *keys(shape)).agg(cost=sum_of(rows, COSTS).sum())
    return groups.group_by("set").agg(weight=groups.cost.sum(), bearers=groups.count().cast("float64"))


def with_last_resort(rows: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` of ``summed_rows``, and where nothing bears what is spread one of nothing and without names, which does."""
    sets = ibis.table({"set": "int64", **OF_SETS}, name="sets")
    sets = sets.filter(sets.unborne > 0)
    # Facts tell their start, which nobody asks a report for.
    rows = rows.select(*(one for one in rows.columns if one != "start"))
    values = {
        **{name: zero() if kind.is_floating() else ibis.null(kind) for name, kind in rows.schema().items()},
        **dict.fromkeys(("run_start", "run_end"), ibis.null("float64")),
        **dict.fromkeys((one for one in rows.columns if one.startswith("is_")), ibis.literal(value=False)),
        **dict.fromkeys(keys(shape), ibis.literal(UNALLOCATED)),
        **{one: sets[one] for one in sets.columns},
    }
    return ibis.union(rows, sets.select(**values), distinct=False)


def is_shown(rows: ir.Table, shape: Shape) -> ir.BooleanValue | None:
    """Whether a row of ``summed_rows`` is told of: kept and not shared. None where all are."""
    told = [rows.is_kept] if shape.filtered else []
    told += [~rows.is_shared] if shape.sharing.rows else []
    return ibis.and_(*told) if told else None


def weights(rows: ir.Table, shape: Shape) -> dict[str, ir.Value]:
    """Of each group of ``rows`` what ``share_of`` asks for, and the number of those shown."""
    bears = _bears(rows, shape)
    cost = sum_of(rows, COSTS)
    found: dict[str, ir.Value] = {
        **{f"{one}_of_set": rows[one].max() for one in OF_SETS},
        "number": rows.count(where=is_shown(rows, shape)),
        "weight": cost.sum(where=bears),
        "bearing": rows.count(where=bears),
    }
    if shape.filtered:
        found |= {"kept_weight": cost.sum(where=bears & rows.is_kept), "kept": rows.count(where=bears & rows.is_kept)}
    return found


def share_of(groups: ir.Table, shape: Shape) -> ir.FloatingValue:
    """The part of what is spread that each of ``groups`` gets and the filter keeps. [0 to 1]"""
    weight = groups.weight
    alike = ibis.ifelse(groups.bearing > 0, 1.0 / ibis.greatest(groups.bearers_of_set, 1.0), 0.0)
    whole = groups.weight_of_set
    share = alike if shape.sharing.even else ibis.ifelse(whole > 0, weight / whole, alike)
    if shape.filtered:
        share = share * ibis.ifelse(weight > 0, groups.kept_weight / weight, groups.kept / groups.bearing.nullif(0))
    return share.fill_null(0.0)


def _bears(rows: ir.Table, shape: Shape) -> ir.BooleanValue:
    return ~rows.is_unmounted & ~rows.is_shared if shape.sharing.rows else ~rows.is_unmounted
