"""Columns of every table the model reads and writes, with their units.

Seconds are seconds, bytes are bytes, money is the currency of the rates. ``start`` is a unix time [s]; ``seconds`` is the
length of the interval it begins: an hour, the part of the newest hour that has passed, or a day.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

GIB = float(2**30)
HOUR = 3600.0
RESOURCES = ("cpu", "ram", "gpu")
TRAFFIC = ("zone", "region", "internet")
"""Where paid traffic goes: to another zone of the region, to another region, out of the cloud (C6)."""

COSTS = (
    *(f"{resource}_cost" for resource in RESOURCES),
    *(f"network_{kind}_cost" for kind in TRAFFIC),
    "pv_cost",
    "lb_cost",
)
"""The costs an allocation is made of. [currency]"""

DISCOUNTED = ("cpu", "ram")
"""What a price rule's discount applies to (C4)."""

UNMOUNTED = "__unmounted__"
"""Pod and container of what costs although no container holds it: volumes nobody mounts, balancers without pods."""

Columns = dict[str, str]

HOURS: Columns = {"start": "int64", "seconds": "float64", "previous_start": "int64"}
"""The intervals of a chunk. ``previous_start`` is where the interval before begins, also for the first of the chunk."""

_TIMES: Columns = {"run_seconds": "float64", "run_start": "float64", "run_end": "float64"}

ALLOCATION: Columns = {
    "start": "int64",
    "seconds": "float64",
    "cluster": "string",
    "node": "string",
    "provider_id": "string",
    "namespace": "string",
    "pod": "string",
    "uid": "string",
    "container": "string",
    "controller_kind": "string",
    "controller": "string",
    **_TIMES,
    **{
        f"{resource}_{part}": "float64"
        for resource in RESOURCES
        for part in ("requested", "used", "allocated", "cost", "saving")
    },
    "cpu_used_max": "float64",
    "ram_used_max": "float64",
    "network_transfer_bytes": "float64",
    "network_receive_bytes": "float64",
    **{f"network_{kind}_{part}": "float64" for kind in TRAFFIC for part in ("bytes", "cost", "saving")},
    "pv_byte_seconds": "float64",
    "pv_cost": "float64",
    "lb_cost": "float64",
}
"""What each container is charged in each interval: resource-seconds (core-s, B-s, GPU-s), bytes and costs.

What a container would cost without price books is its cost + its saving [currency], which is 0 where no book has a rate.
``cpu_used_max`` [cores] and ``ram_used_max`` [B] are the largest use seen. Rows whose pod and container are ``UNMOUNTED``
hold what no container does.
"""

_ALLOCATION_KEY = (
    "cluster", "node", "provider_id", "namespace", "pod", "uid", "container", "controller_kind", "controller",
)  # fmt: skip

_WHOSE: Columns = {"start": "int64", "seconds": "float64", **dict.fromkeys(_ALLOCATION_KEY, "string"), **_TIMES}

VOLUME: Columns = {
    **_WHOSE, "volume_name": "string", "claim": "string", "storage_class": "string", "byte_seconds": "float64", "cost": "float64", "saving": "float64",
}  # fmt: skip
"""What each container is charged for each volume in each interval (C5): its part of the volume's bytes and cost."""

BALANCER: Columns = {**_WHOSE, "service": "string", "address": "string", "cost": "float64", "saving": "float64"}
"""What each container is charged for each load balancer in each interval (C7)."""

WORKLOAD: Columns = {
    "start": "int64",
    "cluster": "string",
    "namespace": "string",
    "pod": "string",
    "uid": "string",
    "kind": "string",
    "key": "string",
    "value": "string",
}
"""What is said of each pod on each local day, which begins at ``start``: one row a label, annotation and service of it.

``kind`` is ``label`` or ``annotation`` (the pod's; where it has none of that key, its namespace's), ``service`` (``key`` is
the service's name, ``value`` empty), ``namespace_label`` and ``namespace_annotation``, of the namespace: pod and uid
empty; or ``node_label``, of a node, whose name stands for the pod's: namespace and uid empty.
"""

ASSET_TEXTS = ("account", "project", "service", "pool", "storage_class", "claim", "claim_namespace")
"""What an asset tells of itself beside its identity at the provider; empty where it is not known."""

LOCAL = "__local__"
"""The storage class of disks that nodes boot from: nobody claims them."""

USERS = ("system", "user", "other")
"""Who used a node's cpu and memory: what the cluster needs itself, its workloads, and the rest that was not idle."""

BROKEN_DOWN = tuple(f"{resource}_{user}" for resource in ("cpu", "ram") for user in USERS)
"""The used part of a node by ``USERS``. [core-s, B-s]"""

OVERHEAD = ("cpu_overhead", "ram_overhead")
"""What a node keeps from pods for its system and kubelet: its capacity less what is allocatable. [core-s, B-s]"""

ASSET: Columns = {
    "start": "int64",
    "seconds": "float64",
    "cluster": "string",
    "type": "string",
    "category": "string",
    "provider": "string",
    "name": "string",
    "provider_id": "string",
    "instance_type": "string",
    "region": "string",
    "zone": "string",
    "spot": "boolean",
    "rate_source": "string",
    **dict.fromkeys(ASSET_TEXTS, "string"),
    "base_source": "string",
    **_TIMES,
    **{
        f"{resource}_{part}": "float64"
        for resource in RESOURCES
        for part in ("quantity", "cost", "allocated_cost", "idle_cost", "overallocated_cost")
    },
    **dict.fromkeys((*BROKEN_DOWN, *OVERHEAD), "float64"),
    "pv_quantity": "float64",
    "pv_used": "float64",
    "pv_used_max": "float64",
    "pv_cost": "float64",
    "local_cost": "float64",
    "network_cost": "float64",
    "lb_cost": "float64",
    "management_cost": "float64",
    **{f"{resource}_discount": "float64" for resource in DISCOUNTED},
    **{f"{what}_saving": "float64" for what in (*RESOURCES, "pv", "network", "lb", "management")},
}
"""What each asset costs in each interval: quantities in resource-seconds, and where the cost went (C9, C12).

A Node has costs of cpu, ram and gpu, ``BROKEN_DOWN`` and ``OVERHEAD``; a Disk ``pv_quantity`` and ``pv_used`` [B-s], ``pv_used_max``
[B] and ``pv_cost``, or ``local_cost`` where it is a node's own, of the class ``LOCAL``; Network, LoadBalancer and
ClusterManagement one cost each. A load balancer's ``provider_id`` is its address.
Of a node, cost + discount is what it costs before its rule's discount, and of any asset cost + saving what it costs without
price books, at rates from ``base_source``.
"""

FACTS: dict[str, Columns] = {
    "allocation": ALLOCATION, "asset": ASSET, "volume": VOLUME, "balancer": BALANCER, "workload": WORKLOAD,
}  # fmt: skip
"""The tables that are kept."""

LARGEST = ("cpu_used_max", "ram_used_max")
LARGEST_OF_ASSETS = ("pv_used_max",)
"""Columns of which the largest counts where rows are put together; numbers add up else."""

IDENTITY: dict[str, tuple[str, ...]] = {
    "allocation": _ALLOCATION_KEY,
    "volume": (*_ALLOCATION_KEY, "volume_name", "claim", "storage_class"),
    "balancer": (*_ALLOCATION_KEY, "service", "address"),
    "workload": ("cluster", "namespace", "pod", "uid", "kind", "key", "value"),
    "asset": (
        "cluster", "type", "category", "provider", "name", "provider_id", "instance_type", "region", "zone", "spot",
        "rate_source", "base_source", *ASSET_TEXTS,
    ),
}  # fmt: skip
"""What tells one row from another within an interval."""


def table(name: str) -> ir.Table:
    """The table ``hours``, or one of ``FACTS``."""
    return ibis.table({"hours": HOURS, **FACTS}[name], name=name)


def nothing(columns: Columns) -> ir.Table:
    """A table of these columns without rows."""
    hours = table("hours")
    return hours.filter(ibis.literal(value=False)).select(
        **{name: ibis.null(kind).cast(kind) for name, kind in columns.items()}
    )


def extend(left: ir.Table, right: ir.Table, *on: str) -> ir.Table:
    """``left`` with the columns of ``right`` where ``on`` agrees, null where nothing does."""
    return left.left_join(right, list(on), rname="{name}__right").drop(*(f"{column}__right" for column in on))


def joined(rows: ir.Table, columns: Sequence[str]) -> ir.StringValue:
    """The values of ``columns`` in each row, joined by slashes."""
    first, *others = columns
    found: ir.StringValue = rows[first]
    for column in others:
        found = found.concat("/").concat(rows[column])
    return found


def zero() -> ir.FloatingScalar:
    """0 as a double: engines take a bare 0.0 for a decimal."""
    return ibis.literal(0).cast("float64")


def sum_of(rows: ir.Table, columns: tuple[str, ...]) -> ir.FloatingValue:
    """The sum of ``columns`` in each row."""
    first, *others = columns
    total: ir.FloatingValue = rows[first]
    for column in others:
        total = total + rows[column]
    return total
