"""The largest use of a container in an hour: of cpu the largest mean over 5 minutes, of memory the largest sample."""

import pytest

from farthing.model.tables import LARGEST
from tests.support.sample_tables import GIB, HOUR, SampleTables, cgroup, uid_of

pytestmark = pytest.mark.slow


def most(tables: SampleTables, pod: str, run_name: str = "run-1", **values: float | dict[int, float]) -> None:
    """The largest cpu [cores] or ram [B] of one run of a container."""
    who = {"namespace": "shop", "pod": pod, "container": "main", "id": cgroup(uid_of(pod), run_name)}
    for name, value in values.items():
        tables.give(f"{name}_largest", value, **who)


def largest(tables: SampleTables, pod: str = "web", hour: int = 0) -> tuple[float, ...]:
    row = tables.facts().container(pod, hour)
    return tuple(row[column] for column in LARGEST)


@pytest.fixture
def tables() -> SampleTables:
    """A container that used half a core and 1 GiB on the mean, in each of two hours."""
    tables = SampleTables(hours=2)
    tables.node()
    tables.container("web", started=-9000)
    tables.usage("web", cpu={-1: 1000, 0: 2800, 1: 4600}, ram=GIB)
    return tables


def test_each_hour_has_its_own(tables: SampleTables) -> None:
    most(tables, "web", cpu={0: 1.5, 1: 0.75}, ram={0: 2 * GIB, 1: 3 * GIB})
    assert largest(tables) == (1.5, 2 * GIB)
    assert largest(tables, hour=1) == (0.75, 3 * GIB)


def test_of_several_runs_of_a_container_the_largest_counts(tables: SampleTables) -> None:
    tables.usage("web", cgroup_id=cgroup(uid_of("web"), "run-2"), cpu={0: 60, 1: 90}, ram=GIB)
    most(tables, "web", "run-1", cpu=0.9, ram=3 * GIB)
    most(tables, "web", "run-2", cpu=1.25, ram=2 * GIB)
    assert largest(tables) == (1.25, 3 * GIB)


def test_the_largest_is_never_below_the_mean(tables: SampleTables) -> None:
    # Counted over 5 minutes of which it ran but one, a short life seems small: 1800 core-s of 3600 s are half a core.
    most(tables, "web", cpu=0.1, ram=GIB / 2)
    assert largest(tables) == pytest.approx((0.5, GIB))


def test_where_nobody_tells_the_largest_it_is_the_mean(tables: SampleTables) -> None:
    assert largest(tables) == pytest.approx((0.5, GIB))


def test_what_used_nothing_has_none(tables: SampleTables) -> None:
    tables.container("unseen", started=-9000)
    assert largest(tables, "unseen") == (0, 0)


def test_a_container_without_cgroup_paths_is_known_by_its_name(tables: SampleTables) -> None:
    tables.container("plain", started=-9000)
    tables.usage("plain", cgroup_id="", cpu={-1: 0, 0: 360, 1: 720}, ram=GIB)
    tables.give("cpu_largest", 2.5, namespace="shop", pod="plain", container="main", id="")
    tables.give("ram_largest", 2 * GIB, namespace="shop", pod="plain", container="main", id="")
    assert largest(tables, "plain") == (2.5, 2 * GIB)


def test_the_largest_use_costs_nothing(tables: SampleTables) -> None:
    before = tables.facts().container("web")
    most(tables, "web", cpu=3.9, ram=15 * GIB)
    after = tables.facts().container("web")
    assert {name for name in before if before[name] != after[name]} == set(LARGEST)
    assert after["cpu_used"] == pytest.approx(0.5 * HOUR)
