"""Predictions over HTTP, at rates that ``/model/assets`` tells, beside what ``/model/allocation`` tells of what runs."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.services.scope import Scope
from tests.support.api_server import PATIENCE, ApiServer
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow

PATH = "/model/prediction/speccost"
GIB = 2**30
WINDOWS = {"windowAvgUsage": "2d", "windowResourceCost": "2d"}


def manifest(name: str = "new", cpu: str = "500m", memory: str = "1Gi", **more: str) -> str:
    """A Deployment of namespace shop with two pods of one container, or what ``more`` says."""
    told = {"kind": "Deployment", "namespace": "shop", "container": "main", "count": "replicas: 2", **more}
    return f"""\
apiVersion: apps/v1
kind: {told["kind"]}
metadata: {{name: {name}, namespace: {told["namespace"]}}}
spec:
  {told["count"]}
  template:
    spec:
      containers:
      - name: {told["container"]}
        resources: {{requests: {{cpu: {cpu}, memory: {memory}}}}}
"""


def kafka(cpu: str, memory: str) -> str:
    return manifest("kafka", cpu, memory, kind="StatefulSet", namespace="data", container="kafka", count="replicas: 3")


def sent(api: ApiServer, body: str | bytes, **parameters: str) -> requests.Response:
    asked = {**WINDOWS, **parameters}
    return requests.post(f"{api.url}{PATH}", data=body, params=asked, timeout=PATIENCE)


def predicted(api: ApiServer, body: str, **parameters: str) -> list[dict[str, Any]]:
    answer = sent(api, body, **parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.fixture(scope="module")
def nodes(api: ApiServer) -> list[dict[str, Any]]:
    (found,) = api.data("/model/assets", window="2d", accumulate="true", filterTypes="Node")
    return list(found.values())


@pytest.fixture(scope="module")
def rates(nodes: list[dict[str, Any]]) -> dict[str, float]:
    """What a core-hour, a byte-hour and a GPU-hour cost on average."""
    pairs = {"cpu": ("cpuCost", "cpuCoreHours"), "ram": ("ramCost", "ramByteHours"), "gpu": ("gpuCost", "GPUHours")}
    return {
        name: sum(row[cost] for row in nodes) / sum(row[hours] for row in nodes)
        for name, (cost, hours) in pairs.items()
    }


@pytest.fixture(scope="module")
def running(api: ApiServer) -> list[dict[str, Any]]:
    """The containers of kafka."""
    asked = {"window": "2d", "accumulate": "true", "idle": "false", "filter": 'controllerName:"kafka"'}
    (found,) = api.data("/model/allocation", **asked)
    return list(found.values())


def hours_stored(demo: DemoStore) -> float:
    return (demo.now - demo.window.start.timestamp()) / 3600


def test_a_new_workload_costs_its_requests_for_a_month_at_the_average_rates_of_the_nodes(
    api: ApiServer, rates: dict[str, float]
) -> None:
    (found,) = predicted(api, manifest())
    assert (found["namespace"], found["controllerKind"], found["controllerName"]) == ("shop", "deployment", "new")
    after = found["costAfter"]
    # Two pods of half a core and of 1 GiB, for 730 h.
    assert after["monthlyCPUCoreHours"] == 730
    assert after["monthlyRAMByteHours"] == 730 * 2 * GIB
    assert after["cpuMonthlyRate"] == pytest.approx(730 * rates["cpu"], rel=1e-9)
    assert after["ramMonthlyRate"] == pytest.approx(730 * 2 * GIB * rates["ram"], rel=1e-9)
    assert (after["gpuMonthlyRate"], after["monthlyGPUHours"]) == (0, 0)
    assert after["totalMonthlyRate"] == pytest.approx(after["cpuMonthlyRate"] + after["ramMonthlyRate"], rel=1e-12)
    assert set(found["costBefore"].values()) == {0}
    assert found["costChange"] == after


def test_what_runs_already_is_told_as_it_is_charged_and_as_its_use_will_be(
    demo: DemoStore, api: ApiServer, rates: dict[str, float], running: list[dict[str, Any]]
) -> None:
    (found,) = predicted(api, kafka("1m", "1Mi"))
    held = sum(row["cpuCoreHours"] for row in running) / hours_stored(demo)
    assert found["costBefore"]["monthlyCPUCoreHours"] == pytest.approx(730 * held, rel=1e-3)
    assert found["costBefore"]["cpuMonthlyRate"] == pytest.approx(730 * held * rates["cpu"], rel=1e-3)
    minutes = sum(row["minutes"] for row in running)
    used = sum(row["cpuCoreUsageAverage"] * row["minutes"] for row in running) / minutes
    # Next to nothing is requested, and three containers use as much as they did.
    assert found["costAfter"]["monthlyCPUCoreHours"] == pytest.approx(730 * 3 * used, rel=1e-3)
    for name, change in found["costChange"].items():
        assert change == pytest.approx(found["costAfter"][name] - found["costBefore"][name])
    assert found["costChange"]["totalMonthlyRate"] < 0


def test_without_use_only_requests_count(api: ApiServer) -> None:
    (found,) = predicted(api, kafka("2", "1Mi"), noUsage="true")
    # The demo's kafka requests one core; a replica that moves with its node is away for some minutes.
    assert found["costBefore"]["monthlyCPUCoreHours"] == pytest.approx(730 * 3, rel=0.02)
    assert found["costAfter"]["monthlyCPUCoreHours"] == 730 * 3 * 2
    assert found["costAfter"]["monthlyRAMByteHours"] == 730 * 3 * 2**20


def test_a_daemon_set_has_a_pod_on_each_node_that_was_seen(
    demo: DemoStore, api: ApiServer, nodes: list[dict[str, Any]]
) -> None:
    (found,) = predicted(api, manifest(cpu="100m", kind="DaemonSet", count="updateStrategy: {}"))
    average = sum(row["minutes"] for row in nodes) / 60 / hours_stored(demo)
    assert found["costAfter"]["monthlyCPUCoreHours"] == pytest.approx(730 * 0.1 * average, rel=1e-3)


def test_gpus_are_priced_as_those_of_the_nodes(api: ApiServer, rates: dict[str, float]) -> None:
    (found,) = predicted(api, manifest(cpu="0, nvidia.com/gpu: 2"))
    assert found["costAfter"]["monthlyGPUHours"] == 730 * 4
    assert found["costAfter"]["gpuMonthlyRate"] == pytest.approx(730 * 4 * rates["gpu"], rel=1e-9)


def test_all_documents_are_predicted_in_their_order_in_the_default_namespace_if_they_name_none(api: ApiServer) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: new}"
    bare = manifest("second").replace(", namespace: shop", "")
    found = predicted(api, f"{manifest()}---\n{service}\n---\n{bare}", defaultNamespace="payments", clusterID="demo")
    assert [(one["namespace"], one["controllerName"]) for one in found] == [("shop", "new"), ("payments", "second")]


def test_kubectl_costs_own_defaults_are_the_defaults(api: ApiServer) -> None:
    sent = requests.post(f"{api.url}{PATH}", data=manifest(), timeout=PATIENCE)
    named = {"windowAvgUsage": "2d", "windowResourceCost": "7d offset 48h", "noUsage": "false"}
    assert sent.status_code == 200, sent.text
    assert sent.json() == predicted(api, manifest(), **named)


@pytest.mark.parametrize(
    ("body", "parameters", "sentence"),
    [
        ("", {}, "the body holds no Deployment"),
        ("a: [", {}, "the body is neither YAML nor JSON"),
        ("a: &a [x]\nb: [*a, *a]", {}, "repeats *a"),
        (manifest(cpu="half"), {}, "document 1: spec.template.spec.containers[0].resources.requests.cpu 'half'"),
        (f"{manifest()}---\n{manifest('A')}", {}, "document 2: metadata.name is 'A'"),
        (manifest(kind="CronJob"), {}, "document 1: kind CronJob"),
        (manifest(), {"windowAvgUsage": "7x"}, "windowAvgUsage '7x'"),
        (manifest(), {"windowResourceCost": "soon"}, "windowResourceCost 'soon'"),
        (manifest(), {"clusterID": "other"}, "clusterID 'other' is not the cluster that answers"),
        (manifest(), {"defaultNamespace": "A!"}, "defaultNamespace is 'A!'"),
        (manifest(), {"noUsage": "perhaps"}, "noUsage is 'perhaps'"),
    ],
)
def test_what_cannot_be_meant_is_a_400_that_names_it(
    api: ApiServer, body: str, parameters: dict[str, str], sentence: str
) -> None:
    answer = sent(api, body, **parameters)
    assert answer.status_code == 400, answer.text
    assert sentence in answer.json()["message"]


def test_a_body_beyond_a_mebibyte_is_not_read(api: ApiServer) -> None:
    answer = sent(api, b"#" * (2**20 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, 413)
    assert sent(api, b"#" * (2**20 - 1000) + b"\n" + manifest().encode()).status_code == 200


def test_what_is_not_stored_is_said_by_parameter(api: ApiServer) -> None:
    answer = sent(api, manifest(), windowResourceCost="2020-01-01T00:00:00Z,2020-01-02T00:00:00Z")
    assert answer.status_code == 404
    assert answer.json()["message"].startswith("windowResourceCost: nothing is stored")


@pytest.fixture(scope="module")
def tenants_api(demo: DemoStore) -> Iterator[ApiServer]:
    """The same store for who sees some namespaces only."""
    service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
    with ApiServer(create_app(Asking(service, lambda _: Scope(("shop", "data"))), "0.0.0")) as server:
        yield server


def test_a_tenant_is_not_told_what_nodes_cost(tenants_api: ApiServer) -> None:
    answer = sent(tenants_api, manifest())
    assert answer.status_code == 403
    assert "which only who sees the whole cluster may" in answer.json()["message"]


def test_pages_elsewhere_may_not_send_and_nobody_may_get(api: ApiServer) -> None:
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    assert requests.options(f"{api.url}{PATH}", headers=asked, timeout=PATIENCE).status_code == 400
    assert api.get(PATH).status_code == 405


def test_the_document_tells_the_body_and_the_parameters(api: ApiServer) -> None:
    told = api.get("/openapi.json").json()["paths"][PATH]["post"]
    assert {one["name"] for one in told["parameters"]} == {
        "noUsage", "windowAvgUsage", "windowResourceCost", "clusterID", "defaultNamespace",
    }  # fmt: skip
    assert "application/yaml" in told["requestBody"]["content"]
    assert {"200", "400", "403", "404", "413"} <= set(told["responses"])
