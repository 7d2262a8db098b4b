"""What is said of pods, namespaces and nodes: labels, annotations and services, once a day."""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import POD_KEY, samples
from farthing.model.tables import WORKLOAD

KINDS = ("label", "annotation", "service", "namespace_label", "namespace_annotation", "node_label")

MOST_KEYS = 256
LONGEST = 512
MOST_TEXT = 8192
"""Of the labels, or annotations, of one object at most so many are kept, of so many characters each and all together."""

SAYS = (*POD_KEY, "kind", "key", "value")


def workloads(cluster: str, services: ir.Table) -> ir.Table:
    """What is said of each pod in the chunk, columns ``tables.WORKLOAD``; ``start`` is 0: who keeps it knows the day.

    ``services`` has a row for each pod behind each service: columns namespace, service, pod, uid. What is not known as a
    pod (``kube_pod_info``) is left out.
    """
    pods = samples("pod_node").select(*POD_KEY).distinct()
    behind = services.join(pods, [*POD_KEY]).select(
        *POD_KEY, kind=ibis.literal("service"), key=services.service, value=ibis.literal("")
    )
    rows = ibis.union(
        _said_of_pods("label", pods),
        _said_of_pods("annotation", pods),
        behind.distinct(),
        _said_of_namespaces("label"),
        _said_of_namespaces("annotation"),
        _said_of_nodes(),
        distinct=False,
    )
    return rows.mutate(start=ibis.literal(0, "int64"), cluster=ibis.literal(cluster)).select(*WORKLOAD)


def _said_of_pods(kind: str, pods: ir.Table) -> ir.Table:
    """Labels or annotations of ``pods``, each pod's own, and of its namespace those whose key it does not have."""
    said = samples(f"pod_{kind}s")
    own = said.join(pods, [*POD_KEY]).select(*POD_KEY, key=said.key, value=said.label_value)
    of_namespace = samples(f"namespace_{kind}s")
    inherited = pods.join(of_namespace, "namespace").select(
        *POD_KEY, key=of_namespace.key, value=of_namespace.label_value
    )
    rows = ibis.union(own, inherited.anti_join(own, [*POD_KEY, "key"]), distinct=False)
    return rows.mutate(kind=ibis.literal(kind)).select(*SAYS)


def _said_of_namespaces(kind: str) -> ir.Table:
    """Labels or annotations of each namespace."""
    said = samples(f"namespace_{kind}s")
    return said.select(
        "namespace",
        pod=ibis.literal(""),
        uid=ibis.literal(""),
        kind=ibis.literal(f"namespace_{kind}"),
        key=said.key,
        value=said.label_value,
    )


def _said_of_nodes() -> ir.Table:
    """Labels of each node, whose name stands for the pod's; of a node replaced under its name, those of the newer one."""
    said = samples("labels_of_nodes")
    return said.select(
        namespace=ibis.literal(""),
        pod=said.node,
        uid=ibis.literal(""),
        kind=ibis.literal("node_label"),
        key=said.key,
        value=said.label_value,
    )
