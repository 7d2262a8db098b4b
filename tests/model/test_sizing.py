"""Right-sizing worked by hand: which level of use counts, what is recommended for it, and what that saves.

Deployment ``web`` has two pods. Its container uses, in cores on average in each hour, and in the seconds it ran:

    hour    0            1            2            3
    web-1   0.1, 3600    0.2, 3600    0.3, 3600    0.4, 3600
    web-2   0.5, 3600    0.6, 3600    0.7, 3600    0.8, 900

That is 26,100 s. Two cores are requested, and cost 0.03 an hour each. The largest use in an hour is twice its mean.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from farthing.model.filters import Comparison
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.sizing import Sizing, Target, level_of, sized
from farthing.model.tables import UNMOUNTED
from farthing.model.workload_use import Level, WorkloadUse
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, Row, container

MEANS = {"web-1": (0.1, 0.2, 0.3, 0.4), "web-2": (0.5, 0.6, 0.7, 0.8)}
MIB = 2**20
FOUR_HOURS = 4 * 3600.0
RUN = 26_100.0
EVERYTHING = Shape("allocation")
LARGEST = Level()


def rows() -> Iterator[Row]:
    for pod, means in MEANS.items():
        for hour, mean in enumerate(means):
            seconds = 900.0 if mean == 0.8 else 3600.0
            yield container(
                hour, pod=pod, seconds=seconds, controller="web", cpu_requested=2 * seconds, cpu_allocated=2 * seconds,
                cpu_cost=2 * seconds / 3600 * 0.03, cpu_used=mean * seconds, cpu_used_max=2 * mean,
                ram_used=100 * MIB * seconds, ram_used_max=140.0 * MIB,
            )  # fmt: skip
    # Its request fell from four cores to one at the second hour.
    yield container(0, pod="db-0", controller="db", namespace="data", cpu_requested=4 * 3600.0)
    yield container(1, pod="db-0", controller="db", namespace="data", cpu_requested=3600.0)
    yield container(0, pod="ada", controller="", controller_kind="", namespace="data", cpu_used=360.0)
    yield container(0, pod=UNMOUNTED, container=UNMOUNTED, controller="", controller_kind="", namespace="data")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    with FactTables(rows()) as facts:
        return [facts.part(tmp_path_factory.mktemp("facts"), {hour: hour for hour in range(4)})]


def found(reader: Reader, parts: list[Part], use: WorkloadUse, shape: Shape = EVERYTHING) -> dict[str, dict[str, Any]]:
    """The rows by the name of their workload."""
    return {row["controller"]: row for row in reader.facts(shape, use, parts, 10)}


@pytest.mark.parametrize(
    ("algorithm", "quantile", "level"),
    [
        # 0.1 to 0.4 are 14,400 s of the 13,050 that are half of all; without 0.4 they are 10,800.
        ("quantile", 0.5, 0.4),
        # 0.8 was used for 900 s, which is less than a twentieth: 24,795 s are enough with 0.7.
        ("quantile", 0.95, 0.7),
        ("quantileOfAverages", 0.95, 0.7),
        ("quantile", 0.97, 0.8),
        ("quantileOfMaxes", 0.95, 1.4),
        ("quantile", 1.0, 0.8),
        ("max", 0.5, 1.6),
        # Exactly what the first two hours of web-1 are: no more is needed.
        ("quantile", 7200 / 26_100, 0.2),
    ],
)
def test_a_level_was_enough_for_a_share_of_the_time_that_containers_ran(
    reader: Reader, parts: list[Part], algorithm: str, quantile: float, level: float
) -> None:
    web = found(reader, parts, WorkloadUse(cpu=level_of(algorithm, quantile)))["web"]
    assert web["cpu_level"] == pytest.approx(level, rel=1e-12)
    assert web["ram_level"] == pytest.approx(140 * MIB)


def test_all_pods_of_a_workload_are_one_row_and_a_pod_alone_is_its_own(reader: Reader, parts: list[Part]) -> None:
    rows = found(reader, parts, WorkloadUse())
    assert set(rows) == {"web", "db", "ada"}
    assert (rows["ada"]["controller_kind"], rows["web"]["controller_kind"]) == ("pod", "deployment")
    assert rows["web"]["run_seconds"] == RUN
    # 0.1 + 0.2 + 0.3 + 0.4 + 0.5 + 0.6 + 0.7 for an hour, and 0.8 for a quarter.
    assert rows["web"]["cpu_used"] == pytest.approx(3.0 * 3600)


def test_the_latest_request_is_that_of_the_last_that_was_seen(reader: Reader, parts: list[Part]) -> None:
    rows = found(reader, parts, WorkloadUse())
    assert (rows["db"]["cpu_latest"], rows["web"]["cpu_latest"]) == (1.0, 2.0)


def test_a_filter_and_a_tenant_see_their_own_rows(reader: Reader, parts: list[Part]) -> None:
    kept = Shape("allocation", kept=Comparison("controllerName", "equals", ("db",)))
    assert set(found(reader, parts, WorkloadUse(), kept)) == {"db"}
    tenant = Shape("allocation", idle=False, namespaces=("shop",))
    (web,) = found(reader, parts, WorkloadUse(), tenant).values()
    assert (web["controller"], web["cluster"]) == ("web", "")


def sizing(utilization: float = 0.7, least: float = 0.01) -> Sizing:
    return Sizing(Target(level_of("quantile", 0.95), utilization, least), Target(LARGEST, utilization, 20.0 * MIB))


def test_the_recommendation_is_the_level_over_its_target_and_the_saving_a_month_of_the_rest(
    reader: Reader, parts: list[Part]
) -> None:
    asked = sizing()
    web = sized(found(reader, parts, asked.use)["web"], asked, FOUR_HOURS, EVERYTHING)
    # 0.7 / 0.7 and 140 MiB / 0.7, both whole whatever the division leaves.
    assert web["cpu_recommended"] == pytest.approx(1.0, rel=1e-12)
    assert web["ram_recommended"] == 200 * MIB
    # One core less of 26,100 s / 14,400 s containers, at 0.03 an hour, for 730 h; memory had no cost.
    assert web["cpu_monthly_saving"] == pytest.approx(1.0 * (26_100 / 14_400) * 0.03 * 730, rel=1e-9)
    assert web["ram_monthly_saving"] == 0.0
    # 3 core-hours used of 2 cores for 26,100 s.
    assert web["cpu_efficiency"] == pytest.approx(3.0 * 3600 / (2 * RUN))


def test_an_under_provisioned_container_costs_more(reader: Reader, parts: list[Part]) -> None:
    asked = sizing(utilization=0.2)
    web = sized(found(reader, parts, asked.use)["web"], asked, FOUR_HOURS, EVERYTHING)
    # 0.7 / 0.2 is 3.5 cores, and two are requested.
    assert web["cpu_recommended"] == pytest.approx(3.5)
    assert web["cpu_monthly_saving"] == pytest.approx(-1.5 * (26_100 / 14_400) * 0.03 * 730, rel=1e-9)


def test_recommendations_are_rounded_up_and_at_least_the_minimum(reader: Reader, parts: list[Part]) -> None:
    asked = sizing(utilization=0.9)
    rows = found(reader, parts, asked.use)
    # 0.7 / 0.9 is 0.7777… cores, 140 / 0.9 is 155.5… MiB.
    web = sized(rows["web"], asked, FOUR_HOURS, EVERYTHING)
    assert web["cpu_recommended"] == pytest.approx(0.778, rel=1e-12)
    assert web["ram_recommended"] == 156 * MIB
    # db used nothing.
    db = sized(rows["db"], asked, FOUR_HOURS, EVERYTHING)
    assert (db["cpu_recommended"], db["ram_recommended"]) == (pytest.approx(0.01), 20 * MIB)
    assert db["total_efficiency"] == 0.0
