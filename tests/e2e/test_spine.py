"""End to end on real parts: metrics in Prometheus, reports by kubectl, the operator between them as the manifests run it."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from farthing.resources import API_VERSION
from tests.support.running import NAMESPACE, REPOSITORY, operator
from tests.support.spine import Spine
from tests.support.waiting import wait_until

HOUR = 3600
SAMPLES = REPOSITORY / "manifests" / "samples"
pytestmark = pytest.mark.prometheus
KINDS = "costreports,assetreports"


def test_from_metrics_to_kubectl_and_back(spine: Spine) -> None:
    cluster = spine.cluster
    with operator(cluster, spine.folder, spine.prometheus.url, "--backfill-days", "2"):
        applied = cluster.kubectl("apply", "-f", str(SAMPLES))
        assert applied.stderr == ""
        cluster.kubectl("wait", "--for=condition=Ready", KINDS, "--all", "-n", NAMESPACE, "--timeout=90s")

        shown = cluster.kubectl("get", "costreports", "-A", "-o", "wide").stdout
        for column in ("WINDOW", "AGGREGATE", "TOTAL", "IDLE", "EFFICIENCY", "READY", "LAST RUN", "AGE", "COVERAGE"):
            assert column in shown.splitlines()[0]
        assert re.search(r"controllers-today +today +namespace,controllerKind,controller +\d+\.\d{4}", shown)

        rows = json.loads(spine.config_maps("controllers-today")["controllers-today-costreport"]["data"]["rows.json"])
        asked = spine.farthing(
            "allocation", "--window", "today", "--aggregate", "namespace,controllerKind,controller", "-o", "json",
            "--limit", "1000",
        )  # fmt: skip
        assert rows == json.loads(asked)
        assert {"__idle__", "shop/deployment/deployment:web"} <= {row["name"] for row in rows}

        status = spine.report("costreport", "controllers-today")["status"]
        assert float(status["totals"]["totalCost"]) == pytest.approx(sum(row["totalCost"] for row in rows), abs=1e-4)
        assert float(status["residual"]) <= 1e-9
        metadata = spine.report("costreport", "controllers-today")["metadata"]
        assert "finalizers" not in metadata
        assert [key for key in metadata["annotations"] if "kubectl" not in key] == []

        events = cluster.get("events", "-n", NAMESPACE)["items"]
        told = [one for one in events if one["involvedObject"]["name"] == "controllers-today"]
        assert len(told) <= 2

        index = spine.config_maps("controllers-today")["controllers-today-costreport"]["metadata"]
        cluster.kubectl("patch", "configmap", index["name"], "-n", NAMESPACE, "-p", '{"data":{"rows.json":"tampered"}}')
        wait_until(lambda: _rows_of(spine, "controllers-today") == rows, "the edited ConfigMap to be repaired")

        begun = time.monotonic()
        cluster.kubectl("delete", "costreport", "controllers-today", "-n", NAMESPACE, "--timeout=10s")
        assert time.monotonic() - begun < 5
        wait_until(lambda: not spine.config_maps("controllers-today"), "the ConfigMaps to be collected")


def test_delete_needs_no_operator(spine: Spine) -> None:
    cluster = spine.cluster
    with operator(cluster, spine.folder, spine.prometheus.url, "--backfill-days", "2"):
        cluster.kubectl("apply", "-f", str(SAMPLES / "nodes.yaml"))
        cluster.kubectl("wait", "--for=condition=Ready", "assetreport/nodes", "-n", NAMESPACE, "--timeout=60s")
        wait_until(lambda: spine.config_maps("nodes"), "the ConfigMaps")
    cluster.kubectl("delete", "assetreport", "nodes", "-n", NAMESPACE, "--timeout=10s")
    wait_until(lambda: not spine.config_maps("nodes"), "the ConfigMaps to be collected")


def test_a_tenant_sees_its_namespace_and_nothing_else(spine: Spine) -> None:
    cluster = spine.cluster
    cluster.create_namespace("shop")
    spec = {"window": "today", "aggregate": ["controller"]}
    cluster.apply(
        _report("CostReport", "mine", "shop", spec),
        _report("CostReport", "nosy", "shop", {**spec, "aggregate": ["node"]}),
        _report("AssetReport", "disks", "shop", {"window": "today"}),
        _report("AssetReport", "nodes", "shop", {"window": "today", "aggregate": ["providerID"]}),
    )
    with operator(cluster, spine.folder, spine.prometheus.url, "--backfill-days", "2"):
        cluster.kubectl("wait", "--for=condition=Ready", "costreport/mine", "-n", "shop", "--timeout=60s")
        cluster.kubectl("wait", "--for=condition=Stalled", "costreport/nosy", "-n", "shop", "--timeout=60s")
        cluster.kubectl("wait", "--for=condition=Ready", "assetreport/disks", "-n", "shop", "--timeout=60s")
        cluster.kubectl("wait", "--for=condition=Stalled", "assetreport/nodes", "-n", "shop", "--timeout=60s")
    kept = [*spine.config_maps("mine", "shop").values(), *spine.config_maps("disks", "shop").values()]
    statuses = [
        spine.report(kind, name, "shop")["status"] for kind, name in (("costreport", "mine"), ("assetreport", "disks"))
    ]
    everything = json.dumps([*statuses, *kept])
    assert "deployment:web" in everything
    for foreign in ("ip-10-0", "payments", "kube-system", "i-0", "__idle__"):
        assert foreign not in everything
    (stalled,) = [
        one for one in spine.report("costreport", "nosy", "shop")["status"]["conditions"] if one["type"] == "Stalled"
    ]
    assert stalled["reason"] == "ScopeDenied"
    assert "'node'" in stalled["message"]
    cluster.kubectl("delete", "namespace", "shop", "--wait=false")


def test_a_price_book_changes_the_next_report_also_of_stored_hours(spine: Spine) -> None:
    cluster = spine.cluster
    now = int(time.time()) // HOUR * HOUR
    window = ",".join(f"{datetime.fromtimestamp(now - hours * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}" for hours in (30, 6))
    body = _report("CostReport", "priced", NAMESPACE, {"window": window, "interval": "1m", "reconcile": False})
    book = {"rules": [{"name": "all", "discount": 0.5}]}
    with operator(cluster, spine.folder, spine.prometheus.url, "--backfill-days", "2"):
        cluster.apply(body)
        cluster.kubectl("wait", "--for=condition=Ready", "costreport/priced", "-n", NAMESPACE, "--timeout=60s")
        before = _costs_of(spine, "priced")
        cluster.apply({"apiVersion": API_VERSION, "kind": "PriceBook", "metadata": {"name": "half"}, "spec": book})
        wait_until(lambda: _costs_of(spine, "priced")["cpuCost"] < before["cpuCost"], "the next report", seconds=150)
        after = _costs_of(spine, "priced")
        cluster.kubectl("delete", "pricebook", "half")
    # The discount is off cpu and memory, of the nodes' idle part too.
    for name, part in (("cpuCost", 0.5), ("ramCost", 0.5), ("gpuCost", 1.0), ("pvCost", 1.0)):
        assert after[name] == pytest.approx(before[name] * part, abs=1e-4)


def test_prometheus_gone_keeps_the_last_result_and_recovers(spine: Spine) -> None:
    cluster = spine.cluster
    name = "exact"
    # A day that ends now is exact: its ends are asked from Prometheus at each run.
    body = _report("CostReport", name, NAMESPACE, {"window": "24h", "interval": "1m", "history": 3})
    with operator(cluster, spine.folder, spine.prometheus.url, "--backfill-days", "2", "--prometheus-timeout", "5"):
        cluster.apply(body)
        cluster.kubectl("wait", "--for=condition=Ready", f"costreport/{name}", "-n", NAMESPACE, "--timeout=60s")
        before = spine.report("costreport", name)["status"]
        spine.prometheus.stop()
        try:
            # Another spec asks at once instead of in a minute.
            cluster.apply({**body, "spec": {**body["spec"], "limit": 5}})
            cluster.kubectl(
                "wait", "--for=condition=Ready=false", f"costreport/{name}", "-n", NAMESPACE, "--timeout=60s"
            )
            during = spine.report("costreport", name)["status"]
        finally:
            spine.prometheus.start()
        ready = next(one for one in during["conditions"] if one["type"] == "Ready")
        assert ready["reason"] == "PrometheusUnreachable"
        assert "tried again at" in ready["message"]
        assert during["totals"] == before["totals"]
        assert during["nextRunTime"] > before["lastRunTime"]
        cluster.kubectl("wait", "--for=condition=Ready", f"costreport/{name}", "-n", NAMESPACE, "--timeout=90s")
    cluster.kubectl("delete", "costreport", name, "-n", NAMESPACE)


def _rows_of(spine: Spine, name: str) -> list[dict[str, Any]] | None:
    found = spine.config_maps(name).get(f"{name}-costreport")
    try:
        rows: list[dict[str, Any]] = json.loads(found["data"]["rows.json"]) if found else []
    except json.JSONDecodeError:
        return None
    return rows


def _costs_of(spine: Spine, name: str) -> dict[str, float]:
    totals = spine.report("costreport", name)["status"]["totals"]
    return {cost: float(totals[cost]) for cost in ("cpuCost", "ramCost", "gpuCost", "pvCost", "totalCost")}


def _report(kind: str, name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "farthing.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
