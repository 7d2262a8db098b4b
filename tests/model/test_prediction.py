"""What a workload would hold and cost, worked by hand."""

from pathlib import Path

import pytest

from farthing.errors import NoDataError
from farthing.model.prediction import (
    ClusterRates,
    Running,
    Workload,
    cluster_rates,
    held_after,
    held_before,
    monthly,
    node_costs,
)
from farthing.model.question import Shape
from farthing.model.tables import GIB
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, node

CONTAINERS = (
    ("main", {"cpu": 0.5, "ram": GIB, "gpu": 0.0}),
    ("side", {"cpu": 0.1, "ram": 0.0, "gpu": 0.0}),
)
WEB = Workload("shop", "deployment", "web", CONTAINERS)
SEEN = Running(
    requested={"cpu": 1.0, "ram": GIB, "gpu": 0.0},
    allocated={"cpu": 1.5, "ram": 2 * GIB, "gpu": 0.0},
    used={
        "main": {"cpu": 0.25, "ram": 3 * GIB, "gpu": 0.0},
        "side": {"cpu": 0.3, "ram": 0.0, "gpu": 0.0},
        "gone": {"cpu": 9.0, "ram": 9 * GIB, "gpu": 0.0},
    },
    pods=2.0,
)


def of(pods: float | None = None, kind: str = "deployment") -> Workload:
    return Workload("shop", kind, "web", CONTAINERS, pods)


def test_each_container_holds_its_request_or_what_it_used_if_that_is_more() -> None:
    # 0.5 cores are more than the 0.25 used, 0.3 used more than 0.1; of memory 3 GiB used are more than 1.
    assert held_after(of(4.0), SEEN, 8.0, with_use=True) == pytest.approx({"cpu": 3.2, "ram": 12 * GIB, "gpu": 0.0})
    assert held_after(of(4.0), SEEN, 8.0, with_use=False) == pytest.approx({"cpu": 2.4, "ram": 4 * GIB, "gpu": 0.0})


@pytest.mark.parametrize(
    ("workload", "running", "pods"),
    [
        (of(), None, 1),
        (of(), SEEN, 2),
        (of(0.0), SEEN, 0),
        (of(5.0), SEEN, 5),
        (of(kind="daemonset"), SEEN, 8),
    ],
)
def test_without_a_number_there_are_as_many_pods_as_now_and_of_a_daemon_set_one_a_node(
    workload: Workload, running: Running | None, pods: int
) -> None:
    assert held_after(workload, running, 8.0, with_use=False)["cpu"] == pytest.approx(0.6 * pods)


def test_what_runs_now_is_charged_for_use_beyond_requests_unless_use_does_not_count() -> None:
    assert held_before(SEEN, with_use=True)["cpu"] == 1.5
    assert held_before(SEEN, with_use=False)["cpu"] == 1.0
    assert held_before(None, with_use=True) == {"cpu": 0.0, "ram": 0.0, "gpu": 0.0}


def test_a_month_has_730_hours() -> None:
    rates = ClusterRates({"cpu": 0.03, "ram": 0.004 / GIB}, 8.0)
    costs = monthly({"cpu": 2.0, "ram": 4 * GIB, "gpu": 0.0}, rates)
    assert costs["cpu"] == pytest.approx((1460.0, 43.8))
    assert costs["ram"] == pytest.approx((4 * GIB * 730, 4 * 0.004 * 730))
    assert costs["gpu"] == (0.0, 0.0)


def test_what_no_node_has_is_not_priced_at_nothing() -> None:
    with pytest.raises(NoDataError, match="had any gpu"):
        monthly({"cpu": 0.0, "ram": 0.0, "gpu": 1.0}, ClusterRates({"cpu": 0.03, "ram": 0.0}, 8.0))


def test_rates_are_what_all_nodes_cost_over_what_they_had(tmp_path: Path) -> None:
    nodes = [
        # 4 cores for 0.2 and 8 for 0.1 an hour; the second node ran for half of it.
        node(name="node-a", cpu_cost=0.2, cpu_quantity=4 * 3600.0, ram_cost=0.1, ram_quantity=16 * GIB * 3600),
        node(name="node-b", cpu_cost=0.05, cpu_quantity=8 * 1800.0, run_seconds=1800.0),
        node(name="disk", type="Disk", pv_cost=9.0),
    ]
    with FactTables(asset=nodes) as facts:
        part = facts.part(tmp_path, {0: 0})
    (row,) = Reader().facts(Shape("asset", idle=False), node_costs, [part], 1)
    found = cluster_rates(row, 3600.0)
    # 0.25 for 4 + 4 core-hours.
    assert found.rates == pytest.approx({"cpu": 0.25 / 8, "ram": 0.1 / 16 / GIB})
    assert found.nodes == 1.5
