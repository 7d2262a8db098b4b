"""C7: what load balancers cost, and whose containers are behind them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.source import DemoSource
from tests.support.measuring import facts_of
from tests.support.network_tables import give_balancer, give_rate, give_service, kept
from tests.support.sample_tables import CLUSTER, HOUR, START, Facts, Row, SampleTables, uid_of

pytestmark = pytest.mark.slow

DEFAULT = 0.025


def balancers(made: Facts) -> list[Row]:
    return sorted(
        (row for row in made.asset if row["type"] == "LoadBalancer"), key=lambda row: (row["start"], row["name"])
    )


def charged(made: Facts, hour: int = 0) -> dict[tuple[str, str], float]:
    """Cost of load balancers by pod and container."""
    rows = [row for row in made.allocation if row["start"] == START + hour * HOUR and row["lb_cost"]]
    return {(row["pod"], row["container"]): row["lb_cost"] for row in rows}


def two_pods() -> SampleTables:
    tables = SampleTables()
    tables.node()
    tables.container("long", started=-9000)
    tables.container("short", seen=20, started=-9000, completed={0: 1200})
    give_service(tables, "web", ("long", "short"))
    return tables


def test_the_pods_behind_it_share_it_by_how_long_they_ran() -> None:
    tables = two_pods()
    give_balancer(tables, "web", rate=0.04)
    made = tables.facts()
    # 3600 and 1200 s: three parts and one.
    assert charged(made) == {("long", "main"): pytest.approx(0.03), ("short", "main"): pytest.approx(0.01)}
    (asset,) = balancers(made)
    told = ("name", "category", "rate_source", "run_seconds", "run_start")
    assert [asset[one] for one in told] == ["shop/web", "Network", "metrics", HOUR, START]
    assert asset["lb_cost"] == pytest.approx(0.04)


def test_every_container_of_a_pod_behind_it_has_its_share() -> None:
    tables = two_pods()
    tables.container("long", "side", seen=40, started=1200)
    give_balancer(tables, "web", rate=0.03)
    # 3600, 2400 and 1200 s.
    shares = {("long", "main"): 0.015, ("long", "side"): 0.01, ("short", "main"): 0.005}
    assert charged(tables.facts()) == {key: pytest.approx(value) for key, value in shares.items()}


def test_without_a_rate_the_default_is_taken() -> None:
    tables = two_pods()
    give_balancer(tables, "web")
    (asset,) = balancers(tables.facts())
    assert (asset["lb_cost"], asset["rate_source"]) == (pytest.approx(DEFAULT), "default")


def test_other_services_cost_nothing() -> None:
    tables = two_pods()
    made = tables.facts()
    assert (balancers(made), charged(made)) == ([], {})


def test_without_pods_it_is_charged_once_to_nobody_in_its_namespace() -> None:
    tables = two_pods()
    give_balancer(tables, "idle", rate=0.05)
    rows = kept(tables, "balancer")
    made = tables.facts()
    assert charged(made) == {("__unmounted__", "__unmounted__"): pytest.approx(0.05)}
    (row,) = rows
    told = ("cluster", "namespace", "pod", "uid", "container", "node", "controller", "service", "address")
    assert [row[one] for one in told] == [
        CLUSTER, "shop", "__unmounted__", "", "__unmounted__", "", "", "idle", "203.0.113.7",
    ]  # fmt: skip
    (unmounted,) = [one for one in made.allocation if one["pod"] == "__unmounted__"]
    assert (unmounted["cpu_cost"], unmounted["run_seconds"], unmounted["run_start"]) == (0, HOUR, START)


def test_two_balancers_without_pods_are_one_row_of_their_namespace() -> None:
    tables = SampleTables()
    give_balancer(tables, "one", rate=0.05)
    give_balancer(tables, "two", rate=0.02, uid="u-2")
    made = tables.facts()
    assert charged(made) == {("__unmounted__", "__unmounted__"): pytest.approx(0.07)}
    assert [row["name"] for row in balancers(made)] == ["shop/one", "shop/two"]


def test_in_an_hour_in_which_no_pod_ran_it_is_nobodys() -> None:
    tables = SampleTables(hours=2)
    tables.node()
    tables.container("web", seen={0: 60, 1: 0})
    give_service(tables, "web", ("web",))
    give_balancer(tables, "web", rate=0.04)
    made = tables.facts()
    assert list(charged(made, 0)) == [("web", "main")]
    assert list(charged(made, 1)) == [("__unmounted__", "__unmounted__")]


@pytest.mark.parametrize("scrapes", [60, None])
def test_a_service_with_two_addresses_at_once_halves_no_other_and_is_there_once(scrapes: int | None) -> None:
    tables = SampleTables()
    if scrapes is not None:
        tables.give("exporter_scrapes", scrapes)
    for address in ("203.0.113.7", "2001:db8::7"):
        give_rate(tables, "dual", 0.04, address=address)
    give_rate(tables, "single", 0.1)
    costs = {row["name"]: (row["run_seconds"], row["lb_cost"]) for row in balancers(tables.facts())}
    assert costs == {"shop/dual": (HOUR, pytest.approx(0.04)), "shop/single": (HOUR, pytest.approx(0.1))}


def test_who_is_behind_it_in_one_hour_pays_nothing_in_another() -> None:
    def paid(hours: int, **behind: dict[int, float]) -> dict[str, float]:
        tables = SampleTables(hours=hours)
        tables.node()
        give_balancer(tables, "web", rate=0.04)
        for pod in ("blue", "green"):
            tables.container(pod, started=-9000)
            give_service(tables, "web", (pod,), hours=behind[pod])
        costs: dict[str, float] = {}
        for row in kept(tables, "balancer"):
            costs[row["pod"]] = costs.get(row["pod"], 0.0) + row["cost"]
        return costs

    # Both run all the time; blue is behind in the first hour, both in the second, green in the third.
    at_once = paid(3, blue={0: 1, 1: 1}, green={1: 1, 2: 1})
    assert at_once == {"blue": pytest.approx(0.04 + 0.02), "green": pytest.approx(0.02 + 0.04)}
    by_the_hour = [paid(1, blue={0: 1}, green={}), paid(1, blue={0: 1}, green={0: 1}), paid(1, blue={}, green={0: 1})]
    for pod, cost in at_once.items():
        assert sum(one.get(pod, 0.0) for one in by_the_hour) == pytest.approx(cost)


def test_a_pod_behind_two_balancers_pays_for_both() -> None:
    tables = two_pods()
    give_service(tables, "api", ("long",))
    give_balancer(tables, "web", rate=0.04)
    give_balancer(tables, "api", rate=0.1, uid="u-2")
    rows = {(row["service"], row["pod"]): row["cost"] for row in kept(tables, "balancer")}
    costs = {("web", "long"): 0.03, ("web", "short"): 0.01, ("api", "long"): 0.1}
    assert rows == {key: pytest.approx(cost) for key, cost in costs.items()}
    assert charged(tables.facts())["long", "main"] == pytest.approx(0.13)


@pytest.mark.parametrize(
    ("seen", "created", "run", "begin"),
    [
        pytest.param(60, -5000, 3600, 0, id="all-the-hour"),
        pytest.param(25, -5000, 1500, 0, id="deleted-in-mid-hour-is-counted"),
        pytest.param(39, 1234, 2366, 1234, id="created-in-mid-hour-is-exact"),
        pytest.param(10, 1234, 600, 1234, id="created-and-deleted-is-counted"),
        pytest.param(25, None, 1500, 0, id="nobody-knows-since-when"),
    ],
)
def test_it_costs_as_long_as_it_was_there(seen: int, created: float | None, run: float, begin: float) -> None:
    tables = two_pods()
    give_balancer(tables, "web", seen=seen, created=created, rate=0.36)
    made = tables.facts()
    (asset,) = balancers(made)
    assert (asset["run_seconds"], asset["run_start"] - START) == (run, begin)
    assert asset["lb_cost"] == pytest.approx(run / HOUR * 0.36)
    assert sum(charged(made).values()) == pytest.approx(asset["lb_cost"], rel=1e-9)


def test_of_the_newest_hour_only_what_has_passed_costs() -> None:
    tables = SampleTables(seconds=900, scrapes=15)
    give_balancer(tables, "web", seen=15, created=-5000, rate=0.4)
    (asset,) = balancers(tables.facts())
    assert asset["lb_cost"] == pytest.approx(0.1)


def test_a_service_made_anew_under_its_name_is_one_balancer() -> None:
    tables = SampleTables()
    give_balancer(tables, "web", seen=20, created=-5000, uid="u-old")
    give_balancer(tables, "web", seen=30, created=1800, uid="u-new", rate=0.36)
    (asset,) = balancers(tables.facts())
    assert (asset["run_seconds"], asset["lb_cost"]) == (3000, pytest.approx(0.3))


def test_a_balancer_that_only_its_price_tells_of_costs_as_long_as_the_exporter_showed_it() -> None:
    tables = two_pods()
    # The exporter is scraped every two minutes.
    tables.give("exporter_scrapes", 30)
    give_rate(tables, "web", 0.4, seen=15)
    made = tables.facts()
    (asset,) = balancers(made)
    assert (asset["run_seconds"], asset["lb_cost"]) == (1800, pytest.approx(0.2))
    assert charged(made)["long", "main"] == pytest.approx(0.15)


def test_a_balancer_whose_address_changed_is_one_at_the_mean_rate() -> None:
    tables = two_pods()
    give_balancer(tables, "web")
    give_rate(tables, "web", 0.02, seen=15, address="203.0.113.7")
    give_rate(tables, "web", 0.06, seen=45, address="203.0.113.8")
    (row, *_) = kept(tables, "balancer")
    (asset,) = balancers(tables.facts())
    # A quarter of the hour at 0.02, the rest at 0.06.
    assert asset["lb_cost"] == pytest.approx(0.05)
    assert row["address"] == "203.0.113.8"


few = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@few
@given(
    pods=st.lists(st.tuples(st.integers(0, 60), st.sets(st.sampled_from("abc"))), max_size=5),
    there=st.dictionaries(
        st.sampled_from("abcd"), st.tuples(st.integers(0, 60), st.none() | st.floats(0.0001, 100)), max_size=4
    ),
)
def test_what_is_charged_for_load_balancers_is_what_they_cost(
    pods: list[tuple[int, set[str]]], there: dict[str, tuple[int, float | None]]
) -> None:
    tables = SampleTables(hours=2, seconds=1500)
    for index, (seen, services) in enumerate(pods):
        tables.container(f"pod-{index}", seen={0: seen, 1: seen // 3}, uid=uid_of(f"pod {index}"))
        for service in services:
            give_service(tables, service, (f"pod-{index}",))
    for service, (seen, rate) in there.items():
        give_balancer(tables, service, seen={0: seen, 1: seen // 4}, rate=rate)
    made = tables.facts()
    for hour in (0, 1):
        cost = sum(row["lb_cost"] for row in balancers(made) if row["start"] == START + hour * HOUR)
        assert sum(charged(made, hour).values()) == pytest.approx(cost, rel=1e-9)
    paid: dict[tuple[int, str], float] = {}
    for row in kept(tables, "balancer"):
        key = row["start"], f"shop/{row['service']}"
        paid[key] = paid.get(key, 0.0) + row["cost"]
    costs = {(row["start"], row["name"]): row["lb_cost"] for row in balancers(made)}
    assert paid == {key: pytest.approx(cost, rel=1e-9) for key, cost in costs.items()}


@pytest.mark.slow
def test_two_scrapers_of_everything_double_no_balancer_no_fee_and_no_traffic() -> None:
    cluster = demo_cluster(START, START + 3 * HOUR)
    twice = Scraping(duplicate_scraper=True, state_replicas=2)
    one, two = (facts_of(DemoSource(cluster, scraping), START, START + 3 * HOUR) for scraping in (Scraping(), twice))
    for kind in ("LoadBalancer", "ClusterManagement"):
        costs = [
            sorted(row["lb_cost"] + row["management_cost"] for row in made.asset if row["type"] == kind)
            for made in (one, two)
        ]
        assert costs[0]
        assert costs[0] == pytest.approx(costs[1])
    for column in ("network_internet_cost", "network_transfer_bytes"):
        assert one.total(column) == pytest.approx(two.total(column), rel=0.01)
