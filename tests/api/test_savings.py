"""Right-sizing over HTTP, compared with what allocations tell of the same containers, and with what the demo's pods request."""

from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.services.scope import Scope
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow

PATH = "/model/savings/requestSizingV2"
MIB = 2**20
KAFKA = {"window": "2d", "filter": 'controllerName:"kafka"'}


def asked(api: ApiServer, **parameters: str) -> Any:
    answer = api.get(PATH, **parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def kafka(api: ApiServer, **parameters: str) -> dict[str, Any]:
    (found,) = asked(api, **{**KAFKA, **parameters})
    return found


def containers(api: ApiServer, **parameters: str) -> Iterator[dict[str, Any]]:
    """Rows of kafka's containers, of each day or accumulated."""
    for rows in api.data("/model/allocation", idle="false", shareTenancyCosts="false", **{**KAFKA, **parameters}):
        yield from rows.values()


def saving(one: dict[str, Any]) -> float:
    return one["monthlySavings"]["cpu"] + one["monthlySavings"]["memory"]


def test_what_kubectl_cost_asks_is_a_list_of_every_container_of_every_controller(api: ApiServer) -> None:
    rows = asked(api, window="2d")
    named = {(one["namespace"], one["controllerKind"], one["controllerName"], one["containerName"]) for one in rows}
    assert len(named) == len(rows)
    assert {
        ("data", "statefulset", "postgres", "postgres"),
        ("data", "statefulset", "postgres", "metrics"),
        ("shop", "deployment", "web", "main"),
        ("shop", "cronjob", "sync-orders", "sync"),
        ("kube-system", "daemonset", "kube-proxy", "kube-proxy"),
        ("ml", "pod", "notebook-ada", "notebook"),
    } <= named
    assert not {one["containerName"] for one in rows if one["containerName"].startswith("__")}


def test_the_latest_request_is_what_the_manifest_says(api: ApiServer) -> None:
    rows = asked(api, window="2d", filterNamespaces="data,ci")
    latest = {one["containerName"]: one["latestKnownRequest"] for one in rows}
    # farthing.demo.scenario: postgres asks for 1.5 cores and 4 GiB, its metrics for 0.02 and 48 MiB, the runner for nothing.
    assert latest["postgres"] == {"cpu": "1500m", "memory": "4096Mi"}
    assert latest["metrics"] == {"cpu": "20m", "memory": "48Mi"}
    assert latest["runner"] == {"cpu": "0m", "memory": "0"}


def test_the_largest_use_is_that_of_the_containers_and_the_recommendation_that_over_its_target(api: ApiServer) -> None:
    raw = [row["rawAllocationOnly"] for row in containers(api)]
    cpu, ram = max(one["cpuCoreUsageMax"] for one in raw), max(one["ramByteUsageMax"] for one in raw)
    found = kafka(api, targetCPUUtilization="0.8", targetRAMUtilization="0.5")
    assert found["normalizedMaxUsage"] == pytest.approx({"cpuInMilliCores": cpu * 1000, "memoryInMiB": ram / MIB})
    assert found["recommendedRequest"] == {"cpu": f"{ceil(cpu * 1000 / 0.8)}m", "memory": f"{ceil(ram / MIB / 0.5)}Mi"}


def test_average_use_efficiency_and_savings_follow_from_what_was_allocated(api: ApiServer) -> None:
    rows = list(containers(api, accumulate="true"))
    hours = sum(row["minutes"] for row in rows) / 60
    used = sum(row["cpuCoreUsageAverage"] * row["minutes"] / 60 for row in rows)
    found = kafka(api)
    assert found["normalizedAverageUsage"]["cpuInMilliCores"] == pytest.approx(1000 * used / hours, rel=1e-3)
    asked_for = sum(row["cpuCoreRequestAverage"] * row["minutes"] / 60 for row in rows)
    assert found["currentEfficiency"]["cpu"] == pytest.approx(used / asked_for, rel=1e-9)
    # Three replicas ran all the time: what one core-hour cost them, for 730 h.
    rate = sum(row["cpuCost"] for row in rows) / sum(row["cpuCoreHours"] for row in rows)
    less = 1.0 - found["normalizedRecommendedRequest"]["cpuInMilliCores"] / 1000
    assert found["monthlySavings"]["cpu"] == pytest.approx(3 * less * rate * 730, rel=0.02)
    assert found["monthlySavings"]["total"] == pytest.approx(saving(found), rel=1e-12)


def test_who_uses_more_than_is_requested_is_told_what_more_would_cost(api: ApiServer) -> None:
    # The demo's extract uses 1.2 times what it requests.
    (extract,) = asked(api, window="2d", filter='controllerName:"extract"')
    assert extract["normalizedRecommendedRequest"]["cpuInMilliCores"] > 500
    assert extract["monthlySavings"]["cpu"] < 0


def test_quantiles_of_means_are_at_most_those_of_maxes_and_the_whole_of_these_the_max(api: ApiServer) -> None:
    def cpu(**parameters: str) -> float:
        found = kafka(api, targetCPUUtilization="1", **parameters)
        return float(found["normalizedRecommendedRequest"]["cpuInMilliCores"])

    means = [cpu(algorithmCPU="quantile", qCPU=str(q)) for q in (0.05, 0.5, 0.95, 1)]
    assert means == sorted(set(means))
    assert cpu(algorithmCPU="quantileOfAverages", qCPU="0.5") == means[1]
    assert means[1] < cpu(algorithmCPU="quantileOfMaxes", qCPU="0.5") < cpu()
    assert cpu(algorithmCPU="quantileOfMaxes", qCPU="1") == cpu(algorithmCPU="max", qCPU="0.1") == cpu()


def test_nothing_below_the_minimum_is_recommended(api: ApiServer) -> None:
    rows = asked(api, window="2d", minRecCPUMillicores="500000", minRecRAMBytes=str(2**50))
    assert {one["recommendedRequest"]["cpu"] for one in rows} == {"500000m"}
    assert {one["recommendedRequest"]["memory"] for one in rows} == {"1073741824Mi"}
    little = {"window": "2d", "filter": 'container:"config-reloader"', "targetCPUUtilization": "1"}
    (small,) = asked(api, minRecCPUMillicores="1", **little)
    assert small["normalizedRecommendedRequest"]["cpuInMilliCores"] < 10
    assert asked(api, **little)[0]["recommendedRequest"]["cpu"] == "10m"


def test_the_largest_saving_comes_first_unless_another_order_is_asked_for(api: ApiServer) -> None:
    savings = [saving(one) for one in asked(api, window="2d")]
    assert savings == sorted(savings, reverse=True)
    latest = [
        one["normalizedLatestKnownRequest"]["memoryInMiB"]
        for one in asked(api, window="2d", sortBy="memoryLatest", sortByOrder="ascending")
    ]
    assert latest == sorted(latest)


def test_what_mcp_kubecost_asks_is_a_page_with_the_sums_of_all(api: ApiServer) -> None:
    # Its defaults, but for the window, of which it wants 15 days; a store that is younger has fewer.
    sent = {
        "algorithmCPU": "quantileOfAverages", "algorithmRAM": "quantileOfMaxes", "qCPU": "0.8", "qRAM": "0.95",
        "targetCPUUtilization": "0.65", "targetRAMUtilization": "0.65", "filter": "", "window": "15d",
    }  # fmt: skip
    everything = asked(api, **sent)
    found = asked(api, offset="2", limit="3", **sent)
    assert found["Recommendations"] == everything[2:5]
    assert found["Count"] == len(everything)
    assert found["TotalMonthlySavings"] == pytest.approx(sum(map(saving, everything)), rel=1e-9)


def test_a_tenant_is_told_of_its_own_containers_what_everybody_is(demo: DemoStore, api: ApiServer) -> None:
    service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
    with ApiServer(create_app(Asking(service, lambda _: Scope(("shop", "ci"))), "0.0.0")) as tenants:
        found = asked(tenants, window="2d")
        assert asked(tenants, window="2d", filterNamespaces="data") == []
        refused = tenants.get(PATH, window="2d", filterNodes="ip-*")
    everything = asked(api, window="2d", filterNamespaces="shop,ci")
    assert {one["namespace"] for one in found} == {"shop", "ci"}
    # Which cluster it is, is no tenant's.
    assert {one["clusterID"] for one in found} == {""}
    same = ("namespace", "controllerName", "containerName", "recommendedRequest", "latestKnownRequest")
    assert [[one[name] for name in same] for one in found] == [[one[name] for name in same] for one in everything]
    # Engines add up in the order of what they read.
    assert [saving(one) for one in found] == pytest.approx([saving(one) for one in everything], rel=1e-9)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "window is missing"),
        ({"window": "7x"}, "window '7x'"),
        ({"window": "2d", "algorithmCPU": "mean"}, "algorithmCPU is 'mean'"),
        ({"window": "2d", "qCPU": "0"}, "qCPU is '0'"),
        ({"window": "2d", "qRAM": "1.5"}, "qRAM is '1.5'"),
        ({"window": "2d", "qRAM": "nan"}, "qRAM is 'nan'"),
        ({"window": "2d", "targetCPUUtilization": "0"}, "targetCPUUtilization is '0'"),
        ({"window": "2d", "minRecRAMBytes": "inf"}, "minRecRAMBytes is 'inf'"),
        ({"window": "2d", "sortBy": "colour"}, "sortBy is 'colour'"),
        ({"window": "2d", "filter": 'namespace:"shop'}, "filter"),
        ({"window": "2d", "limit": "-1"}, "limit is '-1'"),
    ],
)
def test_what_cannot_be_meant_is_a_400_that_names_it(api: ApiServer, parameters: dict[str, str], sentence: str) -> None:
    answer = api.get(PATH, **parameters)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


def test_the_document_tells_the_parameters_and_both_shapes(api: ApiServer) -> None:
    told = api.get("/openapi.json").json()["paths"][PATH]["get"]
    names = [one["name"] for one in told["parameters"]]
    assert {"window", "algorithmCPU", "qRAM", "targetCPUUtilization", "minRecRAMBytes", "filterNamespaces"} <= set(
        names
    )
    assert not {"step", "aggregate", "accumulate", "format"} & set(names)
    schema = told["responses"]["200"]["content"]["application/json"]["schema"]
    assert [one["type"] for one in schema["oneOf"]] == ["array", "object"]
