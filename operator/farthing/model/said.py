"""What is said of the pods of facts: labels, annotations and services, joined where a question needs them."""

from collections.abc import Mapping, Sequence

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
    lookups = tuple(dict.fromkeys(one for one in found if one is not None))
    flags = {flag_of(one): one for one in compared if has_flag(one)}
    if lookups or flags:
        facts = _with_own(facts, lookups, flags)
    return _with_inherited(facts, lookups) if lookups else facts


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


def _with_own(facts: ir.Table, lookups: tuple[Lookup, ...], flags: Mapping[str, Comparison]) -> ir.Table:
    """``facts`` with what is said of each pod itself: one join, whatever is asked."""
    said = table("workload")
    columns: dict[str, ir.Scalar] = {}
    wanted = []
    for kind, key in lookups:
        asked = (said.kind == kind) & (said.key == key)
        wanted.append(asked)
        columns[column_of((kind, key))] = said.value.max(where=asked)
    for name, comparison in flags.items():
        kind = "service" if comparison.field == "services" else comparison.field
        asked = (said.kind == kind) & fits(said.key, comparison)
        wanted.append(asked)
        columns[name] = asked.any()
    found = said.filter(_any(wanted)).group_by("start", "uid").agg(**columns).rename(day="start")
    # A uid is of one pod of all clusters.
    facts = extend(facts, found, "day", "uid")
    return facts.mutate(**{name: facts[name].fill_null(ibis.literal(value=False)) for name in flags})


def _with_inherited(facts: ir.Table, lookups: tuple[Lookup, ...]) -> ir.Table:
    """``facts`` with what their namespaces say, for volumes that nobody mounts and balancers without pods."""
    said = table("workload")
    asked = {column_of((kind, key)): (said.kind == f"namespace_{kind}") & (said.key == key) for kind, key in lookups}
    columns = {f"{name} of namespace": said.value.max(where=one) for name, one in asked.items()}
    found = said.filter(_any(list(asked.values()))).group_by("start", *NAMESPACE[1:]).agg(**columns).rename(day="start")
    facts = extend(facts, found, *NAMESPACE)
    return facts.mutate(**{name: facts[name].fill_null(facts[f"{name} of namespace"]) for name in asked}).drop(*columns)
