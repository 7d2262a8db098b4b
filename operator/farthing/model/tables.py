"""Columns of every table the model reads and writes, with their units.

Seconds are seconds, bytes are bytes, money is the currency of the rates. ``start`` is a unix time [s]; ``seconds`` is the
length of the interval it begins: an hour, the part of the newest hour that has passed, or a day.
"""

import ibis
import ibis.expr.types as ir

GIB = float(2**30)
HOUR = 3600.0
RESOURCES = ("cpu", "ram", "gpu")

Columns = dict[str, str]

POD_KEY = ("namespace", "pod", "uid")
CONTAINER_KEY = (*POD_KEY, "container")
CGROUP_KEY = ("namespace", "pod", "container", "id")
"""cAdvisor's identity of one run of a container: ``id`` is the cgroup path."""

NUMBERED = {"container_no": ("containers", CONTAINER_KEY), "cgroup_no": ("cgroups", CGROUP_KEY)}
"""Identities of four labels are kept once, in a table of their own, and numbered: the number is what samples carry."""

SAMPLES: dict[str, tuple[str, ...]] = {
    "running": CONTAINER_KEY,
    "init_running": CONTAINER_KEY,
    "started": CONTAINER_KEY,
    "completed": ("namespace", "pod", "uid"),
    "requests": (*CONTAINER_KEY, "resource"),
    "init_requests": (*CONTAINER_KEY, "resource"),
    "gpu_limits": (*CONTAINER_KEY, "resource"),
    "cpu_last": CGROUP_KEY,
    "cpu_first": CGROUP_KEY,
    "cpu_reset_growth": CGROUP_KEY,
    "cpu_scraped": CGROUP_KEY,
    "ram_sum": CGROUP_KEY,
    "ram_scrapes": CGROUP_KEY,
    "gpu_busy": ("namespace", "pod", "container", "UUID"),
    "node_scrapes": ("node", "provider_id"),
    "node_created": ("node",),
    "node_capacity": ("node", "resource"),
    "node_cpu_rate": ("node", "provider_id"),
    "node_ram_rate": ("node", "provider_id"),
    "node_gpu_rate": ("node", "provider_id"),
    "node_total_rate": ("node", "provider_id"),
    "node_spot": ("node", "provider_id"),
    "state_scrapes": ("namespace",),
    "pod_node": ("namespace", "pod", "uid", "node"),
    "pod_owner": ("namespace", "pod", "uid", "owner_kind", "owner_name"),
    "replicaset_owner": ("namespace", "replicaset", "owner_kind", "owner_name"),
    "job_owner": ("namespace", "job_name", "owner_kind", "owner_name"),
    "node_labels": (
        "node",
        "label_node_kubernetes_io_instance_type",
        "label_topology_kubernetes_io_region",
        "label_topology_kubernetes_io_zone",
        "label_karpenter_sh_capacity_type",
        "label_eks_amazonaws_com_capacity_type",
        "label_cloud_google_com_gke_spot",
        "label_cloud_google_com_gke_preemptible",
        "label_kubernetes_azure_com_scalesetpriority",
    ),
}
"""Tables of samples the facts are made of: name and label columns; each also has ``start`` and ``value``."""

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
        f"{resource}_{part}": "float64" for resource in RESOURCES for part in ("requested", "used", "allocated", "cost")
    },
}
"""What each container is charged in each interval: resource-seconds (core-s, B-s, GPU-s) and costs."""

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
    **_TIMES,
    **{
        f"{resource}_{part}": "float64"
        for resource in RESOURCES
        for part in ("quantity", "cost", "allocated_cost", "idle_cost", "overallocated_cost")
    },
}
"""What each asset costs in each interval: quantities in resource-seconds, and where the cost went (C9, C12)."""

IDENTITY: dict[str, tuple[str, ...]] = {
    "allocation": (
        "cluster", "node", "provider_id", "namespace", "pod", "uid", "container", "controller_kind", "controller",
    ),
    "asset": (
        "cluster", "type", "category", "provider", "name", "provider_id", "instance_type", "region", "zone", "spot",
        "rate_source",
    ),
}  # fmt: skip
"""What tells one row from another within an interval."""


def samples(name: str, value: str = "value") -> ir.Table:
    """The table of samples called ``name``, its numbers in a column called ``value``."""
    number, labels = numbered(name)
    identity = {number: "int32"} if number else {}
    columns = {"start": "int64", **identity, **dict.fromkeys(labels, "string"), "value": "float64"}
    found = ibis.table(columns, name=name)
    return found if value == "value" else found.rename({value: "value"})


def numbered(name: str) -> tuple[str, tuple[str, ...]]:
    """The column that numbers the identity of the samples ``name``, empty for none, and the labels beside it."""
    labels = SAMPLES[name]
    for number, (_, key) in NUMBERED.items():
        if set(key) <= set(labels):
            return number, tuple(label for label in labels if label not in key)
    return "", labels


def identities(number: str) -> ir.Table:
    """The identities that ``container_no`` or ``cgroup_no`` numbers, with their labels."""
    name, key = NUMBERED[number]
    return ibis.table({number: "int32", **dict.fromkeys(key, "string")}, name=name)


def table(name: str) -> ir.Table:
    """The table ``hours``, or the facts table ``allocation`` or ``asset``."""
    return ibis.table({"hours": HOURS, "allocation": ALLOCATION, "asset": ASSET}[name], name=name)


def extend(left: ir.Table, right: ir.Table, *on: str) -> ir.Table:
    """``left`` with the columns of ``right`` where ``on`` agrees, null where nothing does."""
    return left.left_join(right, list(on), rname="{name}__right").drop(*(f"{column}__right" for column in on))


def zero() -> ir.FloatingScalar:
    """0 as a double: engines take a bare 0.0 for a decimal."""
    return ibis.literal(0).cast("float64")
