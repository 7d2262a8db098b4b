"""Manifests that anybody may send: what is read of them, and what is refused, by document and field."""

import json

import pytest

from farthing.errors import InvalidInputError
from farthing.model.prediction import Workload
from farthing.model.tables import GIB
from farthing.resources.workload_manifests import MOST_OBJECTS, workloads

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  template:
    spec:
      initContainers:
      - name: migrate
        resources: {requests: {cpu: 8}}
      - name: proxy
        restartPolicy: Always
        resources: {requests: {cpu: 50m}}
      containers:
      - name: main
        image: nginx
        resources:
          requests: {cpu: 500m, memory: 1Gi}
          limits: {cpu: "1", nvidia.com/gpu: 1}
"""
NOTHING = {"cpu": 0.0, "ram": 0.0, "gpu": 0.0}
WEB = Workload(
    "shop", "deployment", "web",
    (("main", {"cpu": 0.5, "ram": GIB, "gpu": 1.0}), ("proxy", {**NOTHING, "cpu": 0.05})), 2.0,
)  # fmt: skip


def read(text: str) -> list[Workload]:
    return workloads(text.encode(), "shop")


def test_containers_count_by_requests_or_else_limits_and_of_init_containers_those_that_stay() -> None:
    assert read(DEPLOYMENT) == [WEB]


def test_documents_and_items_of_lists_are_read_in_order_and_other_kinds_passed_over() -> None:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ada", "namespace": "ml", "labels": {"a": "b"}},
        "spec": {"containers": [{"name": "notebook", "resources": {}, "env": None}]},
    }  # fmt: skip
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod, {"kind": "Service"}]}, indent="\t")
    found = read(f"---\n---\n{DEPLOYMENT}---\nkind: ConfigMap\n---\n{listed}\n...\n")
    assert found == [WEB, Workload("ml", "pod", "ada", (("notebook", NOTHING),), 1.0)]


@pytest.mark.parametrize(
    ("kind", "field", "pods"),
    [
        ("StatefulSet", "replicas: 3", 3.0),
        ("ReplicaSet", "replicas: null", None),
        ("DaemonSet", "replicas: 3", None),
        ("Job", "parallelism: 4", 4.0),
        ("Job", "completions: 4", 1.0),
    ],
)
def test_each_kind_has_its_own_field_for_the_number_of_its_pods(kind: str, field: str, pods: float | None) -> None:
    (found,) = read(DEPLOYMENT.replace("Deployment", kind).replace("replicas: 2", field))
    assert (found.kind, found.pods) == (kind.lower(), pods)


def test_a_slice_of_a_gpu_is_a_part_of_one() -> None:
    (found,) = read(DEPLOYMENT.replace("nvidia.com/gpu: 1", "nvidia.com/mig-2g.10gb: 3"))
    assert dict(found.containers)["main"]["gpu"] == pytest.approx(3 * 2 / 7)


CONTAINER = "spec.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the body holds no Deployment"),
        ("kind: Service", "the body holds no Deployment"),
        ("- 1", "document 1: this is no object"),
        ("a: [", "the body is neither YAML nor JSON"),
        ("a: \0", "the body is neither YAML nor JSON"),
        ("metadata: {}", "document 1: kind is missing"),
        ("kind: CronJob", "document 1: kind CronJob does not say how long"),
        ("kind: Deployment", "document 1: metadata is missing"),
        ("a: &x [1]\nb: *x", r"repeats \*x"),
        ("? [1]\n: 2", "a key that is no text"),
        ("[" * 100_000, "more than 64 mappings and lists within each other"),
        (f"{DEPLOYMENT}---\n{DEPLOYMENT.replace('web', 'We_b')}", "document 2: metadata.name is 'We_b'"),
        (DEPLOYMENT.replace("500m", "half"), f"{CONTAINER}.resources.requests.cpu 'half' is no quantity"),
        (DEPLOYMENT.replace("500m", "-1"), f"{CONTAINER}.resources.requests.cpu '-1' is no quantity"),
        (DEPLOYMENT.replace("500m", "[1]"), f"{CONTAINER}.resources.requests.cpu must be a quantity"),
        (DEPLOYMENT.replace("replicas: 2", "replicas: -1"), "spec.replicas is '-1': allowed are 0 to"),
        (DEPLOYMENT.replace("replicas: 2", "replicas: 9999999"), "spec.replicas is '9999999': allowed are 0 to"),
        (DEPLOYMENT.replace("name: main", "image: main"), f"{CONTAINER}.name is missing"),
        (DEPLOYMENT.replace("  template:", "  pattern:"), "spec.template is missing or no mapping"),
        ('{"kind": "List", "items": [{"kind": "Pod"}]}', "document 1, item 1: metadata is missing"),
        ("kind: Service\n---\n" * MOST_OBJECTS + DEPLOYMENT, f"more than {MOST_OBJECTS} objects"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_document_and_field(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence.replace("[", r"\[").replace("]", r"\]")):
        read(text)
