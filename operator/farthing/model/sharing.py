"""C10: idle cost over the rows of its cluster, or node, whatever the filter keeps; shared rows get theirs too.

It goes by what was charged, resource by resource, before anything else is shared (``model.spreading``).
"""

import ibis
import ibis.expr.types as ir

from farthing.model.bills import OF_IDLE
from farthing.model.question import Shape
from farthing.model.sums import needs_pools, pools_by, sums_table
from farthing.model.tables import RESOURCES, extend, zero
from farthing.model.telling import facts_table

IDLE_COSTS = tuple(f"{name}_idle_cost" for name in RESOURCES)
OVERALLOCATED = tuple(f"{name}_overallocated_cost" for name in RESOURCES)


def pool_key(shape: Shape) -> tuple[str, ...]:
    """What idle cost is told and shared by."""
    return ("set", *pools_by(shape))


def parts_of_idle(shape: Shape) -> tuple[str, ...]:
    """What is told of each resource's idle cost: that, and where bills adjust it, what they say."""
    return ("idle_cost", *OF_IDLE) if shape.reconcile else ("idle_cost",)


def of_idle(shape: Shape) -> tuple[str, ...]:
    """The columns of ``parts_of_idle``."""
    return tuple(f"{name}_{part}" for part in parts_of_idle(shape) for name in RESOURCES)


def _nodes(shape: Shape) -> ir.Table:
    """The facts of nodes, named as allocations name them."""
    asset = facts_table("asset", shape)
    return asset.filter(asset.type == "Node").rename(node="name")


def _pools(shape: Shape, rows: ir.Table) -> ir.Table:
    """The idle cost of each pool: ``pool_key``, run_start and run_end [unix s], ``IDLE_COSTS`` and ``OVERALLOCATED``.

    And what those of ``rows`` that are on it were charged of each resource, such as ``cpu_charged``.
    """
    nodes, key = _nodes(shape), pool_key(shape)
    pools = nodes.group_by(*key).agg(
        run_start=nodes.run_start.min(),
        run_end=nodes.run_end.max(),
        **{column: nodes[column].sum() for column in (*of_idle(shape), *OVERALLOCATED)},
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
        **{
            f"{name}_{one.removeprefix('idle_cost')}part": pools[f"{name}_{one}"] / pools[f"{name}_charged"].nullif(0.0)
            for name in RESOURCES
            for one in parts_of_idle(shape)
        },
    )
    joined = rows.left_join(pools, [rows[one] == pools[f"{one}_of_pool"] for one in key])
    theirs = {
        f"{name}_{one}": (rows[f"{name}_cost"] * pools[f"{name}_{one.removeprefix('idle_cost')}part"]).fill_null(0.0)
        for name in RESOURCES
        for one in parts_of_idle(shape)
    }
    return joined.select(*(rows[one] for one in rows.columns), **theirs)


def idle_rows_of(shape: Shape) -> ir.Table:
    """Idle cost that is told as rows, of nodes or of whole pools: ``pool_key``, ``IDLE_COSTS`` and ``OVERALLOCATED``.

    Shared, it is what no row takes: that of a resource of which nothing was charged in its pool. Under a filter it is the
    part of the rows that the filter keeps, and none of what no row takes. What is overallocated is theirs likewise.
    """
    if not needs_pools(shape):
        return _nodes(shape)
    rows = sums_table(shape)
    pools = _pools(shape, rows)
    if not shape.filtered:
        untaken = {name: ibis.ifelse(pools[f"{name}_charged"] > 0, 0.0, 1.0) for name in RESOURCES}
        left = [(name, f"{name}_{one}") for name in RESOURCES for one in parts_of_idle(shape)]
        return pools.mutate(**{column: pools[column] * untaken[name] for name, column in left})
    kept = (
        rows.filter(rows.is_kept)
        .group_by(*pool_key(shape))
        .agg(**{f"{name}_kept": rows[f"{name}_cost"].sum() for name in RESOURCES})
    )
    pools = pools.join(kept, list(pool_key(shape)))
    part = {name: (pools[f"{name}_kept"] / pools[f"{name}_charged"].nullif(0.0)).fill_null(0.0) for name in RESOURCES}
    told = ("overallocated_cost",) if shape.sharing.idle else (*parts_of_idle(shape), "overallocated_cost")
    pools = pools.mutate(**{f"{name}_{one}": pools[f"{name}_{one}"] * part[name] for name in RESOURCES for one in told})
    return pools.mutate(**dict.fromkeys(of_idle(shape), zero())) if shape.sharing.idle else pools


def overallocated(shape: Shape) -> ir.Table:
    """One row, if anything is charged beyond what the nodes hold."""
    nodes = _nodes(shape)
    return nodes.filter(ibis.or_(*(nodes[column] > 0 for column in OVERALLOCATED))).select("start").limit(1)
