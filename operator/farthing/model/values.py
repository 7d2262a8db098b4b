"""What may be compared with in a filter: the values that a property has in facts, and the keys of labels.

Only what the facts of a shape say counts, its filter and its limit to a namespace included: nothing of others is told.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.asset_detail import label_rows
from farthing.model.asset_report import kept_assets
from farthing.model.filters import CASELESS
from farthing.model.keeping import COMPARED
from farthing.model.provider_id import short
from farthing.model.question import CONTROLLER_KINDS, Shape
from farthing.model.said import column_of
from farthing.model.tables import UNMOUNTED, table
from farthing.model.telling import COLUMN, COLUMN_OF_ALLOCATIONS, told_apart

LOWERED = tuple(COMPARED["asset"].get(one, one) for one in CASELESS)
"""Properties whose values a filter finds in any case: they are told in lower case."""


def values(shape: Shape) -> ir.Table:
    """The values of the one property that ``shape`` is aggregated by, each once: column value."""
    (asked,) = shape.aggregate
    facts = kept_assets(shape, ()) if shape.kind == "asset" else _kept_allocations(shape)
    lookup = shape.lookup_of(asked)
    if asked in CONTROLLER_KINDS:
        value = ibis.ifelse(facts.controller_kind == asked, facts.controller, "")
    else:
        columns = COLUMN if shape.kind == "asset" else COLUMN_OF_ALLOCATIONS
        value = facts[columns.get(asked, asked) if lookup is None else column_of(lookup)]
    if asked == "providerID":
        value = short(value)
    return _each_once(facts, value.lower() if shape.kind == "asset" and asked in LOWERED else value)


def label_keys(shape: Shape) -> ir.Table:
    """The keys of labels of the pods, or the assets, each once: column value."""
    if shape.kind == "asset":
        said = label_rows(shape)
        return _each_once(said, said.key)
    return _keys(shape, "label")


def annotation_keys(shape: Shape) -> ir.Table:
    """The keys of annotations of the pods, each once: column value."""
    return _keys(shape, "annotation")


def _keys(shape: Shape, kind: str) -> ir.Table:
    facts = _kept_allocations(shape)
    pods = facts.select("day", "uid").distinct()
    said = table("workload")
    said = said.filter(said.kind == kind).select("uid", "key", day="start")
    said = said.join(pods, ["day", "uid"])
    return _each_once(said, said.key)


def _kept_allocations(shape: Shape) -> ir.Table:
    """The facts of containers that the filter of ``shape`` keeps, of a tenant its own."""
    facts = told_apart("allocation", shape)
    facts = facts.filter(facts.is_kept)
    return facts.filter(facts.namespace.isin(shape.namespaces)) if shape.namespaces else facts


def _each_once(rows: ir.Table, value: ir.StringValue) -> ir.Table:
    rows = rows.select(value=value.fill_null("")).distinct()
    # What costs although no container holds it is nobody's name.
    return rows.filter(rows["value"].notin(("", UNMOUNTED)))
