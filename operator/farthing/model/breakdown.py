"""Who used a node: its cpu by the modes that node-exporter counts, and which node an exporter tells of."""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
from farthing.model.tables import extend

HOST = r"^\[?([^\]]*?)\]?(?::[0-9]+)?$"
"""An instance without its port."""

IDLE, NAMED = "idle", ("system", "user")
"""Modes of the kernel's clock; what is in none of these (nice, iowait, irq, steal and so on) is other."""


def cpu_shares(names: ir.Table) -> ir.Table:
    """Shares of their time that cores of nodes called ``names`` spent in system, user and other, by start and node. [0 to 1]"""
    rows = of_nodes(samples("cpu_modes", "grown"), names)
    # An exporter that was replaced has counted a part, several have counted the same: shares are right of either.
    modes = rows.group_by("start", "node").agg(
        whole=rows.grown.sum(),
        idle=rows.grown.sum(where=rows.mode == IDLE).fill_null(0.0),
        **{f"{mode}_time": rows.grown.sum(where=rows.mode == mode).fill_null(0.0) for mode in NAMED},
    )
    modes = modes.filter(modes.whole > 0)
    shares = {f"{mode}_share": modes[f"{mode}_time"] / modes.whole for mode in NAMED}
    rest = modes.whole - modes.idle - modes.system_time - modes.user_time
    return modes.select("start", "node", **shares, other_share=ibis.greatest(rest / modes.whole, 0.0))


def of_nodes(rows: ir.Table, names: ir.Table) -> ir.Table:
    """``rows`` of exporters with the ``node`` that each is on; those on none that is known are left out.

    By the label node or kubernetes_node, by the pod of the exporter, or by its instance, all as ``node_names`` tells.
    """
    rows = rows.rename(told="node")
    rows = rows.mutate(host=rows.instance.re_extract(HOST, 1))
    for number, label in enumerate(("told", "kubernetes_node", "host")):
        rows = extend(rows, names.rename({label: "name", f"node_{number}": "node"}), label)
    pods = samples("pod_node")
    # Of several pods of a name any may be meant.
    pods = pods.filter(pods.pod != "").group_by("namespace", "pod").agg(node_of_pod=pods.node.max())
    rows = extend(rows, pods, "namespace", "pod")
    rows = rows.mutate(node=ibis.coalesce(rows.node_0, rows.node_1, rows.node_of_pod, rows.node_2))
    return rows.filter(rows.node.notnull())


def node_names() -> ir.Table:
    """What each node is called, its name or its address: columns name and node."""
    known = samples("node_addresses")
    both = ibis.union(
        known.select("node", name=known.node), known.select("node", name=known.internal_ip), distinct=False
    )
    return both.filter(both.name != "").group_by("name").agg(node=both.node.max())
