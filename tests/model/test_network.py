"""C6: what traffic costs by where it goes, over the hour's edge, and whose it is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.prometheus.catalogue import CATALOGUE, EGRESS, RECEIVED, TRANSMITTED
from farthing.prometheus.queries import Query
from tests.support.network_tables import CLASSES, give_egress, give_interface, give_pod_start
from tests.support.sample_tables import CLUSTER, GIB, HOUR, START, Facts, Row, SampleTables, cgroup, uid_of

KINDS = ("zone", "region", "internet")


def one_pod(*containers: str) -> SampleTables:
    tables = SampleTables()
    tables.node()
    for container in containers or ("main",):
        tables.container("web", container, started=-9000)
    return tables


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


@pytest.fixture(scope="module")
def grown() -> Facts:
    """One hour and one pod for each way a counter goes; the daemonset's pod that sees most was there in the hour before."""
    tables = SampleTables()
    tables.node()
    old = ("watched", "over-the-edge", "reset", "reset-at-the-edge", "older", "quiet", "first-time", "relabelled")
    for pod in (*old, "born", "unstarted"):
        tables.container(pod, started=-9000)
    for pod in old:
        give_pod_start(tables, pod, -9000)
    give_pod_start(tables, "born", 1200)
    give_egress(tables, "watched", {-1: 10, 0: 10}, scraped={-1: -10, 0: 3590})
    give_egress(tables, "over-the-edge", {-1: 100, 0: 460}, first=106)
    give_egress(tables, "reset", {-1: 100, 0: 30}, first=0)
    tables.give("egress_reset_growth", 77, namespace="shop", pod_name="reset", **CLASSES["internet"])
    give_egress(tables, "reset-at-the-edge", {-1: 900, 0: 240}, first=4)
    give_egress(tables, "born", {0: 200}, first=8)
    give_egress(tables, "quiet", {0: 10_000}, first=900)
    # What looks at these was not there in the hour before; the last one had other labels, and had counted since long ago.
    give_egress(tables, "older", {0: 81_000}, first=80_970, instance="node-c:3001")
    give_egress(tables, "relabelled", {-1: 500, 0: 530}, instance="node-d:3001")
    give_egress(tables, "relabelled", {0: 550}, first=532, instance="node-d:3001", service="network-costs")
    give_egress(tables, "first-time", {-1: 50, 0: 60}, kind="zone")
    give_egress(tables, "first-time", {0: 44}, first=3)
    give_egress(tables, "unstarted", {0: 55}, first=5)
    # On a node where nobody looked in the hour before.
    tables.node("node-b", "aws:///eu-west-1a/i-0b")
    for pod, start in (("back", -9000), ("new-on-it", 600), ("unknown-on-it", None)):
        tables.container(pod, node="node-b", started=start)
        if start is not None:
            give_pod_start(tables, pod, start)
        give_egress(tables, pod, {0: 700}, first=650, instance="node-b:3001")
    return tables.facts()


@pytest.mark.parametrize(
    ("pod", "sent"),
    [
        pytest.param("over-the-edge", 460 - 100, id="from-the-last-sample-of-the-hour-before"),
        pytest.param("reset", 77, id="prometheus-follows-a-reset-within-the-hour"),
        pytest.param("reset-at-the-edge", 240, id="a-fall-over-the-edge-is-a-reset"),
        pytest.param("born", 200, id="a-new-pod-counts-from-zero"),
        pytest.param("older", 81_000 - 80_970, id="an-older-pod-not-seen-counts-what-was-seen-to-grow"),
        pytest.param("quiet", 10_000, id="the-first-burst-of-an-older-pod-counts-from-zero-where-somebody-looked"),
        # 500 to 530 with the old labels, 532 to 550 with the new ones.
        pytest.param("relabelled", 30 + 18, id="a-counter-whose-labels-change-does-not-count-its-whole-life"),
        pytest.param("first-time", 44, id="a-new-counter-of-a-pod-that-was-seen-counts-from-zero"),
        pytest.param("unstarted", 55, id="not-seen-where-others-were-counts-from-zero"),
        pytest.param("back", 700 - 650, id="a-node-nobody-looked-at-counts-what-was-seen-to-grow"),
        pytest.param("new-on-it", 700, id="a-new-pod-on-it-counts-from-zero"),
        pytest.param("unknown-on-it", 700 - 650, id="a-pod-nobody-knows-the-start-of-counts-what-was-seen-to-grow"),
    ],
)
def test_what_was_sent_is_the_growth_of_the_counter(grown: Facts, pod: str, sent: float) -> None:
    assert grown.container(pod)["network_internet_bytes"] == pytest.approx(sent)


def test_counters_of_several_destinations_add_up() -> None:
    tables = one_pod()
    for service, last in (("", 30), ("amazon-web-services", 12)):
        give_egress(tables, "web", {-1: 0, 0: last}, service=service)
    assert tables.facts().container("web")["network_internet_bytes"] == 42


def test_the_daemonsets_pod_may_be_replaced() -> None:
    tables = SampleTables(hours=2)
    tables.node()
    tables.container("web", started=-9000)
    give_pod_start(tables, "web", -9000)
    # 1000 bytes an hour; at half past, the next one begins at 0, and is scraped first when it has counted 8.
    give_egress(tables, "web", {-1: 7000, 0: 7500}, instance="node-a:3001", pod="network-costs-old")
    give_egress(tables, "web", {0: 500, 1: 1500}, first={0: 8, 1: 508}, instance="node-a:3001", pod="network-costs-new")
    made = tables.facts()
    assert [made.container("web", hour)["network_internet_bytes"] for hour in (0, 1)] == [500 + 500 - 8, 1000]


def test_a_pod_that_moves_to_another_node_sends_from_both() -> None:
    tables = SampleTables(hours=2)
    tables.node()
    tables.node("node-b", "aws:///eu-west-1a/i-0b")
    tables.container("db-0", uid=uid_of("before"), seen={0: 20, 1: 0}, started=-9000)
    tables.container("db-0", uid=uid_of("after"), node="node-b", seen={0: 40, 1: 60}, started=1200)
    give_pod_start(tables, "db-0", -9000, uid_of("before"))
    give_pod_start(tables, "db-0", 1200, uid_of("after"))
    give_egress(tables, "db-0", {-1: 9000, 0: 9020}, instance="node-a:3001")
    give_egress(tables, "db-0", {0: 40, 1: 100}, first={0: 1, 1: 41}, instance="node-b:3001")
    made = tables.facts()
    sent = [sum(row["network_internet_bytes"] for row in made.containers("db-0", hour)) for hour in (0, 1)]
    assert sent == [20 + 40, 60]


@pytest.mark.parametrize(
    "labels",
    [{"job": "monitor", "service": "network-costs"}, {"prometheus_replica": "b"}, {"replica": "b"}],
    ids=["a-job-that-names-the-service", "a-replica-of-prometheus", "a-replica-of-thanos"],
)
def test_of_several_scrapers_the_one_that_saw_the_pod_longest_counts(labels: dict[str, str]) -> None:
    tables = one_pod()
    give_pod_start(tables, "web", -9000)
    # Each sees both destinations; one of them from the hour before on, the other since within this hour.
    for service, before, last in (("", 70, 100), ("amazon-web-services", 10, 15)):
        give_egress(tables, "web", {-1: before, 0: last}, job="annotations", service=service)
    monitored = {"job": "annotations", **labels}
    give_egress(tables, "web", {0: 100}, first=90, **monitored)
    give_egress(tables, "web", {0: 15}, first=13, **monitored, exported_service="amazon-web-services")
    # 30 + 5 and 10 + 2.
    assert tables.facts().container("web")["network_internet_bytes"] == 35


def test_each_scraper_tells_when_it_looked_last() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("stays", started=-9000)
    tables.container("ended", seen=30, started=-500, completed={0: 1830})
    # One scrapes at 50 s past each minute, the other at 5 s: the pod that ended at 1830 s was last seen at 1790 and 1805 s.
    for job, before, last in (("annotations", -10, 1800), ("monitor", -55, 1860)):
        give_egress(tables, "stays", {-1: 0, 0: 0}, scraped={-1: before, 0: 3600 + before}, job=job)
        give_egress(tables, "ended", {-1: 0, 0: last}, scraped={-1: before}, job=job)
    # A byte a second: 1800 and 40 more, or 1860 and 25 more, of which 45 are of the hour before. The former was chosen then.
    assert tables.facts().container("ended")["network_internet_bytes"] == pytest.approx(1800 + 40)


def test_where_one_scraper_takes_over_from_another_the_larger_part_counts() -> None:
    tables = one_pod()
    give_pod_start(tables, "web", -9000)
    give_egress(tables, "web", {-1: 1000, 0: 1010}, job="annotations")
    give_egress(tables, "web", {0: 1060}, first=1011, scraped={0: 3590}, job="monitor", service="network-costs")
    assert tables.facts().container("web")["network_internet_bytes"] == 1060 - 1011


def test_what_a_pod_sent_after_its_last_scrape_is_filled_at_its_mean_rate() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("stays", started=-9000)
    give_egress(tables, "stays", {-1: 0, 0: 0}, scraped={-1: -10, 0: 3590})
    # Scraped at 50 s past each minute; it ended at 1830 s, last seen at 1790 s: 1800 bytes since -10 s are one a second.
    tables.container("ended", seen=30, started=-500, completed={0: 1830})
    give_egress(tables, "ended", {-1: 0, 0: 1800}, scraped={-1: -10})
    assert tables.facts().container("ended")["network_internet_bytes"] == pytest.approx(1840)


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
