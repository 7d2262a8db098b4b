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
    ``once`` asks one value for the whole chunk of intervals.
    """

    name: str
    metric: str
    function: Function
    keep: tuple[str, ...]
    combine: Combine = Combine.MAX
    matchers: tuple[Matcher, ...] = ()
    carried: bool = False
    once: bool = False

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
            case _:
                value = f"{self.function}({selector}[{span}])"
        if self.combine is Combine.MOST:
            return f"max by ({kept}) (sum by ({', '.join((*self.keep, *SCRAPER))}) ({value}))"
        return f"{self.combine} by ({kept}) ({value})"


IS_CONTAINER = (Matcher("container", "!=", ""), Matcher("container", "!=", "POD"))
"""cAdvisor also counts pods (``container=""``) and sandboxes (``"POD"``): neither is a container (C2)."""

IS_CONTROLLER = (Matcher("owner_is_controller", "=", "true"),)
RESOURCES = (Matcher("resource", "=~", f"cpu|memory|{GPU_RESOURCES}"),)
CPU_SECONDS = "container_cpu_usage_seconds_total"
WORKING_SET = "container_memory_working_set_bytes"


def _read(  # noqa: PLR0913 - an entry of the catalogue is these
    name: str,
    metric: str,
    function: Function,
    combine: Combine = Combine.MAX,
    matchers: tuple[Matcher, ...] = (),
    *,
    carried: bool = False,
    once: bool = False,
) -> Query:
    """The query that fills the model's table ``name``, with that table's labels."""
    return Query(name, metric, function, SAMPLES[name], combine, matchers, carried, once)


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
    _read("cpu_first", CPU_SECONDS, Function.FIRST_OF_COUNTER, Combine.MIN, IS_CONTAINER),
    _read("cpu_reset_growth", CPU_SECONDS, Function.GROWTH_IF_RESET, matchers=IS_CONTAINER),
    _read("cpu_scraped", CPU_SECONDS, Function.LAST_SCRAPE, matchers=IS_CONTAINER, carried=True),
    _read("ram_sum", WORKING_SET, Function.SUM, Combine.MOST, IS_CONTAINER),
    _read("ram_scrapes", WORKING_SET, Function.COUNT, Combine.MOST, IS_CONTAINER),
    # Busy share of each GPU, from the DCGM exporter: 0 to 1.
    _read("gpu_busy", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", Function.MEAN, Combine.MEAN, IS_CONTAINER),
    # Nodes.
    _read("node_scrapes", "kube_node_info", Function.COUNT, Combine.MOST, carried=True),
    _read("node_created", "kube_node_created", Function.LAST),
    _read("node_capacity", "kube_node_status_capacity", Function.LAST, matchers=RESOURCES, carried=True),
    _read("node_labels", "kube_node_labels", Function.LAST, carried=True),
    # Rates per hour, from OpenCost's exporter where it runs (C4).
    _read("node_cpu_rate", "node_cpu_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_ram_rate", "node_ram_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_gpu_rate", "node_gpu_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_total_rate", "node_total_hourly_cost", Function.MEAN, Combine.MEAN),
    _read("node_spot", "kubecost_node_is_spot", Function.LAST),
    # How many scrapes there were: series that exist as long as their source does.
    _read("state_scrapes", "kube_namespace_labels", Function.COUNT, Combine.MOST),
    # Names: asked once per chunk.
    _read("pod_node", "kube_pod_info", Function.LAST, once=True),
    _read("pod_owner", "kube_pod_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    _read("replicaset_owner", "kube_replicaset_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
    _read("job_owner", "kube_job_owner", Function.LAST, matchers=IS_CONTROLLER, once=True),
)
