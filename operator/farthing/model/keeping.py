"""Whether the filter of a question keeps a row of facts."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from farthing.model.filters import CASELESS, KEYED, Comparison, Every, Filter, everything
from farthing.model.provider_id import short
from farthing.model.question import Shape
from farthing.model.said import HAS_SERVICE, column_of, fits, flag_of

UNALLOCATED = "__unallocated__"
UNDEFINED = "__undefined__"

LACKING: Mapping[str, str] = {"allocation": UNALLOCATED, "asset": UNDEFINED}
"""What a row without a value is named in its place, by the kind of facts; filters find it by that name."""

COMPARED: Mapping[str, Mapping[str, str]] = {
    "allocation": {"controllerKind": "controller_kind", "controllerName": "controller", "provider": "provider_id"},
    "asset": {"name": "asset_name", "assetType": "type", "providerID": "provider_id"},
}
"""Fields of a filter whose column has another name, by the kind of facts."""


def kept(facts: ir.Table, shape: Shape) -> ir.BooleanValue:
    """Whether the filter of ``shape`` holds of each of ``facts``."""
    return _kept(facts, shape.kept, shape)


def column_compared(comparison: Comparison, shape: Shape) -> str:
    """The column of the facts that ``comparison`` looks at, where it is of none that is looked up."""
    return COMPARED[shape.kind].get(comparison.field, comparison.field)


def _kept(facts: ir.Table, part: Filter, shape: Shape) -> ir.BooleanValue:
    if everything(part):
        return ibis.literal(value=True)
    if isinstance(part, Comparison):
        found = _compared(facts, part, shape)
        return ~found if part.negated else found
    join = ibis.and_ if isinstance(part, Every) else ibis.or_
    return join(*(_kept(facts, one, shape) for one in part.parts))


def _compared(facts: ir.Table, comparison: Comparison, shape: Shape) -> ir.BooleanValue:
    # What has no value is named so in rows, and found by that name.
    lacking = LACKING[shape.kind] in comparison.values
    if comparison.field == "services":
        flag = facts[flag_of(comparison, shape)]
        return flag | ~facts[HAS_SERVICE] if lacking else flag
    lookups = [facts[column_of(lookup)] for lookup in shape.lookups_of_comparison(comparison)]
    if comparison.field in KEYED and not comparison.key:
        return ibis.or_(*(value.notnull() for value in lookups))
    column = column_compared(comparison, shape)
    value = (lookups[0] if lookups else facts[column]).fill_null("")
    found = fits(value.lower(), comparison.lowered) if comparison.field in CASELESS else fits(value, comparison)
    if not lookups and column == "provider_id":
        # As it is told, and as Kubernetes has it.
        found |= fits(short(value), comparison)
    return found | (value == "") if lacking else found
