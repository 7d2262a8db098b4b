"""The metrics of costs by which dashboards made for OpenCost work: names and labels are those of its exporter.

Left to kube-state-metrics and cAdvisor, which those dashboards and Farthing itself need beside it: kube_node_status_capacity,
kube_persistentvolume_capacity_bytes, kube_persistentvolumeclaim_info, kube_pod_spec_volumes_persistentvolumeclaims_info,
kube_namespace_labels, kube_namespace_status_phase and the like. Who scrapes must let our labels stand (``honor_labels``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from farthing.model.metric_rows import TOLD_BY
from farthing.model.tables import TRAFFIC
from farthing.services.newest_costs import CostsOfHour, NewestCosts

HOUR: Final = "in the newest collected hour"
_NODE: Final = {
    "instance": "node", "node": "node", "instance_type": "instance_type", "region": "region", "provider_id": "provider_id",
    "arch": "arch",
}  # fmt: skip
_CONTAINER: Final = {
    "namespace": "namespace",
    "pod": "pod",
    "container": "container",
    "instance": "node",
    "node": "node",
}
_VOLUME: Final = {"volumename": "volume_name", "persistentvolume": "volume_name", "provider_id": "provider_id"}
_CLAIM: Final = {
    "namespace": "namespace", "pod": "pod", "persistentvolumeclaim": "claim", "persistentvolume": "volume_name",
}  # fmt: skip
_BALANCER: Final = {"ingress_ip": "address", "namespace": "namespace", "service_name": "service"}


@dataclass(frozen=True, slots=True)
class Told:
    """A metric: the column ``value`` of the rows of one kind of ``model.metric_rows.ROWS``, with the columns of its labels."""

    name: str
    rows: str
    value: str
    labels: Mapping[str, str]
    help: str


TOLD: Final = (
    Told("node_cpu_hourly_cost", "nodes", "cpu_rate", _NODE, f"What a core of the node cost an hour, {HOUR}."),
    Told("node_ram_hourly_cost", "nodes", "ram_rate", _NODE, f"What a GiB of memory of the node cost an hour, {HOUR}."),
    Told("node_gpu_hourly_cost", "nodes", "gpu_rate", _NODE, f"What a GPU of the node cost an hour, {HOUR}; 0 without GPUs."),
    Told("node_total_hourly_cost", "nodes", "cost", _NODE, f"What the node cost {HOUR}."),
    Told("kubecost_node_is_spot", "nodes", "spot", _NODE, f"Whether the node was a spot node {HOUR}."),
    Told("container_cpu_allocation", "containers", "cpu", _CONTAINER, f"Cores that the container held on average {HOUR}: requested or used, what was more."),
    Told("container_memory_allocation_bytes", "containers", "ram", _CONTAINER, f"Bytes of memory that the container held on average {HOUR}: requested or used, what was more."),
    Told("container_gpu_allocation", "containers", "gpu", _CONTAINER, f"GPUs that the container held on average {HOUR}."),
    Told("pv_hourly_cost", "volumes", "rate", _VOLUME, f"What a GiB of the volume cost an hour, {HOUR}."),
    Told("pod_pvc_allocation", "claims", "bytes", _CLAIM, f"Bytes of the volume that were the pod's on average {HOUR}; pods that mount one together share it."),
    Told("kubecost_load_balancer_cost", "balancers", "cost", _BALANCER, f"What the load balancer cost {HOUR}."),
    Told("kubecost_cluster_management_cost", "management", "cost", {"provisioner_name": "provisioner"}, f"The fee of the cluster {HOUR}."),
    *(
        Told(f"kubecost_network_{kind}_egress_cost", "traffic", kind, {}, f"What a GiB of {kind} traffic cost {HOUR}, if there was any.")
        for kind in TRAFFIC
    ),
)  # fmt: skip
"""In the currency of the rates. What was not there has no sample."""


def families(newest: NewestCosts, version: str) -> Iterator[Metric]:
    """All that is told of the store of a Farthing of that ``version``."""
    build = GaugeMetricFamily(
        "opencost_build_info",
        "By which dashboards find who tells costs; the version is Farthing's.",
        labels=["version", TOLD_BY[0]],
    )
    build.add_metric([version, TOLD_BY[1]], 1)
    yield build
    yield GaugeMetricFamily("farthing_stored_seconds", "How much time the store holds facts of.", newest.seconds)
    if newest.filled_until is not None:
        yield GaugeMetricFamily(
            "farthing_store_filled_until_timestamp_seconds", "Until when the store holds facts.", newest.filled_until
        )
    if newest.costs is not None:
        yield from _of_hour(newest.costs)


def _of_hour(costs: CostsOfHour) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "farthing_cost_hour_start_timestamp_seconds",
        "When the hour began that all metrics of costs are of.",
        costs.start,
    )
    yield GaugeMetricFamily(
        "farthing_cost_hour_seen_ratio", "How much of that hour's expected scrapes were seen.", costs.share
    )
    left_out = GaugeMetricFamily(
        "farthing_cost_series_left_out",
        "Of each kind, how many cost least and are not told, by --metrics-most-series.",
        labels=["kind"],
    )
    for kind, count in costs.left_out.items():
        left_out.add_metric([kind], count)
    yield left_out
    for told in TOLD:
        family = GaugeMetricFamily(told.name, told.help, labels=[*told.labels, TOLD_BY[0]])
        for row in costs.rows[told.rows]:
            if row[told.value] is not None:
                family.add_metric([*(row[column] for column in told.labels.values()), TOLD_BY[1]], row[told.value])
        if family.samples:
            yield family
