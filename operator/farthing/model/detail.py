"""What a row of a report consists of beside its sums: volumes, load balancers, shared parts, and what is said of its pod."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from farthing.model.question import Shape
from farthing.model.report import shared_parts
from farthing.model.sharing import per_hours
from farthing.model.tables import table
from farthing.model.telling import keys, name_of, told_apart


def volume_rows(shape: Shape) -> ir.Table:
    """The volumes of each row: set, name, cluster, volume_name, byte_seconds [B-s] and cost."""
    return _parts_of_rows("volume", shape, ("cluster", "volume_name"), ("byte_seconds", "cost"))


def balancer_rows(shape: Shape) -> ir.Table:
    """The load balancers of each row: set, name, cluster, namespace, service, address, cost and run_seconds [s]."""
    return _parts_of_rows("balancer", shape, ("cluster", "namespace", "service", "address"), ("cost", "run_seconds"))


def said_rows(shape: Shape) -> ir.Table:
    """What is said of pods and namespaces: cluster, namespace, pod, kind, key and value, the newest of the window."""
    said = table("workload")
    if shape.namespace:
        said = said.filter(said.namespace == shape.namespace).mutate(cluster=ibis.literal(""))
    return said.group_by("cluster", "namespace", "pod", "kind", "key").agg(value=said.value.argmax(said.start))


def details(shape: Shape) -> dict[str, Callable[[Shape], ir.Table]]:
    """What the rows of ``shape`` have besides their sums, by name: volume, balancer, shared and said."""
    found: dict[str, Callable[[Shape], ir.Table]] = {"volume": volume_rows, "balancer": balancer_rows}
    if shape.sharing.pools:
        found["shared"] = shared_parts
    if not shape.aggregate:
        found["said"] = said_rows
    return found


def _parts_of_rows(name: str, shape: Shape, by: tuple[str, ...], amounts: tuple[str, ...]) -> ir.Table:
    rows = told_apart(name, shape)
    rows = rows.filter(rows.is_kept & ~rows.is_shared)
    if shape.namespace:
        rows = rows.filter(rows.namespace == shape.namespace)
    found = rows.group_by("set", *keys(shape), *by).agg(
        **{column: (rows[column] * rows.part).sum() for column in amounts}
    )
    found = found.mutate(name=name_of(found, shape)).select("set", "name", *by, *amounts)
    return per_hours(found, ("cost",), shape).order_by("set", "name", *by)
