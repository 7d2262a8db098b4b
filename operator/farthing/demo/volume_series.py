"""What kube-state-metrics, kubelets and OpenCost's exporter show of a made-up cluster's volumes."""

from collections.abc import Callable

from farthing.demo.cluster import Cluster, Volume
from farthing.demo.series import SeriesBook
from farthing.demo.shapes import Constant, Wave

ONE = Constant(1.0)
USED = 0.4
"""Which part of a volume is used, on the mean of a day."""
Span = tuple[int, int | None]
Add = Callable[[str, dict[str, str], Span, Constant], None]
"""Enters what a metric with its labels shows over a span."""


def enter_volumes(add: Add, cluster: Cluster) -> None:
    """Enter volumes, their claims, and which pods mount them, as one kube-state-metrics shows them."""
    for volume in cluster.volumes:
        _enter_volume(add, volume)
    for pod in cluster.pods:
        for number, claim in enumerate(pod.claims):
            labels = {
                "namespace": pod.namespace,
                "pod": pod.name,
                "uid": pod.uid,
                "volume": f"volume-{number}",
                "persistentvolumeclaim": claim,
                "ephemeral": "false",
            }
            add("kube_pod_spec_volumes_persistentvolumeclaims_info", labels, (pod.created, pod.deleted), ONE)


def _enter_volume(add: Add, volume: Volume) -> None:
    life = (volume.created, volume.deleted)
    own = {"persistentvolume": volume.name}
    size = Constant(float(volume.size))
    add("kube_persistentvolume_capacity_bytes", own, life, size)
    add("kube_persistentvolume_created", own, life, Constant(float(volume.created)))
    info = {
        "storageclass": volume.storage_class,
        "csi_driver": volume.driver,
        "csi_volume_handle": volume.handle,
        "reclaim_policy": "Delete" if volume.claim else "Retain",
    }
    add("kube_persistentvolume_info", own | info, life, ONE)
    if volume.claim:
        claim = {"namespace": volume.namespace, "persistentvolumeclaim": volume.claim}
        bound = {"storageclass": volume.storage_class, "volumename": volume.name, "volumemode": "Filesystem"}
        add("kube_persistentvolumeclaim_info", claim | bound, life, ONE)
        add("kube_persistentvolumeclaim_resource_requests_storage_bytes", claim, life, size)


def enter_volume_use(book: SeriesBook, cluster: Cluster) -> None:
    """Enter how much of each mounted volume is used, as the kubelet of the first pod that mounts it shows it."""
    for volume in cluster.volumes:
        mounting = [pod for pod in cluster.pods if pod.namespace == volume.namespace and volume.claim in pod.claims]
        nodes = [pod.node for pod in mounting if pod.node is not None]
        if nodes:
            kubelet = f"{nodes[0].address}:10250"
            labels = {"job": "kubelet", "instance": kubelet, "metrics_path": "/metrics"}
            claim = {"namespace": volume.namespace, "persistentvolumeclaim": volume.claim}
            used = Wave(volume.size * USED, 0.2)
            span = (max(volume.created, min(pod.created for pod in mounting)), volume.deleted)
            book.add(f"kubelet/{kubelet}", "kubelet_volume_stats_used_bytes", labels | claim, span, used)


def enter_volume_rates(book: SeriesBook, cluster: Cluster) -> None:
    """Enter the hourly rate of each volume's GiB as OpenCost's exporter gives it."""
    for volume in cluster.volumes:
        names = {"persistentvolume": volume.name, "volumename": volume.name, "provider_id": volume.handle}
        labels = {"job": "opencost"} | names
        book.add("opencost", "pv_hourly_cost", labels, (volume.created, volume.deleted), Constant(volume.rate))
