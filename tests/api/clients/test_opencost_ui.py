"""opencost-ui at 5babf86: its requests (src/services) at the root and under ``/model``, and the fields that its pages read."""

from typing import Any

import pytest

from tests.support.api_server import ApiServer
from tests.support.wire import instant, number, numbers, rows_of

pytestmark = pytest.mark.slow

ROOTS = ("", "/model")
"""Its development server strips /model, its builds do not."""
COSTS = ("cpuCost", "gpuCost", "ramCost", "pvCost", "networkCost", "sharedCost", "externalCost", "totalCost")
RATIOS = ("cpuEfficiency", "ramEfficiency", "totalEfficiency")
AVERAGES = ("cpuCoreUsageAverage", "cpuCoreRequestAverage", "ramByteUsageAverage", "ramByteRequestAverage")


@pytest.mark.parametrize("root", ROOTS, ids=["root", "model"])
@pytest.mark.parametrize("accumulate", ["true", "false", "day", "all", "weeknow"])
def test_allocations_have_what_its_tables_and_charts_read(api: ApiServer, root: str, accumulate: str) -> None:
    asked = f"window=2d&aggregate=namespace&includeIdle=true&accumulate={accumulate}&metrics=cpuCost,ramCost&filter="
    data = api.data(f"{root}/allocation/compute?{asked}")
    assert len(data) == {"true": 1, "all": 1, "day": 2}.get(accumulate, len(data))
    found = list(rows_of(data))
    assert found
    for name, row in found:
        assert row["name"] == name
        assert instant(row["window"]["start"]) < instant(row["window"]["end"])
        numbers(row, ("minutes", *COSTS, *RATIOS, *AVERAGES))


def test_a_filter_that_it_writes_keeps_what_it_names(api: ApiServer) -> None:
    asked = "window=today&aggregate=pod&includeIdle=false&accumulate=true"
    (rows,) = api.data(f"/allocation/compute?{asked}&filter=namespace%3A%22shop%22%2Bcluster%3A%22demo%22")
    assert rows
    assert {row["properties"]["namespace"] for row in rows.values()} == {"shop"}


def test_assets_are_one_map_with_what_its_page_reads(api: ApiServer) -> None:
    asked = "window=2d&aggregate=&includeIdle=true&accumulate=true&step=1d&filter="
    assets = api.data(f"/assets?{asked}")
    assert isinstance(assets, dict)
    types = {row["type"] for row in assets.values()}
    assert {"Node", "Disk", "LoadBalancer"} <= types
    for row in assets.values():
        instant(row["end"])
        number(row, "totalCost")
        assert all(
            isinstance(row["properties"].get(one, ""), str) for one in ("name", "provider", "cluster", "category")
        )
        if row["type"] == "Node":
            assert row["nodeType"]
            numbers(row, ("cpuCores", "ramBytes", "cpuCoreHours", "cpuCost", "ramCost", "preemptible"))
            number(row, "cpuBreakdown", "idle")
            number(row, "ramBreakdown", "idle")
            assert row["labels"]["topology_kubernetes_io_region"]
        if row["type"] == "Disk":
            number(row, "bytes")
            assert isinstance(row["storageClass"], str)


@pytest.mark.parametrize("kind", ["allocation", "assets"])
def test_suggestions_are_strings_in_data_or_in_data_data(api: ApiServer, kind: str) -> None:
    asked = "window=2d&field=cluster&limit=25&search=&filter="
    assert api.data(f"/model/{kind}/autocomplete?{asked}") == ["demo"]
    assert api.data(f"/{kind}/autocomplete?{asked}") == {"data": ["demo"]}


EMPTY: dict[str, Any] = {
    "/cloudCost/view/table?window=7d&aggregate=service&costMetric=AmortizedNetCost&filter=&limit=1000": [],
    "/cloudCost/view/graph?window=7d&aggregate=service&costMetric=AmortizedNetCost&filter=&limit=1000": [],
    "/cloudCost/status": [],
}


@pytest.mark.parametrize("root", ROOTS, ids=["root", "model"])
def test_its_pages_of_clouds_and_plugins_are_empty_and_do_not_break(api: ApiServer, root: str) -> None:
    for path, meant in EMPTY.items():
        assert api.data(f"{root}{path}") == meant
    # The pages map over sets, and over what combined has.
    assert api.data(f"{root}/cloudCost?window=7d&costMetric=AmortizedNetCost&filter=")["sets"] == []
    totals = api.data(f"{root}/cloudCost/view/totals?window=7d&aggregate=service&limit=1000")
    assert number(totals, "combined", "cost") == number(totals, "combined", "kubernetesPercent") == 0
    assert api.data(f"{root}/customCost/timeseries?window=7d&aggregate=domain&costType=blended")["timeseries"] == []
    assert api.data(f"{root}/customCost/total?window=7d&aggregate=domain&costType=blended")["customCosts"] == []


def test_the_document_says_why_they_are_empty(api: ApiServer) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    for root in ROOTS:
        assert "/model/assets" in paths[f"{root}/cloudCost/view/table"]["get"]["summary"]


def test_a_page_from_elsewhere_may_read_where_it_is_allowed(api: ApiServer) -> None:
    answer = api.get("/allocation/compute?window=today&aggregate=namespace", {"Origin": "http://localhost:3000"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
