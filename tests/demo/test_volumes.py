"""The demo's volumes: what the model makes of them, and that the exact answer obeys the rule by hand-worked numbers."""

from collections import defaultdict

import pytest

from farthing.demo.cluster import GIB, Cluster, Container, Node, Pod, Run, Volume
from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.shapes import Wave
from farthing.demo.source import DemoSource
from tests.support.measuring import facts_of
from tests.support.truth import hours_of
from tests.support.truth_volumes import NOBODY, volume_hours

HOUR = 3600
START = 1_794_873_600
END = START + 5 * HOUR
HOURS = hours_of(START, END)


def pod(name: str, start: int, end: int | None, node: Node) -> Pod:
    container = Container(
        name="c", image="i", init=False, runs=(Run(start, end, name),), cpu_request=None, ram_request=None,
        gpu_request=0, cpu=Wave(0.1), ram=Wave(GIB), gpu_busy=None,
    )  # fmt: skip
    return Pod(
        namespace="ns", name=name, uid=f"uid-{name}", address="10.1.0.1", node=node, owners=(), created=start - 1,
        deleted=end, finished=None, containers=(container,), claims=("data",),
    )  # fmt: skip


def test_the_exact_answer_is_that_of_the_example() -> None:
    # 2 an hour for two hours: a has the first hour and half of the second, b the other half.
    node = demo_cluster(START, END).nodes[0]
    volume = Volume(
        name="pv", namespace="ns", claim="data", storage_class="s", driver="d", handle="h", size=100 * GIB,
        created=START - 5, deleted=None, rate=0.02,
    )  # fmt: skip
    pods = (pod("a", START - 3, None, node), pod("b", START + HOUR, None, node))
    cluster = Cluster(START, START + 2 * HOUR, (node,), pods, (volume,))
    costs: defaultdict[str, float] = defaultdict(float)
    for row in volume_hours(cluster, HOURS[:2]):
        costs[row.pod] += row.cost
    assert costs == pytest.approx({"a": 3.0, "b": 1.0}, rel=1e-12)


def test_the_demo_has_every_kind_of_volume() -> None:
    cluster = demo_cluster(START, END)
    rows = volume_hours(cluster, HOURS)
    holders: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        holders[row.volume].add((row.namespace, row.uid))
    by_claim = {volume.claim: holders[volume.name] for volume in cluster.volumes}
    moved = {pod.uid for pod in cluster.pods if pod.name == "postgres-0"}
    assert len(moved) == 2
    assert moved <= {uid for _, uid in by_claim["data-postgres-0"]}
    # Two pods share it, of whom one comes later and goes sooner.
    assert len({uid for _, uid in by_claim["datasets"] if uid}) == 2
    assert by_claim["uploads-of-last-year"] == {("shop", "")}
    assert by_claim[""] == {(NOBODY, "")}
    (scratch,) = [volume for volume in cluster.volumes if volume.claim == "reindex-scratch"]
    assert START < scratch.created < END
    assert 600 < scratch.created % HOUR < 3000
    mounted = {(pod.namespace, claim) for pod in cluster.pods for claim in pod.claims}
    assert mounted <= {(volume.namespace, volume.claim) for volume in cluster.volumes}


@pytest.mark.slow
@pytest.mark.parametrize(
    "scraping",
    [Scraping(), Scraping(state_replicas=2, duplicate_scraper=True)],
    ids=["one-kube-state-metrics", "two-do-not-double"],
)
def test_the_model_finds_what_the_demos_volumes_cost(scraping: Scraping) -> None:
    cluster = demo_cluster(START, END)
    facts = facts_of(DemoSource(cluster, scraping, 15), START, END)
    true = volume_hours(cluster, HOURS)
    assert sum(row["cost"] for row in facts.volume) == pytest.approx(sum(row.cost for row in true), rel=0.0005)
    found = {(row["start"], row["volume_name"], row["uid"], row["container"]): row["cost"] for row in facts.volume}
    lasting = {(row.start, row.volume, row.uid, row.container): row.cost for row in true if row.seconds >= 300}
    close = [key for key, cost in lasting.items() if found.get(key, 0.0) == pytest.approx(cost, rel=0.005)]
    assert len(close) >= 0.95 * len(lasting)


@pytest.mark.slow
def test_without_the_exporter_volumes_have_the_default_rate() -> None:
    cluster = demo_cluster(START, START + 3 * HOUR)
    facts = facts_of(DemoSource(cluster, Scraping(opencost=False)), START, START + 3 * HOUR)
    disks = [row for row in facts.asset if row["type"] == "Disk"]
    assert {row["rate_source"] for row in disks} == {"default"}
    (released,) = [row for row in disks if row["name"].startswith("released-") and row["start"] == START]
    # 64 GiB for an hour at 0.04 a month of 730 hours.
    assert released["pv_cost"] == pytest.approx(64 * 0.04 / 730, rel=1e-9)
