"""Assets grouped. One relational expression."""

import ibis
import ibis.expr.types as ir

from farthing.model.bills import ADDED, ASSET_COSTS, OTHER_COSTS
from farthing.model.question import ASSET_PROPERTIES, Shape
from farthing.model.sharing import sum_of
from farthing.model.tables import ASSET, RESOURCES
from farthing.model.telling import COLUMN, facts_table

UNDEFINED = "__undefined__"

TOLD_BY = {
    "name": ("cluster", "provider", "category", "type", "provider_id", "region", "instance_type"),
    "providerID": ("cluster", "provider", "category", "type", "asset_name", "region", "instance_type"),
}
"""Columns that most rows of one value of a property share, so that it is worth to look whether all do."""

FINEST = ("provider", "category", "cluster", "type", "providerID", "name")
OF_ASSETS = OTHER_COSTS
ASSET_SUMS = (
    *(column for column in ASSET if column.startswith(tuple(f"{name}_" for name in RESOURCES))),
    "pv_quantity",
    *OF_ASSETS,
)


def asset_sums(shape: Shape) -> tuple[str, ...]:
    """The columns of ``asset_report`` that add up; where bills adjust costs, with what these add."""
    return (*ASSET_SUMS, *ADDED["asset"]) if shape.reconcile else ASSET_SUMS


def asset_report(shape: Shape) -> ir.Table:
    """The rows of every set.

    Columns: set, name, one for each property (empty where rows differ), run_start and run_end [unix s],
    run_seconds [s], the sums [core-s, B-s, GPU-s, currency] and total_cost.
    """
    facts = facts_table("asset", shape)
    asked = shape.aggregate or FINEST
    keys = [COLUMN.get(one, one) for one in asked]
    facts = facts.rename(asset_name="name")
    facts = facts.mutate(**{one: ibis.ifelse(facts[one] == "", UNDEFINED, facts[one]) for one in keys})
    columns = [COLUMN.get(one, one) for one in ASSET_PROPERTIES]
    told = {column for one in asked for column in TOLD_BY.get(one, ())}
    grouped = facts.group_by("set", *keys).agg(
        run_start=facts.run_start.min(),
        run_end=facts.run_end.max(),
        **{column: _common(facts[column]) for column in columns if column in told and column not in keys},
        **{column: facts[column].sum() for column in (*asset_sums(shape), "run_seconds")},
    )
    grouped = grouped.mutate(**{column: ibis.literal("") for column in columns if column not in told | set(keys)})
    name = grouped[keys[0]]
    for key in keys[1:]:
        name = name.concat("/").concat(grouped[key])
    rows = grouped.mutate(name=name).select(
        "set", "name", *columns, "run_start", "run_end", *asset_sums(shape), "run_seconds"
    )
    return rows.mutate(total_cost=sum_of(rows, (*ASSET_COSTS, "cloud_cost") if shape.reconcile else ASSET_COSTS))


def _common(values: ir.StringColumn) -> ir.StringScalar:
    """The value all rows of a group have, or empty."""
    return ibis.ifelse(values.min() == values.max(), values.min(), "")
