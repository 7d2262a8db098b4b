"""What the disks that nodes boot from cost: the filesystem at ``/``, as far as node-exporter tells of it."""

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.breakdown import of_nodes
from farthing.model.rates import STORAGE
from farthing.model.sampled import SAMPLES, samples
from farthing.model.tables import GIB, HOUR, LOCAL, extend


def local_disk_assets(cluster: str, nodes: ir.Table, disks: ir.Table) -> ir.Table:
    """The one of ``disks`` of each of ``nodes`` in each interval as an asset, columns ``tables.ASSET``, called as its node.

    It costs the default rate of storage, which providers ask for beside the node. OpenCost takes the largest device that
    cAdvisor tells of, which may be a volume of a pod. Nobody is charged for it but through sharing.
    """
    # A node that is replaced under its name boots from another disk of that name.
    named = nodes.group_by("start", "seconds", "node").agg(
        **{name: nodes[name].max() for name in ("provider", "region", "zone")},
        run_start=nodes.run_start.min(),
        run_end=nodes.run_end.max(),
        run_seconds=nodes.run_seconds.sum(),
    )
    rows = disks.join(named, ["start", "node"])
    rows = rows.mutate(run_seconds=ibis.least(rows.run_seconds, rows.seconds))
    quantity = rows.bytes * rows.run_seconds
    known = rows.select(
        *("start", "seconds", "provider", "region", "zone", "run_start", "run_end", "run_seconds"),
        name=rows.node,
        storage_class=ibis.literal(LOCAL),
        rate_source=ibis.literal("default"),
        base_source=ibis.literal("default"),
        pv_quantity=quantity,
        pv_used=rows.used * rows.run_seconds,
        pv_used_max=rows.largest,
        local_cost=quantity / (GIB * HOUR) * STORAGE,
    )
    return other_assets(known, cluster, "Disk", "Storage")


def root_disks(names: ir.Table) -> ir.Table:
    """The root filesystem of each node called ``names``: start, node, bytes, used (the mean) and largest use. [B]"""
    labels = ("start", *SAMPLES["root_bytes"])
    rows = samples("root_bytes", "bytes")
    for name in ("root_free", "root_least_free"):
        rows = extend(rows, samples(name, name), *labels)
    rows = of_nodes(rows, names)
    rows = rows.mutate(
        used=ibis.greatest(rows.bytes - rows.root_free.fill_null(rows.bytes), 0.0),
        largest=ibis.greatest(rows.bytes - rows.root_least_free.fill_null(rows.bytes), 0.0),
    )
    # Several exporters of a node tell of the same disk.
    return rows.group_by("start", "node").agg(bytes=rows.bytes.max(), used=rows.used.max(), largest=rows.largest.max())
