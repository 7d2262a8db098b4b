"""The operator's own metrics: what is collected, and how reports do."""

import subprocess
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from farthing.errors import MetricsUnreachableError
from farthing.handlers.collecting import Collecting
from farthing.handlers.health import Health
from farthing.handlers.known import Known, ref_of, subject_of
from farthing.handlers.liveness import LivenessServer
from tests.conftest import programs
from tests.support.operating import FakeCollection
from tests.support.waiting import wait_until


def known(name: str, kind: str = "CostReport", **conditions: str) -> Known:
    told = [
        {"type": one, "status": status, "reason": "Because", "lastTransitionTime": "2026-11-17T00:00:00Z"}
        for one, status in conditions.items()
    ]
    body: dict[str, Any] = {
        "apiVersion": "farthing.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "team", "uid": name, "generation": 1, "resourceVersion": "1"},
        "spec": {"window": "1d"},
        "status": {"conditions": told},
    }
    return Known(ref_of(body), subject_of(body), 1)


def samples(health: Health) -> dict[tuple[str, ...], float]:
    """Values by name and, of conditions, kind, condition and status."""
    families = text_string_to_metric_families(health.text().decode())
    return {
        (one.name, *(one.labels[label] for label in ("kind", "condition", "status") if label in one.labels)): one.value
        for family in families
        for one in family.samples
    }


def test_reports_are_counted_by_their_conditions() -> None:
    reports = [
        known("good", Ready="True", DataComplete="True"),
        known("poor", Ready="True", DataComplete="False"),
        known("wrong", Ready="False", Stalled="True"),
        known("new"),
        known("assets", "AssetReport", Ready="True"),
    ]
    found = samples(Health(reports, Collecting(FakeCollection(), 600, list)))
    counts = {key[1:]: value for key, value in found.items() if key[0] == "farthing_report_conditions" and value}
    assert counts == {
        ("CostReport", "Ready", "True"): 2, ("CostReport", "Ready", "False"): 1, ("CostReport", "Ready", "Unknown"): 1,
        ("CostReport", "DataComplete", "True"): 1, ("CostReport", "DataComplete", "False"): 1,
        ("CostReport", "DataComplete", "Unknown"): 2,
        ("CostReport", "Stalled", "True"): 1, ("CostReport", "Stalled", "False"): 3,
        ("AssetReport", "Ready", "True"): 1, ("AssetReport", "DataComplete", "Unknown"): 1, ("AssetReport", "Stalled", "False"): 1,
    }  # fmt: skip
    # None of them by its name, however many there are.
    assert sum(key[0] == "farthing_report_conditions" for key in found) == 2 * 3 * 3


@pytest.mark.parametrize("error", [None, MetricsUnreachableError("Prometheus is away")])
def test_when_collecting_last_went_well_and_when_not_is_told(error: Exception | None) -> None:
    collection = FakeCollection()
    collection.error, collection.hours_made = error, 49
    collecting = Collecting(collection, 600, list)
    health = Health([], collecting)
    success, failure = (("farthing_collection_last_" + how + "_timestamp_seconds",) for how in ("success", "failure"))
    assert not {success, failure} & set(samples(health))
    collecting.start()
    wait_until(lambda: {success, failure} & set(samples(health)), "the first cycle")
    collecting.stop()
    assert collecting.join(10)
    found = samples(health)
    assert {success, failure} & set(found) == {failure if error else success}
    # Of this century, and no monotonic clock.
    assert found[failure if error else success] > 1_700_000_000
    assert found["farthing_collected_intervals_total",] == 49


def test_the_operator_serves_them_beside_livez() -> None:
    health = Health([known("good", Ready="True")], Collecting(FakeCollection(), 600, list))
    server = LivenessServer(("127.0.0.1", 0), list, health.text)
    try:
        answer = requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=10)
    finally:
        server.close()
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'farthing_report_conditions{condition="Ready",kind="CostReport",status="True"} 1.0' in answer.text
    assert "process_cpu_seconds_total" in answer.text


@pytest.mark.prometheus
def test_prometheus_own_linter_finds_no_fault() -> None:
    promtool = programs("promtool")["promtool"]
    collecting = Collecting(FakeCollection(), 600, list)
    collecting.last_success = collecting.last_failure = 1_800_000_000.0
    text = Health([known("good")], collecting).text()
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.stderr, done.returncode) == (b"", 0)
