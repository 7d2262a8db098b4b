"""What a row of a report consists of beside its sums: volumes, load balancers, and what is said of its pod."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from farthing.model.asset_detail import label_rows, part_rows
from farthing.model.proportions import proportion_rows
from farthing.model.question import Shape
from farthing.model.tables import extend, joined, table
from farthing.model.telling import facts_table, keys, told_apart

BY = {"said": ("cluster", "namespace", "pod"), "node_label": ("name",)}
"""What tells which row a detail is of, where it is not its set and its name."""


def volume_rows(shape: Shape) -> ir.Table:
    """The volumes of each row: set, name, cluster, volume_name, byte_seconds [B-s] and cost, with bills adjustment.

    And provider_id, the disk's, which is empty where it is not known and in what a tenant is told.
    """
    by = ("cluster", "volume_name")
    rows = _parts_of_rows("volume", shape, by, ("byte_seconds", *_costs(shape)))
    if shape.namespaces:
        return rows.mutate(provider_id=ibis.literal("")).order_by("set", "name", *by)
    disks = facts_table("asset", shape).rename(volume_name="name")
    disks = disks.filter(disks.type == "Disk")
    rows = extend(rows, disks.group_by(*by).agg(provider_id=disks.provider_id.max()), *by)
    return rows.mutate(provider_id=rows.provider_id.fill_null("")).order_by("set", "name", *by)


def balancer_rows(shape: Shape) -> ir.Table:
    """The load balancers of each row: set, name, cluster, namespace, service, an address, run_seconds [s] and cost, with bills adjustment."""
    by = ("cluster", "namespace", "service")
    return _parts_of_rows("balancer", shape, by, ("run_seconds", *_costs(shape)), ("address",)).order_by(
        "set", "name", *by
    )


def _costs(shape: Shape) -> tuple[str, ...]:
    return ("cost", "adjustment") if shape.reconcile else ("cost",)


def said_rows(shape: Shape) -> ir.Table:
    """What is said of pods and namespaces: cluster, namespace, pod, kind, key and value, the newest of the window."""
    said = table("workload")
    if shape.namespaces:
        said = said.filter(said.namespace.isin(shape.namespaces)).mutate(cluster=ibis.literal(""))
    return said.group_by("cluster", "namespace", "pod", "kind", "key").agg(value=said.value.argmax(said.start))


def details(shape: Shape) -> dict[str, Callable[[Shape], ir.Table]]:
    """What the rows of ``shape`` have besides their sums, by name.

    Volume, balancer, said, and proportion where it is asked for; of assets asset_part and node_label.
    """
    if shape.kind == "asset":
        return {"asset_part": part_rows, "node_label": label_rows}
    found: dict[str, Callable[[Shape], ir.Table]] = {"volume": volume_rows, "balancer": balancer_rows}
    if not shape.aggregate:
        found["said"] = said_rows
    if shape.proportions:
        found["proportion"] = proportion_rows
    return found


def of_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a row of the details ``name`` is about one of ``rows``."""
    by = BY.get(name, ("set", "name"))
    keys = {tuple(row[column] for column in by) for row in rows if not row["is_idle"]}
    if name == "said":
        keys |= {(cluster, namespace, "") for cluster, namespace, _ in keys}
    return lambda one: tuple(one[column] for column in by) in keys


def _parts_of_rows(
    name: str, shape: Shape, by: tuple[str, ...], amounts: tuple[str, ...], named: tuple[str, ...] = ()
) -> ir.Table:
    rows = told_apart(name, shape)
    rows = rows.filter(rows.is_kept & ~rows.is_shared)
    if shape.namespaces:
        rows = rows.filter(rows.namespace.isin(shape.namespaces))
    found = rows.group_by("set", *keys(shape), *by).agg(
        **{column: (rows[column] * rows.part).sum() for column in amounts},
        **{column: rows[column].max() for column in named},
    )
    return found.select("set", *by, *named, *amounts, name=joined(found, keys(shape)))
