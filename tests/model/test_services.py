"""Which pods are behind which service, by the endpoint slices."""

import pytest

from tests.support.network_tables import give_service, pods_behind
from tests.support.sample_tables import SampleTables, uid_of

pytestmark = pytest.mark.slow

LONG = "a-service-with-a-name-of-sixty-characters-which-is-rather-lo"
LONGER = "a-service-with-a-name-of-sixty-characters-which-is-rather-xy"


def tables_with(*pods: str) -> SampleTables:
    tables = SampleTables()
    for pod in pods:
        tables.container(pod)
    return tables


@pytest.mark.parametrize(
    ("service", "endpointslice", "found"),
    [
        pytest.param("web", "web-7tz9t", True, id="name-dash-and-five-characters"),
        pytest.param("web", "web", True, id="called-like-its-service"),
        pytest.param("web", "web-x-7tz9t", False, id="of-another-service-whose-name-is-longer"),
        pytest.param("web-x", "web-x-7tz9t", True, id="a-dash-in-the-name"),
        pytest.param("web", "web-7tz9", False, id="four-characters-are-nobody's"),
        pytest.param("web", "web-7taet", False, id="vowels-are-not-made-up"),
        # 60 characters and a dash, cut to 58.
        pytest.param(LONG, LONG[:58] + "7tz9t", True, id="a-long-name-is-cut"),
        pytest.param(LONG, LONG + "-7tz9t", False, id="a-long-name-is-not-whole"),
        pytest.param("w" * 57, "w" * 57 + "-7tz9t", True, id="57-characters-and-the-dash-fit"),
    ],
)
def test_a_slice_is_of_the_service_it_is_named_after(service: str, endpointslice: str, found: bool) -> None:
    assert len(LONG) == 60
    tables = tables_with("web-1")
    give_service(tables, service, ("web-1",), endpointslice=endpointslice)
    assert pods_behind(tables) == ([(service, "web-1", uid_of("web-1"))] if found else [])


def test_a_slice_that_kubernetes_named_is_not_of_the_service_called_like_it() -> None:
    tables = tables_with("web-1", "other-1")
    give_service(tables, "web", ("web-1",), endpointslice="web-7tz9t")
    give_service(tables, "web-7tz9t", ("other-1",), endpointslice="web-7tz9t-4rfdw")
    assert pods_behind(tables) == [("web", "web-1", uid_of("web-1")), ("web-7tz9t", "other-1", uid_of("other-1"))]


def test_a_slice_that_may_be_of_two_services_is_of_neither() -> None:
    tables = tables_with("web-1", "web-2")
    give_service(tables, LONG, ("web-1",), endpointslice=LONG[:58] + "7tz9t")
    give_service(tables, LONGER, ("web-2",), endpointslice=LONGER[:58] + "4rfdw")
    assert LONG[:58] == LONGER[:58]
    assert pods_behind(tables) == []


def test_names_of_services_that_do_not_exist_are_nobodys() -> None:
    tables = tables_with("web-1")
    give_service(tables, "web", ("web-1",), endpointslice="gone-7tz9t")
    assert pods_behind(tables) == []


def test_a_service_that_only_its_price_tells_of_has_its_pods() -> None:
    tables = tables_with("web-1")
    give_service(tables, "other", ("web-1",), endpointslice="web-7tz9t")
    tables.give("balancer_rate", 0.03, namespace="shop", service_name="web", ingress_ip="203.0.113.7")
    assert pods_behind(tables) == [("web", "web-1", uid_of("web-1"))]


def test_a_pod_is_behind_every_service_that_names_it_once() -> None:
    tables = tables_with("web-1")
    # Two slices of one service: one for each family of addresses.
    for endpointslice in ("web-7tz9t", "web-4rfdw"):
        give_service(tables, "web", ("web-1",), endpointslice=endpointslice)
    give_service(tables, "metrics", ("web-1",))
    # A pod is reported without a node until it is scheduled.
    tables.give("pod_node", 1, namespace="shop", pod="web-1", uid=uid_of("web-1"))
    assert pods_behind(tables) == [("metrics", "web-1", uid_of("web-1")), ("web", "web-1", uid_of("web-1"))]


def test_pods_that_follow_each_other_under_one_name_are_both_behind() -> None:
    tables = SampleTables()
    for uid in ("u-old", "u-new"):
        tables.container("db-0", uid=uid)
    give_service(tables, "db", ("db-0",))
    assert pods_behind(tables) == [("db", "db-0", "u-new"), ("db", "db-0", "u-old")]


def test_what_is_no_pod_and_what_is_in_another_namespace_is_behind_nothing() -> None:
    tables = tables_with("web-1")
    give_service(tables, "web")
    slice_of = {"endpointslice": "web-7tz9t", "targetref_name": "web-1"}
    tables.give("endpoints", 1, namespace="shop", targetref_kind="Node", **slice_of)
    tables.give("endpoints", 1, namespace="elsewhere", targetref_kind="Pod", **slice_of)
    assert pods_behind(tables) == []
