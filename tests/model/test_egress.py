"""C6: what pods sent by the counters of the network-costs daemonset, whichever pod of it counts and whoever scrapes it."""

import pytest

from tests.support.network_tables import CLASSES, give_egress, give_pod_start, one_pod
from tests.support.sample_tables import Facts, SampleTables, uid_of

pytestmark = pytest.mark.slow


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
        give_egress(tables, pod, {0: 700}, first=650)
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
