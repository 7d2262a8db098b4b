"""What breaks around the operator, and that it goes on by itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.handlers.conftest import Here
from tests.support.cluster import write_kubeconfig
from tests.support.controlplane import ControlPlane
from tests.support.installed import ROOT, condition, report
from tests.support.operating import FakeReports, RunningOperator
from tests.support.servers import answers, free_ports
from tests.support.waiting import wait_until


def test_reports_run_again_after_the_api_server_came_back(
    own_control_plane: ControlPlane, operator: RunningOperator, reports: FakeReports, here: Here
) -> None:
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready()
    reports.may_end.clear()
    reports.begun.clear()
    here.cluster.apply(report("costs", here.namespace, limit=5))
    reports.begun.wait(30)
    own_control_plane.stop_apiserver()
    reports.may_end.set()
    wait_until(lambda: operator.failures("costs"), "the operator to notice")
    own_control_plane.start_apiserver()

    here.wait_ready(generation=2)
    here.cluster.apply(report("costs", here.namespace, limit=6))
    here.wait_ready(generation=3)
    here.run("delete", "costreport", "costs")
    wait_until(lambda: not operator.sees("costs", generation=3), "the deletion to be seen")


def test_a_missed_deletion_and_a_lost_config_map_are_found_by_comparing(
    operator: RunningOperator, reports: FakeReports, here: Here
) -> None:
    here.cluster.apply(report("costs", here.namespace))
    here.wait_ready()
    gone = here.get("costreport", "costs")
    gone["metadata"] |= {"uid": "b7c6d1f0-0000-4000-8000-000000000000", "name": "gone", "resourceVersion": "999999999"}
    operator.tell(gone)
    operator.audit()
    assert operator.sees("gone", generation=1), "an event may be on its way"
    operator.audit()
    assert not operator.sees("gone", generation=1)

    operator.stop()
    here.run("delete", "configmap", "costs-costreport-0")
    with RunningOperator(operator.kubeconfig, reports, namespaces=[here.namespace]) as again:
        wait_until(lambda: again.sees("costs", generation=1), "the report to be seen")
        again.audit()
        wait_until(lambda: "costs-costreport-0" in here.config_maps(), "the lost ConfigMap")


def test_a_report_that_the_watch_does_not_tell_of_makes_the_operator_unwell(
    operator: RunningOperator, here: Here
) -> None:
    here.cluster.apply(report("costs", here.namespace))
    uid = here.wait_ready()["metadata"]["uid"]
    operator.forget(uid)
    operator.audit()
    assert operator.operation.troubles() == []
    operator.audit()
    assert operator.operation.troubles() == ["the watch tells of no changes"]


def test_without_the_right_to_config_maps_the_report_says_so_and_is_not_retried_in_a_storm(
    reports: FakeReports, here: Here
) -> None:
    here.run("create", "serviceaccount", "poor")
    here.run(
        "create",
        "role",
        "poor",
        "--verb=get,list,watch,patch",
        "--resource=costreports.farthing.dev,assetreports.farthing.dev,costreports.farthing.dev/status",
    )
    here.run("create", "role", "watcher", "--verb=list,watch", "--resource=configmaps")
    for role in ("poor", "watcher"):
        here.run("create", "rolebinding", role, f"--role={role}", f"--serviceaccount={here.namespace}:poor")
    kubeconfig = here.cluster.kubeconfig_for_service_account(here.namespace, "poor")
    with RunningOperator(kubeconfig, reports, namespaces=[here.namespace]) as running:
        here.cluster.apply(report("costs", here.namespace))
        wait_until(lambda: condition(here.get("costreport", "costs"), "Ready").startswith("False"), "the refusal")
        message = next(one["message"] for one in here.get("costreport", "costs")["status"]["conditions"])
        assert "cannot get resource" in message
        assert "manifests/rbac.yaml" in message
        wait_until(lambda: running.failures("costs") >= 2, "a second attempt")
        assert running.client.writes["configmaps"] == 0


@pytest.mark.parametrize("missing", ["api-server", "token"])
def test_an_operator_that_starts_too_early_waits_and_then_works(
    operator_kubeconfig: Path, reports: FakeReports, here: Here, tmp_path: Path, missing: str
) -> None:
    good = json.loads(operator_kubeconfig.read_text())["users"][0]["user"]["token"]
    kubeconfig = tmp_path / "kubeconfig"

    def write(url: str, token: str) -> None:
        write_kubeconfig(kubeconfig, url=url, ca_file=here.cluster.ca_file, user="farthing", token=token)

    if missing == "token":
        write(here.cluster.url, "expired")
    else:
        write(f"https://127.0.0.1:{free_ports(1)[0]}", good)
    with RunningOperator(kubeconfig, reports, namespaces=[here.namespace]) as running:
        wait_until(lambda: running.operation.waiting, "the operator to wait")
        assert running.operation.troubles() == []
        write(here.cluster.url, good)
        here.cluster.apply(report("costs", here.namespace))
        here.wait_ready()


def test_sigterm_ends_the_process_within_ten_seconds_also_in_the_middle_of_a_run(
    operator_kubeconfig: Path, here: Here, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    log = tmp_path / "operator.log"
    command = [sys.executable, "-m", "tests.handlers.operator_process"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, operator_kubeconfig, here.namespace, str(port)],
            cwd=ROOT,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"), "the operator to live")
        here.cluster.apply(report("costs", here.namespace))
        wait_until(lambda: condition(here.get("costreport", "costs"), "Ready") == "Unknown/Computing", "the run")
        begun = time.monotonic()
        process.terminate()
        assert process.wait(10) == 0
        print(f"ended {time.monotonic() - begun:.1f} s after SIGTERM")
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert any("stopped with work under way" in line["message"] for line in lines)
