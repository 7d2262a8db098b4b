"""Bills in answers: imported once or twice they adjust the same, of days and of hours; without one nothing changes."""

import json
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from farthing.errors import AnswerTooLargeError, StoreCorruptError
from farthing.model.question import Question, Shape
from farthing.model.window import Window
from farthing.resources.parsing import parse_report
from farthing.resources.status import CostReportStatus
from farthing.services.answer import Answerer
from farthing.services.reports import ReportService
from farthing.services.scope import ReportScopes
from farthing.settings import OperatorSettings, Settings
from farthing.store.bills import Bills
from farthing.store.days import Store
from farthing.store.focus import reading
from farthing.store.reading import Reader
from farthing.store.workbench import Workbench
from farthing.wiring import operator_services, prometheus
from tests.support.fact_rows import CLUSTER, DAY, START, FactTables, container, keep, node, seen
from tests.support.focus_files import as_csv, charge

BY_NAMESPACE = Shape("allocation", ("namespace",))
BY_TYPE = Shape("asset", ("type",))
LATER = START + 3 * 86400


@pytest.fixture
def bills(tmp_path: Path) -> Bills:
    """A store of a day of which two hours are known: in each web holds half of node-a, which costs 2."""
    hours = (0, 1)
    held = [container(hour, cpu_cost=1.0) for hour in hours]
    nodes = [node(hour, cpu_cost=2.0, cpu_allocated_cost=1.0, cpu_idle_cost=1.0) for hour in hours]
    keep(Store(tmp_path / "store"), FactTables(held, nodes), seen(*hours))
    return Bills(tmp_path / "store")


def imported(bills: Bills, *rows: dict[str, str], now: int = LATER) -> None:
    path = as_csv(bills.root.parent / "bill.csv", rows)
    with bills.writing(), reading([path], "USD", UTC) as found:
        bills.keep(found, "USD", now)


def asking(bills: Bills) -> Answerer:
    return Answerer(None, Store(bills.root), Reader(), Workbench, CLUSTER, UTC, bills)


def question(shape: Shape, window: Window = DAY) -> Question:
    return Question(shape, window, ((window,),))


FIRST_HOUR = Window(DAY.start, DAY.start + timedelta(hours=1))


def test_an_answer_tells_how_much_bills_tell_of_it(bills: Bills) -> None:
    imported(
        bills, charge("i-a", 6.0), charge("arn:aws:s3:::b", 24.0, ServiceName="AmazonS3", ServiceCategory="Storage")
    )
    answer = asking(bills).answer(question(BY_NAMESPACE), LATER)
    # Two hours at 2 are 4 by list; 6 by the bill: half as much again, for web as for what is idle.
    assert (answer.total_cost, answer.adjustment, answer.billed_cost) == (6.0, 2.0, 6.0)
    assert {row["name"]: row["total_cost"] for row in answer.rows} == {"shop": 3.0, "__idle__": 3.0}
    assets = asking(bills).answer(question(BY_TYPE), LATER)
    assert {row["name"]: row["total_cost"] for row in assets.rows} == {"Node": 6.0, "Cloud": 24.0}
    assert (assets.total_cost, assets.adjustment, assets.billed_cost) == (30.0, 2.0, 30.0)


def test_an_hour_of_the_day_changes_by_the_ratio_of_the_day(bills: Bills) -> None:
    imported(bills, charge("i-a", 6.0), charge("bucket", 24.0))
    answer = asking(bills).answer(question(BY_NAMESPACE, FIRST_HOUR), LATER)
    assert (answer.total_cost, answer.adjustment) == (3.0, 1.0)
    assets = asking(bills).answer(question(BY_TYPE, FIRST_HOUR), LATER)
    # An hour is a 24th of the day, of what is no asset of the cluster too.
    assert {row["name"]: row["total_cost"] for row in assets.rows} == {"Node": 3.0, "Cloud": 1.0}


def test_a_bill_applied_twice_equals_once(bills: Bills) -> None:
    rows = charge("i-a", 5.1), charge("i-a", -0.7, ChargeCategory="Credit")
    imported(bills, *rows)
    answerer = asking(bills)
    once = answerer.answer(question(BY_NAMESPACE), LATER)
    imported(bills, *rows)
    assert answerer.answer(question(BY_NAMESPACE), LATER).rows == once.rows
    assert asking(bills).answer(question(BY_NAMESPACE), LATER).rows == once.rows


def test_a_late_bill_and_its_removal_are_in_the_next_answer(bills: Bills) -> None:
    answerer, asked = asking(bills), question(BY_NAMESPACE)
    imported(bills, charge("i-a", 6.0))
    assert answerer.answer(asked, LATER).total_cost == 6.0
    imported(bills, charge("i-a", 8.0))
    assert answerer.answer(asked, LATER).total_cost == 8.0
    with bills.writing():
        bills.remove(bills.all()[0].id)
    assert answerer.answer(asked, LATER).total_cost == 4.0


def test_a_day_that_was_not_over_when_its_bill_came_stays_at_list_price(bills: Bills) -> None:
    answerer, noon = asking(bills), START + 43_200
    rows = charge("i-a", 1.5), charge("bucket", 24.0)
    imported(bills, *rows, now=noon)
    # Half of the day is on the bill: 1.5 is no correction of the 4 of the list. Of the bucket nothing else is known.
    assert answerer.answer(question(BY_NAMESPACE), LATER).total_cost == 4.0
    assets = answerer.answer(question(BY_TYPE), LATER)
    assert {row["name"]: row["total_cost"] for row in assets.rows} == {"Node": 4.0, "Cloud": 24.0}
    imported(bills, charge("i-a", 3.0), rows[1], now=LATER)
    assert answerer.answer(question(BY_NAMESPACE), LATER).total_cost == 3.0


def test_a_correction_waits_for_the_bill_that_it_corrects(bills: Bills) -> None:
    december = {"BillingPeriodStart": "2026-12-01T00:00:00Z", "BillingPeriodEnd": "2027-01-01T00:00:00Z"}
    imported(bills, charge("i-a", -0.5, ChargeClass="Correction", **december), now=START + 33 * 86400)
    answerer = asking(bills)
    assert answerer.answer(question(BY_NAMESPACE), LATER).total_cost == 4.0
    imported(bills, charge("i-a", 6.0), now=START + 33 * 86400)
    answer = answerer.answer(question(BY_NAMESPACE), LATER)
    # 6 of November's bill less 0.5 of December's; 4 by list.
    assert (answer.total_cost, answer.adjustment) == (5.5, 1.5)


def test_without_a_bill_or_without_reconciling_all_is_at_list_price(bills: Bills) -> None:
    plain = asking(bills).answer(question(BY_NAMESPACE), LATER)
    imported(bills, charge("i-a", 6.0))
    off = asking(bills).answer(question(replace(BY_NAMESPACE, reconcile=False)), LATER)
    assert (plain.total_cost, plain.adjustment, plain.billed_cost) == (4.0, 0.0, 0.0)
    assert off.rows == plain.rows
    assert (off.total_cost, off.adjustment, off.billed_cost) == (4.0, 0.0, 0.0)


def test_without_reconciling_a_damaged_bill_does_not_matter(bills: Bills) -> None:
    imported(bills, charge("i-a", 6.0))
    (path,) = bills.root.rglob("bill/*/*.parquet")
    path.write_bytes(b"PAR1")
    assert asking(bills).answer(question(replace(BY_NAMESPACE, reconcile=False)), LATER).total_cost == 4.0
    with pytest.raises(StoreCorruptError, match="import it again"):
        asking(bills).answer(question(BY_NAMESPACE), LATER)


def test_external_costs_are_part_of_the_total(bills: Bills) -> None:
    imported(bills, charge("i-a", 6.0), charge("bucket", 24.0, Tags='{"kubernetes_namespace":"shop"}'))
    answer = asking(bills).answer(question(replace(BY_NAMESPACE, external=True)), LATER)
    assert (answer.total_cost, answer.costs["external_cost"], answer.adjustment, answer.billed_cost) == (
        30.0,
        24.0,
        2.0,
        30.0,
    )


def test_a_limit_does_not_make_rows_for_external_costs_fewer(bills: Bills, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(bills, charge("bucket", 24.0, Tags='{"kubernetes_namespace":"shop"}'))
    asked = question(replace(BY_NAMESPACE, external=True))
    monkeypatch.setattr("farthing.store.reading.MOST_ROWS", 1)
    with pytest.raises(AnswerTooLargeError, match="go to at most 1 rows, whatever the limit"):
        asking(bills).answer(replace(asked, limit=1), LATER)


def test_a_tenant_pays_what_bills_make_of_its_costs(bills: Bills) -> None:
    imported(bills, charge("i-a", 6.0), charge("bucket", 24.0))
    answer = asking(bills).answer(question(Shape("allocation", ("pod",), idle=False, namespaces=("shop",))), LATER)
    assert (answer.total_cost, answer.adjustment) == (3.0, 1.0)


def test_a_late_bill_shows_as_a_revision_of_a_report(bills: Bills) -> None:
    system = "farthing-system"
    service = ReportService(asking(bills), ReportScopes(frozenset({system})), version=bills.version)
    one = parse_report(
        {
            "apiVersion": "farthing.dev/v1alpha1", "kind": "CostReport",
            "metadata": {"name": "costs", "namespace": system, "generation": 1},
            "spec": {"window": "2026-11-17T00:00:00Z,2026-11-18T00:00:00Z"},
        }
    )  # fmt: skip
    for cost in (0.0, 6.0, 8.0):
        if cost:
            imported(bills, charge("i-a", cost))
        outcome = service.run(one, LATER)
        one = one.model_copy(update={"status": outcome.status})
    status = one.status
    assert outcome.documents is not None
    index = json.loads(outcome.documents[-1].data["index.json"])
    assert (index["totalCost"], index["listCost"], index["billedCost"], index["adjustment"]) == (8.0, 0.0, 8.0, 4.0)
    # 4 by list, then by the bill, then by the later one.
    assert [(run.total_cost, run.adjustment) for run in status.history] == [
        ("8.0000", "4.0000"), ("6.0000", "2.0000"), ("4.0000", "0.0000"),
    ]  # fmt: skip
    assert status.bills is not None
    assert (status.bills.as_of.timestamp(), status.bills.revisions) == (LATER, 1)
    assert isinstance(status, CostReportStatus)
    assert status.totals is not None
    assert (status.totals.list_cost, status.totals.billed_cost) == ("0.0000", "8.0000")
    with bills.writing():
        bills.remove(bills.all()[0].id)
    assert service.run(one, LATER).status.bills is None


def test_an_operator_answers_anew_when_a_bill_came(bills: Bills) -> None:
    settings = Settings(store=bills.root, cluster=CLUSTER, prometheus="http://127.0.0.1:9")
    with prometheus(settings) as nobody:
        reports, _, _ = operator_services(settings, OperatorSettings(), nobody)
    before = reports.version()
    assert reports.version() == before
    imported(bills, charge("i-a", 6.0))
    assert reports.version() != before


def test_costs_by_the_hour_are_adjusted_by_the_hour(bills: Bills) -> None:
    imported(bills, charge("i-a", 6.0))
    asked = replace(question(BY_NAMESPACE), cost_metric="hourly")
    answer = asking(bills).answer(asked, LATER)
    # 6 and 2 over 24 hours.
    assert (answer.total_cost, answer.adjustment) == (0.25, pytest.approx(2 / 24))
    assert answer.rows[0]["cpu_adjustment"] == pytest.approx(1 / 24)
