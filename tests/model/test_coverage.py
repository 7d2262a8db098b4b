"""How much of an hour was seen, and which facts may replace which."""

import pytest

from farthing.model.coverage import Coverage
from tests.support.sample_tables import START, SampleTables

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
    tables.node()
    tables.give("state_scrapes", state)
    tables.container("web", started=-100, requests={"cpu": 1}, seen=state)
    tables.usage("web", cpu={-1: 0, **dict.fromkeys(state, 1800.0)}, ram=1.0, ram_scrapes=usage)
    return tables


def test_the_share_is_of_the_scrapes_that_a_full_hour_has_from_either_source() -> None:
    # A scrape a minute; half of kube-state-metrics' are missing in the second hour, a third of cAdvisor's in the third.
    tables = populated({0: 60, 1: 30, 2: 60, 3: 60}, {0: 60, 1: 60, 2: 40, 3: 60})
    shares = [one.share for one in tables.facts().coverage]
    assert shares == pytest.approx([1.0, 0.5, 2 / 3, 1.0])


def test_a_missing_metric_is_named() -> None:
    tables = populated({0: 60}, {0: 60})
    del tables.rows["requests"]
    (one,) = tables.facts().coverage
    assert (one.missing, one.complete) == (("kube_pod_container_resource_requests",), False)


def test_an_empty_cluster_is_complete_and_a_silent_source_is_not() -> None:
    empty = SampleTables()
    empty.node()
    (one,) = empty.facts().coverage
    assert (one.share, one.missing, one.complete) == (1.0, (), True)
    (silent,) = SampleTables(scrapes=0).facts().coverage
    assert (silent.share, silent.complete, silent.missing) == (0.0, False, ALL_METRICS)
