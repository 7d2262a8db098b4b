"""What a run of a report says, keeps and hides."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from farthing.errors import AnswerTooLargeError, FarthingError, MetricsRefusedError
from farthing.model.answer import Answer
from farthing.model.question import Question, Shape
from farthing.resources.conditions import DATA_COMPLETE, READY, STALLED, condition_of
from farthing.resources.parsing import Report, parse_report
from farthing.services.answer import Answerer
from farthing.services.reports import TOLD_TENANTS, ReportService
from farthing.services.scope import ReportScopes
from farthing.services.shared import MOST_KEPT_ROWS, SharedAnswers
from tests.support.demo_store import CLUSTER, DemoStore

pytestmark = pytest.mark.slow

SYSTEM = "farthing-system"


@dataclass
class Faulty:
    """An answerer that raises ``fault`` while there is one, and else answers from the demo's store."""

    real: Answerer
    fault: Exception | None = None
    asked: list[Question] = field(default_factory=list)

    @property
    def zone(self) -> Any:
        return self.real.zone

    def answer(self, question: Question, now: int, *, detailed: bool = False) -> Answer:
        self.asked.append(question)
        if self.fault is not None:
            raise self.fault
        return self.real.answer(question, now, detailed=detailed)


@pytest.fixture
def answerer(demo: DemoStore) -> Faulty:
    return Faulty(demo.answerer())


@pytest.fixture
def service(answerer: Any) -> ReportService:
    return ReportService(answerer, ReportScopes(frozenset({SYSTEM})))


def report(namespace: str = SYSTEM, kind: str = "CostReport", **spec: Any) -> Report:
    metadata = {"name": "costs", "namespace": namespace, "generation": 1}
    spec = {"window": "yesterday", "aggregate": ["controller"], **spec}
    return parse_report({"apiVersion": "farthing.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})


def after(service: ReportService, one: Report, now: float) -> Report:
    """``one`` with the status of a run."""
    return one.model_copy(update={"status": service.run(one, now).status})


def reason(one: Report, kind: str) -> str:
    found = condition_of(one.status.conditions, kind)
    return f"{found.status}/{found.reason}" if found else ""


def test_a_run_that_was_killed_is_made_again_at_once_and_says_nothing_of_its_data(
    service: ReportService, demo: DemoStore
) -> None:
    done = after(service, report(schedule="0 6 1 * *"), demo.now)
    assert done.status.next_run_time is not None
    edited = done.model_copy(update={"metadata": done.metadata.model_copy(update={"generation": 2})})
    begun = service.begin(edited, demo.now)
    killed = edited.model_copy(update={"status": begun})
    assert (reason(killed, READY), reason(killed, DATA_COMPLETE)) == ("Unknown/Computing", "Unknown/NotKnown")
    assert service.next_run(killed, demo.now + 60) == demo.now + 60


def test_a_fault_of_the_program_is_told_in_the_status_and_tried_again(
    service: ReportService, answerer: Faulty, demo: DemoStore
) -> None:
    answerer.fault = ZeroDivisionError("secret of ours")
    failed = after(service, report(), demo.now)
    assert reason(failed, READY) == "False/InternalError"
    assert "ZeroDivisionError" in failed.status.conditions[0].message
    assert "secret" not in failed.status.model_dump_json()
    assert service.next_run(failed, demo.now) == demo.now + 30
    answerer.fault = None
    assert reason(after(service, failed, demo.now + 30), READY) == "True/ReportComputed"


def test_a_tenant_is_not_told_what_other_systems_answer(
    service: ReportService, answerer: Faulty, demo: DemoStore
) -> None:
    answerer.fault = MetricsRefusedError('found duplicate series {namespace="team-b", pod="secret-project-1"}')
    theirs, ours = (service.run(report(namespace), demo.now) for namespace in ("team-a", SYSTEM))
    assert TOLD_TENANTS in theirs.status.conditions[0].message
    assert theirs.event is not None
    assert "team-b" not in theirs.status.model_dump_json() + theirs.event.message
    assert theirs.status.conditions[0].reason == ours.status.conditions[0].reason == "PrometheusRefused"
    assert "team-b" in ours.status.conditions[0].message


def test_a_tenant_is_not_told_why_collecting_fails(demo: DemoStore) -> None:
    trouble = MetricsRefusedError("user team-b has no rights")
    # Nothing was collected after the last hour, so that today lacks data.
    late = demo.now + 3 * 3600
    service = ReportService(demo.answerer(), ReportScopes(frozenset({SYSTEM})), trouble=lambda: trouble)
    told = {one: after(service, report(one, window="today"), late).status.model_dump_json() for one in (SYSTEM, "shop")}
    assert "team-b" in told[SYSTEM]
    assert "team-b" not in told["shop"]
    assert TOLD_TENANTS in told["shop"]


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"idle": True}, "idle"),
        ({"splitIdle": True}, "splitIdle"),
        ({"splitIdle": True, "idleByNode": True}, "splitIdle"),
    ],
)
def test_a_tenant_that_asks_for_idle_in_any_way_is_refused(
    service: ReportService, demo: DemoStore, spec: dict[str, bool], named: str
) -> None:
    refused = after(service, report("team-a", **spec), demo.now)
    assert reason(refused, STALLED) == "True/ScopeDenied"
    assert f"leave {named} out" in refused.status.conditions[0].message


def test_a_tenant_sees_its_disks_and_load_balancers_and_nothing_else(service: ReportService, demo: DemoStore) -> None:
    everything = service.run(report(kind="AssetReport", aggregate=[]), demo.now)
    rows = [row for one in everything.documents or () for row in json.loads(one.data["rows.json"])]
    claimed = {row["volumeName"] for row in rows if row.get("claimNamespace") == "ml"}
    mine = service.run(report("ml", "AssetReport", aggregate=[]), demo.now)
    told = {row["name"] for one in mine.documents or () for row in json.loads(one.data["rows.json"])}
    assert claimed
    assert told == {f"Disk/{name}" for name in claimed}
    foreign = {row["properties"]["providerID"] for row in rows if "providerID" in row["properties"]}
    foreign |= {row["properties"]["name"] for row in rows if "name" in row["properties"]} - claimed
    # The fee's asset is called as the service is that all assets of a cluster belong to.
    foreign = (foreign | {"AWS", CLUSTER}) - {"Kubernetes"}
    shown = mine.status.model_dump_json() + repr(mine.documents)
    assert [one for one in foreign if one in shown] == []
    assert mine.status.residual is None


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"aggregate": ["type", "provider"]}, "aggregate 'provider' would tell of the cluster"),
        ({"aggregate": ["providerid"]}, "aggregate 'providerID' would tell of the cluster"),
        ({"aggregate": ["region"]}, "aggregate 'region' would tell of the cluster"),
        ({"aggregate": [], "filter": 'name:"a"|account:"1"'}, "a filter by account would tell of the cluster"),
        ({"aggregate": [], "filter": 'cluster!:"x"'}, "a filter by cluster would tell of the cluster"),
    ],
)
def test_assets_of_others_are_refused_to_a_tenant_in_any_way(
    service: ReportService, demo: DemoStore, spec: dict[str, Any], sentence: str
) -> None:
    refused = after(service, report("ml", "AssetReport", **spec), demo.now)
    assert reason(refused, STALLED) == "True/ScopeDenied"
    assert sentence in refused.status.conditions[0].message


def test_what_a_namespace_may_see_is_looked_at_again_when_that_changes(service: ReportService, demo: DemoStore) -> None:
    asks_for_nodes, asks_for_its_own = report("team-a", aggregate=["node"]), report("shop")
    wide = ReportService(service.answerer, ReportScopes(frozenset({"team-a", "shop"})))

    denied = after(service, asks_for_nodes, demo.now)
    assert reason(denied, STALLED) == "True/ScopeDenied"
    assert service.next_run(denied, demo.now) is None
    assert wide.next_run(denied, demo.now) == demo.now

    allowed = after(wide, denied, demo.now)
    assert reason(allowed, READY) == "True/ReportComputed"
    assert wide.next_run(allowed, demo.now) is None
    assert service.next_run(allowed, demo.now) == demo.now
    taken = service.run(allowed, demo.now)
    assert taken.documents == ()
    assert taken.status.totals is None
    assert taken.status.config_maps == ()

    of_all, of_its_own = after(wide, asks_for_its_own, demo.now), after(service, asks_for_its_own, demo.now)
    assert of_all.status.rows_total > of_its_own.status.rows_total
    assert service.next_run(of_all, demo.now) == wide.next_run(of_its_own, demo.now) == demo.now
    assert service.next_run(of_its_own, demo.now) is wide.next_run(of_all, demo.now) is None


def test_a_report_without_a_rhythm_that_comes_to_the_same_is_not_written_again(
    service: ReportService, demo: DemoStore
) -> None:
    once, hourly = (after(service, report(**rhythm), demo.now) for rhythm in ({}, {"interval": "1h"}))
    assert service.run(once, demo.now + 600).status is once.status
    assert service.run(hourly, demo.now + 600).status.last_run_time > hourly.status.last_run_time


def test_a_report_whose_data_lacks_something_says_so_where_it_says_its_cost(demo: DemoStore) -> None:
    service = ReportService(demo.answerer(), ReportScopes(frozenset({SYSTEM})))
    whole = after(service, report(), demo.now)
    lacking = after(service, report(window="today"), demo.now + 3 * 3600)
    assert "too low" not in condition_of(whole.status.conditions, READY).message
    assert "USD; too low: " in condition_of(lacking.status.conditions, READY).message


def test_too_many_rows_are_refused_and_tried_again_when_they_may_be_fewer(
    service: ReportService, demo: DemoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farthing.store.reading.MOST_ROWS", 10)
    many = report(aggregate=[])
    failed = after(service, many, demo.now)
    assert reason(failed, READY) == f"False/{AnswerTooLargeError.reason}"
    assert "more than 10 rows" in failed.status.conditions[0].message
    assert service.next_run(failed, demo.now) is not None
    limited = after(service, report(aggregate=[], limit=5, idle=False), demo.now)
    assert reason(limited, READY) == "True/ReportComputed"
    assert reason(after(service, report(aggregate=[], limit=11, idle=False), demo.now), READY).startswith("False")


def test_equal_questions_at_once_are_answered_once_and_others_do_not_wait(demo: DemoStore) -> None:
    may_end, begun = threading.Event(), threading.Event()
    shared, counted = SharedAnswers(), []
    slow = question(demo, "yesterday")
    answer = demo.answerer().answer(slow, demo.now)

    def compute() -> Answer:
        counted.append(slow)
        begun.set()
        assert may_end.wait(20)
        return answer

    found: list[Answer] = []
    threads = [threading.Thread(target=lambda: found.append(shared.answer(slow, 1, compute))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    assert shared.answer(question(demo, "today"), 1, lambda: answer) is answer
    may_end.set()
    for thread in threads:
        thread.join()
    assert found == [answer] * 3
    assert len(counted) == 1


def test_an_answer_lives_as_long_as_the_stores_version_and_a_failure_not_at_all(demo: DemoStore) -> None:
    shared, one = SharedAnswers(), question(demo, "yesterday")
    answer = demo.answerer().answer(one, demo.now)

    def fail() -> Answer:
        raise FarthingError("not now")

    with pytest.raises(FarthingError, match="not now"):
        shared.answer(one, 1, fail)
    assert shared.answer(one, 1, lambda: answer) is answer
    assert shared.answer(one, 1, fail) is answer
    with pytest.raises(FarthingError, match="not now"):
        shared.answer(one, 2, fail)


def test_the_oldest_answers_make_room_for_newer_ones(demo: DemoStore) -> None:
    shared, calls = SharedAnswers(), []
    questions = [question(demo, "yesterday", limit) for limit in range(1, 4)]
    small = demo.answerer().answer(questions[0], demo.now)
    # Its sets and hours take room, too.
    beside = small.size - len(small.rows)
    half = replace(small, rows=[{}] * (MOST_KEPT_ROWS // 2 - beside))
    assert half.size == MOST_KEPT_ROWS // 2

    def compute(of: Question) -> Callable[[], Answer]:
        def counted() -> Answer:
            calls.append(of.limit)
            return half

        return counted

    for one in (*questions, questions[2], questions[1], questions[0]):
        shared.answer(one, 1, compute(one))
    # The third made the first leave, and nothing else.
    assert calls == [1, 2, 3, 1]


def question(demo: DemoStore, window: str, limit: int = 0) -> Question:
    return demo.question(Shape("allocation", ("namespace",)), window, limit=limit)
