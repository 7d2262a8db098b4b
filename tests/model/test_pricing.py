"""C4 with price books: the first that applies is a rule, then the metrics, then the defaults, for costs of every kind."""

import pytest

from farthing.model.prices import PriceBook, Prices, Rule, Selector, Validity, combined
from tests.support.network_tables import give_egress, one_pod
from tests.support.sample_tables import GIB, HOUR, START, Facts, Row, SampleTables

pytestmark = pytest.mark.slow

NODES = {
    # 2 cores, 4 GiB and one GPU for an hour; without rules at 0.05, 0.006 and 1.5.
    "everything": {},
    "in-zone": {"label_topology_kubernetes_io_zone": "eu-west-1b", "label_topology_kubernetes_io_region": "eu-west-1"},
    "spot": {"label_karpenter_sh_capacity_type": "spot"},
    "large": {"label_node_kubernetes_io_instance_type": "m5.large"},
    "pool": {},
    "named-1": {"label_node_kubernetes_io_instance_type": "m5.large", "label_karpenter_sh_capacity_type": "spot"},
    "whole": {"label_topology_kubernetes_io_zone": "far-a", "label_topology_kubernetes_io_region": "far"},
}
RULES = (
    Rule("all", discount=0.1),
    Rule(
        "zone",
        Selector(zone=("eu-west-1b",), region=("eu-*",), provider=("AWS",), spot=False),
        cpu=0.02,
        ram=0.001,
        gpu=0.5,
    ),
    Rule("spot", Selector(spot=True, provider=("AWS",)), cpu=0.01),
    Rule("large", Selector(instance_type=("c5*", "m5.*"), spot=False), ram=0.003, discount=combined(0.5, 0.5)),
    Rule("pool", Selector(labels=(("pool_name", "gp*"),), provider=("A*",), spot=False), gpu=2.0),
    Rule("name", Selector(name=("named-*",)), cpu=0.0, ram=0.0, gpu=0.0),
    Rule("whole", Selector(region=("far",), zone=("far*",), spot=False, provider=("AWS",)), node=2.0, discount=0.5),
    Rule("ended", Selector(name=("everything",)), cpu=9.0, validity=Validity(end=START)),
    Rule("to come", Selector(name=("everything", "spot")), cpu=9.0, validity=Validity(START + HOUR)),
)


@pytest.fixture(scope="module")
def made() -> Facts:
    """One hour of the nodes, a pod of one core, 1 GiB and no GPU on each."""
    tables = SampleTables(prices=Prices((PriceBook("book", rules=RULES),)))
    for name, labels in NODES.items():
        tables.node(name, f"aws:///a/{name}", cores=2, gib=4, gpus={"nvidia_com_gpu": 1.0}, rates=(0.05, 0.006, 1.5))
        if labels:
            tables.give("node_labels", 1, node=name, **labels)
        tables.container(f"on-{name}", node=name, requests={"cpu": 1.0, "memory": GIB})
    tables.give("labels_of_nodes", START, node="pool", key="pool_name", label_value="gpus")
    return tables.facts()


@pytest.mark.parametrize(
    ("node", "costs", "source"),
    [
        # 2 x 0.05, 4 x 0.006 and 1.5, of cpu and ram nine tenths.
        pytest.param("everything", (0.09, 0.0216, 1.5), "all", id="no field"),
        pytest.param("in-zone", (0.04, 0.004, 0.5), "zone", id="zone and a region's beginning"),
        # What the rule does not name is as without it, and the discount is another rule's.
        pytest.param("spot", (0.02, 0.024, 1.5), "spot", id="spot"),
        # Half, and of that half: a quarter of 0.1 and of 4 x 0.003.
        pytest.param("large", (0.025, 0.003, 1.5), "large", id="instance type and two discounts"),
        pytest.param("pool", (0.1, 0.024, 2.0), "pool", id="label"),
        pytest.param("named-1", (0, 0, 0), "name", id="a name beats all, and 0 is a rate"),
        # At default rates 2 x 0.031611 + 4 x 0.004237 + 0.95 = 1.03017, which is to be 2.0; half off cpu and ram.
        pytest.param(
            "whole",
            (0.063222 / 1.03017, 0.016948 / 1.03017, 1.9 / 1.03017),
            "whole",
            id="whole node",
        ),
    ],
)
def test_the_most_specific_rule_gives_the_rates(
    made: Facts, node: str, costs: tuple[float, float, float], source: str
) -> None:
    row = made.node(node)
    assert [row[f"{name}_cost"] for name in ("cpu", "ram", "gpu")] == pytest.approx(costs)
    assert row["rate_source"] == f"book/{source}"


@pytest.mark.parametrize("node", NODES)
def test_a_container_is_charged_the_rates_that_its_node_costs(made: Facts, node: str) -> None:
    row, held = made.node(node), made.container(f"on-{node}")
    # One of two cores, one of four GiB.
    assert held["cpu_cost"] == pytest.approx(row["cpu_cost"] / 2)
    assert held["ram_cost"] == pytest.approx(row["ram_cost"] / 4)
    assert row["cpu_allocated_cost"] + row["cpu_idle_cost"] == pytest.approx(row["cpu_cost"])


@pytest.mark.parametrize("node", NODES)
def test_cost_and_saving_are_the_cost_without_books(made: Facts, node: str) -> None:
    row, held = made.node(node), made.container(f"on-{node}")
    base = [row[f"{name}_cost"] + row[f"{name}_saving"] for name in ("cpu", "ram", "gpu")]
    assert base == pytest.approx([0.1, 0.024, 1.5])
    assert [held[f"{name}_cost"] + held[f"{name}_saving"] for name in ("cpu", "ram", "gpu")] == pytest.approx(
        [0.05, 0.006, 0.0]
    )


def test_cost_and_discount_are_kubecosts_documented_list_cost() -> None:
    # Kubecost's documented node: 30.939847 and 15.355342 before a discount of 0.198803, 37.091556 after.
    rule = Rule("documented", cpu=30.939847, ram=15.355342, discount=0.198803)
    tables = SampleTables(prices=Prices((PriceBook("seed", rules=(rule,)),)))
    tables.node(cores=1, gib=1)
    row = tables.facts().node()
    assert row["cpu_cost"] + row["ram_cost"] + row["gpu_cost"] == pytest.approx(37.091556, abs=2.4e-5)
    listed = [row[f"{name}_cost"] + row[f"{name}_discount"] for name in ("cpu", "ram")]
    assert listed == pytest.approx([30.939847, 15.355342])


def test_a_rule_holds_for_the_hours_that_begin_within_its_validity() -> None:
    rule = Rule("second", cpu=1.0, validity=Validity(START + HOUR, START + 2 * HOUR))
    tables = SampleTables(hours=3, prices=Prices((PriceBook("book", rules=(rule,)),)))
    tables.node(cores=1)
    made = tables.facts()
    assert [made.node(hour=hour)["rate_source"] for hour in range(3)] == ["metrics", "book/second", "metrics"]
    assert [made.node(hour=hour)["cpu_cost"] for hour in range(3)] == pytest.approx([0.03, 1.0, 0.03])


def of_type(made: Facts, kind: str) -> list[Row]:
    return sorted((row for row in made.asset if row["type"] == kind), key=lambda row: (row["start"], row["name"]))


def test_a_volume_costs_the_rate_of_its_storage_class() -> None:
    storage = (("gp*", 0.5), ("gp3", 0.1), ("gp3-*", 0.2))
    tables = SampleTables(prices=Prices((PriceBook("book", storage=storage),)))
    for storage_class in ("gp3", "gp3-io", "gp2", "slow"):
        tables.volume(f"pv-{storage_class}", storage_class, gib=10, rate=0.02, storageclass=storage_class)
    tables.node()
    tables.container("web")
    tables.mount("web", "gp3")
    made = tables.facts()
    rows = {row["name"]: row for row in of_type(made, "Disk")}
    # 10 GiB for an hour.
    costs = {"pv-gp3": 1.0, "pv-gp3-io": 2.0, "pv-gp2": 5.0, "pv-slow": 0.2}
    assert {name: row["pv_cost"] for name, row in rows.items()} == pytest.approx(costs)
    assert [row["pv_cost"] + row["pv_saving"] for row in rows.values()] == pytest.approx([0.2] * 4)
    assert [rows[name]["rate_source"] for name in ("pv-gp3", "pv-slow")] == ["book", "metrics"]
    held = {row["volume_name"]: row for row in made.volume}
    assert {name: row["cost"] for name, row in held.items()} == pytest.approx(costs)
    assert held["pv-gp3"]["pod"] == "web"
    assert made.container("web")["pv_cost"] == pytest.approx(1.0)


def test_load_balancers_and_management_cost_the_books_rates_by_the_hour() -> None:
    book = PriceBook("book", balancer=0.5, management=0.2, validity=Validity(START + HOUR))
    tables = SampleTables(hours=2, prices=Prices((book,)))
    tables.give("balancer_scrapes", 60, namespace="shop", service="web", uid="1")
    made = tables.facts()
    assert [row["lb_cost"] for row in of_type(made, "LoadBalancer")] == pytest.approx([0.025, 0.5])
    assert [row["rate_source"] for row in of_type(made, "LoadBalancer")] == ["default", "book"]
    # Nobody tells of a fee but the book.
    (fee,) = of_type(made, "ClusterManagement")
    assert (fee["start"], fee["management_cost"], fee["rate_source"]) == (START + HOUR, pytest.approx(0.2), "book")
    assert fee["management_saving"] == pytest.approx(-0.2)
    assert sorted(row["cost"] + row["saving"] for row in made.balancer) == pytest.approx([0.025, 0.025])


def test_a_fee_that_a_book_sets_to_0_is_known_to_be_saved() -> None:
    tables = SampleTables(prices=Prices((PriceBook("book", management=0.0),)))
    tables.give("management_rate", 0.1, provisioner_name="EKS")
    (fee,) = of_type(tables.facts(), "ClusterManagement")
    assert (fee["management_cost"], fee["management_saving"]) == (0.0, pytest.approx(0.1))


def test_traffic_costs_the_books_rates_by_where_it_goes() -> None:
    tables = one_pod()
    tables.prices = Prices((PriceBook("book", traffic=(("internet", 0.2), ("zone", 0.0))),))
    for kind in ("zone", "region", "internet"):
        give_egress(tables, "web", {-1: 0, 0: 3 * GIB}, kind=kind)
    made = tables.facts()
    row = made.container("web")
    # OpenCost's defaults for a GiB are 0.01, 0.01 and 0.12.
    assert [row[f"network_{kind}_cost"] for kind in ("zone", "region", "internet")] == pytest.approx([0.0, 0.03, 0.6])
    assert [row[f"network_{kind}_saving"] for kind in ("zone", "region", "internet")] == pytest.approx(
        [0.03, 0.0, -0.24]
    )
    (asset,) = of_type(made, "Network")
    assert (asset["network_cost"], asset["network_saving"]) == (pytest.approx(0.63), pytest.approx(-0.21))
