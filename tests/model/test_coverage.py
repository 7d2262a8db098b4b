"""How much of an hour was seen, and which facts may replace which."""

from dataclasses import replace

import pytest

from farthing.model.coverage import OF_CHUNKS, OPTIONAL, Coverage, judged
from tests.support.network_tables import give_egress
from tests.support.sample_tables import GIB, ONCE, START, SampleTables

pytestmark = pytest.mark.slow

ALL_METRICS = (
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "kube_node_info",
    "kube_node_status_capacity",
    "kube_pod_container_resource_requests",
    "kube_pod_container_status_running",
)


def seen(seconds: float, share: float, missing: tuple[str, ...] = ()) -> Coverage:
    return Coverage(START, seconds, share, missing=missing)


@pytest.mark.parametrize(
    ("stored", "new", "replaces"),
    [
        pytest.param(seen(3600, 0.9), seen(3600, 0.9), True, id="as-much"),
        pytest.param(seen(3600, 0.9), seen(3600, 1.0), True, id="more"),
        pytest.param(seen(3600, 1.0), seen(3600, 0.9), False, id="less"),
        pytest.param(seen(3600, 1.0), seen(3600, 1 - 1e-12), True, id="as-much-but-for-rounding"),
        pytest.param(seen(1500, 1.0), seen(3600, 1.0), True, id="the-hour-went-on"),
        # 1500 s were seen of 1500, then 2988 of 3600.
        pytest.param(seen(1500, 1.0), seen(3600, 0.83), True, id="the-hour-went-on-with-a-gap"),
        pytest.param(seen(1500, 1.0), seen(3600, 0.4), False, id="the-hour-went-on-and-less-of-it-was-seen"),
        pytest.param(seen(3600, 0.5), seen(1800, 1.0), False, id="a-shorter-part"),
        pytest.param(seen(3600, 1.0), seen(3600, 1.0, ("kube_node_info",)), False, id="without-a-metric"),
        pytest.param(seen(3600, 1.0, ("kube_node_info",)), seen(3600, 1.0), True, id="with-a-metric-that-was-missing"),
    ],
)
def test_facts_are_replaced_only_by_facts_that_saw_as_much(stored: Coverage, new: Coverage, replaces: bool) -> None:
    assert new.as_good_as(stored) is replaces


def populated(state: dict[int, float], usage: dict[int, float]) -> SampleTables:
    """As many hours as are given, each seen by so many scrapes of kube-state-metrics and of cAdvisor."""
    tables = SampleTables(hours=len(state), scrapes=0)
    tables.node(seen=state)
    tables.give("state_scrapes", state)
    tables.container("web", started=-100, requests={"cpu": 1}, seen=state)
    tables.usage("web", cpu={-1: 0, **dict.fromkeys(state, 1800.0)}, ram=1.0, ram_scrapes=usage)
    return tables


def test_the_share_is_of_the_scrapes_that_a_full_hour_has_from_either_source() -> None:
    # A scrape a minute; half of kube-state-metrics' are missing in the second hour, a third of cAdvisor's in the third.
    tables = populated({0: 60, 1: 30, 2: 60, 3: 60}, {0: 60, 1: 60, 2: 40, 3: 60})
    shares = [one.share for one in tables.facts().coverage]
    assert shares == pytest.approx([1.0, 0.5, 2 / 3, 1.0])


def test_a_gap_is_one_also_where_only_hours_known_from_before_tell_of_the_interval() -> None:
    hour_before = Coverage(START - 3600, 3600.0, 1.0, state_interval=60.0, usage_interval=60.0)
    with populated({0: 30}, {0: 30}).bench() as bench:
        observed = bench.compute()
    assert [one.share for one in judged(observed)] == [1.0]
    assert [one.share for one in judged(observed, [hour_before])] == [0.5]
    assert [one.state_interval for one in judged(observed, [hour_before])] == [120.0]


def test_a_new_scrape_interval_is_taken_for_a_gap_for_six_hours_and_then_for_what_it_is() -> None:
    # Every 15 s for ten hours, every 60 s from then on.
    scrapes = {hour: 240.0 if hour < 10 else 60 for hour in range(24)}
    shares = [one.share for one in populated(scrapes, scrapes).facts().coverage]
    assert shares == pytest.approx([1.0] * 10 + [0.25] * 6 + [1.0] * 8)


@pytest.mark.parametrize(
    ("stored", "new", "replaces"),
    [
        pytest.param(0, 0, True, id="none"),
        pytest.param(3, 0, True, id="fewer"),
        pytest.param(0, 1, False, id="more"),
    ],
)
def test_facts_that_had_to_leave_out_more_samples_replace_nothing(stored: int, new: int, replaces: bool) -> None:
    kept, made = (replace(seen(3600, 1.0), rejected=count) for count in (stored, new))
    assert made.as_good_as(kept) is replaces


def test_a_metric_that_came_back_counts_for_more_than_the_share() -> None:
    without_cadvisor = seen(3600, 1.0, ("container_memory_working_set_bytes",))
    assert seen(3600, 0.4).as_good_as(without_cadvisor)


@pytest.mark.parametrize(
    ("stored", "new", "replaces"),
    [
        # Of 60 scrapes of kube-state-metrics: 6, as Prometheus lost its blocks; 59; and 60.
        pytest.param(60.0, 600.0, False, id="a-tenth"),
        pytest.param(60.0, 3600 / 59, False, id="one-scrape-less"),
        pytest.param(60.0, 60.0, True, id="as-many"),
        pytest.param(0.0, 600.0, True, id="where-there-was-none"),
        pytest.param(60.0, 0.0, False, id="none"),
    ],
)
def test_a_metric_that_came_back_does_not_make_up_for_lost_scrapes(stored: float, new: float, replaces: bool) -> None:
    without_cadvisor = replace(seen(3600, 1.0, ("container_memory_working_set_bytes",)), state_interval=stored)
    assert replace(seen(3600, 0.1), state_interval=new).as_good_as(without_cadvisor) is replaces


def watched_alone(tables: SampleTables, *pods: str, ram_scrapes: float = 60) -> None:
    """Containers that cAdvisor sees and kube-state-metrics does not tell of."""
    for pod in pods:
        tables.usage(pod, cpu={-1: 0, 0: 7200}, ram=8 * GIB, ram_scrapes=ram_scrapes)


def test_what_cadvisor_sees_and_a_lost_part_of_kube_state_metrics_does_not_tell_makes_an_hour_incomplete() -> None:
    tables = populated({0: 60}, {0: 60})
    watched_alone(tables, "of-the-lost-shard")
    (one,) = tables.facts().coverage
    # 60 samples of 120 are of a container that ran.
    assert (one.share, one.missing, one.complete) == (0.5, (), False)


def test_what_cadvisor_sees_for_longer_than_it_is_told_to_run_makes_an_hour_incomplete() -> None:
    # The shard that told of "half" was there for 30 scrapes: of cAdvisor's 60, 30 more, but for one at each edge, are
    # from beyond its 1800 s.
    tables = populated({0: 60}, {0: 60})
    tables.container("half", seen=30, requests={"cpu": 1})
    tables.usage("half", cpu={-1: 0, 0: 1800}, ram=1.0)
    (one,) = tables.facts().coverage
    assert one.share == pytest.approx((120 - 28) / 120)
    assert not one.complete


def test_an_hour_of_short_and_of_static_pods_is_complete() -> None:
    tables = populated({0: 60}, {0: 60})
    for number in range(40):
        # A minute each: both sources saw it once, and some cAdvisor twice.
        tables.container(f"job-{number}", started=60 * number, completed={0: 60 * number + 55}, seen=1)
        tables.usage(f"job-{number}", cpu={0: 10}, ram=1.0, ram_scrapes=1 + number % 2)
    # The cgroup of a static pod has another uid than the pod in the API.
    tables.container("etcd", started=-9000)
    tables.usage(
        "etcd", cgroup_id="/kubepods/burstable/pod4f2d1c9a8b7e6f5a4d3c2b1a09f8e7d6/1", cpu={-1: 0, 0: 9}, ram=1.0
    )
    # One that nobody tells of yet, as it has just begun.
    watched_alone(tables, "new", ram_scrapes=1)
    (one,) = tables.facts().coverage
    # 60 + 40 x 1.5 + 60 samples, and this one.
    assert one.share == pytest.approx(180 / 181)
    assert one.complete


def test_a_container_on_a_node_that_nobody_names_or_describes_makes_an_hour_incomplete() -> None:
    for node, missing in (("", ("kube_pod_info",)), ("node-x", ())):
        tables = populated({0: 60}, {0: 60})
        tables.container("lost", node=node, started=-100, requests={"cpu": 1})
        tables.usage("lost", cpu={-1: 0, 0: 1800}, ram=1.0)
        (one,) = tables.facts().coverage
        assert (one.share, one.missing, one.complete) == (0.5, missing, False)


def test_a_missing_metric_is_named() -> None:
    tables = populated({0: 60}, {0: 60})
    del tables.rows["requests"]
    (one,) = tables.facts().coverage
    assert (one.missing, one.complete) == (("kube_pod_container_resource_requests",), False)


def test_what_is_absent_is_told_of_each_hour_though_the_one_before_had_it() -> None:
    tables = SampleTables(hours=3)
    tables.node()
    tables.container("web", started=-9000)
    # Traffic was seen before the first hour and in the second; volumes before the first, and in it.
    give_egress(tables, "web", {-1: GIB, 1: 2 * GIB})
    tables.volume("pv-1", seen={0: 60})
    told = {"egress": "kubecost_pod_network_egress_bytes_total", "volumes": "kube_persistentvolume_capacity_bytes"}
    absent = [{name for name, metric in told.items() if metric in one.absent} for one in tables.facts().coverage]
    assert absent == [{"egress"}, {"volumes"}, {"egress", "volumes"}]


def test_what_is_asked_once_is_there_in_all_hours_or_in_none() -> None:
    assert set(OF_CHUNKS) == ONCE & set(OPTIONAL)
    tables = SampleTables(hours=2)
    tables.give("namespace_labels", 1, namespace="shop", key="team", label_value="a")
    for one in tables.facts().coverage:
        assert "kube_namespace_labels" not in one.absent
        assert "kube_pod_labels" in one.absent


def test_an_empty_cluster_is_complete_and_a_silent_source_is_not() -> None:
    empty = SampleTables()
    empty.node()
    del empty.rows["ram_scrapes"]
    (one,) = empty.facts().coverage
    assert (one.share, one.missing, one.complete) == (1.0, (), True)
    (silent,) = SampleTables(scrapes=0).facts().coverage
    assert (silent.share, silent.complete, silent.missing) == (0.0, False, ALL_METRICS)
