"""Rows of assets under Kubecost's names: every field of the seeds' samples, each where it belongs."""

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from farthing.exports.formats import as_csv
from farthing.exports.rows import public_rows
from farthing.model.answer import Answer, Seen, added
from farthing.model.filters import parse_asset_lists
from farthing.model.question import Question, Shape
from farthing.model.tables import GIB
from farthing.model.window import Window
from farthing.store.reading import Reader
from tests.support.bill_rows import billed, with_bill
from tests.support.fact_rows import HOUR, START, FactTables, node, said

Row = dict[str, Any]
READER = Reader()
WINDOW = Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(START, UTC) + timedelta(hours=2))

COMMON = {"type", "properties", "labels", "window", "start", "end", "minutes", "totalCost"}
"""Fields of every asset in the samples of seeds 000 and 002."""
OF_TYPES = {
    "Node": {
        "nodeType", "overhead", "pool", "rates", "cpuCores", "ramBytes", "cpuCoreHours", "ramByteHours", "GPUHours", "cpuBreakdown", "ramBreakdown",
        "preemptible", "discount", "cpuCost", "gpuCost", "gpuCount", "ramCost", "adjustment",
    },
    "Disk": {
        "byteHours", "bytes", "byteHoursUsed", "byteUsageMax", "breakdown", "adjustment", "storageClass", "volumeName",
        "claimName", "claimNamespace",
    },
    "LoadBalancer": {"adjustment"},
    "ClusterManagement": set(),
}  # fmt: skip
"""Further ones, by type; and what issue 5 adds of nodes."""


TOLD = set(re.findall(r"`(\w+)`", (Path(__file__).parents[2] / "docs" / "assets.md").read_text("utf-8")))
"""What the document of assets tells of."""


def other(kind: str, category: str, name: str, **values: Any) -> Row:
    named = {
        "type": kind,
        "category": category,
        "provider": "GCP",
        "provider_id": "",
        "instance_type": "",
        "region": "",
    }
    return node(name=name, **{**named, **values})


ASSETS = [
    # Two hours of 4 cores and 16 GiB, of which workloads used half a core and 4 GiB, and the system a quarter and 1 GiB.
    *(
        node(hour, name="node-a", provider="GCP", project="guestbook-227502", pool="pool-1", cpu_quantity=4.0 * HOUR,
             cpu_user=0.5 * HOUR, cpu_system=0.25 * HOUR, cpu_other=0.05 * HOUR, ram_quantity=16 * GIB * HOUR,
             ram_user=4 * GIB * HOUR, ram_system=GIB * HOUR, cpu_cost=0.12, ram_cost=0.06, spot=True,
             cpu_overhead=0.2 * HOUR, ram_overhead=4 * GIB * HOUR)
        for hour in (0, 1)
    ),
    node(0, name="node-b", provider="GCP", project="guestbook-227502", cpu_quantity=4.0 * HOUR, cpu_user=5.0 * HOUR),
    other("Disk", "Storage", "pvc-1", provider_id="disk-1", pv_quantity=100 * GIB * HOUR, pv_used=25 * GIB * HOUR,
          pv_used_max=30 * GIB, pv_cost=2.0, storage_class="standard", claim="data", claim_namespace="shop"),
    other("Disk", "Storage", "pvc-2", provider_id="disk-2", pv_quantity=100 * GIB * HOUR, storage_class="standard"),
    other("Disk", "Storage", "node-a", pv_quantity=50 * GIB * HOUR, pv_used=10 * GIB * HOUR, local_cost=0.5,
          storage_class="__local__"),
    other("LoadBalancer", "Network", "shop/front", provider_id="10.0.0.7", lb_cost=0.04),
    other("LoadBalancer", "Network", "shop/back", provider_id="lb-1.elb.amazonaws.com", lb_cost=0.04),
    other("ClusterManagement", "Management", "Kubernetes", management_cost=0.1),
]  # fmt: skip
LABELS = [said("node_label", "team", "kubecost", pod="node-a"), said("node_label", "team", "kubecost", pod="node-b")]


def rows_by(folder: Path, *aggregate: str) -> dict[str, Row]:
    """The rows of a question about all assets, by name."""
    with FactTables(asset=ASSETS, workload=LABELS) as facts:
        part = facts.part(folder, {0: 0, 1: 0})
    shape = Shape("asset", aggregate, idle=False)
    found = READER.found(shape, [part], detailed=True)
    question = Question(shape, WINDOW, ((WINDOW,),))
    answer = Answer(question, found.rows, added(shape, found.counted), len(found.rows), Seen(()), found.details)
    return {row["name"]: row for row in public_rows(answer)}


@pytest.mark.parametrize("aggregate", [["type"], ["type", "name"], []], ids=["by-type", "by-name", "single"])
def test_every_field_of_the_seeds_samples_is_there(tmp_path: Path, aggregate: list[str]) -> None:
    rows = rows_by(tmp_path, *aggregate).values()
    assert {row["type"] for row in rows} == set(OF_TYPES)
    for row in rows:
        assert set(row) >= COMMON | OF_TYPES[row["type"]]
        assert set(row) <= TOLD


def test_a_node_tells_what_it_is_and_who_used_it(tmp_path: Path) -> None:
    row = rows_by(tmp_path, "type", "name")["Node/node-a"]
    assert (row["nodeType"], row["pool"], row["preemptible"], row["discount"]) == ("m5.large", "pool-1", 1.0, 0.0)
    # 0.5 / 4, 0.25 / 4 and 0.05 / 4; the rest is idle. Of memory 4 / 16 and 1 / 16.
    assert row["cpuBreakdown"] == pytest.approx({"idle": 0.8, "other": 0.0125, "system": 0.0625, "user": 0.125})
    assert row["ramBreakdown"] == pytest.approx({"idle": 0.6875, "other": 0, "system": 0.0625, "user": 0.25})
    # 0.2 of 4 cores, 4 of 16 GiB: 0.05 * 0.24 + 0.25 * 0.12 of 0.36 in all.
    assert row["overhead"] == pytest.approx(
        {"CpuOverheadFraction": 0.05, "RamOverheadFraction": 0.25, "OverheadCostFraction": 0.042 / 0.36}
    )
    # 0.24 for 8 core-hours, 0.12 for 32 GiB-hours; it has no GPU.
    assert (row["rateSource"], row["rates"]) == ("metrics", pytest.approx({"cpu": 0.03, "ram": 0.00375}))
    assert row["labels"] == {"team": "kubecost"}
    assert row["properties"] == {
        "provider": "GCP", "project": "guestbook-227502", "category": "Compute", "cluster": "cluster-one", "type": "Node",
        "service": "Kubernetes", "providerID": "i-a", "name": "node-a", "region": "eu-west-1",
        "instanceType": "m5.large",
    }  # fmt: skip
    assert (row["minutes"], row["cpuCores"], row["cpuCoreHours"]) == (120, 4, 8)


def test_rows_of_several_tell_what_they_share_and_no_idle_is_negative(tmp_path: Path) -> None:
    rows = rows_by(tmp_path, "type")
    # Three node-hours, two of them spot; node-b used 5 of its 4 cores: 5 + 2 * 0.8 of 12 in all.
    assert rows["Node"]["preemptible"] == pytest.approx(2 / 3)
    assert rows["Node"]["cpuBreakdown"]["idle"] == pytest.approx(1 - 6.6 / 12)
    assert rows_by(tmp_path, "name")["node-b"]["cpuBreakdown"]["idle"] == 0
    shared = rows["Disk"]["properties"]
    assert shared == {
        "provider": "GCP", "category": "Storage", "cluster": "cluster-one", "type": "Disk", "service": "Kubernetes",
    }  # fmt: skip
    disks = rows["Disk"]
    assert [disks[name] for name in ("storageClass", "volumeName", "claimName", "byteUsageMax")] == ["", "", "", None]
    # Of 250 GiB-hours 50 are a node's own, which used 10; volumes used 25.
    assert disks["local"] == 0.2
    assert disks["breakdown"] == pytest.approx({"idle": 0.86, "other": 0, "system": 0.04, "user": 0.1})
    assert (disks["diskCost"], disks["totalCost"]) == (2.5, 2.5)


def test_a_disk_tells_whose_it_is_and_how_full(tmp_path: Path) -> None:
    row = rows_by(tmp_path, "name")["pvc-1"]
    told = ("storageClass", "volumeName", "claimName", "claimNamespace")
    assert [row[name] for name in told] == ["standard", "pvc-1", "data", "shop"]
    assert (row["byteHours"], row["byteHoursUsed"], row["byteUsageMax"]) == (100 * GIB, 25 * GIB, 30 * GIB)
    assert row["breakdown"] == {"idle": 0.75, "other": 0.0, "system": 0.0, "user": 0.25}
    assert row["local"] == 0.0
    # Of the other the kubelet told nothing.
    assert rows_by(tmp_path, "name")["pvc-2"]["byteUsageMax"] is None


def test_the_disk_of_a_node_is_no_volume(tmp_path: Path) -> None:
    row = rows_by(tmp_path, "type", "name")["Disk/node-a"]
    assert (row["storageClass"], row["volumeName"], row["local"]) == ("__local__", "", 1.0)
    assert row["breakdown"] == {"idle": 0.8, "other": 0.0, "system": 0.2, "user": 0.0}


def test_a_load_balancer_tells_its_address_and_whether_it_is_private(tmp_path: Path) -> None:
    rows = rows_by(tmp_path, "name")
    assert [(rows[name]["ip"], rows[name]["private"]) for name in ("shop/front", "shop/back")] == [
        ("10.0.0.7", True), ("lb-1.elb.amazonaws.com", False),
    ]  # fmt: skip


def test_what_rows_of_several_types_tell_is_common_to_all_types(tmp_path: Path) -> None:
    (row,) = rows_by(tmp_path, "cluster").values()
    assert (row["type"], row["labels"]) == ("Any", {})
    assert row["properties"] == {"cluster": "cluster-one", "service": "Kubernetes", "provider": "GCP"}
    assert not {"cpuBreakdown", "breakdown", "ip", "pool"} & set(row)


def test_a_csv_has_labels_in_one_column_and_shares_in_one_each(tmp_path: Path) -> None:
    text = as_csv(list(rows_by(tmp_path, "type", "name").values()))
    lines = {
        line["properties.name"]: line
        for line in csv.DictReader(io.StringIO(text, newline=""))
        if line["type"] != "Disk"
    }
    assert json.loads(lines["node-a"]["labels"]) == {"team": "kubecost"}
    assert float(lines["node-a"]["ramBreakdown.user"]) == 0.25
    assert (lines["Kubernetes"]["labels"], lines["Kubernetes"]["ramBreakdown.user"]) == ("", "")


def test_a_csv_has_a_column_for_every_field_of_the_seeds_samples(tmp_path: Path) -> None:
    header = as_csv(list(rows_by(tmp_path, "type").values())).splitlines()[0].split(",")
    nested = {
        "properties": ("category", "provider", "service", "cluster"),
        "window": ("start", "end"),
        **dict.fromkeys(("cpuBreakdown", "ramBreakdown", "breakdown"), ("idle", "other", "system", "user")),
    }
    fields = COMMON.union(*OF_TYPES.values()) - {"overhead", "rates"}
    plain = fields - set(nested)
    assert set(header) >= plain | {f"{name}.{inner}" for name, inners in nested.items() for inner in inners}
    assert len(header) == len(set(header))


def test_costs_of_a_node_are_told_before_its_discount_as_kubecost_documents_it(tmp_path: Path) -> None:
    # Seed 002: 30.939847 and 15.355342 at a discount of 0.198803, 37.091556 in all; the discount is printed to six digits.
    off = {name: cost * 0.198803 for name, cost in (("cpu", 30.939847), ("ram", 15.355342))}
    machine = node(
        cpu_cost=30.939847 - off["cpu"],
        cpu_discount=off["cpu"],
        ram_cost=15.355342 - off["ram"],
        ram_discount=off["ram"],
    )
    with FactTables(asset=[machine]) as facts:
        part = facts.part(tmp_path, {0: 0})
    shape = Shape("asset", ("type",), idle=False)
    found = READER.found(shape, [part], detailed=True)
    question = Question(shape, WINDOW, ((WINDOW,),))
    (row,) = public_rows(Answer(question, found.rows, added(shape, found.counted), 1, Seen(()), found.details))
    assert (row["cpuCost"], row["ramCost"], row["discount"]) == pytest.approx((30.939847, 15.355342, 0.198803))
    assert row["totalCost"] == pytest.approx(37.091556, abs=2.4e-5)


def test_costs_are_told_before_what_bills_changed_whatever_the_asset(tmp_path: Path) -> None:
    disk = other("Disk", "Storage", "pvc-1", provider="AWS", provider_id="vol-0123456789abcdef0", pv_cost=2.0)
    machine = node(provider_id="aws:///a/i-0123456789abcdef0", cpu_cost=3.0, ram_cost=1.0)
    with FactTables(asset=[machine, disk]) as facts:
        part = facts.part(tmp_path, {0: 0})
    bill = [billed("vol-0123456789abcdef0", 5.0), billed("i-0123456789abcdef0", 8.0)]
    shape = Shape("asset", ("cluster",), idle=False)
    found = READER.found(shape, [with_bill(part, tmp_path / "bill", bill)], detailed=True)
    question = Question(shape, WINDOW, ((WINDOW,),))
    (row,) = public_rows(Answer(question, found.rows, added(shape, found.counted), 1, Seen(()), found.details))
    # 3 + 1 and 2 by list; bills made 8 of 4 and 5 of 2: 7 more in all.
    costs = [row[name] for name in ("cpuCost", "ramCost", "diskCost", "adjustment", "totalCost")]
    assert costs == pytest.approx([3.0, 1.0, 2.0, 7.0, 13.0])


BUCKET = {
    "account": "< REDACTED >", "service": "AmazonS3", "category": "Storage",
    "tags": '{"kubernetes_label_app": "product-test", "test_tag": "test_value_mod_2"}',
}  # fmt: skip
"""What a bill says of the buckets of seed 002's second example."""
BUCKETS = [
    billed("", 9.1e-05, resource="cloud-bench-1", **BUCKET),
    billed("", 0.013967, resource="cloud-bench-scale", **BUCKET),
    billed("", 0.000535, resource="csv-cur-hourly-new", **BUCKET),
    # What has no tags, and what has no id.
    billed("", 2.0, resource="", service="AWSSupport", category="Other", tags='{"Cost-Center": "it"}'),
    billed("", 1.0, resource="", service="Tax", category="Other"),
]


def of_bill(
    folder: Path, aggregate: tuple[str, ...] = (), bill: Sequence[Row] = BUCKETS, **lists: str
) -> dict[str, Row]:
    """The rows of a question about ``ASSETS``, ``bill`` and a day, by name."""
    with FactTables(asset=ASSETS, workload=LABELS) as facts:
        part = facts.part(folder, {0: 0, 1: 0})
    shape = Shape("asset", aggregate, idle=False, kept=parse_asset_lists(lists))
    found = READER.found(shape, [with_bill(part, folder / "bill", bill, 43200.0)], detailed=True)
    question = Question(shape, WINDOW, ((WINDOW,),))
    answer = Answer(question, found.rows, added(shape, found.counted), len(found.rows), Seen(()), found.details)
    return {row["name"]: row for row in public_rows(answer)}


def test_what_is_no_asset_of_a_cluster_is_told_as_the_seed_tells_buckets(tmp_path: Path) -> None:
    # Seed 002: /model/assets?window=7d&filterServices=AmazonS3.
    rows = of_bill(tmp_path, filterServices="AmazonS3")
    start = "AWS/< REDACTED >/__undefined__/Storage/__undefined__/Cloud/AmazonS3/"
    assert {name: row["totalCost"] for name, row in rows.items()} == pytest.approx({
        f"{start}cloud-bench-1/__undefined__": 9.1e-05,
        f"{start}cloud-bench-scale/__undefined__": 0.013967,
        f"{start}csv-cur-hourly-new/__undefined__": 0.000535,
    })  # fmt: skip
    row = rows[f"{start}cloud-bench-1/__undefined__"]
    assert row["labels"] == {"kubernetes_label_app": "product-test", "test_tag": "test_value_mod_2"}
    assert row["properties"] == {
        "category": "Storage", "provider": "AWS", "account": "< REDACTED >", "service": "AmazonS3",
        "providerID": "cloud-bench-1", "type": "Cloud",
    }  # fmt: skip
    assert (row["type"], row["adjustment"], row["credit"]) == ("Cloud", 0, 0)
    assert set(row) >= COMMON | {"adjustment", "credit"}


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("kubernetes_label_app:product*", 0.014593),
        ("test_tag:test_value_mod_2,team:kubecost", 0.014593 + 0.36),
        ("Cost-Center:it", 2.0),
        ("costCenter:it", 2.0),
        ("cost_center:*", 2.0),
        ("cost_center:IT", 0.0),
    ],
)
def test_a_filter_by_label_finds_the_tags_of_a_bill(tmp_path: Path, text: str, total: float) -> None:
    rows = of_bill(tmp_path, ("type",), filterLabels=text)
    assert sum(row["totalCost"] for row in rows.values()) == pytest.approx(total)


def test_rows_are_formed_by_tags_and_have_those_that_all_of_them_have(tmp_path: Path) -> None:
    by_tag = of_bill(tmp_path, ("label:test_tag", "type"))
    assert by_tag["test_tag=test_value_mod_2/Cloud"]["totalCost"] == pytest.approx(0.014593)
    by_service = of_bill(tmp_path, ("service",))
    assert by_service["AmazonS3"]["labels"] == {"kubernetes_label_app": "product-test", "test_tag": "test_value_mod_2"}
    assert by_service["AWSSupport"]["labels"] == {"cost_center": "it"}
    assert by_service["Tax"]["labels"] == {}
    # Buckets have other tags than what has no id.
    assert of_bill(tmp_path, ("type",))["Cloud"]["labels"] == {}


def test_a_tag_that_is_spelled_twice_is_one_label(tmp_path: Path) -> None:
    twice = {"service": "AmazonS3", "tags": '{"Team": "web", "team": "data"}'}
    alone = of_bill(tmp_path, ("service",), [billed("", 1.0, resource="a", **twice)])
    # The first counts, by which filters find it too.
    assert alone["AmazonS3"]["labels"] == {"team": "web"}
    same = {"service": "AmazonS3", "tags": '{"Team": "web", "team": "web"}'}
    bare = {"service": "AmazonS3"}
    (tmp_path / "both").mkdir()
    both = of_bill(
        tmp_path / "both", ("service",), [billed("", 1.0, resource="a", **same), billed("", 1.0, resource="b", **bare)]
    )
    assert both["AmazonS3"]["labels"] == {}
