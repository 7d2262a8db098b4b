"""The controller of a pod: the topmost owner of any kind (ReplicaSet to Deployment or Rollout, Job to CronJob)."""

import ibis
import ibis.expr.types as ir

from farthing.model.tables import extend, samples

POD = ("namespace", "pod", "uid")
NONE = ("", "<none>", "Node")
"""Owners that control nothing: kube-state-metrics' word for none, and the Node that owns a static pod."""


def controllers() -> ir.Table:
    """Controller kind, in lower case, and name of each pod; pods without one are left out."""
    owner = samples("pod_owner")
    owner = owner.filter(owner.owner_kind.notin(NONE))
    sets = _parents("replicaset_owner", "replicaset", "ReplicaSet")
    jobs = _parents("job_owner", "job_name", "Job")
    parents = sets.union(jobs, distinct=False)
    rows = extend(owner, parents, "namespace", "owner_kind", "owner_name")
    topmost = rows.mutate(
        controller_kind=rows.parent_kind.fill_null(rows.owner_kind).lower(),
        controller=rows.parent_name.fill_null(rows.owner_name),
    )
    # One pod has one controller; a row more would double its cost.
    return topmost.group_by(*POD).agg(
        controller_kind=topmost.controller_kind.max(), controller=topmost.controller.argmax(topmost.controller_kind)
    )


def _parents(name: str, child: str, kind: str) -> ir.Table:
    """Owner of each ``kind``, by its namespace and name."""
    owners = samples(name)
    owners = owners.filter(owners.owner_kind.notin(NONE)).mutate(child_kind=ibis.literal(kind))
    return owners.group_by("namespace", owner_kind=owners.child_kind, owner_name=owners[child]).agg(
        parent_kind=owners.owner_kind.max(), parent_name=owners.owner_name.argmax(owners.owner_kind)
    )
