"""The operator on a real API server, under the rights it is shipped with; only the numbers are made up."""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.handlers.conftest import Here
from tests.support.installed import condition, report
from tests.support.operating import FakeCollection, FakeReports, RunningOperator
from tests.support.waiting import wait_until


def test_an_applied_report_gets_its_answer_in_two_writes(
    operator: RunningOperator, reports: FakeReports, here: Here
) -> None:
    reports.may_end.clear()
    here.cluster.apply(report("costs", here.namespace))
    reports.begun.wait(30)

    begun = here.get("costreport", "costs")
    assert condition(begun, "Ready") == "Unknown/Computing"
    assert condition(begun, "Reconciling") == "True/Computing"
    reports.may_end.set()

    found = here.wait_ready()
    assert condition(found, "Reconciling") == ""
    assert found["status"]["aggregate"] == "namespace"
    assert operator.client.writes["status"] == 2
    assert set(here.config_maps()) == {"costs-costreport", "costs-costreport-0"}
    wait_until(lambda: here.get("events", "--field-selector=reason=ReportComputed")["items"], "the Event")
    assert operator.client.writes == {"status": 2, "configmaps": 2, "events": 1}


@pytest.mark.usefixtures("operator")
def test_an_asset_report_gets_its_answer(here: Here) -> None:
    here.cluster.apply(report("nodes", here.namespace, "AssetReport"))
    here.run("wait", "--for=condition=Ready", "assetreport/nodes", "--timeout=30s")
    assert "nodes-assetreport" in here.config_maps()


@pytest.mark.usefixtures("operator")
def test_nothing_but_the_status_of_a_report_is_touched(here: Here) -> None:
    here.cluster.apply(report("costs", here.namespace))
    metadata = here.wait_ready()["metadata"]
    assert "finalizers" not in metadata
    assert set(metadata["annotations"]) == {"kubectl.kubernetes.io/last-applied-configuration"}
    assert "labels" not in metadata


@pytest.mark.usefixtures("operator")
def test_config_maps_belong_to_their_report(here: Here) -> None:
    here.cluster.apply(report("costs", here.namespace))
    uid = here.wait_ready()["metadata"]["uid"]
    metadata = here.config_maps()["costs-costreport"]["metadata"]
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "farthing",
        "farthing.dev/kind": "costreport",
        "farthing.dev/report": "costs",
    }
    assert [owner["uid"] for owner in metadata["ownerReferences"]] == [uid]


def test_config_maps_are_written_only_when_their_content_changes(
    operator: RunningOperator, reports: FakeReports, here: Here
) -> None:
    reports.parts = ("a", "b")
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready(generation=1)
    first = operator.client.writes["configmaps"]
    here.cluster.apply(report("costs", here.namespace, limit=5))
    here.wait_ready(generation=2)
    unchanged = operator.client.writes["configmaps"]
    reports.parts = ("a", "c")
    here.cluster.apply(report("costs", here.namespace, limit=6))
    here.wait_ready(generation=3)
    changed = operator.client.writes["configmaps"]

    # Two parts and the index; nothing; the second part and the index.
    assert (first, unchanged - first, changed - unchanged) == (3, 0, 2)


@pytest.mark.usefixtures("operator")
def test_parts_that_are_no_longer_needed_are_deleted(reports: FakeReports, here: Here) -> None:
    reports.parts = ("a", "b")
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready(generation=1)
    reports.parts = ("a",)
    here.cluster.apply(report("costs", here.namespace, limit=5))
    here.wait_ready(generation=2)
    assert set(here.config_maps()) == {"costs-costreport", "costs-costreport-0"}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(["delete", "configmap", "costs-costreport-0"], id="deleted"),
        pytest.param(["patch", "configmap", "costs-costreport-0", "-p", '{"data":{"rows.json":"lie"}}'], id="edited"),
        pytest.param(["patch", "configmap", "costs-costreport-0", "-p", '{"data":{"more.json":"lie"}}'], id="added-to"),
        pytest.param(["label", "configmap", "costs-costreport-0", "app.kubernetes.io/managed-by-"], id="label-removed"),
    ],
)
@pytest.mark.usefixtures("operator")
def test_a_config_map_that_was_changed_by_hand_is_made_anew(here: Here, damage: list[str]) -> None:
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready()
    here.run(*damage)

    def restored() -> bool:
        found = here.config_maps().get("costs-costreport-0")
        return found is not None and found["data"] == {"rows.json": "rows"}

    wait_until(restored, "the ConfigMap to be made anew")


@pytest.mark.usefixtures("operator")
def test_a_config_map_of_somebody_else_is_not_taken_over(here: Here) -> None:
    here.run("create", "configmap", "costs-costreport", "--from-literal=mine=yes")
    here.cluster.apply(report("costs", here.namespace))

    wait_until(lambda: condition(here.get("costreport", "costs"), "Ready") == "False/NameTaken", "the report to say so")
    assert condition(here.get("costreport", "costs"), "Reconciling") == "True/Retrying"
    assert here.get("configmap", "costs-costreport")["data"] == {"mine": "yes"}
    assert here.config_maps() == {}, "nothing is published in part"
    here.run("delete", "configmap", "costs-costreport")
    here.wait_ready()


def test_the_result_for_an_older_spec_is_dropped(operator: RunningOperator, reports: FakeReports, here: Here) -> None:
    reports.may_end.clear()
    here.cluster.apply(report("costs", here.namespace))
    reports.begun.wait(30)
    here.cluster.apply(report("costs", here.namespace, window="1d"))
    here.cluster.apply(report("costs", here.namespace, window="2d"))
    reports.begun.clear()
    wait_until(lambda: operator.sees("costs", generation=3), "the operator to see the edits")
    reports.may_end.set()

    here.wait_ready(generation=3)
    assert reports.answered == ["7d", "2d"]
    # Begun for the first generation, begun and ended for the third.
    assert operator.client.writes["status"] == 3


@pytest.mark.usefixtures("operator")
def test_a_suspended_report_is_not_run(reports: FakeReports, here: Here) -> None:
    here.cluster.apply(report("held", here.namespace, suspend=True))
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready("costs")
    wait_until(lambda: here.get("costreport", "held").get("status", {}).get("observedGeneration"), "the spec to be met")
    assert reports.runs == {"costs": 1}


def test_a_deleted_report_goes_at_once_and_its_config_maps_follow(operator: RunningOperator, here: Here) -> None:
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready()
    begun = time.monotonic()
    here.run("delete", "costreport", "costs", "--timeout=5s")
    assert time.monotonic() - begun < 5
    wait_until(lambda: not here.config_maps(), "the ConfigMaps to be collected")
    wait_until(lambda: not operator.sees("costs", generation=1), "the operator to forget it")


def test_a_deleted_report_goes_at_once_also_while_no_operator_runs(operator: RunningOperator, here: Here) -> None:
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready()
    operator.stop()
    here.run("delete", "costreport", "costs", "--timeout=5s")
    wait_until(lambda: not here.config_maps(), "the ConfigMaps to be collected")


def test_a_report_made_anew_is_not_written_by_the_run_of_the_old_one(
    operator: RunningOperator, reports: FakeReports, here: Here
) -> None:
    reports.may_end.clear()
    here.cluster.apply(report("costs", here.namespace))
    reports.begun.wait(30)
    here.run("delete", "costreport", "costs")
    here.cluster.apply(report("costs", here.namespace, window="1d", suspend=True))
    wait_until(lambda: here.get("costreport", "costs").get("status"), "the new report to be met")
    reports.may_end.set()
    wait_until(lambda: not operator.busy(), "the old run to end")

    found = here.get("costreport", "costs")
    assert "lastRunTime" not in found["status"]
    assert here.config_maps() == {}
    here.cluster.apply(report("costs", here.namespace, window="1d"))
    here.wait_ready(generation=2)


@pytest.mark.usefixtures("operator")
def test_a_report_made_anew_publishes_once_the_old_config_maps_are_collected(here: Here) -> None:
    here.cluster.apply(report("costs", here.namespace))
    old = here.wait_ready()["metadata"]["uid"]
    here.run("delete", "costreport", "costs")
    here.cluster.apply(report("costs", here.namespace))
    new = here.wait_ready()["metadata"]["uid"]
    assert old != new
    owners = {one["metadata"]["ownerReferences"][0]["uid"] for one in here.config_maps().values()}
    assert owners == {new}


def test_an_operator_that_starts_runs_what_it_finds_and_repairs_what_it_missed(
    operator: RunningOperator, reports: FakeReports, here: Here
) -> None:
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready()
    operator.stop()
    here.run("patch", "configmap", "costs-costreport-0", "-p", '{"data":{"rows.json":"lie"}}')
    here.cluster.apply(report("later", here.namespace))

    with RunningOperator(operator.kubeconfig, reports, namespaces=[here.namespace]) as again:
        here.wait_ready("later")
        wait_until(lambda: here.config_maps()["costs-costreport-0"]["data"]["rows.json"] == "rows", "the repair")
        wait_until(lambda: not again.busy(), "all runs to end")
        assert reports.runs == {"costs": 2, "later": 1}


def test_new_data_runs_the_reports_that_lacked_data(
    operator_kubeconfig: Path, reports: FakeReports, here: Here
) -> None:
    reports.complete = False
    collection = FakeCollection()
    with RunningOperator(
        operator_kubeconfig, reports, collection, namespaces=[here.namespace], refresh_seconds=0.2
    ) as running:
        here.cluster.apply(report("costs", here.namespace))
        here.wait_ready()
        assert reports.runs["costs"] == 1
        reports.complete = collection.changes = True
        wait_until(lambda: condition(here.get("costreport", "costs"), "DataComplete").startswith("True"), "more data")
        wait_until(lambda: not running.busy(), "the run to end")
        cycles = collection.cycles
        wait_until(lambda: collection.cycles > cycles + 2, "more cycles")
        assert reports.runs["costs"] == 2, "a complete report needs no new data"


def test_two_hundred_reports_applied_at_once_are_ready_within_twenty_seconds(
    operator_kubeconfig: Path, reports: FakeReports, here: Here
) -> None:
    with RunningOperator(operator_kubeconfig, reports, namespaces=[here.namespace]) as running:
        here.cluster.apply(report("first", here.namespace))
        here.wait_ready("first")
        before = Counter(running.client.writes)
        begun = time.monotonic()
        here.cluster.apply(*(report(f"costs-{number}", here.namespace) for number in range(200)))
        applied = time.monotonic() - begun
        wait_until(lambda: sum(reports.runs.values()) == 201 and not running.busy(), "all to have run", seconds=60)
        ready = time.monotonic() - begun
        writes = Counter(running.client.writes) - before

        found = here.get("costreports")["items"]
        assert [condition(one, "Ready") for one in found] == ["True/ReportComputed"] * 201
        print(f"200 reports: applied in {applied:.1f} s, ready in {ready:.1f} s, writes {dict(writes)}")
        assert ready < 20
        assert writes == {"status": 400, "configmaps": 400, "events": 200}
