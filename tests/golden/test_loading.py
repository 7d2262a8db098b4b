"""What a scenario says in short is what a Prometheus would have scraped."""

from pathlib import Path

import pytest

from farthing.demo.series import Part, Series
from farthing.demo.shapes import Constant, Counter, Wave
from tests.golden.loading import Scenario
from tests.golden.times import DAY_START, instant, number, span

HOUR = 3600
TEN = DAY_START + 10 * HOUR


def scenario(folder: Path, text: str) -> Scenario:
    (folder / "series.yaml").write_text(text, "utf-8")
    return Scenario(folder)


def series(found: Scenario, metric: str) -> list[Series]:
    return [one for one in found.series() if one.metric == metric]


def test_times_are_of_the_second_of_november_2026() -> None:
    assert DAY_START == 1_793_577_600
    assert instant("10:30:15") == TEN + 1815
    assert span("10:00-34:30") == (TEN, TEN + 24 * HOUR + 1800)


def test_bytes_may_have_units() -> None:
    assert [number("1.5Gi"), number("2Mi"), number("0.04")] == [1_610_612_736, 2_097_152, 0.04]


def test_use_becomes_a_counter_that_begins_with_each_run(tmp_path: Path) -> None:
    told = "{main: {usedCpu: {09:00-10:00: 1, 10:00-12:00: 2}, runs: [09:30-10:30, 11:00-12:00]}}"
    found = scenario(tmp_path, f"pods: [{{pod: shop/web, node: node-a, containers: {told}}}]")
    first, second = series(found, "container_cpu_usage_seconds_total")
    assert first.parts == (
        Part(TEN - 1800, TEN, Counter(Wave(1.0), TEN - 1800)),
        # It is 1800 at ten, and would have been 0 a quarter of an hour before at its new rate.
        Part(TEN, TEN + 1800, Counter(Wave(2.0), TEN - 900)),
    )
    assert second.parts == (Part(TEN + HOUR, TEN + 2 * HOUR, Counter(Wave(2.0), TEN + HOUR)),)
    assert dict(first.labels)["id"] != dict(second.labels)["id"]


def test_two_nodes_of_one_name_are_one_series_where_nothing_tells_them_apart(tmp_path: Path) -> None:
    nodes = (
        "{name: a, providerID: one, cpu: 4, life: 09:00-10:00}, {name: a, providerID: two, cpu: 8, life: 10:05-11:00}"
    )
    found = scenario(tmp_path, f"nodes: [{nodes}]")
    (cores,) = series(found, "kube_node_status_capacity")
    assert [part.shape for part in cores.parts] == [Constant(4.0), Constant(8.0)]
    assert len(series(found, "kube_node_info")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "node: []",
        "nodes: [{name: node-a, memmory: 4Gi}]",
        "pods: [{pod: shop/web, containers: {main: {usedCPU: 1}}}]",
        "fees: {internett: 1}",
    ],
)
def test_a_word_that_nobody_reads_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="know no"):
        list(scenario(tmp_path, text).series())
