"""Assets grouped. One relational expression."""

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from farthing.model.bills import ADDED, ASSET_COSTS, OTHER_COSTS
from farthing.model.filters import comparisons
from farthing.model.keeping import UNDEFINED, column_compared, kept
from farthing.model.question import ASSET_PROPERTIES, Shape
from farthing.model.said import column_of, with_node_labels
from farthing.model.tables import DISCOUNTED, RESOURCES, joined, sum_of, zero
from farthing.model.tags import TAGS
from farthing.model.telling import COLUMN, ORDER_COLUMN, as_named, facts_table

TOLD_BY = {
    "name": ("cluster", "provider", "category", "type", "provider_id", "region", "instance_type"),
    "providerID": ("cluster", "provider", "category", "type", "asset_name", "region", "instance_type"),
}
"""Columns that most rows of one value of a property share, so that it is worth to look whether all do."""

FINEST = ("provider", "account", "project", "category", "cluster", "type", "service", "providerID", "name")
"""Properties that name a single asset, in Kubecost's order."""
FINEST_OF_TENANT = ("type", "name")
HIDDEN_FROM_TENANTS = (
    "cluster", "provider", "account", "project", "instance_type", "region", "zone", "pool", "rate_source", "base_source",
)  # fmt: skip
"""Columns that tell of more than a tenant's own namespace; of a provider id only the address of a load balancer is its own."""
ASSET_SUMS = (
    *(
        f"{name}_{part}"
        for name in RESOURCES
        for part in ("quantity", "cost", "allocated_cost", "idle_cost", "overallocated_cost")
    ),
    *(f"{name}_discount" for name in DISCOUNTED),
    "pv_quantity",
    *OTHER_COSTS,
)

ADJUSTED = {
    "Disk": "disk_adjustment",
    "Network": "network_adjustment",
    "LoadBalancer": "lb_adjustment",
    "ClusterManagement": "management_adjustment",
}
"""What bills changed of the costs of each type but nodes', which are told by resource. [currency]"""


def asset_sums(shape: Shape) -> tuple[str, ...]:
    """The columns of ``asset_report`` that add up; where bills adjust costs, with what these add."""
    return (*ASSET_SUMS, *ADDED["asset"]) if shape.reconcile else ASSET_SUMS


def asset_report(shape: Shape) -> ir.Table:
    """The rows of every set.

    Columns: set, name, one for each property (empty where rows differ), run_start and run_end [unix s],
    run_seconds [s], the sums [core-s, B-s, GPU-s, currency], with bills ``ADJUSTED``, and total_cost.
    """
    keys = key_columns(shape)
    by_key = {COLUMN.get(one, one): key for one, key in zip(named(shape), keys, strict=True) if one in ASSET_PROPERTIES}
    told = {column for one in named(shape) for column in TOLD_BY.get(one, ()) if column not in by_key}
    facts = kept_assets(shape, ("type", *told, "run_start", "run_end", "run_seconds", *asset_sums(shape)))
    grouped = facts.group_by("set", *keys).agg(
        run_start=facts.run_start.min(),
        run_end=facts.run_end.max(),
        **{column: common(facts[column]) for column in told},
        **{column: facts[column].sum() for column in (*asset_sums(shape), "run_seconds")},
        **(
            {column: facts.adjustment.sum(where=facts.type == one).fill_null(0.0) for one, column in ADJUSTED.items()}
            if shape.reconcile
            else {}
        ),
    )
    properties = {}
    for one in ASSET_PROPERTIES:
        column = COLUMN.get(one, one)
        found = by_key.get(column) or (column if column in told else "")
        properties[column] = grouped[found] if found else ibis.literal("")
    rows = grouped.select(
        "set",
        *("run_start", "run_end", "run_seconds", *asset_sums(shape)),
        *(ADJUSTED.values() if shape.reconcile else ()),
        name=joined(grouped, keys),
        **properties,
    )
    rows = rows.mutate(total_cost=sum_of(rows, (*ASSET_COSTS, "cloud_cost") if shape.reconcile else ASSET_COSTS))
    if shape.sort_by == "diskCost":
        return rows.mutate(disk_cost=sum_of(rows, ("pv_cost", "local_cost")))
    order = ORDER_COLUMN[shape.sort_by]
    # Without bills there is nothing of theirs to order by.
    return rows if order in rows.columns else rows.mutate(**{order: zero()})


def kept_assets(shape: Shape, columns: Iterable[str]) -> ir.Table:
    """The set and ``columns`` of the assets that the filter of ``shape`` keeps, with ``key_columns``.

    Of those, ``UNDEFINED`` is where nothing is known; asset_name is the name.
    """
    facts = facts_table("asset", shape).rename(asset_name="name")
    if shape.namespaces:
        facts = _of_tenant(facts, shape.namespaces)
    needed = {"set", *columns, *(COLUMN.get(one, one) for one in named(shape))}
    needed |= {column_compared(one, shape) for one in comparisons(shape.kept)}
    if shape.lookups:
        needed |= {"day", "cluster", "type", "asset_name", TAGS}
    # An engine plans each column that is named.
    facts = with_node_labels(facts.select(*(one for one in facts.columns if one in needed)), shape)
    if shape.filtered:
        facts = facts.filter(kept(facts, shape))
    values = {}
    for one, key in zip(named(shape), key_columns(shape), strict=True):
        lookup = shape.lookup_of(one)
        known = facts[COLUMN.get(one, one) if lookup is None else column_of(lookup)]
        values[key] = ibis.ifelse(known.fill_null("") == "", UNDEFINED, as_named(known, one, shape))
    return facts.mutate(**values)


def key_columns(shape: Shape) -> tuple[str, ...]:
    """The columns of ``kept_assets`` whose values name a row."""
    return tuple(f"key_{number}" for number in range(len(named(shape))))


def named(shape: Shape) -> tuple[str, ...]:
    """The properties whose values name a row."""
    return shape.aggregate or (FINEST_OF_TENANT if shape.namespaces else FINEST)


def _of_tenant(facts: ir.Table, namespaces: tuple[str, ...]) -> ir.Table:
    """The disks claimed in ``namespaces`` and their load balancers, without what tells of the cluster."""
    claimed = (facts.type == "Disk") & facts.claim_namespace.isin(namespaces)
    # A load balancer is called namespace/service.
    served = (facts.type == "LoadBalancer") & facts.asset_name.re_extract("^([^/]*)/", 1).isin(namespaces)
    own = facts.filter(claimed | served)
    address = ibis.ifelse(own.type == "LoadBalancer", own.provider_id, "")
    return own.mutate(**dict.fromkeys(HIDDEN_FROM_TENANTS, ibis.literal("")), provider_id=address)


def common(values: ir.StringColumn) -> ir.StringScalar:
    """The value all rows of a group have, or empty."""
    return ibis.ifelse(values.min() == values.max(), values.min(), "")
