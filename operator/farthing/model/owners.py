"""The controller of a pod: the topmost owner of any kind (ReplicaSet to Deployment or Rollout, Job to CronJob)."""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
from farthing.model.tables import extend

POD = ("namespace", "pod", "uid")
NONE = ("", "<none>", "Node")
"""Owners that control nothing: kube-state-metrics' word for none, and the Node that owns a static pod."""

CHILDREN = {
    "ReplicaSet": ("replicaset_owner", "replicaset"),
    "Job": ("job_owner", "job_name"),
    "Deployment": ("deployment_owner", "deployment"),
    "StatefulSet": ("statefulset_owner", "statefulset"),
}
"""Of each kind whose owner is told of: the table that tells it, and its label for the name."""

GENERATIONS = 2
"""How far up it is looked: from a ReplicaSet to its Deployment, and to what owns that."""


def controllers() -> ir.Table:
    """Controller kind, in lower case, and name of each pod; pods without one are left out."""
    rows = samples("pod_owner")
    rows = rows.filter(rows.owner_kind.notin(NONE)).select(*POD, "owner_kind", "owner_name")
    parents = ibis.union(*(_parents(kind) for kind in CHILDREN), distinct=False)
    for _ in range(GENERATIONS):
        rows = extend(rows, parents, "namespace", "owner_kind", "owner_name")
        rows = rows.select(
            *POD,
            owner_kind=rows.parent_kind.fill_null(rows.owner_kind),
            owner_name=rows.parent_name.fill_null(rows.owner_name),
        )
    # One pod has one controller; a row more would double its cost.
    order = _order(rows.owner_kind, rows.owner_name)
    return rows.group_by(*POD).agg(
        controller_kind=rows.owner_kind.argmax(order).lower(), controller=rows.owner_name.argmax(order)
    )


def _parents(kind: str) -> ir.Table:
    """Owner of each ``kind``, by its namespace and name."""
    table, name = CHILDREN[kind]
    owners = samples(table)
    owners = owners.filter(owners.owner_kind.notin(NONE)).select(
        "namespace", child=owners[name], parent_kind=owners.owner_kind, parent_name=owners.owner_name
    )
    order = _order(owners.parent_kind, owners.parent_name)
    return owners.group_by("namespace", owner_kind=ibis.literal(kind), owner_name=owners.child).agg(
        parent_kind=owners.parent_kind.argmax(order), parent_name=owners.parent_name.argmax(order)
    )


def _order(kind: ir.StringColumn, name: ir.StringColumn) -> ir.StringValue:
    """By kind, then by name: of several owners it is the last, in whatever order they come."""
    return kind.concat(" ", name)
