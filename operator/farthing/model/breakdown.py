"""Who used a node: its cpu by the modes that node-exporter counts, and which node an exporter tells of."""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
from farthing.model.tables import extend

HOST = r"^\[?([^\]]*?)\]?(?::[0-9]+)?$"
"""An instance without its port."""

IDLE, NAMED = "idle", ("system", "user")
"""Modes of the kernel's clock; what is in none of these (nice, iowait, irq, steal and so on) is other."""


def cpu_shares() -> ir.Table:
    """Shares of each node's time that its cores spent in system, user and other, by start and node. [0 to 1]"""
    rows = of_nodes(samples("cpu_modes", "grown"))
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


def of_nodes(rows: ir.Table) -> ir.Table:
    """``rows`` of what tells of nodes, with the ``node`` that it is; those of none that is known are left out.

    By the label node or kubernetes_node, by the pod that tells, or by its instance: the name or the address of the node.
    """
    names = _names()
    rows = rows.rename(told="node")
    rows = rows.mutate(host=rows.instance.re_extract(HOST, 1))
    for number, label in enumerate(("told", "kubernetes_node", "host")):
        rows = extend(rows, names.rename({label: "name", f"node_{number}": "node"}), label)
    found = ["node_0", "node_1"]
    if "pod" in rows.columns:
        rows = extend(rows, _pods(), "namespace", "pod")
        found.append("node_of_pod")
    rows = rows.mutate(node=ibis.coalesce(*(rows[name] for name in (*found, "node_2"))))
    return rows.filter(rows.node.notnull())


def _names() -> ir.Table:
    """Names and addresses of nodes: columns name and node."""
    known = samples("node_addresses")
    both = ibis.union(
        known.select("node", name=known.node), known.select("node", name=known.internal_ip), distinct=False
    )
    return both.filter(both.name != "").group_by("name").agg(node=both.node.max())


def _pods() -> ir.Table:
    """The node of each pod by its name: that of several is one of theirs."""
    pods = samples("pod_node")
    return pods.filter(pods.pod != "").group_by("namespace", "pod").agg(node_of_pod=pods.node.max())
