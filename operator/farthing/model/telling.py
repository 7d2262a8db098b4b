"""Rows of facts told apart: by the keys of a question, by whether they are shared, and by whether its filter keeps them."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from farthing.model.bills import columns_added
from farthing.model.filters import label_key
from farthing.model.keeping import UNALLOCATED, kept
from farthing.model.provider_id import short
from farthing.model.question import CONTROLLER_KINDS, Shape
from farthing.model.said import column_of, with_said, with_services
from farthing.model.tables import FACTS, UNMOUNTED

Expression = Callable[[Shape], ir.Table]
"""A table over facts that depends on nothing but a shape: equal ones are compiled once."""

SET = {"set": "int64", "day": "int64"}
"""The set of the report that a row of facts falls in, and the start of its day [unix s]: columns of the facts a report is made of."""

FINEST = ("cluster", "node", "namespace", "pod", "container")
FINEST_OF_TENANT = ("namespace", "pod", "container")

SLASHED = ("cluster", "providerID")
"""Properties of allocations, besides labels and annotations, whose values may hold slashes."""

COLUMN = {
    "controllerKind": "controller_kind",
    "providerID": "provider_id",
    "instanceType": "instance_type",
    "name": "asset_name",
}
"""Properties whose column has another name."""

COLUMN_OF_ALLOCATIONS = {**COLUMN, "service": "pod_service"}
"""The same of allocations, whose services are those of their pods: a load balancer's own is another."""

ORDER_COLUMN = {
    "totalCost": "total_cost",
    "cpuCost": "cpu_cost",
    "ramCost": "ram_cost",
    "gpuCost": "gpu_cost",
    "pvCost": "pv_cost",
    "diskCost": "disk_cost",
    "networkCost": "network_cost",
    "loadBalancerCost": "lb_cost",
    "managementCost": "management_cost",
    "cloudCost": "cloud_cost",
    "adjustment": "adjustment",
    "sharedCost": "shared_cost",
    "efficiency": "total_efficiency",
    "name": "name",
}
"""The column that each order of a shape looks at."""


def facts_table(name: str, shape: Shape) -> ir.Table:
    """The facts ``name`` of all pieces of a report, each row with its set and its day; where bills adjust them, with what these add."""
    added = columns_added(name) if shape.reconcile else {}
    return ibis.table({**FACTS[name], **added, **SET}, name=name)


def asked(shape: Shape) -> tuple[str, ...]:
    """The properties whose values name a row."""
    return shape.aggregate or (FINEST_OF_TENANT if shape.namespaces else FINEST)


def keys(shape: Shape) -> tuple[str, ...]:
    """The columns of ``told_apart`` that hold the values of ``asked``."""
    return tuple(f"key_{number}" for number in range(len(asked(shape))))


def as_named(value: ir.StringValue, asked: str, shape: Shape) -> ir.StringValue:
    """The ``value`` of the property ``asked`` as it names rows: of a label key=value, as Kubecost has it, else as it is.

    What may hold slashes has underscores for them: kubectl-cost ends where a name has other parts than were asked for.
    """
    lookup = shape.lookup_of(asked)
    if lookup is None and not (shape.kind == "allocation" and asked in SLASHED):
        return value
    plain = (short(value) if asked == "providerID" else value).replace("/", "_")
    return ibis.literal(f"{lookup[1]}=").concat(plain) if lookup is not None and ":" in asked else plain


def told_apart(table: str, shape: Shape) -> ir.Table:
    """The facts ``table`` with ``keys``, ``is_shared``, ``is_kept`` and ``is_unmounted``; of all namespaces.

    ``shared_as`` is the namespace, or the label, that makes a row shared; empty for none.
    ``part`` is how much of a row's amounts is here: less than 1 where a pod behind several services is several rows.
    """
    facts = facts_table(table, shape)
    if shape.namespaces:
        facts = facts.mutate(node=ibis.literal(""), provider_id=ibis.literal(""))
    facts = with_said(facts, shape)
    facts = facts.mutate(is_kept=kept(facts, shape))
    facts = facts.mutate(shared_as=_shared_as(facts, shape), is_unmounted=facts.container == UNMOUNTED)
    facts = facts.mutate(is_shared=facts.shared_as != "")
    facts = with_services(facts) if "service" in shape.aggregate else facts.mutate(part=ibis.literal(1).cast("float64"))
    if shape.namespaces:
        # What is said of pods was joined by it; a tenant is not told.
        facts = facts.mutate(cluster=ibis.literal(""))
    return facts.mutate(**{key: _key(facts, one, shape) for key, one in zip(keys(shape), asked(shape), strict=True)})


def _key(facts: ir.Table, one: str, shape: Shape) -> ir.StringValue:
    """The value by which the property ``one`` names a row, ``UNALLOCATED`` where there is none."""
    lookup = shape.lookup_of(one)
    if lookup is not None:
        return as_named(facts[column_of(lookup)], one, shape).fill_null(UNALLOCATED)
    if one == "controller":
        known = facts.controller_kind.concat(":").concat(facts.controller)
        return ibis.ifelse(facts.controller == "", UNALLOCATED, known)
    if one in CONTROLLER_KINDS:
        return ibis.ifelse(facts.controller_kind == one, facts.controller, UNALLOCATED)
    value = facts[COLUMN_OF_ALLOCATIONS.get(one, one)]
    return ibis.ifelse(value.isnull() | (value == ""), UNALLOCATED, as_named(value, one, shape))


def _shared_as(facts: ir.Table, shape: Shape) -> ir.StringValue:
    """The namespace or the label by which a row's cost is spread over the others, empty for none."""
    branches = []
    if shape.sharing.namespaces:
        branches.append((facts.namespace.isin(shape.sharing.namespaces), facts.namespace))
    for key, value in shape.sharing.labels:
        carried = (facts[column_of(("label", label_key(key)))] == value).fill_null(ibis.literal(value=False))
        branches.append((carried, ibis.literal(f"{label_key(key)}={value}")))
    return ibis.cases(*branches, else_="") if branches else ibis.literal("")
