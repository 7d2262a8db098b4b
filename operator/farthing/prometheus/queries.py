"""The catalogue: every metric Farthing reads, as data. Adding one is an entry here and a column in ``model/facts``.

A query keeps only the labels its table needs and combines the rest away, so that two scrapers or two replicas of the
same source give one row. Hourly queries are evaluated one millisecond before the hour ends: the range then is exactly
``[start, end)`` in Prometheus 2 (closed ranges) and 3 (left-open) alike. What only names things is asked once per chunk.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from farthing.errors import InvalidInputError
from farthing.model.tables import SAMPLES

GPU_RESOURCES = "nvidia_com_gpu|nvidia_com_mig_.*|amd_com_gpu"
"""kube-state-metrics' spelling of the GPU resources, as a regular expression."""


class Function(StrEnum):
    """What is taken of a series over one interval."""

    SUM = "sum_over_time"
    COUNT = "count_over_time"
    MEAN = "avg_over_time"
    LAST = "last_over_time"
    FIRST_OF_COUNTER = "min_over_time"
    GROWTH_IF_RESET = "increase if resets"
    """``increase`` of the series that were reset within the interval, nothing for the others."""
    LAST_SCRAPE = "timestamp"
    """Unix time of the last sample, for series still alive when the interval ends."""
    LARGEST = "max_over_time"
    LARGEST_RATE = "max_over_time of rate"
    """The largest growth per second over any ``RATE_SPAN`` of the interval: from :00 to :05, from :05 to :10 and so on."""
    LAST_SEEN = "max_over_time of timestamp"
    """Unix time of the last sample, to the ``SEEN_STEP``; of a series that came and went between two, the number of its samples."""


RATE_SPAN = "5m"
SEEN_STEP = "5m"


SCRAPER = ("job", "service", "prometheus_replica", "replica")
"""Labels that tell scrapers of the same thing apart, and that a restart of what is scraped does not change."""


class Combine(StrEnum):
    """How rows that differ only in labels we do not keep become one."""

    MAX = "max"
    MIN = "min"
    MEAN = "mean of all samples"
    """Of a function that is a mean: each sample weighs the same, in whichever part of a series it is."""
    MOST = "most that one scraper saw"
    """For sums and counts. A new pod of what is scraped, or a new version of a node's kubelet, breaks a series in two: the parts
    of one scraper are added, and of several scrapers the one that saw most counts."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher; ``value`` is taken literally by ``=`` and ``!=``, as an RE2 expression by ``=~`` and ``!~``.

    Raises InvalidInputError if ``label`` is no label's name or ``value`` no text of Unicode.
    """

    label: str
    operator: str
    value: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", self.label):
            raise InvalidInputError(
                f"the label {self.label!r} cannot be matched: its name is made of letters, digits and '_', no digit first"
            )
        if self.operator not in {"=", "!=", "=~", "!~"}:
            raise InvalidInputError(f"the operator {self.operator!r} matches nothing: use =, !=, =~ or !~")
        if any("\ud800" <= sign <= "\udfff" for sign in self.value):
            raise InvalidInputError(f"the value {self.value!r} of the label {self.label!r} is no Unicode text")

    def __str__(self) -> str:
        """PromQL, with the value quoted as a Go string."""
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{quoted}"'


@dataclass(frozen=True, slots=True)
class Query:
    """One named table of numbers per interval.

    ``keep`` are the labels that become columns; ``carried`` asks for the interval before the first as well;
    ``once`` asks one value for the whole chunk of intervals; ``required`` queries that stay empty while there are
    containers are reported as missing metrics. ``tall`` is for metrics whose labels are not known in advance: those that
    begin with it become rows, of which the last two columns of ``keep`` are name and value.
    """

    name: str
    metric: str
    function: Function
    keep: tuple[str, ...]
    combine: Combine = Combine.MAX
    matchers: tuple[Matcher, ...] = ()
    carried: bool = False
    once: bool = False
    required: bool = False
    tall: str = ""

    def promql(self, span: str, extra: tuple[Matcher, ...] = ()) -> str:
        """The expression over a range of ``span`` (a Prometheus duration), with ``extra`` matchers added."""
        matchers = ",".join(str(matcher) for matcher in (*self.matchers, *extra))
        selector = f"{self.metric}{{{matchers}}}" if matchers else self.metric
        kept = ", ".join(self.keep)
        if self.combine is Combine.MEAN:
            total, count = (f"sum by ({kept}) ({each}({selector}[{span}]))" for each in (Function.SUM, Function.COUNT))
            return f"{total} / {count}"
        match self.function:
            case Function.LAST_SCRAPE:
                value = f"timestamp({selector})"
            case Function.GROWTH_IF_RESET:
                value = f"increase({selector}[{span}]) and resets({selector}[{span}]) > 0"
            case Function.LARGEST_RATE:
                # A subquery looks at whole multiples of its step: moved by one, each looks back into the interval.
                value = f"max_over_time(rate({selector}[{RATE_SPAN}])[{span}:{RATE_SPAN}] offset -{RATE_SPAN})"
            case Function.LAST_SEEN:
                seen = f"max_over_time(timestamp({selector})[{span}:{SEEN_STEP}])"
                value = f"{seen} or {Function.COUNT}({selector}[{span}])"
            case _:
                value = f"{self.function}({selector}[{span}])"
        if self.tall:
            return value
        if self.combine is Combine.MOST:
            return f"max by ({kept}) (sum by ({', '.join((*self.keep, *SCRAPER))}) ({value}))"
        return f"{self.combine} by ({kept}) ({value})"


IS_CONTAINER = (Matcher("container", "!=", ""), Matcher("container", "!=", "POD"))
"""cAdvisor also counts pods (``container=""``) and sandboxes (``"POD"``): neither is a container (C2)."""

IS_CONTROLLER = (Matcher("owner_is_controller", "=", "true"),)
RESOURCES = (Matcher("resource", "=~", f"cpu|memory|{GPU_RESOURCES}"),)
IS_BOUND = (Matcher("volumename", "!=", ""),)
CPU_SECONDS = "container_cpu_usage_seconds_total"
WORKING_SET = "container_memory_working_set_bytes"

OF_PODS = (Matcher("pod", "!=", ""), Matcher("interface", "!=", "lo"))
"""Network interfaces belong to a pod's sandbox, whose container is empty or ``"POD"``."""
IN_HOST_NETWORK = (Matcher("host_network", "=", "true"),)
TO_PODS = (Matcher("targetref_kind", "=", "Pod"),)
IS_BALANCER = (Matcher("type", "=", "LoadBalancer"),)
EGRESS = "kubecost_pod_network_egress_bytes_total"
TRANSMITTED = "container_network_transmit_bytes_total"
RECEIVED = "container_network_receive_bytes_total"
BALANCER_RATE = "kubecost_load_balancer_cost"


def _read(  # noqa: PLR0913 - an entry of the catalogue is these
    name: str,
    metric: str,
    function: Function,
    combine: Combine = Combine.MAX,
    matchers: tuple[Matcher, ...] = (),
    *,
    carried: bool = False,
    once: bool = False,
    required: bool = False,
    tall: str = "",
) -> Query:
    """The query that fills the model's table ``name``, with that table's labels."""
    return Query(name, metric, function, SAMPLES[name], combine, matchers, carried, once, required, tall)


CATALOGUE: tuple[Query, ...] = (
    # Containers, from kube-state-metrics. How many scrapes saw it run, when its last run began, when its pod ended.
    _read("running", "kube_pod_container_status_running", Function.SUM, Combine.MOST, required=True),
    _read("init_running", "kube_pod_init_container_status_running", Function.SUM, Combine.MOST),
    _read("started", "kube_pod_container_state_started", Function.LAST),
    _read("completed", "kube_pod_completion_time", Function.LAST),
    _read("requests", "kube_pod_container_resource_requests", Function.MEAN, matchers=RESOURCES, required=True),
    _read("init_requests", "kube_pod_init_container_resource_requests", Function.MEAN, matchers=RESOURCES),
    _read(
        "gpu_limits",
        "kube_pod_container_resource_limits",
        Function.MEAN,
        matchers=(Matcher("resource", "=~", GPU_RESOURCES),),
    ),
    # Use, from cAdvisor.
    _read("cpu_last", CPU_SECONDS, Function.LAST, matchers=IS_CONTAINER, carried=True, required=True),
    _read("cpu_first", CPU_SECONDS, Function.FIRST_OF_COUNTER, Combine.MIN, IS_CONTAINER),
    _read("cpu_reset_growth", CPU_SECONDS, Function.GROWTH_IF_RESET, matchers=IS_CONTAINER),
    _read("cpu_scraped", CPU_SECONDS, Function.LAST_SCRAPE, matchers=IS_CONTAINER, carried=True),
    _read("ram_sum", WORKING_SET, Function.SUM, Combine.MOST, IS_CONTAINER, required=True),
    _read("ram_scrapes", WORKING_SET, Function.COUNT, Combine.MOST, IS_CONTAINER),
    _read("cpu_largest", CPU_SECONDS, Function.LARGEST_RATE, matchers=IS_CONTAINER),
    _read("ram_largest", WORKING_SET, Function.LARGEST, matchers=IS_CONTAINER),
    # Busy share of each GPU, from the DCGM exporter: 0 to 1.
    _read("gpu_busy", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", Function.MEAN, Combine.MEAN, IS_CONTAINER),
    # Nodes.
    _read("node_scrapes", "kube_node_info", Function.COUNT, Combine.MOST, carried=True, required=True),
    _read("node_created", "kube_node_created", Function.LAST),
    _read("node_capacity", "kube_node_status_capacity", Function.LAST, matchers=RESOURCES, carried=True, required=True),
    _read("node_labels", "kube_node_labels", Function.LAST, carried=True),
    # Rates per hour, from OpenCost's exporter where it runs (C4).
    _read("node_cpu_rate", "node_cpu_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_ram_rate", "node_ram_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_gpu_rate", "node_gpu_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_total_rate", "node_total_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_spot", "kubecost_node_is_spot", Function.LAST),
    # Volumes (C5): how many scrapes saw each and its claim, its mean size, the rate of a GiB-hour from OpenCost's exporter.
    _read("pv_scrapes", "kube_persistentvolume_capacity_bytes", Function.COUNT, Combine.MOST, carried=True),
    _read("pv_bytes", "kube_persistentvolume_capacity_bytes", Function.MEAN, Combine.MEAN),
    _read("pv_created", "kube_persistentvolume_created", Function.LAST),
    _read("pv_rate", "pv_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("claim_scrapes", "kube_persistentvolumeclaim_info", Function.COUNT, Combine.MOST, matchers=IS_BOUND),
    _read("pv_info", "kube_persistentvolume_info", Function.LAST, once=True),
    _read("pod_claims", "kube_pod_spec_volumes_persistentvolumeclaims_info", Function.LAST, once=True),
    # How many scrapes there were: series that exist as long as their source does.
    _read("state_scrapes", "kube_namespace_labels", Function.COUNT, Combine.MOST),
    # Names: asked once per chunk.
    _read("pod_node", "kube_pod_info", Function.LAST, once=True, required=True),
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
    _read("service_selectors", "service_selector_labels", Function.LAST_SEEN, once=True, tall="label_"),
    # Traffic of pods by where it goes, from the network-costs daemonset, and of their interfaces, from cAdvisor (C6).
    _read("pod_started", "kube_pod_start_time", Function.LAST, once=True),
    _read("host_pods", "kube_pod_info", Function.LAST, matchers=IN_HOST_NETWORK, once=True),
    _read("egress_last", EGRESS, Function.LAST, carried=True),
    _read("egress_first", EGRESS, Function.FIRST_OF_COUNTER, Combine.MIN),
    _read("egress_reset_growth", EGRESS, Function.GROWTH_IF_RESET),
    _read("egress_scraped", EGRESS, Function.LAST_SCRAPE, carried=True),
    _read("transmit_last", TRANSMITTED, Function.LAST, matchers=OF_PODS, carried=True),
    _read("transmit_first", TRANSMITTED, Function.FIRST_OF_COUNTER, Combine.MIN, OF_PODS),
    _read("transmit_reset_growth", TRANSMITTED, Function.GROWTH_IF_RESET, matchers=OF_PODS),
    _read("transmit_scraped", TRANSMITTED, Function.LAST_SCRAPE, matchers=OF_PODS, carried=True),
    _read("receive_last", RECEIVED, Function.LAST, matchers=OF_PODS, carried=True),
    _read("receive_first", RECEIVED, Function.FIRST_OF_COUNTER, Combine.MIN, OF_PODS),
    _read("receive_reset_growth", RECEIVED, Function.GROWTH_IF_RESET, matchers=OF_PODS),
    _read("network_zone_rate", "kubecost_network_zone_egress_cost", Function.MEAN, Combine.MEAN),
    _read("network_region_rate", "kubecost_network_region_egress_cost", Function.MEAN, Combine.MEAN),
    _read("network_internet_rate", "kubecost_network_internet_egress_cost", Function.MEAN, Combine.MEAN),
    # Services and the pods behind them; load balancers and their rates per hour (C7).
    _read("services", "kube_service_info", Function.LAST, once=True),
    _read("endpoints", "kube_endpointslice_endpoints", Function.LAST, matchers=TO_PODS, once=True),
    _read("balancer_scrapes", "kube_service_spec_type", Function.COUNT, Combine.MOST, IS_BALANCER),
    _read("balancer_created", "kube_service_created", Function.LAST),
    _read("balancer_rate", BALANCER_RATE, Function.MEAN, Combine.MEAN),
    _read("balancer_rate_scrapes", BALANCER_RATE, Function.COUNT, Combine.MOST),
    # How many scrapes of OpenCost's exporter there were: it shows this as long as it runs.
    _read("exporter_scrapes", "kubecost_network_zone_egress_cost", Function.COUNT, Combine.MOST),
    # The fee of the cluster per hour (C8).
    _read("management_rate", "kubecost_cluster_management_cost", Function.MEAN, Combine.MEAN),
)
