"""Values to filter by: against the rows of aggregates, and only those that who asks may see."""

import pytest

from farthing.model.question import Shape
from farthing.model.telling import Expression
from farthing.model.values import annotation_keys, label_keys, values
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow

PROPERTIES = {
    "namespace": "namespace",
    "pod": "pod",
    "node": "node",
    "container": "container",
    "service": "service",
    "deployment": "deployment",
    "team": "team",
    "label:app": "label:app",
    "annotation:prometheus_io_scrape": "annotation:prometheus_io_scrape",
}
NO_VALUES = ("__unallocated__", "__unmounted__")


@pytest.mark.parametrize("field", PROPERTIES)
def test_values_are_those_that_rows_are_named_by(api: ApiServer, field: str) -> None:
    (rows,) = api.data("/model/allocation", window="2d", aggregate=PROPERTIES[field], accumulate="true", idle="false")
    names = {name.partition("=")[2] if ":" in field and "=" in name else name for name in rows} - set(NO_VALUES)
    found = api.data("/model/allocation/autocomplete", window="2d", field=field, limit="1000")
    assert found == sorted(names)
    assert found


def test_properties_are_spelled_as_filters_and_opencosts_clients_do(api: ApiServer) -> None:
    # What both families mean alike.
    asked = {"window": "today", "limit": "1000"}
    kinds = api.data("/allocation/autocomplete", field="controllerkind", **asked)["data"]
    assert {"deployment", "statefulset", "daemonset"} <= set(kinds)
    names = api.data("/allocation/autocomplete", field="controllername", **asked)["data"]
    assert {"web", "postgres"} <= set(names)
    assert names == api.data("/model/allocation/autocomplete", field="controller", **asked)
    ids = api.data("/model/assets/autocomplete", field="providerid", **asked)
    of_nodes = api.data("/model/allocation/autocomplete", field="provider", **asked)
    assert all(one.startswith("i-") for one in of_nodes)
    assert set(of_nodes) <= set(ids)


def test_keys_of_labels_are_those_that_pods_and_nodes_carry(api: ApiServer) -> None:
    (rows,) = api.data("/model/allocation", window="today", idle="false")
    keys = {key for row in rows.values() for key in row["properties"].get("labels", {})}
    found = api.data("/model/allocation/autocomplete", window="today", field="label", limit="1000")
    assert found == sorted(keys)
    assert "team" in found
    annotations = {key for row in rows.values() for key in row["properties"].get("annotations", {})}
    assert api.data("/model/allocation/autocomplete", window="today", field="annotation", limit="1000") == sorted(
        annotations
    )
    (nodes,) = api.data("/model/assets", window="today", filterTypes="Node")
    of_nodes = {key for row in nodes.values() for key in row["labels"]}
    assert api.data("/model/assets/autocomplete", window="today", field="label", limit="1000") == sorted(of_nodes)


def test_types_are_told_as_filters_find_them_in_any_case(api: ApiServer) -> None:
    found = api.data("/assets/autocomplete", window="2d", field="type", limit="1000")["data"]
    assert {"node", "disk", "loadbalancer"} <= set(found) <= {
        "cloud", "clustermanagement", "disk", "loadbalancer", "network", "node", "shared",
    }  # fmt: skip
    assert found == api.data("/model/assets/autocomplete", window="2d", field="assetType", limit="1000")
    (nodes,) = api.data("/model/assets", window="2d", accumulate="true", aggregate="name", filter='assetType:"node"')
    names = api.data("/model/assets/autocomplete", window="2d", field="name", filter='assetType:"node"', limit="1000")
    assert names == sorted(nodes)


def test_a_search_is_found_anywhere_in_any_case_and_the_first_are_told(api: ApiServer) -> None:
    asked = {"window": "2d", "field": "namespace"}
    every = api.data("/model/allocation/autocomplete", **asked)
    assert api.data("/model/allocation/autocomplete", search="HO", **asked) == [one for one in every if "ho" in one]
    assert api.data("/model/allocation/autocomplete", limit="2", **asked) == every[:2]
    assert api.data("/model/allocation/autocomplete", search="%' or 1=1", **asked) == []


def test_a_filter_limits_where_values_are_looked_for(api: ApiServer) -> None:
    asked = {"window": "2d", "field": "container", "filter": 'namespace:"shop"', "limit": "1000"}
    found = api.data("/model/allocation/autocomplete", **asked)
    (rows,) = api.data(
        "/model/allocation", window="2d", aggregate="namespace,container", accumulate="true", idle="false"
    )
    assert set(found) == {name.removeprefix("shop/") for name in rows if name.startswith("shop/")} - set(NO_VALUES)
    assert "sidecar" in found
    assert "postgres" not in found
    keys = api.data("/model/allocation/autocomplete", window="2d", field="label", filter='namespace:"kube-system"')
    assert "env" not in keys
    assert "app" in keys


@pytest.mark.parametrize(
    ("path", "parameters", "sentence"),
    [
        ("/model/allocation/autocomplete", {"window": "2d", "field": "colour"}, "field 'colour' is not offered"),
        ("/model/allocation/autocomplete", {"window": "2d", "field": "label:"}, "field 'label:' is not offered"),
        ("/model/allocation/autocomplete", {"window": "2d", "field": "pod:x"}, "field 'pod:x' is not offered"),
        ("/model/allocation/autocomplete", {"window": "2d"}, "field is missing"),
        ("/model/allocation/autocomplete", {"field": "pod"}, "window is missing"),
        ("/model/allocation/autocomplete", {"window": "2d", "field": "pod", "limit": "0"}, "limit"),
        ("/model/allocation/autocomplete", {"window": "2d", "field": "pod", "limit": "1001"}, "limit"),
        ("/model/assets/autocomplete", {"window": "2d", "field": "namespace"}, "field 'namespace' is not offered"),
        ("/model/assets/autocomplete", {"window": "2d", "field": "annotation"}, "field 'annotation' is not offered"),
        ("/assets/autocomplete", {"window": "2d", "field": "type", "filter": "x"}, "filter"),
    ],
)
def test_what_cannot_be_meant_is_a_400(api: ApiServer, path: str, parameters: dict[str, str], sentence: str) -> None:
    answer = api.get(path, **parameters)
    assert answer.status_code == 400, answer.text
    assert sentence in answer.json()["message"]


def seen(demo: DemoStore, expression: Expression, *shape: Shape) -> list[set[str]]:
    answerer = demo.answerer()
    asked = [demo.question(one, "2d") for one in shape]
    return [{row["value"] for row in answerer.facts(one, expression, demo.now, 10_000)[0]} for one in asked]


@pytest.mark.parametrize("aggregate", ["pod", "container", "controller", "service", "label:app", "team", "namespace"])
def test_a_tenant_is_told_values_of_its_own_rows_alone(demo: DemoStore, aggregate: str) -> None:
    # koku once told the values of tags of other projects (its pull request 2235).
    own = Shape("allocation", (aggregate,), idle=False, namespaces=("payments",))
    others = [
        Shape("allocation", (aggregate,), idle=False, namespaces=(one,))
        for one in ("shop", "data", "ml", "monitoring", "ci")
    ]
    (told,), foreign = seen(demo, values, own), set().union(*seen(demo, values, *others))
    assert told
    # A service of no pod of its own, or an alias with one value everywhere, would make this true of nothing.
    assert foreign - told
    if aggregate != "team":
        assert not told & foreign


def test_a_tenant_is_told_keys_of_its_own_pods_alone(demo: DemoStore) -> None:
    for expression in (label_keys, annotation_keys):
        ci, shop = seen(
            demo,
            expression,
            Shape("allocation", (), idle=False, namespaces=("kube-system",)),
            Shape("allocation", (), idle=False, namespaces=("shop",)),
        )
        assert ci
        assert shop
        assert ("tier" in ci, "tier" in shop) == (False, expression is label_keys)


def test_a_tenant_is_told_of_its_disks_and_balancers_alone(demo: DemoStore) -> None:
    (types,) = seen(demo, values, Shape("asset", ("type",), idle=False, namespaces=("shop",)))
    assert types <= {"disk", "loadbalancer"}
    (keys,) = seen(demo, label_keys, Shape("asset", (), idle=False, namespaces=("shop",)))
    assert keys == set()
