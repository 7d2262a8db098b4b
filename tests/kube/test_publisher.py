from pathlib import Path
from typing import Any

import pytest

from farthing.errors import NameTakenError
from farthing.exports.documents import Document
from farthing.kube.client import Client, ObjectRef
from farthing.kube.publisher import Publisher
from tests.support.cluster import Cluster
from tests.support.installed import install, report

LONG = "a" * 100


@pytest.fixture(scope="module")
def kubeconfig(control_plane: Cluster) -> Path:
    return install(control_plane)


@pytest.fixture
def client(kubeconfig: Path) -> Client:
    return Client(kubeconfig)


def applied(cluster: Cluster, namespace: str, name: str = "costs") -> ObjectRef:
    cluster.apply(report(name, namespace))
    uid = cluster.get("costreport", name, "-n", namespace)["metadata"]["uid"]
    return ObjectRef("farthing.dev/v1alpha1", "CostReport", "costreports", namespace, name, uid)


def config_map(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    return cluster.get("configmap", name, "-n", namespace)


def test_the_index_is_written_after_the_parts(control_plane: Cluster, namespace: str, client: Client) -> None:
    owner = applied(control_plane, namespace)
    Publisher(client).publish(owner, [Document("part", {"a": "1"}), Document("index", {"b": "2"})])
    part, index = (
        int(config_map(control_plane, namespace, name)["metadata"]["resourceVersion"]) for name in ("part", "index")
    )
    assert part < index


def test_bytes_are_kept_as_binary_data(control_plane: Cluster, namespace: str, client: Client) -> None:
    owner = applied(control_plane, namespace)
    Publisher(client).publish(owner, [Document("packed", {}, {"rows.gz": b"\x1f\x8b\x00"})])
    # Base64 of 1f 8b 00.
    assert config_map(control_plane, namespace, "packed")["binaryData"] == {"rows.gz": "H4sA"}


def test_a_name_too_long_for_a_label_is_found_by_the_same_label(
    control_plane: Cluster, namespace: str, client: Client
) -> None:
    owner = applied(control_plane, namespace, LONG)
    publisher = Publisher(client)
    publisher.publish(owner, [Document("first", {"a": "1"})])
    assert publisher.version(namespace, "first") > 0
    publisher.publish(owner, [Document("second", {"a": "1"})])
    assert publisher.version(namespace, "first") == 0, "what is deleted is not remembered"
    names = [one["metadata"]["name"] for one in control_plane.get("configmaps", "-n", namespace)["items"]]
    assert "first" not in names
    assert "second" in names


def test_a_publisher_that_just_started_writes_nothing_that_is_there_already(
    control_plane: Cluster, namespace: str, client: Client
) -> None:
    owner, documents = applied(control_plane, namespace), [Document("index", {"a": "1"}, {"b": b"2"})]
    Publisher(client).publish(owner, documents)
    Publisher(client).publish(owner, documents)
    assert client.writes["configmaps"] == 1


def test_nothing_is_written_where_one_name_is_taken(control_plane: Cluster, namespace: str, client: Client) -> None:
    owner = applied(control_plane, namespace)
    control_plane.kubectl("create", "configmap", "index", "-n", namespace)
    with pytest.raises(NameTakenError, match=r"ConfigMap .*/index is needed by CostReport .*/costs but was made by"):
        Publisher(client).publish(owner, [Document("part", {"a": "1"}), Document("index", {"b": "2"})])
    assert client.writes["configmaps"] == 0


def test_a_config_map_of_another_report_is_not_taken_over(
    control_plane: Cluster, namespace: str, client: Client
) -> None:
    Publisher(client).publish(applied(control_plane, namespace, "theirs"), [Document("index", {"a": "1"})])
    with pytest.raises(NameTakenError, match="belongs to CostReport theirs"):
        Publisher(client).publish(applied(control_plane, namespace), [Document("index", {"a": "2"})])


def test_a_status_is_not_written_to_another_object_of_the_name(
    control_plane: Cluster, namespace: str, client: Client
) -> None:
    old = applied(control_plane, namespace)
    assert client.write_status(old, {"observedGeneration": 1}) is not None
    control_plane.kubectl("delete", "costreport", "costs", "-n", namespace)
    assert client.write_status(old, {"observedGeneration": 1}) is None
    new = applied(control_plane, namespace)
    assert client.write_status(old, {"observedGeneration": 1}) is None
    assert "status" not in control_plane.get("costreport", "costs", "-n", namespace)
    assert client.write_status(new, {"observedGeneration": 1}) is not None


def test_a_status_that_is_written_anew_leaves_nothing_of_the_old_one(
    control_plane: Cluster, namespace: str, client: Client
) -> None:
    owner = applied(control_plane, namespace)
    client.write_status(owner, {"observedGeneration": 1, "currency": "USD"})
    client.write_status(owner, {"observedGeneration": 1})
    assert control_plane.get("costreport", "costs", "-n", namespace)["status"] == {"observedGeneration": 1}
