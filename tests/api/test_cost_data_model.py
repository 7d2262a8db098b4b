"""``/model/costDataModel`` over HTTP, as seeds 001 and 003 show it."""

from collections.abc import Iterator
from typing import Any

import pytest

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.model.tables import GIB
from farthing.services.asking import AskService
from farthing.services.scope import Scope
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore
from tests.support.fact_rows import START
from tests.support.seed_store import (
    DISK,
    MODEL_RAM,
    MODEL_RAM_USED,
)

pytestmark = pytest.mark.slow

SEED = {"timeWindow": "7d", "offset": "7d"}
"""The request of the seeds."""
KEY = "cost-model,cost-model-59cbdbf49c-rbr2t,cost-model,node-a,cluster-one"
HOURS = (START, START + 3600)


@pytest.fixture(scope="module")
def tenant(seeds: AskService) -> Iterator[ApiServer]:
    """The same for who sees the namespace cost-model alone."""
    with ApiServer(create_app(Asking(seeds, lambda _: Scope(("cost-model",))), "0.0.0")) as server:
        yield server


def points(*values: float) -> list[dict[str, float]]:
    """A value for each of the two hours."""
    return [{"timestamp": hour, "value": pytest.approx(value)} for hour, value in zip(HOURS, values, strict=True)]


@pytest.mark.parametrize("path", ["/model/costDataModel", "/costDataModel"])
def test_the_request_of_the_seeds_has_every_field_of_their_example(seed: ApiServer, path: str) -> None:
    assert seed.data(path, **SEED)[KEY] == {
        "cpuallocated": points(0.01, 0.03),
        "cpureq": points(0.01, 0.01),
        "cpuused": points(0.006, 0.03),
        "ramallocated": points(MODEL_RAM, MODEL_RAM),
        "ramreq": points(MODEL_RAM, MODEL_RAM),
        "ramused": points(MODEL_RAM_USED, MODEL_RAM_USED),
        "gpuallocated": points(0, 0),
        "gpureq": points(0, 0),
        "gpuused": points(0, 0),
        "network": points(0, 0),
        "deployments": ["cost-model"],
        "daemonsets": [],
        "statefulsets": [],
        "jobs": [],
        "services": ["cost-model"],
        "labels": {"app": "cost-model", "pod_template_hash": "1576869057"},
        "annotations": {"owner": "ada"},
        "namespaceLabels": {"team": "finance"},
        "name": "cost-model",
        "namespace": "cost-model",
        "podName": "cost-model-59cbdbf49c-rbr2t",
        "nodeName": "node-a",
        "clusterId": "cluster-one",
        "clusterName": "cluster-one",
        "node": {
            "hourlyCost": "0.097118",  # an hour of 2 cores and 8 GiB: 2 * 0.031611 + 8 * 0.004237
            "CPU": "2",
            "CPUHourlyCost": "0.031611",
            "RAM": "8388608Ki",  # 8 * 1024 * 1024
            "RAMBytes": "8589934592",
            "RAMGBHourlyCost": "0.004237",
            "gpu": "0",
            "gpuCost": "0",
            "usageType": "ondemand",
            "instanceType": "m5.large",
            "region": "eu-west-1",
            "providerID": "aws:///a/i-a",
        },
        "pvcData": [
            {
                "class": "standard",
                "claim": "kubecost-model",
                "namespace": "cost-model",
                "clusterId": "cluster-one",
                "volumeName": "pv-1",
                "persistentVolume": {"hourlyCost": "0.0002", "storageClass": "standard"},
                "values": points(DISK * GIB, DISK * GIB),
            }
        ],
    }


def test_hours_that_are_not_stored_are_said_to_be_missing(seed: ApiServer) -> None:
    # Two of the 168 hours that 7d are; at two o'clock sharp none is touched in part.
    assert "1.2% of it was seen" in seed.get("/model/costDataModel", **SEED).json()["warning"]
    assert "warning" not in seed.get("/model/costDataModel", timeWindow="2h", offset="7d").json()


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        pytest.param({"timeWindow": "1h", "offset": "7d"}, HOURS[1:], id="an hour"),
        pytest.param({"timeWindow": "15m", "offset": "7d"}, HOURS[1:], id="a part of an hour is the hour"),
        pytest.param({"timeWindow": "1h", "offset": "10110m"}, HOURS, id="an hour that begins within one is two"),
        pytest.param({"timeWindow": "1d", "offset": "169h"}, HOURS[:1], id="offset"),
    ],
)
def test_hours_are_whole(seed: ApiServer, asked: dict[str, str], hours: tuple[int, ...]) -> None:
    # 10110 min before 02:00 are 7 d and 30 min: the hour from 00:30 to 01:30.
    row = seed.data("/model/costDataModel", **asked)[KEY]
    assert [one["timestamp"] for one in row["cpuused"]] == list(hours)


def test_fields_are_left_out_and_namespaces_kept(seed: ApiServer) -> None:
    whole = seed.data("/model/costDataModel", **SEED)
    assert {key.split(",")[0] for key in whole} == {"cost-model", "shop", "kube-system"}
    less = seed.data("/model/costDataModel", filterFields="cpuused,cpureq,ramreq,ramused", **SEED)
    dropped = {"cpuused", "cpureq", "ramreq", "ramused"}
    assert {key: set(row) for key, row in less.items()} == {key: set(row) - dropped for key, row in whole.items()}
    nothing = seed.data("/model/costDataModel", filterFields=",".join(whole[KEY]), **SEED)
    assert set(map(str, nothing.values())) == {"{}"}
    only = seed.data("/model/costDataModel", namespace="shop", **SEED)
    assert only == {key: row for key, row in whole.items() if key.startswith("shop,")}
    assert seed.data("/model/costDataModel", namespace="nowhere", **SEED) == {}


def test_who_sees_one_namespace_is_told_of_no_other_and_of_no_node(tenant: ApiServer, seed: ApiServer) -> None:
    answer = tenant.get("/model/costDataModel", **SEED)
    (row,) = answer.json()["data"].values()
    assert (row["namespace"], row["node"], row["nodeName"], row["clusterId"]) == ("cost-model", None, "", "")
    whole = seed.data("/model/costDataModel", **SEED)[KEY]
    assert row["cpuused"] == whole["cpuused"]
    assert row["labels"] == whole["labels"]
    for hidden in ("node-a", "0.031611", "cluster-one", "shop", "kube-system", "highmem"):
        assert hidden not in answer.text
    assert tenant.data("/model/costDataModel", namespace="shop", **SEED) == {}
    assert answer.headers["etag"] != seed.get("/model/costDataModel", **SEED).headers["etag"]


def test_hours_times_prices_are_the_costs_of_the_same_hours(demo: DemoStore, api: ApiServer) -> None:
    # Back to the full hour of the store's clock, which begins at half past.
    minutes = int((demo.now - demo.window.start.timestamp()) % 3600 // 60)
    end = demo.now // 60 * 60 - minutes * 60
    asked = api.data("/model/costDataModel", timeWindow="4h", offset=f"{minutes}m")
    (rows,) = api.data("/model/allocation", window=f"{end - 4 * 3600},{end}", idle="false", shareTenancyCosts="false")
    assert len(asked) > 30
    names = {}
    for key, one in asked.items():
        namespace, pod, container, node, cluster = key.split(",")
        names[f"{cluster}/{node}/{namespace}/{pod}/{container}"] = one
    assert set(names) == {name for name in rows if "__unmounted__" not in name}
    for name, one in names.items():
        assert one["cpuallocated"], name
        assert spent(one["cpuallocated"], one["node"]["CPUHourlyCost"]) == pytest.approx(
            rows[name]["cpuCost"], rel=1e-6
        )
        ram = spent(one["ramallocated"], one["node"]["RAMGBHourlyCost"]) / GIB
        assert ram == pytest.approx(rows[name]["ramCost"], rel=1e-6)
        assert spent(one["gpuallocated"], one["node"]["gpuCost"]) == pytest.approx(rows[name]["gpuCost"], rel=1e-6)
        assert sum(point["value"] for point in one["network"]) == pytest.approx(rows[name]["networkCost"])
        disks = sum(spent(disk["values"], disk["persistentVolume"]["hourlyCost"]) for disk in one["pvcData"]) / GIB
        assert disks == pytest.approx(rows[name]["pvCost"], rel=1e-6)
    assert any(one["gpuallocated"][0]["value"] for one in asked.values())
    assert any(one["pvcData"] for one in asked.values())
    assert any(one["jobs"] for one in asked.values())


def spent(vector: list[dict[str, Any]], rate: str) -> float:
    """What whole hours cost at ``rate``."""
    return sum(point["value"] for point in vector) * float(rate)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "timeWindow is missing: it is required"),
        ({"timeWindow": "7x"}, "timeWindow '7x' cannot be read: use a number and one of d, h, m"),
        ({"timeWindow": "0d"}, "timeWindow '0d' is out of reach: use 1m to 31d"),
        ({"timeWindow": "32d"}, "timeWindow '32d' is out of reach: use 1m to 31d"),
        ({"timeWindow": "7d", "offset": "30s"}, "offset '30s' cannot be read"),
        ({"timeWindow": "7d", "offset": "999999999d"}, "offset '999999999d' cannot be read"),
        (
            {"timeWindow": "7d", "filterFields": "cpuUsed"},
            "filterFields 'cpuUsed' is no field; allowed are name, podName",
        ),
        ({"timeWindow": "7d" * 20}, "timeWindow is"),
    ],
)
def test_what_cannot_be_meant_is_a_400_that_names_it(
    seed: ApiServer, parameters: dict[str, str], sentence: str
) -> None:
    answer = seed.get("/model/costDataModel", **parameters)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"], answer.text


def test_more_containers_and_hours_than_are_told_are_refused(seed: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farthing.api.deprecated_routes.MOST_ROWS", 5)
    # Three containers of two hours each; of one namespace, two rows.
    answer = seed.get("/model/costDataModel", timeWindow="3h", offset="7d")
    assert answer.status_code == 413
    assert "ask for a shorter window, or for one namespace" in answer.json()["message"]
    assert seed.get("/model/costDataModel", timeWindow="3h", offset="7d", namespace="shop").status_code == 200


def test_nothing_stored_is_no_empty_answer(seed: ApiServer) -> None:
    answer = seed.get("/model/costDataModel", timeWindow="7d")
    assert answer.status_code == 404
    assert "nothing is stored for" in answer.json()["message"]


def test_it_says_that_it_is_deprecated_and_what_to_ask_instead(seed: ApiServer) -> None:
    answer = seed.get("/model/costDataModel", **SEED)
    assert answer.headers["deprecation"] == "@1673827200"  # 2023-01-16 00:00 UTC
    assert '</model/allocation>; rel="successor-version"' in answer.headers["link"]
    again = seed.get("/model/costDataModel", {"If-None-Match": answer.headers["etag"]}, **SEED)
    assert (again.status_code, again.headers["deprecation"]) == (304, "@1673827200")
    paths = seed.get("/openapi.json").json()["paths"]
    for path in ("/model/costDataModel", "/costDataModel", "/model/aggregatedCostModel", "/aggregatedCostModel"):
        assert paths[path]["get"]["deprecated"] is True
        assert "/model/allocation" in paths[path]["get"]["description"]
