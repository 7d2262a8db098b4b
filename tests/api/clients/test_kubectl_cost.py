"""kubectl-cost at 3f74536: its requests (pkg/query, pkg/cmd), what it reads of the answers, and where it would panic."""

import pytest

from tests.support.api_server import ApiServer
from tests.support.wire import lived, number, parts_of, rows_of

pytestmark = pytest.mark.slow

ASKED = "accumulate=true&filterNamespaces=&idle=true&includeIdle=true&window=1d"
AGGREGATES = {
    "namespace": "cluster,namespace",
    "deployment": "cluster,namespace,deployment",
    "controller": "cluster,namespace,controller",
    "pod": "cluster,namespace,pod",
    "label": "cluster,label:app",
    # kubectl-cost asks for labels alone; a provider's id is the property that has slashes.
    "ids": "cluster,providerID",
}
IDLE = "__idle__"


@pytest.mark.parametrize("path", ["/model/allocation", "/allocation/compute"])
@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=AGGREGATES)
def test_names_have_as_many_parts_as_it_asks_for_and_only_idle_has_fewer(
    api: ApiServer, path: str, aggregate: str
) -> None:
    data = api.data(f"{path}?aggregate={aggregate.replace(',', '%2C')}&{ASKED}")
    assert len(data) == 1
    names = [name for name, _ in rows_of(data)]
    assert len(names) > 1
    assert IDLE in names
    assert {len(name.split("/")) for name in names if name != IDLE} == {len(aggregate.split(","))}


def test_every_provider_id_keeps_its_row_and_has_no_slash_as_opencost_tells_it(api: ApiServer) -> None:
    asked = {"window": "1d", "accumulate": "true", "idle": "false"}
    (by_id,) = api.data("/model/allocation", aggregate="providerID", **asked)
    (by_node,) = api.data("/model/allocation", aggregate="node,providerID", **asked)
    for name, row in by_id.items():
        assert row["properties"].get("providerID", "__unallocated__") == name
        assert name == "__unallocated__" or name.startswith("i-")
    cost = sum(row["totalCost"] for row in by_node.values())
    assert sum(row["totalCost"] for row in by_id.values()) == pytest.approx(cost, rel=1e-9)
    one = next(name for name in by_id if name.startswith("i-"))
    (kept,) = api.data("/model/allocation", aggregate="providerID", filter=f'provider:"{one}"', **asked)
    assert kept[one]["totalCost"] == pytest.approx(by_id[one]["totalCost"], rel=1e-9)
    assert set(kept) == {one}


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=AGGREGATES)
def test_it_adds_up_the_parts_to_the_total_and_divides_by_the_time_between(api: ApiServer, aggregate: str) -> None:
    data = api.data(f"/model/allocation?aggregate={aggregate.replace(',', '%2C')}&{ASKED}")
    for _, row in rows_of(data):
        assert parts_of(row) == pytest.approx(number(row, "totalCost"), rel=1e-9, abs=1e-12)
        assert number(row, "totalCost") * 43_200 / lived(row) >= 0
        for resource in ("cpuCore", "ramByte"):
            assert number(row, f"{resource}RequestAverage") >= 0
            assert number(row, f"{resource}UsageAverage") >= 0
        assert isinstance(row["properties"], dict)


def test_a_namespace_without_costs_is_one_empty_set_and_no_empty_list(api: ApiServer) -> None:
    asked = ASKED.replace("filterNamespaces=", "filterNamespaces=nobody").replace("dle=true", "dle=false")
    assert api.data(f"/model/allocation?aggregate=cluster%2Cnamespace&{asked}") == [{}]


def test_nodes_are_a_list_of_maps_with_numbers_for_shares(api: ApiServer) -> None:
    data = api.data("/model/assets?accumulate=true&filterTypes=Node&window=1d")
    assert len(data) == 1
    for _, row in rows_of(data):
        assert row["type"] == "Node"
        assert row["properties"]["cluster"]
        assert row["properties"]["name"]
        assert row["nodeType"]
        assert lived(row) > 0
        for name in ("cpuCost", "ramCost", "gpuCost", "totalCost"):
            assert number(row, name) >= 0
        for resource in ("cpu", "ram"):
            for share in ("idle", "user", "system", "other"):
                assert 0 <= number(row, f"{resource}Breakdown", share) <= 1


def test_every_command_asks_for_the_currency_and_predict_for_the_cluster(api: ApiServer) -> None:
    assert api.data("/model/getConfigs")["currencyCode"] == "USD"
    assert isinstance(api.data("/model/clusterInfo")["id"], str)
