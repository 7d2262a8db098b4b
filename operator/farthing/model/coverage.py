"""How much of each interval was seen: a number is never called complete while scrapes or metrics are missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
from farthing.model.tables import extend

ENOUGH_SCRAPES = 20
"""Scrapes an interval needs before its scrape interval can be judged from them."""

MEMORY = 6 * 3600
"""For how long the scrapes of an interval tell of how many its neighbours should have. [s]

Long enough to see a gap of some hours as one; short enough to take a new scrape interval for what it is.
"""

COMPLETE = 0.95
"""Share of the expected scrapes from which an interval counts as complete."""

ROUNDING = 1e-9
"""By how much, relative, two shares of the same scrapes may differ."""

EXPECTED_WITH_CONTAINERS = {
    "running": "kube_pod_container_status_running",
    "requests": "kube_pod_container_resource_requests",
    "cpu_last": "container_cpu_usage_seconds_total",
    "ram_sum": "container_memory_working_set_bytes",
    "node_scrapes": "kube_node_info",
    "node_capacity": "kube_node_status_capacity",
}
"""Metrics that cannot be absent while containers run, by the table of their samples."""

OPTIONAL = {
    "gpu_busy": "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "node_cpu_rate": "node_cpu_hourly_cost",
    "node_ram_rate": "node_ram_hourly_cost",
    "pv_scrapes": "kube_persistentvolume_capacity_bytes",
    "claim_scrapes": "kube_persistentvolumeclaim_info",
    "pod_claims": "kube_pod_spec_volumes_persistentvolumeclaims_info",
    "pv_rate": "pv_hourly_cost",
    "pv_used": "kubelet_volume_stats_used_bytes",
    "transmit_last": "container_network_transmit_bytes_total",
    "egress_last": "kubecost_pod_network_egress_bytes_total",
    "network_internet_rate": "kubecost_network_internet_egress_cost",
    "endpoints": "kube_endpointslice_endpoints",
    "balancer_scrapes": "kube_service_spec_type",
    "balancer_rate": "kubecost_load_balancer_cost",
    "management_rate": "kubecost_cluster_management_cost",
    "pod_labels": "kube_pod_labels",
    "pod_annotations": "kube_pod_annotations",
    "namespace_labels": "kube_namespace_labels",
    "labels_of_nodes": "kube_node_labels",
    "node_allocatable": "kube_node_status_allocatable",
    "cpu_modes": "node_cpu_seconds_total",
    "root_bytes": "node_filesystem_size_bytes",
}
"""Metrics without which something is left out, or taken at default rates, by the table of their samples."""

OF_CHUNKS = ("pod_claims", "pod_labels", "pod_annotations", "namespace_labels", "labels_of_nodes", "node_allocatable")
"""Those of ``OPTIONAL`` whose samples tell of all intervals of a chunk at once."""

SETTLES_AFTER = 600.0
"""How long after an interval its last samples may still arrive. [s]"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of one interval was seen."""

    start: int
    """Unix time. [s]"""
    seconds: float
    share: float
    """The worst of: expected scrapes of kube-state-metrics, and of cAdvisor where it has any; run time on known nodes;
    samples of cAdvisor that kube-state-metrics' run times explain. [0 to 1]"""
    state_interval: float = 0.0
    """Mean time between two scrapes of kube-state-metrics that were seen; 0 where none was. [s]"""
    usage_interval: float = 0.0
    """Mean time between two scrapes of cAdvisor that were seen; 0 where none was. [s]"""
    missing: tuple[str, ...] = ()
    """Metrics that have no series although there are containers."""
    absent: tuple[str, ...] = ()
    """Optional metrics that have no series: what they tell of is left out, or taken at default rates."""
    rejected: int = 0
    """Samples that were no number, negative or beyond any quantity, and were left out."""
    residual: float = 0.0
    """The largest breach of conservation (C12), relative."""
    collected: float = 0.0
    """When its facts were made. [unix s]"""
    prices: str = ""
    """The identity of the prices that held at its start (``Prices.identity_at``); empty for none."""

    @property
    def complete(self) -> bool:
        """Whether costs of the interval may be called complete."""
        return self.share >= COMPLETE and not self.missing and not self.rejected

    @property
    def state_scrapes(self) -> float:
        """How many scrapes of kube-state-metrics were seen."""
        return self.seconds / self.state_interval if self.state_interval else 0.0

    @property
    def settled(self) -> bool:
        """Whether the whole interval was seen, late enough after its end for the last samples to be there."""
        return self.seconds > 0 and self.collected >= self.start + self.seconds + SETTLES_AFTER

    def as_good_as(self, stored: "Coverage") -> bool:
        """Whether facts seen like this may replace facts seen like ``stored``: they tell of as much time, and more."""
        if self.seconds < stored.seconds or not set(self.missing) <= set(stored.missing):
            return False
        # An hour that grows may come to have a gap: it is the time seen that must not shrink, not its share.
        seen_less = self.share * self.seconds < stored.share * stored.seconds * (1.0 - ROUNDING)
        # Without cAdvisor the share is that of kube-state-metrics alone: half of both tells more.
        gained = set(self.missing) < set(stored.missing) and self.state_scrapes >= stored.state_scrapes * (
            1.0 - ROUNDING
        )
        return gained or (not seen_less and self.rejected <= stored.rejected)


def observations(pace: ir.Table, run: ir.Table, usage: ir.Table) -> ir.Table:
    """What was seen in each interval.

    Columns: start, seconds, state_scrapes, usage_scrapes, containers, run_seconds, placed_seconds (on a node that was
    seen), unnamed_seconds (on a node nobody names) and longest (of one container) [s]; all_samples of cAdvisor,
    usage_samples (those of containers that ran) and untold_samples (those of them from beyond the time that they ran);
    the rows of each metric that containers need, such as running_rows; and whether there are any of each optional metric,
    such as pv_rate_there.
    """
    rows = pace.select("start", "seconds", "state_scrapes", "usage_scrapes")
    nodes = samples("node_scrapes").select("start", "node").distinct().mutate(there=True)
    on_node = extend(run, nodes, "start", "node")
    ran = on_node.group_by("start").agg(
        containers=on_node.count(),
        run_seconds=on_node.run_seconds.sum(),
        longest=on_node.run_seconds.max(),
        placed_seconds=on_node.run_seconds.sum(where=on_node.there),
        unnamed_seconds=on_node.run_seconds.sum(where=on_node.node == ""),
    )
    used = usage.join(run.select("start", "container_no", "run_seconds"), ["start", "container_no"])
    used = used.join(pace.select("start", "state_interval", most="usage_scrapes"), "start")
    used = used.join(ran.select("start", "longest"), "start")
    # What was seen most ran at most as long as what ran longest. Either count may be off by a scrape.
    told = (used.run_seconds + used.state_interval) / used.longest * used.most + 1.0
    used = used.group_by("start").agg(
        usage_samples=used.usage_scrapes.sum(),
        untold_samples=ibis.greatest(used.usage_scrapes - told, 0.0).sum(),
    )
    watched = samples("ram_scrapes")
    counted = [ran, used, watched.group_by("start").agg(all_samples=watched["value"].sum())]
    for name in EXPECTED_WITH_CONTAINERS:
        seen = samples(name)
        counted.append(seen.group_by("start").agg(**{f"{name}_rows": seen.count()}))
    for part in counted:
        rows = extend(rows, part, "start")
    rows = extend(rows, _optional_there(), "start")
    rows = rows.mutate(**{f"{name}_there": (samples(name).count() > 0).as_scalar() for name in OF_CHUNKS})
    return rows.mutate(
        **{
            column: rows[column].cast("float64").fill_null(0.0)
            for column in rows.columns
            if column not in {"start", "seconds"}
        }
    )


def _optional_there() -> ir.Table:
    """Which optional metrics each interval has: columns start, and such as pv_rate_there."""
    hourly = [name for name in OPTIONAL if name not in OF_CHUNKS]
    rows = ibis.union(
        *(
            samples(name).select("start", part=ibis.literal(place, "int8")).distinct()
            for place, name in enumerate(hourly)
        ),
        distinct=False,
    )
    there = {f"{name}_there": (rows.part == place).any() for place, name in enumerate(hourly)}
    return rows.group_by("start").agg(**there)


def with_residual(seen: ir.Table, residuals: ir.Table) -> ir.Table:
    """``seen`` of ``observations`` with the residual (C12) of each interval."""
    rows = extend(seen, residuals, "start")
    return rows.mutate(residual=rows.residual.fill_null(0.0))


def judged(observed: Sequence[dict[str, float]], known: Iterable[Coverage] = ()) -> list[Coverage]:
    """The coverage of each row of ``observations``; ``known`` is that of other intervals, near ones of which count."""
    near = list(known)
    state = [(float(one.start), one.seconds, one.state_interval) for one in near]
    usage = [(float(one.start), one.seconds, one.usage_interval) for one in near]
    state += [(row["start"], row["seconds"], _interval(row, "state_scrapes")) for row in observed]
    usage += [(row["start"], row["seconds"], _interval(row, "usage_scrapes")) for row in observed]
    return [_judge(row, _expected(row["start"], state), _expected(row["start"], usage)) for row in observed]


def _interval(row: dict[str, float], scrapes: str) -> float:
    """Time between two of ``scrapes``, 0 where there were none. [s]"""
    return row["seconds"] / row[scrapes] if row[scrapes] else 0.0


def _expected(start: float, shown: Iterable[tuple[float, float, float]]) -> float:
    """The time between two scrapes that the interval at ``start`` should have: the shortest that one near it has. [s]

    ``shown`` are start [unix s] and length [s] of intervals, and the time between two of their scrapes [s].
    """
    near = [(length, each) for begun, length, each in shown if each > 0 and abs(begun - start) <= MEMORY]
    enough = [each for length, each in near if length >= each * ENOUGH_SCRAPES]
    return min(enough or [each for _, each in near], default=0.0)


def _judge(row: dict[str, float], state_interval: float, usage_interval: float) -> Coverage:
    ran = row["run_seconds"]
    shares = [row["state_scrapes"] * state_interval / row["seconds"]]
    if ran > 0:
        shares.append(row["placed_seconds"] / ran)
    if ran > 0 and row["ram_sum_rows"] > 0:
        shares.append(row["usage_samples"] * usage_interval / ran)
    if row["all_samples"] > 0:
        # cAdvisor also sees what a lost part of kube-state-metrics no longer tells of.
        shares.append((row["usage_samples"] - row["untold_samples"]) / row["all_samples"])
    return Coverage(
        start=int(row["start"]),
        seconds=row["seconds"],
        share=min(1.0, *shares),
        state_interval=_interval(row, "state_scrapes"),
        usage_interval=_interval(row, "usage_scrapes"),
        missing=_missing(row),
        absent=tuple(sorted(metric for name, metric in OPTIONAL.items() if not row[f"{name}_there"])),
        rejected=int(row["rejected"]),
        residual=row["residual"],
    )


def _missing(row: dict[str, float]) -> tuple[str, ...]:
    """The metrics without which what ran, or whether anything did, cannot be told."""
    missing = {metric for name, metric in EXPECTED_WITH_CONTAINERS.items() if row[f"{name}_rows"] == 0}
    if row["state_scrapes"] == 0:
        missing.add("kube_node_info")
    # Any of these tells of containers; none at all, with kube-state-metrics answering, is an empty cluster.
    elif row["containers"] == row["requests_rows"] == row["cpu_last_rows"] == 0:
        missing &= {"kube_node_status_capacity"} if row["node_scrapes_rows"] > 0 else set()
    if row["unnamed_seconds"] > (1.0 - COMPLETE) * row["run_seconds"]:
        missing.add("kube_pod_info")
    return tuple(sorted(missing))
