"""Costs from outside the cluster that belong to rows of a report, by the tags of a bill (Kubecost's convention).

A resource that is tagged ``kubernetes_namespace: shop`` is a cost of the row ``shop`` of a report by namespace; of one by
``namespace,label:app`` it needs ``kubernetes_label_app`` too. It counts where no asset of a cluster is found for it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import ibis.expr.types as ir

from farthing.model.bills import unmatched
from farthing.model.question import Shape
from farthing.model.tables import joined
from farthing.model.telling import ORDER_COLUMN, as_named


def external(shape: Shape) -> ir.Table:
    """What bills say of resources with the tags of rows of ``shape``: start [unix s], name of the row and external_cost."""
    rows = unmatched()
    # What is no JSON has no tags.
    said = rows.tags.try_cast("json")
    keys = {f"key_{number}": _value(said, one, shape) for number, one in enumerate(shape.aggregate)}
    rows = rows.select("start", external_cost=rows.cost * rows.part, **keys)
    rows = rows.mutate(name=joined(rows, tuple(keys)))
    rows = rows.filter(rows["name"].notnull())
    return rows.group_by("start", "name").agg(external_cost=rows.external_cost.sum())


def _value(tags: ir.Value, asked: str, shape: Shape) -> ir.StringValue:
    """The value of a tag as rows are named by it; null for none."""
    return as_named(tags[shape.tag_of(asked)].str.nullif(""), asked, shape)


def with_external(
    rows: Sequence[dict[str, Any]], found: Sequence[Mapping[str, Any]], shape: Shape, limit: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """``rows`` of a report with what is ``found`` for their set and name, in order, ``limit`` of a set if it is not 0; and all to add up."""
    costs: dict[tuple[int, str], float] = {}
    for one in found:
        key = one["set"], one["name"]
        costs[key] = costs.get(key, 0.0) + one["external_cost"]
    idle = [row for row in rows if row["is_idle"]]
    others = [_plus(row, costs.get((row["set"], row["name"]), 0.0)) for row in rows if not row["is_idle"]]
    column = ORDER_COLUMN[shape.sort_by]
    others.sort(key=itemgetter("name"))
    others.sort(key=itemgetter(column), reverse=not shape.ascending)
    met: Counter[int] = Counter()
    first = []
    for row in others:
        met[row["set"]] += 1
        if not limit or met[row["set"]] <= limit:
            first.append(row)
    return sorted([*first, *idle], key=itemgetter("set")), [{"rows": 1, **row} for row in (*others, *idle)]


def _plus(row: Mapping[str, Any], cost: float) -> dict[str, Any]:
    return {
        **row,
        "external_cost": cost,
        "total_cost": row["total_cost"] + cost,
        "billed_cost": row["billed_cost"] + cost,
    }
