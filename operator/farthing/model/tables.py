"""Columns of every table the model reads and writes, with their units.

Seconds are seconds, bytes are bytes, money is the currency of the rates. ``start`` is a unix time [s]; ``seconds`` is the
length of the interval it begins: an hour, the part of the newest hour that has passed, or a day.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.network_samples import NETWORK_NUMBERED, NETWORK_SAMPLES

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

UNMOUNTED = "__unmounted__"
"""Pod and container of what costs although no container holds it: volumes nobody mounts, balancers without pods."""

Columns = dict[str, str]

POD_KEY = ("namespace", "pod", "uid")
CONTAINER_KEY = (*POD_KEY, "container")
CGROUP_KEY = ("namespace", "pod", "container", "id")
"""cAdvisor's identity of one run of a container: ``id`` is the cgroup path."""

SAID = ("key", "label_value")
"""A label of a sample, as a row: tables with these have one row for each label that their metric carries."""

NUMBERED = {"container_no": ("containers", CONTAINER_KEY), "cgroup_no": ("cgroups", CGROUP_KEY), **NETWORK_NUMBERED}
"""Identities of four labels and more are kept once, in a table of their own, and numbered: the number is what samples carry."""

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
    **dict.fromkeys(("cpu_largest", "ram_largest"), CGROUP_KEY),
    **dict.fromkeys(("pod_labels", "pod_annotations"), (*POD_KEY, *SAID)),
    **dict.fromkeys(("namespace_labels", "namespace_annotations"), ("namespace", *SAID)),
    "service_selectors": ("namespace", "service", *SAID),
    **{f"{kind}_owner": ("namespace", kind, "owner_kind", "owner_name") for kind in ("deployment", "statefulset")},
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
    # Volumes (C5).
    **dict.fromkeys(("pv_scrapes", "pv_bytes", "pv_created"), ("persistentvolume",)),
    "pv_rate": ("persistentvolume", "volumename", "provider_id"),
    "claim_scrapes": ("namespace", "persistentvolumeclaim", "volumename", "storageclass"),
    "pv_info": ("persistentvolume", "storageclass", "csi_driver", "csi_volume_handle", "ebs_volume_id",
                "gce_persistent_disk_name", "azure_disk_name"),
    "pod_claims": ("namespace", "pod", "uid", "persistentvolumeclaim"),
    **NETWORK_SAMPLES,
}  # fmt: skip
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
    "cpu_used_max": "float64",
    "ram_used_max": "float64",
    "network_transfer_bytes": "float64",
    "network_receive_bytes": "float64",
    **{f"network_{kind}_{part}": "float64" for kind in TRAFFIC for part in ("bytes", "cost")},
    "pv_byte_seconds": "float64",
    "pv_cost": "float64",
    "lb_cost": "float64",
}
"""What each container is charged in each interval: resource-seconds (core-s, B-s, GPU-s), bytes and costs.

``cpu_used_max`` [cores] and ``ram_used_max`` [B] are the largest use seen. Rows whose pod and container are ``UNMOUNTED``
hold what no container does.
"""

_ALLOCATION_KEY = (
    "cluster", "node", "provider_id", "namespace", "pod", "uid", "container", "controller_kind", "controller",
)  # fmt: skip

_WHOSE: Columns = {"start": "int64", "seconds": "float64", **dict.fromkeys(_ALLOCATION_KEY, "string"), **_TIMES}

VOLUME: Columns = {
    **_WHOSE, "volume_name": "string", "claim": "string", "storage_class": "string", "byte_seconds": "float64", "cost": "float64",
}  # fmt: skip
"""What each container is charged for each volume in each interval (C5): its part of the volume's bytes and cost."""

BALANCER: Columns = {**_WHOSE, "service": "string", "address": "string", "cost": "float64"}
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
the service's name, ``value`` empty), or ``namespace_label`` and ``namespace_annotation``, of the namespace: pod and uid empty.
"""

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
    "pv_quantity": "float64",
    "pv_cost": "float64",
    "network_cost": "float64",
    "lb_cost": "float64",
    "management_cost": "float64",
}
"""What each asset costs in each interval: quantities in resource-seconds, and where the cost went (C9, C12).

A Node has costs of cpu, ram and gpu; a Disk ``pv_quantity`` [B-s] and ``pv_cost``; Network, LoadBalancer and
ClusterManagement one cost each.
"""

FACTS: dict[str, Columns] = {
    "allocation": ALLOCATION, "asset": ASSET, "volume": VOLUME, "balancer": BALANCER, "workload": WORKLOAD,
}  # fmt: skip
"""The tables that are kept."""

LARGEST = ("cpu_used_max", "ram_used_max")
"""Columns of which the largest counts where rows are put together; numbers add up else."""

IDENTITY: dict[str, tuple[str, ...]] = {
    "allocation": _ALLOCATION_KEY,
    "volume": (*_ALLOCATION_KEY, "volume_name", "claim", "storage_class"),
    "balancer": (*_ALLOCATION_KEY, "service", "address"),
    "workload": ("cluster", "namespace", "pod", "uid", "kind", "key", "value"),
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


def zero() -> ir.FloatingScalar:
    """0 as a double: engines take a bare 0.0 for a decimal."""
    return ibis.literal(0).cast("float64")
