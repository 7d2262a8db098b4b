"""A report: facts grouped, with idle as rows of its own, priced and ordered. One relational expression.

Averages and efficiencies are made here, at the end, from sums (DESIGN: everything additive, ratios only at the edge).
"""

import ibis
import ibis.expr.types as ir

from farthing.model.question import ALLOCATION_PROPERTIES, ASSET_PROPERTIES, Shape
from farthing.model.tables import ALLOCATION, ASSET, RESOURCES, zero

IDLE = "__idle__"
UNALLOCATED = "__unallocated__"
UNDEFINED = "__undefined__"

SET = {"set": "int64", "day": "int64"}
"""The set of the report that a row of facts falls in, and the start of its day [unix s]: columns of the facts a report is made of."""

COLUMN = {
    "controllerKind": "controller_kind",
    "providerID": "provider_id",
    "instanceType": "instance_type",
    "name": "asset_name",
}
"""Properties whose column has another name."""

ORDER_COLUMN = {
    "totalCost": "total_cost",
    "cpuCost": "cpu_cost",
    "ramCost": "ram_cost",
    "gpuCost": "gpu_cost",
    "efficiency": "total_efficiency",
    "name": "name",
}
"""The column that each order of a shape looks at."""

TOLD_BY = {
    "node": ("cluster",),
    "namespace": ("cluster",),
    "controllerKind": ("cluster",),
    "controller": ("cluster", "controller_kind", "namespace"),
    "pod": ("cluster", "controller_kind", "controller", "namespace", "node"),
    "name": ("cluster", "provider", "category", "type", "provider_id", "region", "instance_type"),
    "providerID": ("cluster", "provider", "category", "type", "asset_name", "region", "instance_type"),
}
"""Columns that most rows of one value of a property share, so that it is worth to look whether all do."""

ALLOCATION_SUMS = tuple(
    f"{resource}_{part}" for resource in RESOURCES for part in ("requested", "used", "allocated", "cost")
)
OVERALLOCATED = tuple(f"{resource}_overallocated_cost" for resource in RESOURCES)
"""Columns of the idle rows only: what containers were charged beyond what the nodes hold."""
ASSET_SUMS = tuple(column for column in ASSET if column.startswith(tuple(f"{name}_" for name in RESOURCES)))


def report(shape: Shape) -> ir.Table:
    """The rows of every set, in the asked order; the idle rows of a set come last.

    Columns: set, name, is_idle, one for each property (empty where rows differ), run_start and run_end [unix s], the sums
    [core-s, B-s, GPU-s, currency], total_cost and efficiencies.

    Idle rows are there whether asked for or not: who shows the rows leaves them out.
    """
    rows = _allocation_rows(shape) if shape.kind == "allocation" else _asset_rows(shape)
    rows = rows.mutate(total_cost=rows.cpu_cost + rows.ram_cost + rows.gpu_cost)
    if shape.kind == "allocation":
        rows = _with_efficiency(rows)
    key = rows[ORDER_COLUMN[shape.sort_by]]
    then = [] if shape.sort_by == "name" else ["name"]
    return rows.order_by("set", "is_idle", key.asc() if shape.ascending else key.desc(), *then)


def summed(shape: Shape) -> tuple[str, ...]:
    """The columns of ``report`` that may be added up."""
    return ASSET_SUMS if shape.kind == "asset" else (*ALLOCATION_SUMS, *OVERALLOCATED)


def facts_table(name: str) -> ir.Table:
    """The facts ``allocation`` or ``asset`` of all pieces of a report, each row with its set."""
    return ibis.table({**{"allocation": ALLOCATION, "asset": ASSET}[name], **SET}, name=name)


def _allocation_rows(shape: Shape) -> ir.Table:
    facts = facts_table("allocation")
    asked = shape.aggregate or ("cluster", "node", "namespace", "pod", "container")
    if shape.namespace:
        asked = shape.aggregate or ("namespace", "pod", "container")
        facts = facts.filter(facts.namespace == shape.namespace)
        facts = facts.mutate(node=ibis.literal(""), provider_id=ibis.literal(""))
    facts = facts.mutate(
        controller_kind=ibis.ifelse(facts.controller == "", UNALLOCATED, facts.controller_kind),
        controller=ibis.ifelse(
            facts.controller == "", UNALLOCATED, facts.controller_kind.concat(":").concat(facts.controller)
        ),
    )
    rows = _grouped(facts, asked, ALLOCATION_PROPERTIES, ALLOCATION_SUMS)
    rows = rows.mutate(**dict.fromkeys(OVERALLOCATED, zero()))
    if shape.namespace:
        return rows
    return ibis.union(rows, _idle_rows(shape).select(*rows.columns), distinct=False)


def _idle_rows(shape: Shape) -> ir.Table:
    """The cost that nobody holds, as rows like the others: in all, by cluster, or by node."""
    asset = facts_table("asset")
    keys = [name for name, split in (("cluster", shape.split_idle), ("node", shape.idle_by_node)) if split]
    asset = asset.rename(node="name")
    grouped = asset.group_by("set", *keys).agg(
        run_start=asset.run_start.min(),
        run_end=asset.run_end.max(),
        cluster_=_common(asset.cluster),
        **{f"{name}_cost": asset[f"{name}_idle_cost"].sum() for name in RESOURCES},
        **{column: asset[column].sum() for column in OVERALLOCATED},
    )
    name = ibis.literal("")
    for key in keys:
        name = name.concat(grouped[key]).concat("/")
    empty = [COLUMN.get(one, one) for one in ALLOCATION_PROPERTIES if one not in {"cluster", *keys}]
    without = [column for column in ALLOCATION_SUMS if not column.endswith("_cost")]
    return grouped.mutate(
        name=name.concat(IDLE),
        is_idle=ibis.literal(value=True),
        cluster=grouped.cluster_,
        **dict.fromkeys(empty, ibis.literal("")),
        **dict.fromkeys(without, zero()),
    )


def _asset_rows(shape: Shape) -> ir.Table:
    facts = facts_table("asset")
    asked = shape.aggregate or ("provider", "category", "cluster", "type", "providerID", "name")
    texts = [COLUMN.get(one, one) for one in asked]
    facts = facts.rename(asset_name="name")
    facts = facts.mutate(**{one: ibis.ifelse(facts[one] == "", UNDEFINED, facts[one]) for one in texts})
    return _grouped(facts, asked, ASSET_PROPERTIES, (*ASSET_SUMS, "run_seconds"))


def _grouped(facts: ir.Table, asked: tuple[str, ...], properties: tuple[str, ...], sums: tuple[str, ...]) -> ir.Table:
    """``facts`` summed by ``asked``; a property is given where all rows of a group share it."""
    keys = [COLUMN.get(one, one) for one in asked]
    columns = [COLUMN.get(one, one) for one in properties]
    told = {column for one in asked for column in TOLD_BY.get(one, ())}
    grouped = facts.group_by("set", *keys).agg(
        run_start=facts.run_start.min(),
        run_end=facts.run_end.max(),
        **{column: _common(facts[column]) for column in columns if column in told and column not in keys},
        **{column: facts[column].sum() for column in sums},
    )
    grouped = grouped.mutate(**{column: ibis.literal("") for column in columns if column not in told | set(keys)})
    name = grouped[keys[0]]
    for key in keys[1:]:
        name = name.concat("/").concat(grouped[key])
    return grouped.mutate(name=name, is_idle=ibis.literal(value=False)).select(
        "set", "name", "is_idle", *columns, "run_start", "run_end", *sums
    )


def _common(values: ir.StringColumn) -> ir.StringScalar:
    """The value all rows of a group have, or empty."""
    return ibis.ifelse(values.min() == values.max(), values.min(), "")


def _with_efficiency(rows: ir.Table) -> ir.Table:
    """C11: used/requested; with nothing requested 1 if anything was used at a cost, else 0; total weighted by cost."""
    for name in ("cpu", "ram"):
        requested, used, cost = rows[f"{name}_requested"], rows[f"{name}_used"], rows[f"{name}_cost"]
        unasked = ibis.ifelse((used > 0) & (cost > 0), 1.0, 0.0)
        rows = rows.mutate(**{f"{name}_efficiency": ibis.ifelse(requested > 0, used / requested, unasked)})
    weight = rows.cpu_cost + rows.ram_cost
    weighted = rows.cpu_efficiency * rows.cpu_cost + rows.ram_efficiency * rows.ram_cost
    return rows.mutate(total_efficiency=ibis.ifelse(weight > 0, weighted / weight, 0.0))
