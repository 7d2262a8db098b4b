"""C13: what a bill says changes assets, what runs on them and their idle cost by one ratio; what it says of nothing known is a Cloud asset."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farthing.model.plan import Part
from farthing.model.question import Shape, Sharing
from farthing.store.reading import Reader
from tests.support.bill_rows import DAY, billed, with_bill
from tests.support.fact_rows import CLUSTER, START, FactTables, container, node

Row = dict[str, Any]
Ask = Callable[..., dict[str, Row]]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def volume(cost: float, **values: Any) -> Row:
    whose = {name: value for name, value in container().items() if name in VOLUME_KEY}
    return {
        **whose,
        "volume_name": "pv-1",
        "claim": "data",
        "storage_class": "fast",
        "byte_seconds": 1.0,
        "cost": cost,
        **values,
    }


VOLUME_KEY = (
    "start", "seconds", "cluster", "node", "provider_id", "namespace", "pod", "uid", "container", "controller_kind",
    "controller", "run_seconds", "run_start", "run_end",
)  # fmt: skip


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Part:
    """The day of 2026-11-17: node-a costs 10, of which web holds 6 of cpu and 1 of ram; node-b 4, all idle; a volume 2, web's."""
    web = container(seconds=DAY, cpu_cost=6.0, ram_cost=1.0, pv_cost=2.0, network_internet_cost=0.5)
    nodes = [
        node(cpu_cost=8.0, cpu_allocated_cost=6.0, cpu_idle_cost=2.0, ram_cost=2.0, ram_allocated_cost=1.0, ram_idle_cost=1.0),
        node(name="node-b", cpu_cost=4.0, cpu_idle_cost=4.0),
        node(name="pv-1", type="Disk", category="Storage", provider_id="vol-1", pv_cost=2.0),
        node(name="traffic", type="Network", category="Network", provider_id="", network_cost=0.5),
    ]  # fmt: skip
    with FactTables([web], nodes, volume=[volume(2.0)]) as tables:
        return tables.part(tmp_path_factory.mktemp("facts"), {0: 0})


@pytest.fixture
def ask(reader: Reader, facts: Part, tmp_path: Path) -> Ask:
    """The rows of a question by their names, under a bill of some rows."""

    def asked(shape: Shape, *rows: Row, limit: int = 0) -> dict[str, Row]:
        part = with_bill(facts, tmp_path / "bill", rows, seconds=DAY) if rows else facts
        return {row["name"]: row for row in reader.rows(shape, [part], limit, [DAY])}

    return asked


BY_NAMESPACE = Shape("allocation", ("namespace",))
BY_NAME = Shape("asset", ("name",))


def test_assets_cost_what_the_bill_says(ask: Ask) -> None:
    rows = ask(BY_NAME, billed("i-a", 15.0), billed("vol-1", 1.0))
    assert {name: row["total_cost"] for name, row in rows.items()} == {
        "node-a": 15.0,
        "node-b": 4.0,
        "pv-1": 1.0,
        "traffic": 0.5,
    }
    assert {name: row["adjustment"] for name, row in rows.items()} == {
        "node-a": 5.0,
        "node-b": 0.0,
        "pv-1": -1.0,
        "traffic": 0.0,
    }
    # 15 / 10 - 1 is half as much again, of each resource.
    assert (rows["node-a"]["cpu_cost"], rows["node-a"]["ram_cost"], rows["node-a"]["cpu_idle_cost"]) == (12.0, 3.0, 3.0)
    assert sum(row["billed_cost"] for row in rows.values()) == 16.0


def test_what_runs_on_an_asset_and_its_idle_cost_change_by_the_same_ratio(ask: Ask) -> None:
    rows = ask(BY_NAMESPACE, billed("i-a", 15.0), billed("vol-1", 1.0))
    shop, idle = rows["shop"], rows["__idle__"]
    # 6 x 1.5, 1 x 1.5, 2 x 0.5; traffic is at list price.
    assert [shop[one] for one in ("cpu_cost", "ram_cost", "pv_cost", "total_cost")] == [9.0, 1.5, 1.0, 12.0]
    assert [shop[one] for one in ("cpu_adjustment", "ram_adjustment", "pv_adjustment", "lb_adjustment")] == [
        3.0,
        0.5,
        -1.0,
        0.0,
    ]
    assert shop["billed_cost"] == 11.5
    # Node-a's idle cost of 3 becomes 4.5, node-b's stays 4.
    assert (idle["total_cost"], idle["cpu_adjustment"], idle["ram_adjustment"], idle["billed_cost"]) == (
        8.5,
        1.0,
        0.5,
        4.5,
    )


def test_shared_idle_is_told_at_what_bills_made_of_it(ask: Ask) -> None:
    shape = Shape("allocation", ("namespace",), sharing=Sharing(idle=True))
    (shop,) = (row for row in ask(shape, billed("i-a", 15.0)).values() if not row["is_idle"])
    # All of both nodes and the volume: 15 + 4 + 2, and 0.5 of traffic; 5 of it by the bill.
    assert shop["total_cost"] == pytest.approx(21.5)
    assert shop["cpu_adjustment"] + shop["ram_adjustment"] == pytest.approx(5.0)
    assert shop["billed_cost"] == pytest.approx(15.0)


def test_rows_of_one_resource_add_up_and_its_spellings_are_one(ask: Ask) -> None:
    rows = ask(BY_NAME, billed("i-a", 18.0), billed("i-a", -3.0, charge_category="Credit", credit=-3.0))
    assert rows["node-a"]["total_cost"] == 15.0


def test_what_no_asset_is_found_for_is_a_cloud_asset(ask: Ask) -> None:
    bucket = billed("cloud-bench-1", 9.1e-05, service="AmazonS3", category="Storage", provider="AWS")
    credit = billed("", -2.0, charge_category="Credit", credit=-2.0, category="Other")
    shape = Shape("asset", ("type", "category", "providerID"))
    rows = ask(shape, billed("i-a", 15.0), bucket, credit)
    cloud = rows["Cloud/Storage/cloud-bench-1"]
    assert (cloud["total_cost"], cloud["billed_cost"], cloud["credit"], cloud["adjustment"]) == (
        9.1e-05,
        9.1e-05,
        0.0,
        0.0,
    )
    assert (cloud["run_start"], cloud["run_end"]) == (START, START + DAY)
    assert (rows["Cloud/Other/__undefined__"]["total_cost"], rows["Cloud/Other/__undefined__"]["credit"]) == (
        -2.0,
        -2.0,
    )


def test_a_bill_of_another_day_changes_nothing(ask: Ask) -> None:
    rows = ask(BY_NAME, billed("i-a", 15.0, day=1), billed("i-a", 15.0, day=-1))
    assert rows["node-a"]["total_cost"] == 10.0
    assert set(rows) == {"node-a", "node-b", "pv-1", "traffic"}


def test_more_paid_back_than_it_costs_makes_nothing_negative(ask: Ask) -> None:
    rows = ask(BY_NAME, billed("i-a", -4.0))
    assert (rows["node-a"]["total_cost"], rows["node-a"]["adjustment"]) == (0.0, -10.0)
    assert rows["__undefined__"]["total_cost"] == -4.0


def test_without_reconciling_costs_are_at_list_price(ask: Ask) -> None:
    bill = (billed("i-a", 15.0), billed("bucket", 1.0))
    for shape in (BY_NAME, BY_NAMESPACE):
        plain = Shape(shape.kind, shape.aggregate, reconcile=False)
        assert ask(plain, *bill) == ask(shape)


def test_the_details_of_a_row_cost_what_the_row_does(reader: Reader, facts: Part, tmp_path: Path) -> None:
    part = with_bill(facts, tmp_path / "bill", [billed("vol-1", 1.0)], seconds=DAY)
    found = reader.found(BY_NAMESPACE, [part], 0, [DAY], detailed=True)
    (told,) = found.details["volume"]
    # The bill says half of what it costs at list price; the disk is the asset of the volume's name.
    assert (told["cost"], told["adjustment"], told["provider_id"]) == (1.0, -1.0, "vol-1")


def test_a_tenant_is_not_told_what_the_cloud_calls_its_disk(reader: Reader, facts: Part) -> None:
    shape = Shape("allocation", ("namespace",), idle=False, namespaces=("shop",))
    (told,) = reader.found(shape, [facts], 0, [DAY], detailed=True).details["volume"]
    assert (told["volume_name"], told["provider_id"], told["cost"]) == ("pv-1", "", 2.0)


def test_a_limit_leaves_the_sums_of_all(reader: Reader, facts: Part, tmp_path: Path) -> None:
    part = with_bill(facts, tmp_path / "bill", [billed("i-a", 15.0), billed("bucket", 1.0)], seconds=DAY)
    found = reader.found(BY_NAME, [part], 1, [DAY])
    assert len(found.rows) == 1
    assert sum(row["total_cost"] for row in found.counted if "total_cost" in row) == pytest.approx(
        15.0 + 4.0 + 2.0 + 0.5 + 1.0
    )
    assert sum(row["adjustment"] for row in found.counted) == pytest.approx(5.0)


def test_of_hours_each_has_its_part_of_what_the_cloud_cost_on_the_day(
    reader: Reader, facts: Part, tmp_path: Path
) -> None:
    part = with_bill(facts, tmp_path / "bill", [billed("bucket", 24.0)], seconds=3600)
    rows = {row["name"]: row for row in reader.rows(Shape("asset", ("providerID",)), [part], 0, [DAY])}
    assert rows["bucket"]["total_cost"] == pytest.approx(1.0)
    assert rows["bucket"]["run_end"] == START + 3600


def test_things_of_one_name_and_different_types_are_two(reader: Reader, tmp_path: Path) -> None:
    nodes = [
        node(name="pv-1", provider_id="aws:///a/i-1", cpu_cost=4.0, cpu_idle_cost=4.0),
        node(name="pv-1", type="Disk", category="Storage", provider_id="vol-1", pv_cost=2.0),
    ]
    with FactTables([container(pv_cost=2.0)], nodes, volume=[volume(2.0)]) as tables:
        part = with_bill(tables.part(tmp_path, {0: 0}), tmp_path / "bill", [billed("i-1", 8.0)], seconds=DAY)
    costs = {row["name"]: row["total_cost"] for row in reader.rows(BY_NAMESPACE, [part], 0, [DAY])}
    assert costs == {"shop": 2.0, "__idle__": 8.0}


def test_a_load_balancer_and_who_is_behind_it_change_alike(reader: Reader, tmp_path: Path) -> None:
    name = {
        "name": "shop/front",
        "type": "LoadBalancer",
        "category": "Network",
        "provider_id": "front-0c.elb.eu-west-1.amazonaws.com",
    }
    whose = {one: value for one, value in container().items() if one in VOLUME_KEY}
    behind = {**whose, "service": "front", "address": "", "cost": 0.5}
    with FactTables([container(lb_cost=0.5)], [node(**name, lb_cost=0.5)], balancer=[behind]) as tables:
        part = with_bill(
            tables.part(tmp_path, {0: 0}), tmp_path / "bill", [billed("elb/eu-west-1/front", 0.75)], seconds=DAY
        )
    (shop,) = (row for row in reader.rows(BY_NAMESPACE, [part], 0, [DAY]) if not row["is_idle"])
    assert (shop["lb_cost"], shop["lb_adjustment"], shop["billed_cost"], shop["total_cost"]) == (0.75, 0.25, 0.75, 0.75)


def test_a_bucket_of_a_cloud_is_no_machine_of_that_name(reader: Reader, tmp_path: Path) -> None:
    machine = node(provider="kind", provider_id="kind://docker/kind/front", cpu_cost=10.0, cpu_idle_cost=10.0)
    with FactTables([], [machine]) as tables:
        part = with_bill(tables.part(tmp_path, {0: 0}), tmp_path / "bill", [billed("front", 5.0)], seconds=DAY)
    rows = reader.rows(Shape("asset", ("type",)), [part], 0, [DAY])
    found = {row["name"]: (row["total_cost"], row["adjustment"]) for row in rows}
    assert found == {"Node": (10.0, 0.0), "Cloud": (5.0, 0.0)}


def test_assets_of_other_clusters_are_known_too(reader: Reader, tmp_path: Path) -> None:
    here, there = node(cpu_cost=10.0, cpu_idle_cost=10.0), node(name="node-z", cluster="cluster-two", cpu_cost=1.0)
    with FactTables([container()], [here]) as tables:
        part = tables.part(tmp_path, {0: 0})
    (tmp_path / "both").mkdir()
    with FactTables([], [here, there]) as tables:
        both = tables.part(tmp_path / "both", {0: 0})
    told = with_bill(both, tmp_path / "bill", [billed("i-z", 5.0), billed("i-a", 20.0)], seconds=DAY)
    rows = reader.rows(Shape("asset", ("cluster", "name")), [replace(part, billing=told.billing)], 0, [DAY])
    assert {row["name"]: row["total_cost"] for row in rows} == {f"{CLUSTER}/node-a": 20.0}
