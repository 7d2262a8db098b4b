"""Each rule of the cost model as a small cluster whose every number is worked out by hand, in the README of its folder."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farthing import wiring
from farthing.exports.documents import rows_text
from farthing.model.window import Window, parse_window
from farthing.prometheus.client import Prometheus
from farthing.prometheus.queries import Matcher, Query
from farthing.prometheus.source import Fetcher
from farthing.resources import API_VERSION
from farthing.resources.conditions import DATA_COMPLETE, READY, condition_of
from farthing.resources.parsing import Report, parse_report
from farthing.settings import Settings
from tests.conftest import programs
from tests.golden.loading import INTERVAL, Scenario, scenarios, together
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

SCENARIOS = scenarios(Path(__file__).parent)
ROUNDING = 1e-9
CLUSTER = "cluster-of-every-scenario"
"""What stores call the cluster: the steps to facts have its name in them, and take seconds to compile."""
NOTHING = 1e-12
"""What may be left where nothing is expected: money of less than this is no money."""


@dataclass(frozen=True)
class AsOf:
    """A Prometheus at a time of the scenario's choosing. [unix s]"""

    prometheus: Prometheus
    time: int

    def now(self) -> float:
        return self.time

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        return self.prometheus.fetch(query, start, end, step, extra)


@dataclass(frozen=True)
class Answers:
    """A scenario whose days are in a store, and what answers reports about them as ``farthing report`` does."""

    scenario: Scenario
    settings: Settings
    prometheus: Fetcher

    def collect(self) -> None:
        windows = [self.window(report) for report in self.scenario.reports]
        span = Window(min(one.start for one in windows), max(one.end for one in windows))
        wiring.collector(self.settings, self.prometheus).collect(span)

    def window(self, report: Report) -> Window:
        return parse_window(report.spec.window, datetime.now(UTC), UTC)

    def rows(self, report: Report) -> list[dict[str, Any]]:
        """The rows of ``report`` as its user sees them, in JSON."""
        asked = report.model_copy(update={"spec": report.spec.model_copy(update={"formats": ("json",)})})
        outcome = wiring.report_service(self.settings, self.prometheus).run(asked, self.prometheus.now())
        for kind in (READY, DATA_COMPLETE):
            found = condition_of(outcome.status.conditions, kind)
            assert found is not None
            assert found.status == "True", found.message
        assert outcome.documents is not None
        text = rows_text(outcome.documents, "json").replace(CLUSTER, self.scenario.name)
        rows: list[dict[str, Any]] = json.loads(text)
        return rows

    def ask(self, kind: str, window: str, **spec: Any) -> list[dict[str, Any]]:
        """The rows of a report on the scenario's cluster."""
        spec |= {"window": window}
        return self.rows(
            parse_report({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "own"}, "spec": spec})
        )


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """One Prometheus with the clusters of all scenarios, each told apart by its label."""
    folder = tmp_path_factory.mktemp("prometheus")
    with PrometheusServer(folder, programs("prometheus")["prometheus"]) as server:
        write(together(SCENARIOS), server.url, INTERVAL)
        yield server


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name)
def answers(
    request: pytest.FixtureRequest, prometheus_server: PrometheusServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answers]:
    scenario: Scenario = request.param
    settings = Settings(
        prometheus=prometheus_server.url,
        store=tmp_path_factory.mktemp(scenario.name) / "store",
        cluster=scenario.name,
        cluster_label="cluster",
    )
    with wiring.prometheus(settings) as prometheus:
        fetcher = AsOf(prometheus, scenario.now) if scenario.now else prometheus
        found = Answers(scenario, replace(settings, cluster=CLUSTER), fetcher)
        found.collect()
        yield found


def test_reports_say_what_was_worked_out_by_hand(answers: Answers) -> None:
    expected = answers.scenario.expected
    assert sorted(expected) == sorted(report.metadata.name for report in answers.scenario.reports)
    differing: list[str] = []
    for report in answers.scenario.reports:
        rows, told = answers.rows(report), expected[report.metadata.name]
        found = _by_name(rows)
        differing += _differences(sorted(told["rows"]), sorted(found), f"{report.metadata.name}, names of rows")
        for name, fields in told["rows"].items():
            one = {field: found.get(name, {}).get(field) for field in fields}
            differing += _differences(fields, one, f"{report.metadata.name}, {name}")
        sums = {field: _sum(rows, field) for field in told.get("sums", ())}
        differing += _differences(told.get("sums", {}), sums, f"{report.metadata.name}, sum")
    assert not differing, "\n".join(differing)


def test_allocations_idle_and_overhead_are_what_the_assets_cost(answers: Answers) -> None:
    for window in {report.spec.window for report in answers.scenario.reports}:
        assets = answers.ask("AssetReport", window)
        cost = _sum(assets, "totalCost") + _sum(assets, "overallocatedCost")
        bare = answers.ask("CostReport", window, aggregate=[], shareTenancyCosts=False)
        assert _sum(bare, "totalCost") + _sum(assets, "managementCost") == pytest.approx(cost, rel=ROUNDING)
        shared = answers.ask("CostReport", window, aggregate=["namespace"], shareIdle=True, shareTenancyCosts=True)
        assert _sum(shared, "totalCost") == pytest.approx(cost, rel=ROUNDING)


def _sum(rows: list[dict[str, Any]], field: str) -> float:
    return float(sum(row[field] for row in rows))


def _by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by their name; where there are several sets, by the start of theirs and their name."""
    if len({row["window"]["start"] for row in rows}) < 2:
        return {row["name"]: row for row in rows}
    return {f"{row['window']['start']} {row['name']}": row for row in rows}


def _differences(told: Any, found: Any, where: str) -> Iterator[str]:
    """Where ``found`` is not as ``told``."""
    if isinstance(told, Mapping) and isinstance(found, Mapping) and set(told) == set(found):
        for name, value in told.items():
            yield from _differences(value, found[name], f"{where}, {name}")
    elif isinstance(told, float | int) and isinstance(found, float | int):
        if found != pytest.approx(told, rel=ROUNDING, abs=NOTHING):
            yield f"{where} is {found!r}, expected {told!r}"
    elif found != told:
        yield f"{where} is {found!r}, expected {told!r}"
