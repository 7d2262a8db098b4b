"""Programs that copy costs elsewhere: the requests they send, the columns and fields they read, how they tell that there is nothing."""

from datetime import timedelta
from typing import Any

import pytest

from farthing.model.window import rfc3339
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore
from tests.support.wire import instant, number, numbers, rows_of

pytestmark = pytest.mark.slow

PARQUET = (
    "cpuCoreHours", "cpuCoreRequestAverage", "cpuCoreUsageAverage", "cpuCores", "cpuCost", "cpuCostAdjustment",
    "cpuEfficiency", "externalCost", "gpuCost", "gpuCostAdjustment", "gpuCount", "gpuHours", "loadBalancerCost",
    "loadBalancerCostAdjustment", "networkCost", "networkCostAdjustment", "networkCrossRegionCost", "networkCrossZoneCost",
    "networkInternetCost", "networkReceiveBytes", "networkTransferBytes", "pvByteHours", "pvBytes", "pvCost",
    "pvCostAdjustment", "ramByteHours", "ramByteRequestAverage", "ramByteUsageAverage", "ramBytes", "ramCost",
    "ramCostAdjustment", "ramEfficiency", "minutes", "sharedCost", "totalCost", "totalEfficiency",
)  # fmt: skip
"""The columns of opencost-parquet-exporter's data_types.json, running_minutes under its name before it is renamed."""


def yesterday(demo: DemoStore) -> str:
    start = demo.window.start + timedelta(days=1)
    return f"{rfc3339(start)},{rfc3339(start + timedelta(days=1))}"


def test_the_parquet_exporter_has_a_table_of_numbers_for_each_hour(demo: DemoStore, api: ApiServer) -> None:
    answer = api.get(
        "/allocation/compute",
        window=yesterday(demo), includeIdle="false", shareIdle="false", idleByNode="false",
        includeProportionalAssetResourceCosts="false", format="json", step="1h", aggregate="namespace,pod,container",
    )  # fmt: skip
    assert "application/json" in answer.headers["content-type"]
    data = answer.json()["data"]
    assert len(data) == 24
    for name, row in rows_of(data):
        assert len(name.split("/")) == 3
        numbers(row, PARQUET)
        assert instant(row["window"]["end"]) - instant(row["window"]["start"]) == timedelta(hours=1)
    # It leaves out by this name what would break the schema of its table.
    unmounted = [name for name, _ in rows_of(data) if "__unmounted__/__unmounted__" in name]
    assert all(name.split("/")[1:] == ["__unmounted__", "__unmounted__"] for name in unmounted)


def test_its_window_until_a_second_before_midnight_is_24_hours(demo: DemoStore, api: ApiServer) -> None:
    start = demo.window.start + timedelta(days=1)
    window = f"{rfc3339(start)},{rfc3339(start + timedelta(days=1, seconds=-1))}"
    data = api.data("/allocation/compute", window=window, step="1h", aggregate="namespace")
    assert len(data) == 24


def test_flexeras_exporter_asks_for_a_day_with_idle_and_shares(demo: DemoStore, api: ApiServer) -> None:
    asked = (
        "aggregate=pod&idle=true&idleByNode=false&includeIdle=true&shareIdle=false&shareNamespaces=kube-system%2Ccadvisor"
        "&shareSplit=weighted&shareTenancyCosts=true&step=1d"
    )
    window = yesterday(demo).replace(":", "%3A").replace(",", "%2C")
    data = api.data(f"/model/allocation?{asked}&window={window}")
    assert len(data) == 1
    names = [name for name, _ in rows_of(data)]
    assert "__idle__" in names
    for _, row in rows_of(data):
        numbers(row, PARQUET)
        assert row["properties"].get("namespace") != "kube-system"
        assert all(isinstance(row["properties"].get(one, ""), str) for one in ("cluster", "node", "providerID"))
    # Its later versions page, and take a page with fewer rows than the limit for the last; idle comes on each.
    pages: list[str] = []
    for offset in range(0, len(names) + 10, 10):
        (page,) = api.data(f"/model/allocation?{asked}&window={window}&limit=10&offset={offset}")
        rows = [name for name in page if name != "__idle__"]
        assert len(rows) <= 10
        pages += rows
    assert sorted(pages) == sorted(name for name in names if name != "__idle__")
    assert api.data("/model/getConfigs")["currencyCode"] == "USD"


@pytest.mark.parametrize("step", ["1h", "1d"])
def test_the_s3_exporter_of_aws_reads_windows_times_and_numbers(demo: DemoStore, api: ApiServer, step: str) -> None:
    asked = {"accumulate": "False", "step": step, "idle": "True", "splitIdle": "True", "idleByNode": "True"}
    data = api.data("/model/allocation", window=yesterday(demo), shareTenancyCosts="False", **asked)
    assert len(data) == {"1h": 24, "1d": 1}[step]
    assert list(filter(None, data)) == data
    for _, row in rows_of(data):
        for text in (row["start"], row["end"], row["window"]["start"], row["window"]["end"]):
            instant(text)
        numbers(row, PARQUET)
        assert isinstance(row["properties"]["cluster"], str)


def test_the_s3_exporter_of_aws_finds_the_node_of_every_allocation_by_its_id(demo: DemoStore, api: ApiServer) -> None:
    window = {"window": yesterday(demo), "accumulate": "True"}
    (nodes,) = api.data("/model/assets", filterCategories="Compute", filterTypes="Node", **window)
    ids = [name.split("/")[-2] for name in nodes]
    found = 0
    for _, row in rows_of(api.data("/model/allocation", idle="False", **window)):
        if {"cluster", "node", "providerID"} <= set(row["properties"]):
            # Its list of those that fit must not be empty.
            assert row["properties"]["providerID"] in ids
            found += 1
    assert found
    for name, row in nodes.items():
        assert row["name"] == name
        assert row["nodeType"]


def test_an_error_has_what_each_of_them_looks_for(api: ApiServer) -> None:
    answer = api.get("/model/allocation", window="nonsense", step="1d")
    body = answer.json()
    assert answer.status_code == body["code"] == 400
    assert body["error"] == body["message"]


def test_kubecost_exporter_reads_both_lists_over_one_window(demo: DemoStore, api: ApiServer) -> None:
    window = {"window": yesterday(demo), "accumulate": "true"}
    for _, row in rows_of(api.data("/model/allocation", aggregate="namespace", **window)):
        numbers(row, [one for one in PARQUET if not one.endswith("Efficiency")])
        instant(row["start"])
        assert row["rawAllocationOnly"] is None
    for _, row in rows_of(api.data("/model/assets", **window)):
        number(row, "totalCost")
        assert isinstance(row["type"], str)


def test_port_looks_for_a_version_first_and_then_for_rows_and_sets(api: ApiServer) -> None:
    assert api.get("/model/installInfo").status_code == 200
    selector: dict[str, Any] = {"window": "today", "aggregate": "namespace", "idle": "true", "accumulate": "false"}
    assert list(rows_of(api.data("/model/allocation", **selector)))
    assert api.data("/model/cloudCost", window="today", aggregate="service")["sets"] == []
