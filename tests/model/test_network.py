"""C6: what traffic costs by where it goes, over the hour's edge, and whose it is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.prometheus.catalogue import CATALOGUE, EGRESS, RECEIVED, TRANSMITTED
from farthing.prometheus.queries import Query
from tests.support.network_tables import give_egress, give_interface, give_pod_start, one_pod
from tests.support.sample_tables import CLUSTER, GIB, HOUR, START, Facts, Row, SampleTables, cgroup, uid_of

pytestmark = pytest.mark.slow

KINDS = ("zone", "region", "internet")


def network(made: Facts) -> list[Row]:
    return [row for row in made.asset if row["type"] == "Network"]


@pytest.mark.parametrize(
    ("kind", "cost"),
    # OpenCost's defaults for a GiB; three GiB went.
    [("zone", 3 * 0.01), ("region", 3 * 0.01), ("internet", 3 * 0.12), ("free", 0.0)],
)
def test_traffic_costs_by_where_it_goes(kind: str, cost: float) -> None:
    tables = one_pod()
    give_egress(tables, "web", {-1: 1 * GIB, 0: 4 * GIB}, kind=kind)
    made = tables.facts()
    row = made.container("web")
    sent = {each: row[f"network_{each}_bytes"] for each in KINDS}
    assert sent == {each: 3 * GIB if each == kind else 0 for each in KINDS}
    assert sum(row[f"network_{each}_cost"] for each in KINDS) == pytest.approx(cost)
    assert [asset["network_cost"] for asset in network(made)] == ([pytest.approx(cost)] if cost else [])


def test_traffic_that_nobody_could_tell_the_way_of_is_free() -> None:
    tables = one_pod()
    labels = {"internet": "false", "same_zone": "false", "same_region": ""}
    tables.give("egress_last", {-1: 0, 0: GIB}, namespace="shop", pod_name="web", **labels)
    assert sum(tables.facts().container("web")[f"network_{each}_cost"] for each in KINDS) == 0


def test_the_exporters_rates_go_before_the_defaults_each_on_its_own_and_hour_by_hour() -> None:
    tables = SampleTables(hours=2)
    tables.node()
    tables.container("web", started=-9000)
    for kind in KINDS:
        give_egress(tables, "web", {-1: 0, 0: 2 * GIB, 1: 4 * GIB}, kind=kind)
    tables.give("network_zone_rate", {0: 0.02})
    tables.give("network_internet_rate", {0: 0.09, 1: 0.0})
    made = tables.facts()
    costs = [[made.container("web", hour)[f"network_{kind}_cost"] for kind in KINDS] for hour in (0, 1)]
    assert costs == [pytest.approx([0.04, 0.02, 0.18]), pytest.approx([0.02, 0.02, 0.0])]


def test_a_pods_traffic_is_shared_by_how_long_its_containers_ran() -> None:
    tables = one_pod()
    # 3600 and 1200 s: three parts and one.
    tables.container("web", "side", seen=20)
    give_egress(tables, "web", {-1: 0, 0: 400})
    made = tables.facts()
    assert [row["network_internet_bytes"] for row in made.containers("web")] == pytest.approx([300, 100])


def test_of_two_pods_of_one_name_the_one_that_ran_longest_sent_it() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("db-0", uid=uid_of("short"), seen=20, started=-100)
    tables.container("db-0", uid=uid_of("long"), seen=38, started=1320)
    give_egress(tables, "db-0", {-1: 5, 0: 105})
    sent = {row["uid"]: row["network_internet_bytes"] for row in tables.facts().containers("db-0")}
    assert sent == {uid_of("short"): 0, uid_of("long"): 100}


def test_what_went_through_a_pods_interfaces_adds_up() -> None:
    tables = one_pod()
    path = cgroup(uid_of("web"), "sandbox")
    give_interface(tables, "web", {"transmit": {-1: 10, 0: 40}, "receive": {-1: 5, 0: 9}}, cgroup_id=path)
    more = {"transmit": {-1: 0, 0: 2}, "receive": {-1: 0, 0: 3}}
    give_interface(tables, "web", more, cgroup_id=path, interface="net1")
    row = tables.facts().container("web")
    assert (row["network_transfer_bytes"], row["network_receive_bytes"]) == (32, 7)


def test_each_of_two_pods_of_one_name_has_its_own_interface() -> None:
    tables = SampleTables()
    tables.node()
    old, new = uid_of("old"), uid_of("new")
    tables.container("db-0", uid=old, seen=20, started=-100)
    tables.container("db-0", uid=new, seen=38, started=1320)
    give_pod_start(tables, "db-0", 1310, new)
    give_interface(tables, "db-0", {"transmit": {-1: 10, 0: 14}}, cgroup_id=cgroup(old, "sandbox"))
    give_interface(tables, "db-0", {"transmit": {0: 9}}, cgroup_id=f"/kubepods/burstable/pod{new}/sandbox")
    sent = {row["uid"]: row["network_transfer_bytes"] for row in tables.facts().containers("db-0")}
    assert sent == {old: 4, new: 9}


def test_without_the_uid_in_its_path_an_interface_is_of_the_pod_that_ran_longest() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("db-0", uid=uid_of("short"), seen=5)
    tables.container("db-0", uid=uid_of("long"), seen=50, started=600)
    give_interface(tables, "db-0", {"transmit": {-1: 0, 0: 33}}, cgroup_id="")
    sent = {row["uid"]: row["network_transfer_bytes"] for row in tables.facts().containers("db-0")}
    assert sent == {uid_of("short"): 0, uid_of("long"): 33}


@pytest.mark.parametrize("path", [cgroup(uid_of("web"), "sandbox"), ""], ids=["by-path", "by-name"])
def test_the_hosts_traffic_is_no_pods(path: str) -> None:
    tables = one_pod()
    tables.give("host_pods", 1, namespace="shop", pod="web", uid=uid_of("web"))
    give_interface(tables, "web", {"transmit": {-1: 0, 0: 1e12}, "receive": {-1: 0, 0: 1e12}}, cgroup_id=path)
    give_egress(tables, "web", {-1: 0, 0: 70})
    row = tables.facts().container("web")
    assert (row["network_transfer_bytes"], row["network_receive_bytes"]) == (0, 0)
    assert row["network_internet_bytes"] == 70


def test_the_cluster_has_one_network_that_costs_what_its_containers_pay() -> None:
    tables = SampleTables(hours=2, seconds=1800)
    tables.node()
    for pod, container in (("web", "main"), ("web", "side"), ("api", "main")):
        tables.container(pod, container, seen={0: 60, 1: 30})
    give_egress(tables, "web", {-1: 0, 0: 2 * GIB, 1: 2 * GIB})
    give_egress(tables, "api", {-1: 0, 0: 3 * GIB, 1: 3 * GIB}, kind="zone")
    made = tables.facts()
    # In the second hour nothing was sent: there is no asset.
    (row,) = network(made)
    assert (row["start"], row["seconds"], row["name"], row["category"]) == (START, HOUR, CLUSTER, "Network")
    assert (row["run_start"], row["run_end"], row["run_seconds"]) == (START, START + HOUR, HOUR)
    assert row["network_cost"] == pytest.approx(2 * 0.12 + 3 * 0.01)
    paid = sum(one[f"network_{kind}_cost"] for one in made.allocation for kind in KINDS)
    assert paid == pytest.approx(row["network_cost"], rel=1e-9)


def queries(*metrics: str) -> list[Query]:
    return [one for one in CATALOGUE if one.metric in metrics]


@pytest.mark.parametrize("query", queries(EGRESS, TRANSMITTED, RECEIVED), ids=lambda one: one.name)
def test_counters_are_asked_for_one_by_one_whoever_scraped_them(query: Query) -> None:
    promql = query.promql("1h")
    assert promql.startswith(("max by (namespace, pod", "min by (namespace, pod"))
    # A sandbox has no container, or "POD".
    assert "container" not in promql.replace("container_network", "")
    assert ('interface!="lo"' in promql) == (query.metric != EGRESS)


few = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@few
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 60), min_size=1, max_size=3),
            st.dictionaries(st.sampled_from([*KINDS, "free"]), st.floats(0, 1e15)),
        ),
        max_size=5,
    )
)
def test_what_containers_pay_for_traffic_is_what_their_pods_sent_and_what_the_network_costs(
    pods: list[tuple[list[int], dict[str, float]]],
) -> None:
    tables = SampleTables()
    tables.node()
    sent = dict.fromkeys(KINDS, 0.0)
    for index, (containers, counters) in enumerate(pods):
        for number, seen in enumerate(containers):
            tables.container(f"pod-{index}", f"c-{number}", seen=seen)
        for kind, last in counters.items():
            give_egress(tables, f"pod-{index}", {-1: 0, 0: last}, kind=kind)
            # A pod that never ran holds nothing, and pays for nothing.
            if kind in sent and any(containers):
                sent[kind] += last
    made = tables.facts()
    found = {kind: sum(row[f"network_{kind}_bytes"] for row in made.allocation) for kind in KINDS}
    assert found == {kind: pytest.approx(each, rel=1e-9) for kind, each in sent.items()}
    cost = sum(each / GIB * (0.12 if kind == "internet" else 0.01) for kind, each in sent.items())
    assert sum(row["network_cost"] for row in network(made)) == pytest.approx(cost, rel=1e-9)
    paid = sum(row[f"network_{kind}_cost"] for row in made.allocation for kind in KINDS)
    assert paid == pytest.approx(cost, rel=1e-9)
