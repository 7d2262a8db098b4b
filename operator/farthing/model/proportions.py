"""What part of the cost of its clusters, or nodes, each row holds: OpenCost's proportional asset resource costs.

The costs that the parts are made from add up; who tells of them divides (``exports.allocation_parts``).
"""

import ibis.expr.types as ir

from farthing.model.question import Shape
from farthing.model.sums import pools_by
from farthing.model.tables import RESOURCES, extend, joined
from farthing.model.telling import keys, told_apart


def proportion_rows(shape: Shape) -> ir.Table:
    """What each row holds on each cluster, or on each node where idle is told by node, and what all do.

    Columns: set, name, cluster, and by node also node and its provider_id; of each resource the row's cost, such as cpu_cost,
    and that of_all, such as cpu_of_all [currency, after bills]. A row has what the filter keeps of it, before anything is
    shared; all are whatever is held there, kept or not, what is shared included and idle not.
    """
    rows, by = told_apart("allocation", shape), pools_by(shape)
    if shape.idle_by_node:
        # What no container holds is on no node.
        rows = rows.filter(rows.node != "")
    rows = rows.mutate(**{f"{name}_cost": rows[f"{name}_cost"] * rows.part for name in RESOURCES})
    of_all = rows.group_by("set", *by).agg(**{f"{name}_of_all": rows[f"{name}_cost"].sum() for name in RESOURCES})
    own = rows.filter(rows.is_kept & ~rows.is_shared)
    found = own.group_by("set", *keys(shape), *by).agg(
        **{f"{name}_cost": own[f"{name}_cost"].sum() for name in RESOURCES},
        # Of a node that was replaced under its name, the newest.
        **({"provider_id": own.provider_id.argmax(own.run_start)} if shape.idle_by_node else {}),
    )
    found = extend(found.mutate(name=joined(found, keys(shape))).drop(*keys(shape)), of_all, "set", *by)
    return found.order_by("set", "name", *by)
