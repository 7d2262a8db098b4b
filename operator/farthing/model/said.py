"""What is said of the pods of facts: labels, annotations and services, joined where a question needs them."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from farthing.model.filters import ALIASES, KEYED, Comparison, comparisons, label_key
from farthing.model.question import Shape
from farthing.model.tables import extend, table

POD = ("day", "cluster", "namespace", "pod", "uid")
NAMESPACE = ("day", "cluster", "namespace")

OWN = {"day": "int64", "uid": "string", "value": "string"}
INHERITED = {**dict.fromkeys(NAMESPACE, "string"), "day": "int64", "value": "string"}
"""Columns of the tables that hold the values of one label: of pods, and of namespaces."""

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


def lookups(shape: Shape) -> tuple[Lookup, ...]:
    """The labels and annotations that ``shape`` asks for, each once."""
    found = [lookup_of(one, shape) for one in shape.aggregate]
    found += [("label", label_key(key)) for key, _ in shape.sharing.labels]
    found += [lookup_of_comparison(one, shape) for one in comparisons(shape.kept)]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def with_said(facts: ir.Table, shape: Shape) -> ir.Table:
    """``facts`` with a column for each label and annotation that ``shape`` asks for, and a flag for each that it filters by.

    The values of a label are a table of their own (``OWN``, ``INHERITED``): an engine may keep those that are asked for often.
    """
    joined, values = facts, {}
    for number, (kind, key) in enumerate(lookups(shape)):
        column = column_of((kind, key))
        named = {f"{name}_{number}": name for name in OWN}
        own = ibis.table(OWN, name=column).rename(named)
        # Volumes that nobody mounts and balancers without pods belong to their namespace.
        common = ibis.table(INHERITED, name=f"namespace_{column}").rename(
            {f"{name}_of_{number}": name for name in INHERITED}
        )
        # A uid is of one pod of all clusters. All joins in a row are one to the engine.
        joined = joined.left_join(own, [facts.day == own[f"day_{number}"], facts.uid == own[f"uid_{number}"]])
        joined = joined.left_join(common, [facts[name] == common[f"{name}_of_{number}"] for name in NAMESPACE])
        values[column] = own[f"value_{number}"].fill_null(common[f"value_of_{number}"])
    if values:
        facts = joined.select(*(facts[name] for name in facts.columns), **values)
    flags = {flag_of(one): one for one in comparisons(shape.kept) if has_flag(one)}
    return _with_flags(facts, flags) if flags else facts


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


def _with_flags(facts: ir.Table, flags: Mapping[str, Comparison]) -> ir.Table:
    """``facts`` with whether anything said of a pod fits each of ``flags``."""
    said = table("workload")
    fitting = {}
    for name, comparison in flags.items():
        kind = "service" if comparison.field == "services" else comparison.field
        fitting[name] = (said.kind == kind) & fits(said.key, comparison)
    found = said.filter(_any(list(fitting.values()))).group_by("start", "uid")
    found = found.agg(**{name: one.any() for name, one in fitting.items()}).rename(day="start")
    facts = extend(facts, found, "day", "uid")
    return facts.mutate(**{name: facts[name].fill_null(ibis.literal(value=False)) for name in flags})
