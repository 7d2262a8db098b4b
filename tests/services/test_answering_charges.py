"""Every kind of charge of a bill in answers: commitments count where they are used, credits, taxes and refunds as they are."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from farthing.model.question import Question, Shape, Sharing
from farthing.model.window import Window
from farthing.services.answer import Answerer
from farthing.store.bills import Bills
from farthing.store.days import Store
from farthing.store.focus import reading
from farthing.store.reading import Reader
from farthing.store.workbench import Workbench
from tests.support.fact_rows import CLUSTER, DAY, START, FactTables, container, keep, node, seen
from tests.support.focus_files import as_csv, charge
from tests.support.focus_sample import sample_rows

pytestmark = pytest.mark.slow

LATER = START + 3 * 86400
BY_NAMESPACE = Shape("allocation", ("namespace",))
PAYING = Sharing(namespaces=("kube-system",))


def answerer(folder: Path, facts: FactTables, rows: list[dict[str, str]], *hours: int) -> Answerer:
    """Answers from a store of ``facts`` and a bill of ``rows``."""
    root = folder / "store"
    keep(Store(root), facts, seen(*hours))
    bills = Bills(root)
    with bills.writing(), reading([as_csv(folder / "bill.csv", rows)], "USD", UTC) as found:
        bills.keep(found, "USD", LATER)
    return Answerer(None, Store(root), Reader(), Workbench, CLUSTER, UTC, bills)


def costs(asked: Answerer, shape: Shape, window: Window = DAY) -> dict[str, float]:
    rows = asked.answer(Question(shape, window, ((window,),)), LATER).rows
    return {row["name"]: round(row["total_cost"], 9) for row in rows}


def total(asked: Answerer, shape: Shape, window: Window = DAY) -> float:
    return asked.answer(Question(shape, window, ((window,),)), LATER).total_cost


def test_commitments_taxes_credits_and_corrections(tmp_path: Path) -> None:
    held = container(cpu_cost=1.2, provider_id="aws:///eu-west-1a/i-0a")
    machine = node(provider_id="aws:///eu-west-1a/i-0a", cpu_cost=4.8, cpu_allocated_cost=1.2, cpu_idle_cost=3.6)
    asked = answerer(tmp_path, FactTables([held], [machine]), sample_rows(), 0)
    # 2.40 on demand and 1.60 out of the plan for what is 4.80 by list: 4.00, of which web holds a quarter.
    assert costs(asked, BY_NAMESPACE) == {"shop": 1.0, "__idle__": 3.0}
    # The plan itself cost 38.40, which count where it is used, but for 0.80 that nobody used.
    kinds = costs(asked, Shape("asset", ("type", "provider", "providerID")))
    azure = "/subscriptions/S-1/resourceGroups/MC_a/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool"
    assert {name.removeprefix("Cloud/"): cost for name, cost in kinds.items() if name.startswith("Cloud/")} == {
        "AWS/arn:aws:savingsplans::111122223333:savingsplan/sp-1": 0.8,
        # Tax of 0.30 less a credit of 0.10.
        "AWS/__undefined__": 0.2,
        f"Azure/{azure}": 4.25,
        "GCP///compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/node-a": 1.25,
        "Oracle/ocid1.instance.oc1..a": 0.75,
    }
    assert total(asked, Shape("asset", ("type",))) == pytest.approx(4.0 + 0.8 + 0.2 + 4.25 + 1.25 + 0.75)


def test_a_refund_lowers_what_it_refunds_and_no_cost_below_nothing(tmp_path: Path) -> None:
    machine = node(cpu_cost=4.0, cpu_allocated_cost=2.0, cpu_idle_cost=2.0)
    facts = FactTables([container(cpu_cost=2.0)], [machine])
    asked = answerer(tmp_path, facts, [charge("i-a", 5.0), charge("i-a", -1.0)], 0)
    assert costs(asked, BY_NAMESPACE) == {"shop": 2.0, "__idle__": 2.0}
    # 5.00 less 7.00: the machine costs nothing, and 2.00 are given back beside it.
    (tmp_path / "more").mkdir()
    facts = FactTables([container(cpu_cost=2.0)], [machine])
    more = answerer(tmp_path / "more", facts, [charge("i-a", 5.0), charge("i-a", -7.0)], 0)
    assert costs(more, BY_NAMESPACE) == {"shop": 0.0, "__idle__": 0.0}
    assert costs(more, Shape("asset", ("type",))) == {"Node": 0.0, "Cloud": -2.0}


REPLACED = [
    charge("i-a", 3.0),
    charge("i-b", 3.0),
    charge("vol-1", 1.0, ServiceCategory="Storage"),
]
"""Of a day in which node-a was one machine in the first hour, another in the next two, and had a volume beside it."""


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    """Node-a is i-a for an hour at 2.00, then i-b for two at 2.00 each; web and a daemon hold half of each."""
    machines = {0: "aws:///a/i-a", 1: "aws:///a/i-b", 2: "aws:///a/i-b"}
    rows = [
        container(hour, pod=pod, namespace=namespace, provider_id=machine, cpu_cost=cost)
        for hour, machine in machines.items()
        for pod, namespace, cost in (("web", "shop", 0.75), ("daemon", "kube-system", 0.25))
    ]
    nodes = [
        node(hour, provider_id=machine, cpu_cost=2.0, cpu_allocated_cost=1.0, cpu_idle_cost=1.0)
        for hour, machine in machines.items()
    ]
    return answerer(tmp_path_factory.mktemp("replaced"), FactTables(rows, nodes), REPLACED, *machines)


def test_machines_of_one_name_cost_what_the_bill_says_of_each(replaced: Answerer) -> None:
    hours = [Window(DAY.start + timedelta(hours=hour), DAY.start + timedelta(hours=hour + 1)) for hour in range(3)]
    # I-a: 3.00 for 2.00 by list. I-b: 3.00 for 4.00, 1.50 an hour.
    assert [total(replaced, BY_NAMESPACE, hour) for hour in hours] == pytest.approx([3.0, 1.5, 1.5])
    assert [costs(replaced, BY_NAMESPACE, hour)["shop"] for hour in hours] == [1.125, 0.5625, 0.5625]
    assert costs(replaced, Shape("asset", ("type",)))["Node"] == 6.0


@pytest.mark.parametrize(
    "sharing",
    [Sharing(), Sharing(idle=True), PAYING, Sharing(idle=True, namespaces=("kube-system",), monthly_cost=730.0)],
    ids=["apart", "idle", "overhead", "all"],
)
@pytest.mark.parametrize("hours", [(0, 24), (0, 1), (1, 3), (0, 3)], ids=str)
def test_allocations_and_idle_are_what_assets_cost_in_any_window(
    replaced: Answerer, sharing: Sharing, hours: tuple[int, int]
) -> None:
    window = Window(DAY.start + timedelta(hours=hours[0]), DAY.start + timedelta(hours=hours[1]))
    shape = Shape("allocation", ("namespace",), sharing=sharing)
    # A monthly amount of 730 is 1 an hour, and no asset's.
    added = sharing.monthly_cost / 730 * (hours[1] - hours[0])
    assets = costs(replaced, Shape("asset", ("type",)), window)
    assert total(replaced, shape, window) - added == pytest.approx(assets["Node"], rel=1e-9)
