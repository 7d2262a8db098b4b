"""``/model/aggregatedCostModel`` over HTTP, as seeds 001 and 003 show it."""

from collections.abc import Mapping
from typing import Any

import pytest

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from farthing.model.tables import GIB
from farthing.services.asking import AskService
from farthing.services.scope import Scope
from tests.support.api_server import ApiServer
from tests.support.fact_rows import START
from tests.support.seed_store import (
    CORES,
    CPU_RATE,
    DISK,
    DISK_RATE,
    GIBS,
    MODEL_RAM,
    MODEL_RAM_USED,
    RAM_RATE,
)

pytestmark = pytest.mark.slow

PATH = "/model/aggregatedCostModel"
HOURS = {"window": "2h", "offset": "7d"}
"""The two hours of the store."""
MODEL = 0.04 * CPU_RATE + 2 * MODEL_RAM / GIB * RAM_RATE + 2 * DISK * DISK_RATE
WEB = 2 * (CPU_RATE + RAM_RATE + 0.25)
DNS = CPU_RATE + RAM_RATE
"""What each namespace costs in both hours: cpu, memory, and a disk or traffic."""
COSTS = ("cpuCost", "gpuCost", "ramCost", "pvCost", "networkCost", "loadBalancerCost", "sharedCost")
FIELDS = {
    "aggregation", "cpuAllocationAverage", "cpuCost", "cpuEfficiency", "efficiency", "environment", "gpuAllocationAverage",
    "gpuCost", "networkCost", "pvAllocationAverage", "pvCost", "ramAllocationAverage", "ramCost", "ramEfficiency", "sharedCost",
    "totalCost",
}  # fmt: skip
"""Of the example of seed 003."""


def costs(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    return {name: row["totalCost"] for name, row in rows.items()}


def total(rows: Mapping[str, Mapping[str, Any]]) -> float:
    return sum(costs(rows).values())


@pytest.mark.parametrize(
    "asked",
    [
        {"window": "1d", "aggregation": "namespace"},
        {"window": "1d", "aggregation": "label", "aggregationSubfield": "product"},
        {"window": "1d", "aggregation": "namespace", "sharedNamespaces": "kube-system"},
    ],
    ids=["namespace", "label", "shared"],
)
@pytest.mark.parametrize("path", [PATH, "/aggregatedCostModel"])
def test_the_requests_of_the_seeds_have_every_field_of_their_example(
    api: ApiServer, path: str, asked: dict[str, str]
) -> None:
    rows = api.data(path, **asked)
    assert rows
    for name, row in rows.items():
        assert set(row) >= FIELDS
        assert (row["environment"], row["aggregation"]) == (name, asked["aggregation"])
        assert sum(row[cost] for cost in COSTS) == pytest.approx(row["totalCost"], rel=1e-9)


def test_the_costs_are_those_of_allocations(api: ApiServer) -> None:
    rows = api.data(PATH, window="1d", aggregation="namespace")
    asked = {"aggregate": "namespace", "accumulate": "true", "idle": "false", "shareTenancyCosts": "false"}
    (meant,) = api.data("/model/allocation", window="1d", **asked)
    assert costs(rows) == pytest.approx(costs(meant), rel=1e-12)
    # An offset moves the time that lengths and words go by.
    before = api.data(PATH, window="1d", offset="1d", aggregation="namespace")
    (meant,) = api.data("/model/allocation", window="1d offset 1d", **asked)
    assert costs(before) == pytest.approx(costs(meant), rel=1e-12)
    assert costs(api.data(PATH, window="today", offset="1d", aggregation="namespace")) == costs(
        api.data(PATH, window="yesterday", aggregation="namespace")
    )


def test_a_row_is_worked_out_by_hand(seed: ApiServer) -> None:
    row = seed.data(PATH, aggregation="namespace", **HOURS)["cost-model"]
    cpu, ram = 0.04 * CPU_RATE, 2 * MODEL_RAM / GIB * RAM_RATE
    cpu_efficiency, ram_efficiency = 0.036 / 0.02, MODEL_RAM_USED / MODEL_RAM
    assert row == {
        "aggregation": "namespace",
        "subfields": [],
        "environment": "cost-model",
        "cluster": "cluster-one",
        "cpuAllocationAverage": pytest.approx(0.02),  # 0.01 and 0.03 cores
        "cpuCost": pytest.approx(cpu),
        "cpuEfficiency": pytest.approx(cpu_efficiency),
        "efficiency": pytest.approx((cpu * cpu_efficiency + ram * ram_efficiency) / (cpu + ram)),
        "gpuAllocationAverage": 0,
        "gpuCost": 0,
        "loadBalancerCost": 0,
        "networkCost": 0,
        "pvAllocationAverage": pytest.approx(DISK),
        "pvCost": pytest.approx(2 * DISK * DISK_RATE),
        "ramAllocationAverage": pytest.approx(MODEL_RAM / GIB),
        "ramCost": pytest.approx(ram),
        "ramEfficiency": pytest.approx(ram_efficiency),
        "sharedCost": 0,
        "totalCost": pytest.approx(MODEL),
    }


@pytest.mark.parametrize(
    ("aggregation", "subfield", "names"),
    [
        ("cluster", "", {"cluster-one"}),
        ("namespace", "", {"cost-model", "shop", "kube-system"}),
        ("controller", "", {"cost-model/deployment:cost-model", "shop/deployment:web", "kube-system/daemonset:dns"}),
        ("deployment", "", {"cost-model/cost-model", "shop/web", "kube-system/__unallocated__"}),
        ("daemonset", "", {"cost-model/__unallocated__", "shop/__unallocated__", "kube-system/dns"}),
        ("service", "", {"cost-model/cost-model", "shop/__unallocated__", "kube-system/__unallocated__"}),
        ("pod", "", {"cost-model/cost-model-59cbdbf49c-rbr2t", "shop/web-1", "kube-system/dns-1"}),
        (
            "container",
            "",
            {"cost-model/cost-model-59cbdbf49c-rbr2t/cost-model", "shop/web-1/main", "kube-system/dns-1/main"},
        ),
        ("label", "app", {"cost-model", "web", "__unallocated__"}),
        (
            "label",
            "app,tier",
            {"app=cost-model/__unallocated__", "app=web/tier=front", "__unallocated__/__unallocated__"},
        ),
        ("annotation", "owner", {"ada", "__unallocated__"}),
    ],
)
def test_environments_are_named_as_opencost_names_them(
    seed: ApiServer, aggregation: str, subfield: str, names: set[str]
) -> None:
    rows = seed.data(PATH, aggregation=aggregation, aggregationSubfield=subfield, **HOURS)
    assert set(rows) == names
    assert total(rows) == pytest.approx(MODEL + WEB + DNS)
    assert all(row["subfields"] == [one for one in subfield.split(",") if one] for row in rows.values())


def test_shared_namespaces_are_spread_evenly_or_by_cost(seed: ApiServer) -> None:
    asked = {"aggregation": "namespace", "sharedNamespaces": "kube-system", **HOURS}
    even = seed.data(PATH, **asked)
    assert {name: row["sharedCost"] for name, row in even.items()} == {
        "cost-model": pytest.approx(DNS / 2),
        "shop": pytest.approx(DNS / 2),
    }
    weighted = seed.data(PATH, sharedSplit="weighted", **asked)
    assert {name: row["sharedCost"] for name, row in weighted.items()} == {
        "cost-model": pytest.approx(DNS * MODEL / (MODEL + WEB)),
        "shop": pytest.approx(DNS * WEB / (MODEL + WEB)),
    }
    assert total(even) == pytest.approx(MODEL + WEB + DNS)
    assert total(weighted) == pytest.approx(MODEL + WEB + DNS)


def test_labels_are_shared_by_their_names_and_values(seed: ApiServer) -> None:
    asked = {"aggregation": "namespace", "sharedLabelNames": "app,app", "sharedLabelValues": "web,nothing", **HOURS}
    rows = seed.data(PATH, **asked)
    assert costs(rows) == {"cost-model": pytest.approx(MODEL + WEB / 2), "kube-system": pytest.approx(DNS + WEB / 2)}


def test_with_idle_allocated_the_rows_cost_what_the_node_does(seed: ApiServer) -> None:
    rows = seed.data(PATH, aggregation="namespace", allocateIdle="true", **HOURS)
    assert set(rows) == {"cost-model", "shop", "kube-system"}
    assert sum(row["cpuCost"] for row in rows.values()) == pytest.approx(2 * CORES * CPU_RATE)
    assert sum(row["ramCost"] for row in rows.values()) == pytest.approx(2 * GIBS * RAM_RATE)


def test_a_rate_is_what_an_hour_a_day_or_a_month_costs(seed: ApiServer) -> None:
    for rate, hours in (("hourly", 1), ("daily", 24), ("monthly", 730)):
        rows = seed.data(PATH, aggregation="cluster", rate=rate, **HOURS)
        assert total(rows) == pytest.approx((MODEL + WEB + DNS) / 2 * hours)
        assert rows["cluster-one"]["cpuAllocationAverage"] == pytest.approx(1.52)  # 0.02 + 1 + 0.5 cores


@pytest.mark.parametrize(
    ("kept", "names"),
    [
        ({"namespace": "shop"}, {"shop"}),
        ({"namespace": "shop,cost*"}, {"shop", "cost-model"}),
        ({"cluster": "cluster-one"}, {"cost-model", "shop", "kube-system"}),
        ({"cluster": "cluster-two"}, set()),
        ({"labels": "app=web"}, {"shop"}),
        ({"labels": "app=web,app=cost-model"}, {"shop", "cost-model"}),
        ({"labels": "app=web,tier=back"}, set()),
        ({"labels": "app=web,tier=front", "namespace": "cost-model"}, set()),
    ],
)
def test_filters_keep_rows_as_they_are(seed: ApiServer, kept: dict[str, str], names: set[str]) -> None:
    whole = seed.data(PATH, aggregation="namespace", **HOURS)
    assert seed.data(PATH, aggregation="namespace", **kept, **HOURS) == {name: whole[name] for name in names}


def test_a_pair_is_moved_back_and_with_etl_whole_days_answer(seed: ApiServer) -> None:
    week = 7 * 24 * 3600
    window = f"{START + week},{START + week + 3600}"
    first = seed.data(PATH, window=window, offset="7d", aggregation="namespace")
    assert first["cost-model"]["cpuCost"] == pytest.approx(0.01 * CPU_RATE)
    assert seed.get(PATH, window=window, aggregation="namespace").status_code == 404
    whole = seed.data(PATH, window=window, offset="7d", aggregation="namespace", etl="true")
    assert costs(whole) == costs(seed.data(PATH, window=f"{START},{START + 86400}", aggregation="namespace"))
    assert whole["cost-model"]["cpuCost"] == pytest.approx(0.04 * CPU_RATE)


class Counted:
    """An answerer that counts what it is asked."""

    def __init__(self, service: AskService) -> None:
        self.asked, self.inner, self.zone = 0, service.answerer, service.answerer.zone

    def answer(self, *args: Any, **options: Any) -> Any:
        self.asked += 1
        return self.inner.answer(*args, **options)


@pytest.mark.parametrize(
    ("how", "times"),
    [
        ({}, 1),
        ({"etl": "true"}, 1),
        ({"disableCache": "false"}, 3),
        ({"disableCache": "true"}, 3),
        ({"etl": "false"}, 3),
    ],
    ids=str,
)
def test_what_is_asked_again_is_computed_again_without_the_cache(
    seeds: AskService, how: dict[str, str], times: int
) -> None:
    counted = Counted(seeds)
    mine = AskService(counted, seeds.clock)  # type: ignore[arg-type]
    with ApiServer(create_app(Asking(mine, everything), "0.0.0")) as server:
        bodies = {server.get(PATH, aggregation="namespace", **how, **HOURS).content for _ in range(3)}
    assert (len(bodies), counted.asked) == (1, times)


def test_who_sees_one_namespace_is_told_its_rows_and_refused_what_is_the_clusters(seeds: AskService) -> None:
    with ApiServer(create_app(Asking(seeds, lambda _: Scope(("shop",))), "0.0.0")) as tenant:
        rows = tenant.data(PATH, aggregation="container", **HOURS)
        assert costs(rows) == {"shop/web-1/main": pytest.approx(WEB)}
        assert rows["shop/web-1/main"]["cluster"] == ""
        for asked, sentence in (
            ({"aggregation": "cluster"}, "aggregation 'cluster' would tell of the cluster"),
            ({"aggregation": "namespace", "allocateIdle": "true"}, "leave allocateIdle out"),
            ({"aggregation": "namespace", "sharedNamespaces": "kube-system"}, "leave sharedNamespaces out"),
            ({"aggregation": "namespace", "cluster": "cluster-one"}, "a filter by cluster would tell of the cluster"),
        ):
            answer = tenant.get(PATH, **asked, **HOURS)
            assert answer.status_code == 403, asked
            assert sentence in answer.json()["message"]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"aggregation": "namespace"}, "window is missing: it is required"),
        ({"window": "1d"}, "aggregation is missing: it is required"),
        ({"window": "7x", "aggregation": "namespace"}, "window '7x' cannot be read"),
        ({"window": "1,2", "offset": "9d", "aggregation": "namespace"}, "has -777599 as an instant"),
        ({"window": "1d", "offset": "1w", "aggregation": "namespace"}, "offset '1w' cannot be read"),
        ({"window": "1d", "aggregation": "colour"}, "aggregation is 'colour': input should be 'cluster', 'namespace'"),
        ({"window": "1d", "aggregation": "label"}, "label and annotation need one"),
        ({"window": "1d", "aggregation": "pod", "aggregationSubfield": "app"}, "aggregationSubfield 'app'"),
        (
            {"window": "1d", "aggregation": "label", "aggregationSubfield": ",".join("abcdefghijk")},
            "aggregationSubfield has 11 different values; at most 10 are offered",
        ),
        (
            {"window": "1d", "aggregation": "label", "aggregationSubfield": "abc,def", "labels": ",".join(f"{one}=1" for one in "abcdefghi")},
            "name 11 different keys; at most 10",
        ),
        ({"window": "1d", "aggregation": "pod", "sharedLabelNames": "app"}, "sharedLabelNames has 1 values and sharedLabelValues 0"),
        ({"window": "1d", "aggregation": "pod", "sharedLabelValues": "a,b", "sharedLabelNames": "app"}, "sharedLabelValues 2"),
        ({"window": "1d", "aggregation": "pod", "sharedLabelValues": "a", "sharedLabelNames": "a:b"}, "sharedLabelNames 'a:b'"),
        ({"window": "1d", "aggregation": "pod", "sharedNamespaces": "n" * 64}, "sharedNamespaces 'nnn"),
        ({"window": "1d", "aggregation": "pod", "sharedSplit": "fair"}, "sharedSplit is 'fair'"),
        ({"window": "1d", "aggregation": "pod", "rate": "yearly"}, "rate is 'yearly'"),
        ({"window": "1d", "aggregation": "pod", "labels": "app"}, "labels 'app' cannot be read: write key=value"),
        ({"window": "1d", "aggregation": "pod", "allocateIdle": "perhaps"}, "allocateIdle is 'perhaps'"),
        ({"window": "1d", "aggregation": "pod", "etl": "perhaps"}, "etl is 'perhaps'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_400_that_names_it(
    seed: ApiServer, parameters: dict[str, str], sentence: str
) -> None:
    answer = seed.get(PATH, **parameters)
    assert answer.status_code == 400, answer.text
    assert sentence in answer.json()["message"]
