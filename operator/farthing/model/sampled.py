"""The tables of samples that the facts are made of: their labels, and the identities that are numbered."""

import ibis
import ibis.expr.types as ir

from farthing.model.network_samples import NETWORK_NUMBERED, NETWORK_SAMPLES

POD_KEY = ("namespace", "pod", "uid")
CONTAINER_KEY = (*POD_KEY, "container")
CGROUP_KEY = ("namespace", "pod", "container", "id")
"""cAdvisor's identity of one run of a container: ``id`` is the cgroup path."""

SAID = ("key", "label_value")
"""A label of a sample, as a row: tables with these have one row for each label that their metric carries."""

POOLS = (
    "label_eks_amazonaws_com_nodegroup",
    "label_cloud_google_com_gke_nodepool",
    "label_kubernetes_azure_com_agentpool",
    "label_agentpool",
    "label_alibabacloud_com_nodepool_id",
    "label_karpenter_sh_nodepool",
)
"""Labels by which providers name the pool that a node belongs to."""

EXPORTER = ("instance", "node", "kubernetes_node")
"""Labels by which an exporter may tell the node that it is on."""

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
    **dict.fromkeys(("node_capacity", "node_allocatable"), ("node", "resource")),
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
        *POOLS,
    ),
    "labels_of_nodes": ("node", *SAID),
    "node_addresses": ("node", "internal_ip"),
    "cpu_modes": (*EXPORTER, "namespace", "pod", "mode"),
    **dict.fromkeys(("root_bytes", "root_free", "root_least_free"), (*EXPORTER, "namespace", "pod")),
    # Volumes (C5).
    **dict.fromkeys(("pv_scrapes", "pv_bytes", "pv_created"), ("persistentvolume",)),
    "pv_rate": ("persistentvolume", "volumename", "provider_id"),
    "claim_scrapes": ("namespace", "persistentvolumeclaim", "volumename", "storageclass"),
    "pv_info": ("persistentvolume", "storageclass", "csi_driver", "csi_volume_handle", "ebs_volume_id",
                "gce_persistent_disk_name", "azure_disk_name"),
    **dict.fromkeys(("pv_used", "pv_used_largest"), ("namespace", "persistentvolumeclaim")),
    "pod_claims": ("namespace", "pod", "uid", "persistentvolumeclaim"),
    **NETWORK_SAMPLES,
}  # fmt: skip
"""Tables of samples the facts are made of: name and label columns; each also has ``start`` and ``value``."""


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
