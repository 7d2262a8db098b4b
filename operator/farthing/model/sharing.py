"""C10: idle cost and shared costs spread over the rows; weights are of all rows, whatever the filter keeps.

Idle goes first, resource by resource, to what was charged on the same cluster (or node), shared rows included. Then the
shared rows with their idle, the monthly amount and the overhead go to the groups of the question. The filter comes last.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.question import COST_METRICS, Shape
from farthing.model.tables import COSTS, HOUR, RESOURCES, extend, zero
from farthing.model.telling import facts_table, keys, told_apart

PART = ("set", "part", "cost")

SETS = {"set": "int64", "passed": "float64"}
"""The sets of a question, and how much of each has passed. [s]"""

IDLE_COSTS = tuple(f"{name}_idle_cost" for name in RESOURCES)
OVERALLOCATED = tuple(f"{name}_overallocated_cost" for name in RESOURCES)


def pool_key(shape: Shape) -> tuple[str, ...]:
    """What idle cost is told and shared by."""
    return ("set", "cluster", "node") if shape.idle_by_node else ("set", "cluster")


def is_apart(shape: Shape) -> bool:
    """Whether some rows are left out or spread over the others."""
    return shape.filtered or shape.sharing.pools


def needs_pools(shape: Shape) -> bool:
    """Whether rows must know what idle is theirs: where it is shared, or told of what a filter keeps."""
    return not shape.namespace and (shape.sharing.idle or shape.filtered)


def _pools(shape: Shape) -> ir.Table:
    """The idle cost of each pool: ``pool_key``, run_start and run_end [unix s], ``IDLE_COSTS`` and ``OVERALLOCATED``."""
    asset = facts_table("asset")
    nodes = asset.filter(asset.type == "Node").rename(node="name")
    return nodes.group_by(*pool_key(shape)).agg(
        run_start=nodes.run_start.min(),
        run_end=nodes.run_end.max(),
        **{column: nodes[column].sum() for column in (*IDLE_COSTS, *OVERALLOCATED)},
    )


def with_idle(rows: ir.Table, shape: Shape) -> ir.Table:
    """``rows`` with the part of each pool's idle cost that is theirs, as ``IDLE_COSTS``: by their cost of the resource."""
    key = pool_key(shape)
    pools = _pools(shape).rename({f"{name}_of_pool": name for name in (*key, *IDLE_COSTS)})
    joined = rows.left_join(pools, [rows[name] == pools[f"{name}_of_pool"] for name in key])
    of_pool = ibis.window(group_by=[rows[name] for name in key])
    parts = {name: rows[f"{name}_cost"] / rows[f"{name}_cost"].sum().over(of_pool).nullif(0.0) for name in RESOURCES}
    theirs = {
        f"{name}_idle_cost": (pools[f"{name}_idle_cost_of_pool"] * part).fill_null(0.0) for name, part in parts.items()
    }
    return joined.select(*(rows[name] for name in rows.columns), **theirs)


def idle_rows_of(shape: Shape) -> ir.Table:
    """The pools with the idle cost that is told as rows.

    Shared, it is what no row takes: that of a resource of which nothing was charged in its pool. Under a filter it is the
    part of the rows that the filter keeps, and none of what no row takes.
    """
    pools = _pools(shape)
    if not needs_pools(shape):
        return pools
    key, facts = pool_key(shape), told_apart("allocation", shape)
    if shape.filtered:
        kept = facts.is_kept & ~ibis.literal(value=shape.sharing.idle)
        parts = {name: ibis.ifelse(kept, facts[f"{name}_cost"], 0.0) for name in RESOURCES}
        facts = facts.mutate(**{f"{name}_kept": cost for name, cost in parts.items()})
    amounts = {f"{name}_charged": (facts[f"{name}_cost"] * facts.part).sum() for name in RESOURCES}
    if shape.filtered:
        amounts |= {f"{name}_kept": (facts[f"{name}_kept"] * facts.part).sum() for name in RESOURCES}
        amounts["rows_kept"] = facts.is_kept.cast("int64").sum()
    pools = extend(pools, facts.group_by(*key).agg(**amounts), *key)
    charged = {name: pools[f"{name}_charged"].fill_null(0.0) for name in RESOURCES}
    left = {
        name: pools[f"{name}_kept"] / charged[name].nullif(0.0)
        if shape.filtered
        else ibis.ifelse(charged[name] > 0, 0.0, 1.0)
        for name in RESOURCES
    }
    if shape.filtered:
        pools = pools.filter(pools.rows_kept > 0)
    return pools.mutate(
        **{f"{name}_idle_cost": pools[f"{name}_idle_cost"] * left[name].fill_null(0.0) for name in RESOURCES}
    )


def pool_parts(rows: ir.Table, shape: Shape) -> ir.Table:
    """What is spread over the groups: set, part (the namespace or label, ``shareCost``, ``overhead``) and its cost.

    ``rows`` have ``shared_as``, the namespace or label that makes a row shared.
    """
    shared = rows.filter(rows.is_shared)
    idle = sum_of(shared, IDLE_COSTS) if shape.sharing.idle else zero()
    shared = shared.mutate(whole=sum_of(shared, COSTS) + idle)
    parts = [
        shared.group_by("set", "shared_as").agg(cost=shared.whole.sum()).rename(part="shared_as").select(*PART),
    ]
    sets = ibis.table(SETS, name="sets")
    if shape.sharing.monthly_cost:
        amount = sets.passed / HOUR / COST_METRICS["monthly"] * shape.sharing.monthly_cost
        parts.append(sets.mutate(part=ibis.literal("shareCost"), cost=amount).select(*PART))
    if shape.sharing.overhead:
        asset = facts_table("asset")
        fees = asset.group_by("set").agg(cost=asset.management_cost.sum())
        parts.append(fees.mutate(part=ibis.literal("overhead")).select(*PART))
    parts_of_all = parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)
    return parts_of_all.filter(parts_of_all.cost > 0)


def shares(rows: ir.Table, shape: Shape) -> ir.Table:
    """The part of what is spread that each group gets and the filter keeps: set, ``keys`` and share [0 to 1].

    The groups are those of all rows that are neither shared nor unmounted; they are weighted by cost before idle.
    """
    weighed = rows.filter(~rows.is_shared & ~rows.is_unmounted)
    weighed = weighed.mutate(cost=sum_of(weighed, COSTS))
    groups = weighed.group_by("set", *keys(shape)).agg(
        weight=weighed.cost.sum(),
        kept_weight=ibis.ifelse(weighed.is_kept, weighed.cost, 0.0).sum(),
        count=weighed.count(),
        kept_count=weighed.is_kept.cast("int64").sum(),
    )
    of_set = ibis.window(group_by="set")
    alike = 1.0 / groups.count().over(of_set)
    whole = groups.weight.sum().over(of_set)
    share = alike if shape.sharing.even else ibis.ifelse(whole > 0, groups.weight / whole.nullif(0.0), alike)
    kept = ibis.ifelse(
        groups.weight > 0, groups.kept_weight / groups.weight.nullif(0.0), groups.kept_count / groups["count"]
    )
    return groups.mutate(share=share * kept).select("set", *keys(shape), "share")


def sum_of(rows: ir.Table, columns: tuple[str, ...]) -> ir.FloatingValue:
    """The sum of ``columns`` in each row."""
    first, *others = columns
    total: ir.FloatingValue = rows[first]
    for column in others:
        total = total + rows[column]
    return total


def per_hours(rows: ir.Table, money: tuple[str, ...], shape: Shape) -> ir.Table:
    """``rows`` with what their ``money`` is for as many hours as the cost metric says; of a set that has begun."""
    hours = COST_METRICS[shape.cost_metric]
    if not hours:
        return rows
    rows = extend(rows, ibis.table(SETS, name="sets"), "set")
    times = ibis.ifelse(rows.passed > 0, hours * HOUR / rows.passed.nullif(0.0), 0.0)
    return rows.mutate(**{column: rows[column] * times for column in money}).drop("passed")
