"""Assets over HTTP, and what clients ask before: a list of maps for Kubecost's clients, one map for OpenCost's."""

import pytest

from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow


def test_kubecost_has_a_map_for_each_day_and_opencost_one(api: ApiServer) -> None:
    days = api.data("/model/assets", window="2d")
    assert len(days) == 3
    (whole,) = api.data("/model/assets", window="2d", accumulate="true")
    assert set(whole) == {name for day in days for name in day}
    total = sum(row["totalCost"] for row in whole.values())
    assert total == pytest.approx(sum(row["totalCost"] for day in days for row in day.values()), rel=1e-12)
    one = api.data("/assets", window="3d")
    assert set(one) == set(whole)
    assert sum(row["totalCost"] for row in one.values()) == pytest.approx(total, rel=1e-12)


def test_what_kubectl_cost_reads_of_a_node_is_there(api: ApiServer) -> None:
    (nodes,) = api.data("/model/assets", window="1d", accumulate="true", filterTypes="Node")
    assert nodes
    for row in nodes.values():
        assert (row["type"], row["properties"]["category"]) == ("Node", "Compute")
        assert {"cluster", "name", "providerID"} <= set(row["properties"])
        assert row["minutes"] > 0
        assert row["start"] < row["end"]
        assert row["nodeType"]
        assert sum(row["cpuBreakdown"].values()) == pytest.approx(1.0)
        assert sum(row["ramBreakdown"].values()) == pytest.approx(1.0)
        assert row["totalCost"] == pytest.approx(row["cpuCost"] + row["ramCost"] + row["gpuCost"] + row["adjustment"])


def test_types_are_filtered_in_any_case_and_an_unknown_one_has_no_assets(api: ApiServer) -> None:
    asked = {"window": "today", "accumulate": "true", "aggregate": "type"}
    assert set(api.data("/model/assets", filterTypes="node,disk", **asked)[0]) == {"Node", "Disk"}
    assert set(api.data("/model/assets", filter='assetType:"node"', **asked)[0]) == {"Node"}
    assert api.data("/model/assets", filterTypes="Boat", **asked) == [{}]


def test_the_topline_is_what_all_assets_cost(api: ApiServer) -> None:
    (rows,) = api.data("/model/assets", window="2d", accumulate="true")
    data = api.data("/model/assets/topline", window="2d")
    assert data["numResults"] == len(rows)
    assert data["totalCost"] == pytest.approx(sum(row["totalCost"] for row in rows.values()), rel=1e-12)
    assert data["adjustment"] == 0.0


def test_allocations_with_idle_cost_what_nodes_do(api: ApiServer) -> None:
    asked = {"window": "2d", "accumulate": "true"}
    (nodes,) = api.data("/model/assets", filterTypes="Node", **asked)
    (rows,) = api.data("/model/allocation", aggregate="cluster", shareTenancyCosts="false", **asked)
    held = sum(row["cpuCost"] + row["ramCost"] + row["gpuCost"] for row in rows.values())
    # The demo charges more than a node holds in some hours, which is told apart and no part of what nodes cost.
    overallocated = sum(row["overallocatedCost"] for row in nodes.values())
    assert held - overallocated == pytest.approx(sum(row["totalCost"] for row in nodes.values()), rel=1e-9)


def test_clients_are_told_the_currency_the_cluster_and_the_version(demo: DemoStore, api: ApiServer) -> None:
    assert api.data("/model/getConfigs") == {"currencyCode": "USD"}
    assert api.data("/model/clusterInfo")["id"] == demo.settings.cluster
    assert api.data("/model/installInfo") == {"product": "farthing", "version": "0.0.0"}
    assert api.get("/healthz").text == "ok\n"


def test_what_is_not_served_is_a_404_that_says_so(api: ApiServer) -> None:
    answer = api.get("/model/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    assert "/openapi.json" in answer.json()["message"]


def test_nothing_of_the_documents_loads_from_elsewhere(api: ApiServer) -> None:
    document = api.get("/openapi.json").json()
    paths = document["paths"]
    assert {"/model/allocation", "/allocation/compute", "/model/assets", "/assets", "/model/getConfigs"} <= set(paths)
    names = [one["name"] for one in paths["/model/allocation"]["get"]["parameters"]]
    assert {"window", "aggregate", "shareNamespaces", "filterNamespaces", "filter", "format"} <= set(names)
    assert len(set(names)) == len(names)
    assert set(paths["/model/allocation"]["get"]["responses"]) >= {"200", "304", "400", "404", "413"}
    assert api.get("/docs").status_code == 404
