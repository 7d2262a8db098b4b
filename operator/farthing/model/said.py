"""What is said of the pods of facts: labels, annotations and services, joined where a question needs them."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from farthing.model.filters import ALIASES, KEYED, Comparison, comparisons, label_key
from farthing.model.question import Shape
from farthing.model.tables import extend, table

POD = ("day", "cluster", "namespace", "pod", "uid")
NAMESPACE = ("day", "cluster", "namespace")

Lookup = tuple[str, str]
"""``label`` or ``annotation``, and its key."""


def lookup_of(asked: str, shape: Shape) -> Lookup | None:
    """What the property ``asked`` of a question looks up, if it is a label, an annotation or an alias."""
    kind, colon, key = asked.partition(":")
    if colon:
        return kind, label_key(key.strip())
    return ("label", shape.label_of(asked)) if asked in ALIASES else None


def column_of(lookup: Lookup) -> str:
    """The column that holds what is looked up; null where nothing is said."""
    kind, key = lookup
    return f"{kind}:{key}"


def flag_of(comparison: Comparison) -> str:
    """The column that tells whether anything said of a pod fits ``comparison``, a filter of services or of keys."""
    return f"fits:{comparison.field}:{comparison.sign}:{'|'.join(comparison.values)}"


def with_said(facts: ir.Table, shape: Shape) -> ir.Table:
    """``facts`` with a column for each label and annotation that ``shape`` asks for, and a flag for each that it filters by."""
    compared = comparisons(shape.kept)
    found = [lookup_of(one, shape) for one in shape.aggregate]
    found += [("label", label_key(key)) for key, _ in shape.sharing.labels]
    found += [lookup_of_comparison(one, shape) for one in compared]
    for lookup in dict.fromkeys(one for one in found if one is not None):
        facts = _with_lookup(facts, lookup)
    flags = {flag_of(one): one for one in compared if has_flag(one)}
    for name, comparison in flags.items():
        facts = _with_flag(facts, name, comparison)
    return facts


def has_flag(comparison: Comparison) -> bool:
    """Whether several things are said of a pod that may fit: its services, or the keys of its labels."""
    return comparison.field == "services" or (comparison.field in KEYED and not comparison.key)


def lookup_of_comparison(comparison: Comparison, shape: Shape) -> Lookup | None:
    """What ``comparison`` looks up, if it compares the value of a label, an annotation or an alias."""
    if comparison.field in ALIASES:
        return "label", shape.label_of(comparison.field)
    return (comparison.field, comparison.key) if comparison.field in KEYED and comparison.key else None


def with_services(facts: ir.Table) -> ir.Table:
    """``facts``, one row for each service of its pod, with ``service`` (null for none) and ``part``: 1 over their number."""
    workload = table("workload")
    services = workload.filter(workload.kind == "service").rename(day="start", service="key").select(*POD, "service")
    services = services.mutate(part=1.0 / services.count().over(ibis.window(group_by=list(POD))).cast("float64"))
    rows = extend(facts, services, *POD)
    return rows.mutate(part=rows.part.fill_null(1.0))


def fits(value: ir.StringValue, comparison: Comparison) -> ir.BooleanValue:
    """Whether ``value`` fits one of the comparison's values, its negation aside."""
    match comparison.sign:
        case "equals":
            return value.isin(comparison.values)
        case "contains":
            found = [value.contains(one) for one in comparison.values]
        case "starts":
            found = [value.startswith(one) for one in comparison.values]
        case "ends":
            found = [value.endswith(one) for one in comparison.values]
    return _any(found)


def _any(found: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    first, *others = found
    for one in others:
        first = first | one
    return first


def _with_lookup(facts: ir.Table, lookup: Lookup) -> ir.Table:
    kind, key = lookup
    column, workload = column_of(lookup), table("workload")
    own = workload.filter((workload.kind == kind) & (workload.key == key))
    facts = extend(facts, own.rename(day="start").select(*POD, **{column: own.value}), *POD)
    # Volumes that nobody mounts and balancers without pods belong to their namespace.
    common = workload.filter((workload.kind == f"namespace_{kind}") & (workload.key == key))
    facts = extend(facts, common.rename(day="start").select(*NAMESPACE, of_namespace=common.value), *NAMESPACE)
    return facts.mutate(**{column: facts[column].fill_null(facts.of_namespace)}).drop("of_namespace")


def _with_flag(facts: ir.Table, name: str, comparison: Comparison) -> ir.Table:
    kind = "service" if comparison.field == "services" else comparison.field
    workload = table("workload")
    found = workload.filter((workload.kind == kind) & fits(workload.key, comparison))
    found = found.rename(day="start").select(*POD).distinct().mutate(**{name: ibis.literal(value=True)})
    facts = extend(facts, found, *POD)
    return facts.mutate(**{name: facts[name].fill_null(ibis.literal(value=False))})
