"""C10: idle cost and shared costs spread over the rows; weights are of all rows, whatever the filter keeps.

Idle goes first, resource by resource, to what was charged on the same cluster (or node), shared rows included. Then the
shared rows with their idle, the monthly amount and the overhead go to the groups of the question. The filter comes last.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.question import COST_METRICS, Shape
from farthing.model.sums import needs_pools, pools_by, sums_table
from farthing.model.tables import COSTS, HOUR, RESOURCES, extend, zero
from farthing.model.telling import facts_table, keys

PART = ("set", "part", "cost")

SETS = {"set": "int64", "passed": "float64"}
"""The sets of a question, and how much of each has passed. [s]"""

IDLE_COSTS = tuple(f"{name}_idle_cost" for name in RESOURCES)
OVERALLOCATED = tuple(f"{name}_overallocated_cost" for name in RESOURCES)


def pool_key(shape: Shape) -> tuple[str, ...]:
    """What idle cost is told and shared by."""
    return ("set", *pools_by(shape))


def _nodes() -> ir.Table:
    """The facts of nodes, named as allocations name them."""
    asset = facts_table("asset")
    return asset.filter(asset.type == "Node").rename(node="name")


def _pools(shape: Shape, rows: ir.Table) -> ir.Table:
    """The idle cost of each pool: ``pool_key``, run_start and run_end [unix s], ``IDLE_COSTS`` and ``OVERALLOCATED``.

    And what those of ``rows`` that are on it were charged of each resource, such as ``cpu_charged``.
    """
    nodes, key = _nodes(), pool_key(shape)
    pools = nodes.group_by(*key).agg(
        run_start=nodes.run_start.min(),
        run_end=nodes.run_end.max(),
        **{column: nodes[column].sum() for column in (*IDLE_COSTS, *OVERALLOCATED)},
    )
    charged = {f"{name}_charged": rows[f"{name}_cost"].sum() for name in RESOURCES}
    pools = extend(pools, rows.group_by(*key).agg(**charged), *key)
    return pools.mutate(**{column: pools[column].fill_null(0.0) for column in charged})


def summed_rows(shape: Shape) -> ir.Table:
    """The rows of ``sums_table``, where they must know it with the idle cost that is theirs as ``IDLE_COSTS``.

    That is the part of their pool's that they have of its cost, resource by resource.
    """
    rows = sums_table(shape)
    if not needs_pools(shape):
        return rows
    key = pool_key(shape)
    pools = _pools(shape, rows)
    pools = pools.select(
        **{f"{one}_of_pool": pools[one] for one in key},
        **{f"{name}_part": pools[f"{name}_idle_cost"] / pools[f"{name}_charged"].nullif(0.0) for name in RESOURCES},
    )
    joined = rows.left_join(pools, [rows[one] == pools[f"{one}_of_pool"] for one in key])
    theirs = {f"{name}_idle_cost": (rows[f"{name}_cost"] * pools[f"{name}_part"]).fill_null(0.0) for name in RESOURCES}
    return joined.select(*(rows[one] for one in rows.columns), **theirs)


def idle_rows_of(shape: Shape) -> ir.Table:
    """Idle cost that is told as rows, of nodes or of whole pools: ``pool_key``, ``IDLE_COSTS`` and ``OVERALLOCATED``.

    Shared, it is what no row takes: that of a resource of which nothing was charged in its pool. Under a filter it is the
    part of the rows that the filter keeps, and none of what no row takes. What is overallocated is theirs likewise.
    """
    if not needs_pools(shape):
        return _nodes()
    rows = sums_table(shape)
    pools = _pools(shape, rows)
    if not shape.filtered:
        untaken = {name: ibis.ifelse(pools[f"{name}_charged"] > 0, 0.0, 1.0) for name in RESOURCES}
        return pools.mutate(**{f"{name}_idle_cost": pools[f"{name}_idle_cost"] * untaken[name] for name in RESOURCES})
    kept = (
        rows.filter(rows.is_kept)
        .group_by(*pool_key(shape))
        .agg(**{f"{name}_kept": rows[f"{name}_cost"].sum() for name in RESOURCES})
    )
    pools = pools.join(kept, list(pool_key(shape)))
    part = {name: (pools[f"{name}_kept"] / pools[f"{name}_charged"].nullif(0.0)).fill_null(0.0) for name in RESOURCES}
    told = ("overallocated_cost",) if shape.sharing.idle else ("idle_cost", "overallocated_cost")
    pools = pools.mutate(**{f"{name}_{one}": pools[f"{name}_{one}"] * part[name] for name in RESOURCES for one in told})
    return pools.mutate(**dict.fromkeys(IDLE_COSTS, zero())) if shape.sharing.idle else pools


def overallocated(_: Shape) -> ir.Table:
    """One row, if anything is charged beyond what the nodes hold."""
    nodes = _nodes()
    return nodes.filter(ibis.or_(*(nodes[column] > 0 for column in OVERALLOCATED))).select("start").limit(1)


def pool_parts(rows: ir.Table, shape: Shape) -> ir.Table:
    """What is spread over the groups: set, part (the namespace or label, ``shareCost``, ``overhead``) and its cost.

    ``rows`` are those of ``summed_rows``.
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
    weighed = weighed.mutate(
        cost=sum_of(weighed, COSTS), is_kept=weighed.is_kept if shape.filtered else ibis.literal(value=True)
    )
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
