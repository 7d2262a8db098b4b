"""Questions answered from a filled store: whatever way they are cut, they come to the same."""

import math
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.errors import NoDataError, StoreError
from farthing.model.answer import Answer
from farthing.model.filter_parser import parse_filter
from farthing.model.question import ALLOCATION_PROPERTIES, Question, Shape, Sharing
from farthing.model.window import Window, rfc3339
from farthing.services.answer import Answerer
from farthing.store.days import Store
from farthing.store.reading import Reader
from farthing.store.workbench import Workbench
from tests.support.demo_store import DemoStore
from tests.support.fact_rows import CLUSTER, DAY, START, FactTables, container, keep, node, one_hour, seen

pytestmark = pytest.mark.slow

BY_NAMESPACE = Shape("allocation", ("namespace",))
AGGREGATES = [
    ("cluster",),
    ("namespace",),
    ("node", "controller"),
    ("controllerKind",),
    ("pod",),
    ALLOCATION_PROPERTIES,
]


def ask(demo: DemoStore, question: Question, *, detailed: bool = False) -> Answer:
    return demo.answerer().answer(question, demo.now, detailed=detailed)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    aggregate=st.sampled_from(AGGREGATES),
    step=st.sampled_from(["", "1h", "6h", "1d"]),
    accumulate=st.sampled_from(["true", "false", "day", "week", "hour"]),
    limit=st.sampled_from([0, 1, 7]),
)
def test_the_total_is_the_same_however_rows_are_formed_cut_joined_and_limited(
    demo: DemoStore, aggregate: tuple[str, ...], step: str, accumulate: str, limit: int
) -> None:
    whole = ask(demo, demo.question(BY_NAMESPACE, str(demo.window)))
    answer = ask(demo, demo.question(Shape("allocation", aggregate), str(demo.window), step, accumulate, limit))
    assert answer.total_cost == pytest.approx(whole.total_cost, rel=1e-9)
    assert dict(answer.sums) == pytest.approx(dict(whole.sums), rel=1e-9, abs=1e-9)
    if not limit:
        assert sum(row["total_cost"] for row in answer.rows) == pytest.approx(whole.total_cost, rel=1e-9)
        assert answer.rows_total == len(answer.rows)
    else:
        assert answer.rows_total >= len(answer.rows)
    assert answer.seen.complete


def test_what_workloads_hold_and_what_is_idle_is_what_the_assets_cost(demo: DemoStore) -> None:
    costs = ask(demo, demo.question(BY_NAMESPACE, str(demo.window)))
    assets = ask(demo, demo.question(Shape("asset", ("name",), idle=False), str(demo.window)))
    # What the tenants have in common: the control plane and the disks that nodes boot from.
    fee = assets.costs["management_cost"] + assets.costs["local_cost"]
    assert assets.costs["management_cost"] > 0
    assert assets.costs["local_cost"] > 0
    held = costs.total_cost - costs.total("overallocated_cost")
    assert held + fee == pytest.approx(assets.total_cost, rel=1e-9)
    overhead = replace(BY_NAMESPACE, sharing=Sharing(overhead=True))
    shared = ask(demo, demo.question(overhead, str(demo.window)))
    assert shared.total_cost == pytest.approx(costs.total_cost + fee, rel=1e-9)
    assert costs.total("idle_cost") == pytest.approx(assets.total("idle_cost"), rel=1e-9)
    assert costs.residual <= 1e-9


def test_without_idle_only_what_was_charged_counts(demo: DemoStore) -> None:
    with_idle = ask(demo, demo.question(BY_NAMESPACE, "yesterday"))
    without = ask(demo, demo.question(Shape("allocation", ("namespace",), idle=False), "yesterday"))
    assert without.total_cost == pytest.approx(with_idle.total_cost - with_idle.total("idle_cost"), rel=1e-9)
    assert [row["name"] for row in without.rows] == [row["name"] for row in with_idle.rows if not row["is_idle"]]


def test_a_piece_of_an_hour_comes_from_the_metrics(demo: DemoStore) -> None:
    hour = Window(demo.window.start + timedelta(hours=30), demo.window.start + timedelta(hours=31))
    middle = hour.start + timedelta(minutes=25)
    stored = ask(demo, demo.question(BY_NAMESPACE, str(hour)))
    halves = [
        ask(demo, demo.question(BY_NAMESPACE, str(one)))
        for one in (Window(hour.start, middle), Window(middle, hour.end))
    ]
    # Counted scrapes and the larger of requested and used differ a little when an hour is cut.
    assert sum(half.total_cost for half in halves) == pytest.approx(stored.total_cost, rel=0.01)
    assert [half.residual <= 1e-9 for half in halves] == [True, True]
    one = ask(demo, demo.question(BY_NAMESPACE, str(hour), step="25m", accumulate="false"))
    assert {row["set"] for row in one.rows} == {0, 1, 2}
    assert one.total_cost == pytest.approx(stored.total_cost, rel=0.02)


def test_a_piece_of_an_hour_knows_what_is_said_of_its_pods(demo: DemoStore) -> None:
    start = demo.window.start + timedelta(hours=30)
    teams = Shape("allocation", ("team",), idle=False, kept=parse_filter('label[team]!:"research"'))
    whole = ask(demo, demo.question(teams, f"{rfc3339(start)},{rfc3339(start + timedelta(hours=1))}"))
    # Two pieces of hours, and the whole hour between them.
    window = Window(start - timedelta(minutes=20), start + timedelta(minutes=80))
    pieces = ask(demo, demo.question(teams, str(window)))
    names = {row["name"] for row in whole.rows}
    assert {"storefront", "api-guild"} < names
    assert "research" not in names
    assert {row["name"] for row in pieces.rows} == names
    cost, before = ({row["name"]: row["total_cost"] for row in one.rows} for one in (pieces, whole))
    for name in ("storefront", "api-guild"):
        # 100 minutes for 60: nothing is counted twice, and nothing is missing.
        assert cost[name] == pytest.approx(before[name] * 100 / 60, rel=0.2)
    told = ask(demo, demo.question(Shape("allocation", idle=False), str(window)), detailed=True)
    assert {one["value"] for one in told.details["said"] if one["key"] == "team"} >= {"storefront", "api-guild"}


def test_costs_of_a_month_are_averages_over_the_sets(tmp_path: Path) -> None:
    store = Store(tmp_path)
    facts = FactTables(
        [container(hour, cpu_cost=cost) for hour, cost in ((0, 1.0), (1, 3.0))],
        [node(hour, cpu_cost=4.0, cpu_idle_cost=idle) for hour, idle in ((0, 3.0), (1, 1.0))],
    )
    keep(store, facts, seen(0, 1))
    one = [Window(DAY.start + timedelta(hours=hour), DAY.start + timedelta(hours=hour + 1)) for hour in (0, 1)]
    shape = Shape("allocation", ("pod",))
    for limit in (0, 1):
        question = Question(shape, DAY, ((one[0],), (one[1],)), limit, "monthly")
        # One hour and a half has passed: 1 + 3 of the container and 3 + 1 of idle, 8 in 1.5 h, as what is stored is whole.
        answer = asking(store).answer(question, START + 5400)
        assert answer.total_cost == pytest.approx(8 / 1.5 * 730)
        assert answer.total("idle_cost") == pytest.approx(4 / 1.5 * 730)
        assert [row["total_cost"] for row in answer.rows if not row["is_idle"]] == pytest.approx([730, 3 / 0.5 * 730])


def test_a_monthly_amount_is_itself_in_costs_of_a_month(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [container(cpu_cost=3.0), container(pod="db", namespace="data", cpu_cost=1.0)]
    keep(store, FactTables(rows, [node(cpu_cost=8.0, cpu_idle_cost=4.0)]), seen(0))
    hour = Window(DAY.start, DAY.start + timedelta(hours=1))
    shape = Shape("allocation", ("namespace",), sharing=Sharing(idle=True, monthly_cost=73.0))
    answer = asking(store).answer(Question(shape, hour, ((hour,),), 0, "monthly"), START + 3600, detailed=True)
    found = {
        row["name"]: (row["cpu_cost"], row["cpu_idle_cost"], row["shared_cost"], row["total_cost"])
        for row in answer.rows
    }
    # Idle is as much again as is charged; the amount goes 3:1.
    assert found["shop"] == pytest.approx((6 * 730, 3 * 730, 73 * 3 / 4, 6 * 730 + 73 * 3 / 4))
    assert found["data"] == pytest.approx((2 * 730, 730, 73 / 4, 2 * 730 + 73 / 4))
    assert answer.details["shared"] == [{"set": 0, "part": "shareCost", "cost": pytest.approx(73)}]
    assert (answer.costs["shared_cost"], answer.total_cost) == pytest.approx((73, 8 * 730 + 73))


def test_the_last_24_hours_end_now(demo: DemoStore) -> None:
    answer = ask(demo, demo.question(BY_NAMESPACE, "24h"))
    assert answer.question.window.end == datetime.fromtimestamp(demo.now, UTC)
    assert answer.seen.complete
    assert answer.seen.share == pytest.approx(1.0, abs=0.01)
    assert sum(one.seconds for one in answer.seen.coverage) == 24 * 3600


def test_without_metrics_a_piece_of_an_hour_is_refused_with_what_to_do(demo: DemoStore) -> None:
    question = demo.question(
        BY_NAMESPACE, f"{rfc3339(demo.window.start)},{rfc3339(demo.window.start + timedelta(minutes=5))}"
    )
    with pytest.raises(NoDataError, match="a part of an hour, which only Prometheus can tell: name it by --prometheus"):
        demo.answerer(with_source=False).answer(question, demo.now)


def test_a_window_before_everything_has_no_data(demo: DemoStore) -> None:
    with pytest.raises(NoDataError, match=r"nothing is stored for .* of cluster 'demo': 'farthing collect' fills it"):
        ask(demo, demo.question(BY_NAMESPACE, "1d offset 30d"))


def test_a_window_that_began_before_the_data_is_incomplete(demo: DemoStore) -> None:
    answer = ask(demo, demo.question(BY_NAMESPACE, "7d"))
    assert not answer.seen.complete
    assert len(answer.seen.unseen) == 24 * 5
    today = demo.window.end - timedelta(days=1)
    hours_today = math.ceil((demo.now - today.timestamp()) / 3600)
    assert answer.seen.hours_expected == 24 * 7 + hours_today


class Replaced:
    """A store whose day is replaced, as by another process, whenever somebody has learned of its files."""

    def __init__(self, store: Store, times: int) -> None:
        self.store, self.left, self.cost = store, times, 1.0

    def day(self, cluster: str, date: str) -> object:
        found = self.store.day(cluster, date)
        if self.left:
            self.left -= 1
            self.cost += 1
            keep(self.store, one_hour(self.cost), seen(0))
        return found

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


def asking(store: object) -> Answerer:
    return Answerer(None, store, Reader(), Workbench, CLUSTER, UTC)  # type: ignore[arg-type]


WHOLE_DAY = Question(Shape("allocation", ("pod",)), DAY, ((DAY,),))
LATER = START + 3600


def test_a_reader_that_lost_a_race_reads_what_replaced_the_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keep(store, one_hour(1.0), seen(0))
    answer = asking(Replaced(store, times=2)).answer(WHOLE_DAY, LATER)
    assert answer.total_cost == 2 * 3.0


def test_a_file_that_is_gone_for_good_is_an_error(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keep(store, one_hour(1.0), seen(0))
    for path in tmp_path.rglob("asset/*/*/*/*.parquet"):
        path.unlink()
    with pytest.raises(StoreError, match="is gone: run 'farthing collect' for that day"):
        asking(Store(tmp_path)).answer(WHOLE_DAY, LATER)


def test_readers_never_see_half_a_day_nor_fail_while_it_is_replaced(tmp_path: Path) -> None:
    store, done, failures = Store(tmp_path), threading.Event(), []
    keep(store, one_hour(1.0), seen(0))
    answerer = asking(Store(tmp_path))
    met: set[float] = set()

    def read() -> None:
        while not done.is_set():
            try:
                answer = answerer.answer(WHOLE_DAY, LATER)
                charged, idle = (answer.total(part) for part in ("cost", "idle_cost"))
                # The container of a day costs as much as what is idle in it; in two days' halves it would not.
                assert charged == idle
                met.add(charged)
            except Exception as error:  # noqa: BLE001 - told by the test below
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    cost = 1.0
    # Until the readers have met a number of days; a reader that failed meets no more.
    while len(met) < 8 and not failures:
        cost += 1
        keep(store, one_hour(cost), seen(0))
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_a_day_of_a_half_hour_zone_is_its_own_hours(demo: DemoStore) -> None:
    # The demo's store keeps hours that begin at half past.
    assert demo.window.start.minute == 30
    hourly = ask(demo, demo.question(BY_NAMESPACE, "yesterday", step="1h", accumulate="false"))
    assert len(hourly.question.sets) == 24
    assert hourly.seen.complete
    assert all(one.start % 3600 == 1800 for one in hourly.seen.coverage)


def test_sets_may_have_gaps(tmp_path: Path) -> None:
    store = Store(tmp_path)
    hours = [0, 1, 2, 3]
    facts = FactTables(
        [container(hour, cpu_cost=float(10**hour)) for hour in hours], [node(hour, cpu_cost=2.0) for hour in hours]
    )
    keep(store, facts, seen(*hours))
    one = [Window(DAY.start + timedelta(hours=hour), DAY.start + timedelta(hours=hour + 1)) for hour in hours]
    question = Question(Shape("allocation", ("pod",), idle=False), DAY, ((one[0], one[2]), (one[1], one[3])))
    answer = asking(store).answer(question, START + 4 * 3600)
    assert [(row["set"], row["total_cost"]) for row in answer.rows] == [(0, 101.0), (1, 1010.0)]
