"""The catalogue: every metric Farthing reads, as data. Adding one is an entry here and a column in ``model/facts``.

A query keeps only the labels its table needs and combines the rest away, so that two scrapers or two replicas of the
same source give one row. Hourly queries are evaluated one millisecond before the hour ends: the range then is exactly
``[start, end)`` in Prometheus 2 (closed ranges) and 3 (left-open) alike. What only names things is asked once per chunk.
"""

from farthing.model.metric_rows import TOLD_BY
from farthing.model.sampled import SAMPLES
from farthing.prometheus.queries import Combine, Function, Matcher, Query

GPU_RESOURCES = "nvidia_com_gpu|nvidia_com_mig_.*|amd_com_gpu"
"""kube-state-metrics' spelling of the GPU resources, as a regular expression."""

IS_CONTAINER = (Matcher("container", "!=", ""), Matcher("container", "!=", "POD"))
"""cAdvisor also counts pods (``container=""``) and sandboxes (``"POD"``): neither is a container (C2)."""

IS_CONTROLLER = (Matcher("owner_is_controller", "=", "true"),)
RESOURCES = (Matcher("resource", "=~", f"cpu|memory|{GPU_RESOURCES}"),)
IS_BOUND = (Matcher("volumename", "!=", ""),)
CPU_SECONDS = "container_cpu_usage_seconds_total"
WORKING_SET = "container_memory_working_set_bytes"

VOLUME_USED = "kubelet_volume_stats_used_bytes"

ROOT_FREE = "node_filesystem_free_bytes"
OF_ROOT = (Matcher("mountpoint", "=", "/"), Matcher("fstype", "!=", "rootfs"))

OF_PODS = (Matcher("pod", "!=", ""), Matcher("interface", "!=", "lo"))
"""Network interfaces belong to a pod's sandbox, whose container is empty or ``"POD"``."""
IN_HOST_NETWORK = (Matcher("host_network", "=", "true"),)
TO_PODS = (Matcher("targetref_kind", "=", "Pod"),)
IS_BALANCER = (Matcher("type", "=", "LoadBalancer"),)
EGRESS = "kubecost_pod_network_egress_bytes_total"
TRANSMITTED = "container_network_transmit_bytes_total"
RECEIVED = "container_network_receive_bytes_total"
BALANCER_RATE = "kubecost_load_balancer_cost"

NOT_OURS = (Matcher(TOLD_BY[0], "!=", TOLD_BY[1]),)
"""What our own ``/metrics`` tells is what we made of these, which would stay for ever were it read again."""


def _read(  # noqa: PLR0913 - an entry of the catalogue is these
    name: str,
    metric: str,
    function: Function,
    combine: Combine = Combine.MAX,
    matchers: tuple[Matcher, ...] = (),
    *,
    carried: bool = False,
    once: bool = False,
    tall: str = "",
) -> Query:
    """The query that fills the model's table ``name``, with that table's labels."""
    return Query(name, metric, function, SAMPLES[name], combine, matchers, carried, once, tall)


CATALOGUE: tuple[Query, ...] = (
    # Containers, from kube-state-metrics. How many scrapes saw it run, when its last run began, when its pod ended.
    _read("running", "kube_pod_container_status_running", Function.SUM, Combine.MOST),
    _read("init_running", "kube_pod_init_container_status_running", Function.SUM, Combine.MOST),
    _read("started", "kube_pod_container_state_started", Function.LAST),
    _read("completed", "kube_pod_completion_time", Function.LAST),
    _read("requests", "kube_pod_container_resource_requests", Function.MEAN, matchers=RESOURCES),
    _read("init_requests", "kube_pod_init_container_resource_requests", Function.MEAN, matchers=RESOURCES),
    _read(
        "gpu_limits",
        "kube_pod_container_resource_limits",
        Function.MEAN,
        matchers=(Matcher("resource", "=~", GPU_RESOURCES),),
    ),
    # Use, from cAdvisor.
    _read("cpu_last", CPU_SECONDS, Function.LAST, matchers=IS_CONTAINER, carried=True),
    _read("cpu_first", CPU_SECONDS, Function.LEAST, Combine.MIN, IS_CONTAINER),
    _read("cpu_reset_growth", CPU_SECONDS, Function.GROWTH_IF_RESET, matchers=IS_CONTAINER),
    _read("cpu_scraped", CPU_SECONDS, Function.LAST_SCRAPE, matchers=IS_CONTAINER, carried=True),
    _read("ram_sum", WORKING_SET, Function.SUM, Combine.MOST, IS_CONTAINER),
    _read("ram_scrapes", WORKING_SET, Function.COUNT, Combine.MOST, IS_CONTAINER, carried=True),
    _read("cpu_largest", CPU_SECONDS, Function.LARGEST_RATE, matchers=IS_CONTAINER),
    _read("ram_largest", WORKING_SET, Function.LARGEST, matchers=IS_CONTAINER),
    # Busy share of each GPU, from the DCGM exporter: 0 to 1.
    _read("gpu_busy", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", Function.MEAN, Combine.MEAN, IS_CONTAINER),
    # Nodes.
    _read("node_scrapes", "kube_node_info", Function.COUNT, Combine.MOST, carried=True),
    _read("node_created", "kube_node_created", Function.LAST),
    _read("node_capacity", "kube_node_status_capacity", Function.LAST, matchers=RESOURCES, carried=True),
    _read("node_allocatable", "kube_node_status_allocatable", Function.LAST, matchers=RESOURCES, once=True),
    _read("node_labels", "kube_node_labels", Function.LAST, carried=True),
    # What their cores did, and the disk they boot from, from node-exporter where it runs.
    _read("cpu_modes", "node_cpu_seconds_total", Function.GROWTH, Combine.MOST),
    _read("root_bytes", "node_filesystem_size_bytes", Function.MEAN, Combine.MEAN, OF_ROOT),
    _read("root_free", ROOT_FREE, Function.MEAN, Combine.MEAN, OF_ROOT),
    _read("root_least_free", ROOT_FREE, Function.LEAST, Combine.MIN, OF_ROOT),
    # Rates per hour, from OpenCost's exporter where it runs (C4).
    _read("node_cpu_rate", "node_cpu_hourly_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("node_ram_rate", "node_ram_hourly_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("node_gpu_rate", "node_gpu_hourly_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("node_total_rate", "node_total_hourly_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("node_spot", "kubecost_node_is_spot", Function.LAST, matchers=NOT_OURS),
    # Volumes (C5): how many scrapes saw each and its claim, its mean size, the rate of a GiB-hour from OpenCost's exporter.
    _read("pv_scrapes", "kube_persistentvolume_capacity_bytes", Function.COUNT, Combine.MOST, carried=True),
    _read("pv_bytes", "kube_persistentvolume_capacity_bytes", Function.MEAN, Combine.MEAN),
    _read("pv_created", "kube_persistentvolume_created", Function.LAST),
    _read("pv_rate", "pv_hourly_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("claim_scrapes", "kube_persistentvolumeclaim_info", Function.COUNT, Combine.MOST, matchers=IS_BOUND),
    _read("pv_used", VOLUME_USED, Function.MEAN, Combine.MEAN),
    _read("pv_used_largest", VOLUME_USED, Function.LARGEST),
    _read("pv_info", "kube_persistentvolume_info", Function.LAST, once=True),
    _read("pod_claims", "kube_pod_spec_volumes_persistentvolumeclaims_info", Function.LAST, once=True),
    # How many scrapes there were: series that exist as long as their source does.
    _read("state_scrapes", "kube_namespace_labels", Function.COUNT, Combine.MOST),
    # Names: asked once per chunk.
    _read("pod_node", "kube_pod_info", Function.LAST, once=True),
    _read("pod_owner", "kube_pod_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    _read("replicaset_owner", "kube_replicaset_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    _read("job_owner", "kube_job_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    # Who owns these only newer kube-state-metrics tell.
    _read("deployment_owner", "kube_deployment_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    _read("statefulset_owner", "kube_statefulset_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    # What is said of pods and namespaces, as far as kube-state-metrics is told to show it; selectors from OpenCost's exporter.
    _read("pod_labels", "kube_pod_labels", Function.LAST_SEEN, once=True, tall="label_"),
    _read("pod_annotations", "kube_pod_annotations", Function.LAST_SEEN, once=True, tall="annotation_"),
    _read("namespace_labels", "kube_namespace_labels", Function.LAST_SEEN, once=True, tall="label_"),
    _read("namespace_annotations", "kube_namespace_annotations", Function.LAST_SEEN, once=True, tall="annotation_"),
    _read("node_addresses", "kube_node_info", Function.LAST, once=True),
    _read("labels_of_nodes", "kube_node_labels", Function.LAST_SEEN, once=True, tall="label_"),
    _read("service_selectors", "service_selector_labels", Function.LAST_SEEN, once=True, tall="label_"),
    # Traffic of pods by where it goes, from the network-costs daemonset, and of their interfaces, from cAdvisor (C6).
    _read("pod_started", "kube_pod_start_time", Function.LAST, once=True),
    _read("host_pods", "kube_pod_info", Function.LAST, matchers=IN_HOST_NETWORK, once=True),
    _read("egress_last", EGRESS, Function.LAST, carried=True),
    _read("egress_first", EGRESS, Function.LEAST, Combine.MIN),
    _read("egress_reset_growth", EGRESS, Function.GROWTH_IF_RESET),
    _read("egress_scraped", EGRESS, Function.LAST_SCRAPE, carried=True),
    _read("transmit_last", TRANSMITTED, Function.LAST, matchers=OF_PODS, carried=True),
    _read("transmit_first", TRANSMITTED, Function.LEAST, Combine.MIN, OF_PODS),
    _read("transmit_reset_growth", TRANSMITTED, Function.GROWTH_IF_RESET, matchers=OF_PODS),
    _read("transmit_scraped", TRANSMITTED, Function.LAST_SCRAPE, matchers=OF_PODS, carried=True),
    _read("receive_last", RECEIVED, Function.LAST, matchers=OF_PODS, carried=True),
    _read("receive_first", RECEIVED, Function.LEAST, Combine.MIN, OF_PODS),
    _read("receive_reset_growth", RECEIVED, Function.GROWTH_IF_RESET, matchers=OF_PODS),
    _read("network_zone_rate", "kubecost_network_zone_egress_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("network_region_rate", "kubecost_network_region_egress_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("network_internet_rate", "kubecost_network_internet_egress_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
    # Services and the pods behind them; load balancers and their rates per hour (C7).
    _read("services", "kube_service_info", Function.LAST, once=True),
    _read("endpoints", "kube_endpointslice_endpoints", Function.LAST, matchers=TO_PODS),
    _read("balancer_scrapes", "kube_service_spec_type", Function.COUNT, Combine.MOST, IS_BALANCER),
    _read("balancer_created", "kube_service_created", Function.LAST),
    _read("balancer_rate", BALANCER_RATE, Function.MEAN, Combine.MEAN, NOT_OURS),
    _read("balancer_rate_scrapes", BALANCER_RATE, Function.COUNT, Combine.MOST, NOT_OURS),
    # How many scrapes of OpenCost's exporter there were: it shows this as long as it runs.
    _read("exporter_scrapes", "kubecost_network_zone_egress_cost", Function.COUNT, Combine.MOST, NOT_OURS),
    # The fee of the cluster per hour (C8).
    _read("management_rate", "kubecost_cluster_management_cost", Function.MEAN, Combine.MEAN, NOT_OURS),
)
