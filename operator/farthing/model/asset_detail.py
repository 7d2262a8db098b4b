"""What a row of assets tells beside its costs: what its assets share, what was used of them, and their labels."""

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from farthing.model.asset_report import common, kept_assets, key_columns
from farthing.model.question import ASSET_PROPERTIES, NODE_LABEL, Shape
from farthing.model.tables import BROKEN_DOWN, LOCAL, OVERHEAD, extend, joined, table
from farthing.model.tags import TAGS, tag_keys, tag_values
from farthing.model.telling import COLUMN

SHARED = (
    *(COLUMN.get(one, one) for one in ASSET_PROPERTIES), "pool", "storage_class", "claim", "claim_namespace", "rate_source",
)  # fmt: skip
"""Columns of facts that a row tells where all of its assets agree."""
USED = (*BROKEN_DOWN, *OVERHEAD, "pv_used")
NODE = ("cluster", "asset_name", "provider_id")
ASSET = (*NODE, "type", "whose")
"""What tells one asset from another; ``whose`` is of what a bill tells alone, which may have no id."""
WHOSE = ("provider", "account", "project", "service")


def part_rows(shape: Shape) -> ir.Table:
    """What each row tells: set, name and ``SHARED``, empty where its assets differ.

    Also ``USED`` [core-s, B-s] and pv_used_max [B]; local_quantity and local_used, what of pv_quantity and pv_used is on
    nodes' own disks; node_seconds and spot_seconds, how long its nodes ran in all and as spot [s]; the number of its assets.
    """
    times = ("run_seconds", "spot")
    facts, keys = _assets(shape, (*SHARED, *USED, "pv_quantity", "pv_used_max", *times)), key_columns(shape)
    is_node, is_local = facts.type == "Node", facts.storage_class == LOCAL
    rows = facts.group_by("set", *keys).agg(
        **{f"shared_{column}": common(facts[column]) for column in SHARED},
        **{column: facts[column].sum() for column in USED},
        pv_used_max=facts.pv_used_max.max(),
        local_quantity=facts.pv_quantity.sum(where=is_local).fill_null(0.0),
        local_used=facts.pv_used.sum(where=is_local).fill_null(0.0),
        node_seconds=facts.run_seconds.sum(where=is_node).fill_null(0.0),
        spot_seconds=facts.run_seconds.sum(where=is_node & facts.spot).fill_null(0.0),
    )
    rows = extend(rows, _numbers(facts, ("set", *keys)), "set", *keys)
    return rows.select(
        "set",
        *(*USED, "pv_used_max", "local_quantity", "local_used", "node_seconds", "spot_seconds", "number"),
        name=joined(rows, keys),
        **{column: rows[f"shared_{column}"] for column in SHARED},
    ).order_by("set", "name")


def label_rows(shape: Shape) -> ir.Table:
    """The labels that all assets of a name have, with one value: name, key and value, the newest of the window.

    Nodes have those that Kubernetes gives them, and what a bill tells alone its tags.
    """
    facts, keys = _assets(shape, ("day", TAGS) if shape.reconcile else ()), key_columns(shape)
    nodes = facts.filter(facts.type == "Node")
    nodes = nodes.select(*keys, *NODE).distinct()
    said = table("workload")
    said = said.filter(said.kind == NODE_LABEL)
    said = said.group_by("cluster", asset_name="pod", label="key").agg(text=said["value"].argmax(said.start))
    told = nodes.join(said, ["cluster", "asset_name"]).select(*keys, "label", "text", assets=ibis.literal(1, "int64"))
    if shape.reconcile:
        told = ibis.union(told, _tags(facts, keys), distinct=False)
    told = told.group_by(*keys, "label").agg(text=told.text.min(), other=told.text.max(), alike=told.assets.sum())
    told = told.join(_numbers(facts, keys), list(keys))
    # What one of them lacks, or says otherwise, is not the row's.
    told = told.filter((told.alike == told.number) & (told.text == told.other))
    return told.select(name=joined(told, keys), key=told.label, value=told.text).order_by("name", "key")


def _assets(shape: Shape, columns: Iterable[str]) -> ir.Table:
    """The assets that the filter of ``shape`` keeps, with ``ASSET`` and ``columns``."""
    facts = kept_assets(shape, (*NODE, "type", *WHOSE, *columns))
    return facts.mutate(whose=ibis.ifelse(facts.type == "Cloud", joined(facts, WHOSE), ""))


def _tags(facts: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    """The newest tags of ``facts``, and how many of their assets have each: ``keys``, label, text and assets."""
    tagged = facts.filter(facts[TAGS] != "")
    each = tagged.group_by(*keys, *ASSET).agg(tags=tagged[TAGS].argmax(tagged.day))
    # Thousands of resources have the same few tags.
    each = each.group_by(*keys, "tags").agg(assets=each.count())
    each = each.mutate(spelled=tag_keys(each.tags), texts=tag_values(each.tags))
    each = each.select(*keys, "assets", "spelled", "texts", label=each.spelled.unique().unnest())
    # Of two that are spelled alike the first counts, as in filters.
    each = each.select(*keys, "label", text=each.texts[each.spelled.index(each.label)], assets=each.assets)
    return each.filter(each.text.notnull())


def _numbers(facts: ir.Table, by: tuple[str, ...]) -> ir.Table:
    """How many assets there are of each value of ``by``, as number."""
    each = facts.select(*by, *ASSET).distinct()
    return each.group_by(*by).agg(number=each.count())
