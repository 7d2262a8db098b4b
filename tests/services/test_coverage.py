"""What the real Prometheus did not see is told, and never made good by a number that looks complete."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from typing import Any

import pytest

from farthing.demo.cluster import Cluster
from farthing.demo.series import Exposition, Series
from farthing.demo.shapes import Constant
from farthing.demo.watch import expose
from tests.support.measuring import Facts, Row
from tests.support.truth import container_hours, hours_of, node_hours
from tests.support.watched import (
    CLUSTER,
    CPU,
    END,
    EXPOSED,
    HOUR,
    HOURS,
    RAM,
    REQUESTS,
    RESOURCES,
    RUNNING,
    START,
    Drop,
    Watched,
    costs,
    held_by_containers,
    label,
    named,
    starts_with,
    watching,
)


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watching(tmp_path_factory.mktemp("prometheus")) as watched:
        yield watched


@pytest.fixture(scope="module")
def whole(prometheus_server: Watched) -> Facts:
    return found(prometheus_server, "whole")


def found(watched: Watched, name: str, exposition: Exposition = EXPOSED, **how: Any) -> Facts:
    """What is found of the cluster after it was written under ``name``."""
    watched.write(name, exposition, **how)
    return watched.facts(name)


def missing_in(facts: Facts) -> list[tuple[str, ...]]:
    return [one.missing for one in facts.coverage]


def replaced(value: float, chosen: Drop, exposition: Exposition = EXPOSED) -> Exposition:
    """``exposition`` with the value of the chosen series in the third hour only."""
    begin, end = START + 2 * HOUR, START + 3 * HOUR
    return replace(
        exposition,
        series=tuple(_spoilt(each, begin, end, value) if chosen(each) else each for each in exposition.series),
    )


def _spoilt(series: Series, begin: int, end: int, value: float) -> Series:
    parts = []
    for part in series.parts:
        for start, stop, shape in (
            (part.start, min(part.end, begin), part.shape),
            (max(part.start, begin), min(part.end, end), Constant(value)),
            (max(part.start, end), part.end, part.shape),
        ):
            if start < stop:
                parts.append(replace(part, start=start, end=stop, shape=shape))
    return replace(series, parts=tuple(parts))


def test_a_cluster_that_was_seen_is_complete(whole: Facts) -> None:
    assert len(whole.coverage) == HOURS
    assert all(one.complete and one.rejected == 0 for one in whole.coverage)
    assert {(one.state_interval, one.usage_interval) for one in whole.coverage} == {(60.0, 60.0)}


def test_half_the_scrapes_of_an_hour_are_half_and_the_other_hours_whole(prometheus_server: Watched) -> None:
    gap = (START + 2 * HOUR + 900, START + 2 * HOUR + 2700)
    facts = found(prometheus_server, "gap", gaps=[gap])
    shares = [one.share for one in facts.coverage]
    assert shares[2] == pytest.approx(0.5, abs=0.03)
    assert [one.complete for one in facts.coverage] == [True, True, False, True]
    # What ran all through the hour still costs what it costs.
    true = {(row.start, row.uid, row.container): row for row in container_hours(CLUSTER, hours_of(START, END))}
    lasting = {key: row for key, row in true.items() if row.run_seconds == HOUR and row.run_count == 1}
    costing = costs(facts)
    assert all(costing[key] == pytest.approx(row.cost, rel=0.02) for key, row in lasting.items())


def test_hours_without_any_scrape_are_not_complete_and_take_nothing_from_others(
    prometheus_server: Watched, whole: Facts
) -> None:
    facts = found(prometheus_server, "silence", gaps=[(START + HOUR, START + 3 * HOUR)])
    assert [one.share for one in facts.coverage][1:3] == [0, 0]
    assert [one.complete for one in facts.coverage] == [True, False, False, True]
    assert "kube_node_info" in facts.coverage[1].missing
    # The counters went on through the silence: nobody is charged its hours for the one after.
    costing, expected = costs(facts), costs(whole)
    for key in costing:
        if key[0] == START + 3 * HOUR:
            assert costing[key] <= expected[key] * 1.02 + 1e-9


def kubelet_of(node: str) -> Drop:
    return lambda series: series.target.startswith("kubelet/") and label(series, "instance") == node


def test_a_kubelet_that_was_silent_for_hours_does_not_charge_its_pods_whole_lives(
    prometheus_server: Watched, whole: Facts
) -> None:
    node = CLUSTER.nodes[0].name
    silent = kubelet_of(node)
    for hours, drop in (((0, 1), None), ((1, 3), silent), ((3, 4), None)):
        prometheus_server.write("kubelet", drop=drop, hours=hours)
    facts = prometheus_server.facts("kubelet")
    assert [one.complete for one in facts.coverage] == [True, False, False, True]
    before, after = costs(whole), costs(facts)
    for key, cost in after.items():
        assert cost <= before[key] * 1.01 + 1e-6, key


@pytest.mark.parametrize(
    ("name", "drop", "missing"),
    [
        pytest.param("no-cadvisor", starts_with("container_"), (CPU, RAM), id="cAdvisor"),
        pytest.param("no-cpu", named(CPU), (CPU,), id="cpu"),
        pytest.param("no-requests", named(REQUESTS, "kube_pod_init_container_resource_requests"), (REQUESTS,), id="requests"),
        pytest.param("no-pods", named("kube_pod_info"), ("kube_pod_info",), id="the nodes of pods"),
        pytest.param("no-nodes", named("kube_node_info"), ("kube_node_info",), id="nodes"),
        pytest.param("no-capacity", named("kube_node_status_capacity"), ("kube_node_status_capacity",), id="capacity"),
    ],
)  # fmt: skip
def test_a_metric_that_is_not_there_is_named_in_every_hour(
    prometheus_server: Watched, name: str, drop: Drop, missing: tuple[str, ...]
) -> None:
    facts = found(prometheus_server, name, drop=drop)
    assert missing_in(facts) == [missing] * HOURS
    assert not any(one.complete for one in facts.coverage)


def test_without_cadvisor_containers_cost_what_they_request(prometheus_server: Watched) -> None:
    facts = prometheus_server.facts("no-cadvisor")
    assert facts.allocation
    assert all(row["cpu_used"] == 0 and row["cpu_allocated"] == row["cpu_requested"] for row in facts.allocation)
    assert facts.total("cpu_cost") > 0
    assert all(one.share > 0.99 for one in facts.coverage)


def test_without_requests_containers_cost_what_they_use(prometheus_server: Watched) -> None:
    facts = prometheus_server.facts("no-requests")
    assert all(row["cpu_requested"] == 0 and row["cpu_allocated"] == row["cpu_used"] for row in facts.allocation)
    assert facts.total("cpu_cost") > 0


def test_without_kube_state_metrics_nothing_is_known_of(prometheus_server: Watched) -> None:
    facts = found(prometheus_server, "no-state", drop=starts_with("kube_"))
    assert held_by_containers(facts) == []
    for one in facts.coverage:
        assert one.share == 0
        assert {RUNNING, REQUESTS, "kube_node_info"} <= set(one.missing)


def test_an_empty_cluster_costs_its_nodes_and_is_complete(prometheus_server: Watched) -> None:
    """Nodes and namespaces, but no pods."""

    def of_pods(series: Series) -> bool:
        return bool(label(series, "pod")) or "owner" in series.metric or series.metric.startswith("container_")

    facts = found(prometheus_server, "empty", drop=of_pods)
    nodes = [row for row in facts.asset if row["type"] == "Node"]
    assert held_by_containers(facts) == []
    assert len(nodes) == len(node_hours(CLUSTER, hours_of(START, END)))
    assert all(one.complete and one.share == 1.0 for one in facts.coverage)
    assert all(row[f"{name}_idle_cost"] == row[f"{name}_cost"] for row in nodes for name in RESOURCES)


def test_a_cluster_of_which_nothing_is_seen_is_never_complete(prometheus_server: Watched) -> None:
    facts = prometheus_server.facts("nobody")
    assert (facts.allocation, facts.asset) == ([], [])
    assert [(one.share, one.complete) for one in facts.coverage] == [(0.0, False)] * HOURS


def test_two_prometheuses_that_saw_the_same_change_no_cost(prometheus_server: Watched, whole: Facts) -> None:
    doubled = found(prometheus_server, "doubled", replicas=("a", "b"))
    expected = costs(whole)
    assert costs(doubled) == {key: pytest.approx(cost, rel=1e-9) for key, cost in expected.items()}
    assert doubled.coverage == [
        replace(one, collected=again.collected, residual=again.residual)
        for one, again in zip(whole.coverage, doubled.coverage, strict=True)
    ]


SPOILT = {CPU: "gateway", RAM: "postgres-1", REQUESTS: "web", "node_cpu_hourly_cost": ""}
"""What is spoilt of each metric: the pods whose names begin so; rates are of nodes."""


def is_spoilt(series: Series) -> bool:
    # cAdvisor's rows of whole pods and of sandboxes are not asked for.
    is_asked = not series.metric.startswith("container_") or label(series, "container") not in {"", "POD"}
    return is_asked and series.metric in SPOILT and label(series, "pod").startswith(SPOILT[series.metric])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -5.0, 1e306], ids=str)
def test_a_sample_that_is_no_amount_is_left_out_and_counted(
    prometheus_server: Watched, whole: Facts, value: float
) -> None:
    facts = found(prometheus_server, f"spoilt {value}", replaced(value, is_spoilt))
    spoilt = facts.coverage[2]
    of = Counter(series.metric for series in EXPOSED.series if is_spoilt(series) and lives(series, spoilt.start))
    # Of the counter of cpu, the last value, the least and the largest rate are asked, which is 0 of what does not change;
    # of memory, the sum and the largest.
    rates = 0 if isfinite(value) else of[CPU]
    assert spoilt.rejected == of[REQUESTS] + 2 * of[CPU] + rates + 2 * of[RAM] + of["node_cpu_hourly_cost"]
    assert len(of) == 4
    assert not spoilt.complete
    assert [one.rejected for one in facts.coverage[:2]] == [0, 0]
    costing, expected = costs(facts), costs(whole)
    assert costing.keys() == expected.keys()
    assert all(0 <= cost < float("inf") for cost in costing.values())
    # What was not spoilt is as it was; the rates of nodes were.
    for row, again in paired(whole, facts):
        for column in ("cpu_requested", "cpu_used", "ram_requested", "ram_used", "gpu_requested"):
            if not row["pod"].startswith(("gateway", "postgres-1", "web")):
                assert again[column] == pytest.approx(row[column], rel=1e-9)


def lives(series: Series, begin: int) -> bool:
    return any(part.start < begin + HOUR and part.end > begin for part in series.parts)


def paired(one: Facts, other: Facts) -> list[tuple[Row, Row]]:
    rows = {(row["start"], row["uid"], row["container"]): row for row in other.allocation}
    return [(row, rows[row["start"], row["uid"], row["container"]]) for row in one.allocation]


def test_of_several_clusters_in_one_prometheus_only_the_own_counts(prometheus_server: Watched, whole: Facts) -> None:
    other = Cluster(START, END, CLUSTER.nodes, tuple(pod for pod in CLUSTER.pods if pod.namespace == "shop"))
    facts = found(prometheus_server, "of-the-shop", expose(other))
    assert {row["namespace"] for row in facts.allocation} == {"shop"}
    assert costs(prometheus_server.facts("whole")) == pytest.approx(costs(whole), rel=1e-12)
