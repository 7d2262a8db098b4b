"""What is said of the pods and nodes of facts: labels, annotations and services, joined where a question needs them."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from farthing.model.filters import Comparison, comparisons
from farthing.model.question import NODE_LABEL, Lookup, Shape
from farthing.model.tables import Columns, extend, table
from farthing.model.tags import TAGS, tag_keys, tag_values

POD = ("day", "cluster", "namespace", "pod", "uid")
NAMESPACE = ("day", "cluster", "namespace")

OWN = {"day": "int64", "uid": "string", "value": "string"}
INHERITED = {**dict.fromkeys(NAMESPACE, "string"), "day": "int64", "value": "string"}
"""Columns of the tables that hold the values of one label: of pods, and of namespaces."""

OF_NODES = {"day": "int64", "cluster": "string", "pod": "string", "value": "string"}
"""The same of labels of nodes, whose name stands for the pod's."""

HAS_SERVICE = "has_service"


def column_of(lookup: Lookup) -> str:
    """The column that holds what is looked up; null where nothing is said."""
    kind, key = lookup
    return f"{kind}:{key}"


def tables_of(lookup: Lookup) -> tuple[tuple[Lookup, Columns], ...]:
    """What the tables of the values of ``lookup`` tell of, and their columns; each is called as ``column_of`` says."""
    kind, key = lookup
    if kind == NODE_LABEL:
        return ((lookup, OF_NODES),)
    return ((lookup, OWN), ((f"namespace_{kind}", key), INHERITED))


def with_node_labels(assets: ir.Table, shape: Shape) -> ir.Table:
    """``assets`` with a column for each label that ``shape`` asks for; only nodes have any and, where bills adjust costs, tags."""
    joined, values, tags = assets, {}, _values_of_tags(assets, shape) if TAGS in assets.columns else None
    if tags is not None:
        joined = assets.left_join(tags, [assets[TAGS] == tags.said])
    for number, lookup in enumerate(shape.lookups):
        column = column_of(lookup)
        own = ibis.table(OF_NODES, name=column).rename({f"{name}_{number}": name for name in OF_NODES})
        on = zip(("day", "cluster", "asset_name"), ("day", "cluster", "pod"), strict=True)
        met = [assets[left] == own[f"{right}_{number}"] for left, right in on]
        joined = joined.left_join(own, [assets.type == "Node", *met])
        values[column] = own[f"value_{number}"]
        if tags is not None:
            values[column] = values[column].fill_null(tags[f"tag_{number}"])
    return joined.select(*(assets[name] for name in assets.columns), **values) if values else assets


def _values_of_tags(assets: ir.Table, shape: Shape) -> ir.Table:
    """The values of the labels that ``shape`` asks for in each of the tags of ``assets``: said, tag_0 and so on."""
    # Thousands of resources have the same few tags.
    said = assets.filter(assets[TAGS] != "").select(said=assets[TAGS]).distinct()
    keys, values = tag_keys(said.said), tag_values(said.said)
    at = [keys.index(key) for _, key in shape.lookups]
    # Before the first there is none.
    return said.select(
        "said",
        **{f"tag_{number}": ibis.ifelse(one >= 0, values[one], ibis.null("string")) for number, one in enumerate(at)},
    )


def with_said(facts: ir.Table, shape: Shape) -> ir.Table:
    """``facts`` with a column for each label and annotation that ``shape`` asks for, and a flag for each that it filters by.

    The values of a label are a table of their own (``OWN``, ``INHERITED``): an engine may keep those that are asked for often.
    """
    joined, values = facts, {}
    for number, (kind, key) in enumerate(shape.lookups):
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
    compared = of_services(shape)
    return _with_flags(facts, compared) if compared else facts


def of_services(shape: Shape) -> tuple[Comparison, ...]:
    """The comparisons of the filter of ``shape`` with services, of which a pod may have several."""
    return tuple(one for one in comparisons(shape.kept) if one.field == "services")


def flag_of(comparison: Comparison, shape: Shape) -> str:
    """The column that tells whether any service of a pod fits ``comparison``."""
    return _flag(of_services(shape).index(comparison))


def with_services(facts: ir.Table) -> ir.Table:
    """``facts``, one row for each service of its pod, with ``pod_service`` (null for none) and ``part``: 1 over their number."""
    workload = table("workload")
    services = workload.filter(workload.kind == "service").rename(day="start", pod_service="key")
    services = services.select(*POD, "pod_service")
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
    return ibis.or_(*found)


def _with_flags(facts: ir.Table, compared: Sequence[Comparison]) -> ir.Table:
    """``facts`` with whether any service of their pod fits each of ``compared``, and whether there is one, as ``HAS_SERVICE``."""
    said = table("workload")
    services = said.filter(said.kind == "service")
    fitting = {_flag(number): fits(services.key, one) for number, one in enumerate(compared)}
    found = services.group_by("start", "uid").agg(
        **{name: one.any() for name, one in fitting.items()}, **{HAS_SERVICE: services.count() > 0}
    )
    facts = extend(facts, found.rename(day="start"), "day", "uid")
    return facts.mutate(**{name: facts[name].fill_null(ibis.literal(value=False)) for name in (*fitting, HAS_SERVICE)})


def _flag(number: int) -> str:
    return f"fits_{number}"
