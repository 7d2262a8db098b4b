import json
import subprocess
from typing import Any

import pytest
import requests

from tests.support.cluster import Cluster, KubectlError
from tests.support.controlplane import ControlPlane
from tests.support.prometheus_server import PrometheusServer
from tests.support.waiting import wait_until

CONTAINER = {"name": "only", "image": "example.org/nothing:1"}


def pod(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [CONTAINER], **spec}}


def config_map(name: str, namespace: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **metadata},
    }


def test_apiserver_and_kubectl_are_the_pinned_version(own_control_plane: ControlPlane) -> None:
    version = json.loads(own_control_plane.kubectl("version", "--output=json").stdout)

    assert version["serverVersion"]["gitVersion"] == "v1.34.2"
    assert version["clientVersion"]["gitVersion"] == "v1.34.2"


def test_pod_bound_to_a_made_up_node_runs(own_control_plane: ControlPlane, namespace: str) -> None:
    node = f"node-of-{namespace}"
    own_control_plane.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}})
    own_control_plane.apply(pod("web", namespace, nodeName=node))

    def phase() -> str:
        return str(own_control_plane.get("pod", "web", "-n", namespace)["status"].get("phase"))

    wait_until(lambda: phase() == "Running", "the pod to run")
    own_control_plane.kubectl("delete", "node", node)


def test_objects_of_a_deleted_owner_are_collected(control_plane: Cluster, namespace: str) -> None:
    control_plane.apply(config_map("owner", namespace))
    uid = control_plane.get("configmap", "owner", "-n", namespace)["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    control_plane.apply(config_map("owned", namespace, ownerReferences=[owner]), config_map("free", namespace))

    control_plane.kubectl("delete", "configmap", "owner", "-n", namespace)

    def names() -> set[str]:
        found = control_plane.get("configmaps", "-n", namespace)["items"]
        return {each["metadata"]["name"] for each in found}

    wait_until(lambda: "owned" not in names(), "the owned ConfigMap to be collected")
    assert "free" in names()


def test_restricted_namespace_refuses_a_privileged_pod(control_plane: Cluster, namespace: str) -> None:
    control_plane.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    privileged = {**CONTAINER, "securityContext": {"privileged": True}}

    with pytest.raises(KubectlError, match='violates PodSecurity "restricted'):
        control_plane.apply(pod("root", namespace, containers=[privileged]))


def test_service_account_may_do_what_its_role_grants_and_nothing_else(control_plane: Cluster, namespace: str) -> None:
    here = ("--namespace", namespace)
    control_plane.kubectl("create", "serviceaccount", "reader", *here)
    control_plane.kubectl("create", "role", "reader", "--verb=list", "--resource=configmaps", *here)
    control_plane.kubectl(
        "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader", *here
    )
    kubeconfig = control_plane.kubeconfig_for_service_account(namespace, "reader")

    def as_reader(*arguments: str) -> subprocess.CompletedProcess[str]:
        return control_plane.kubectl(*arguments, kubeconfig=kubeconfig, check=False)

    wait_until(lambda: as_reader("get", "configmaps", *here).returncode == 0, "the role to be in force")
    refused = as_reader("get", "secrets", *here)
    assert f"system:serviceaccount:{namespace}:reader" in refused.stderr
    assert 'cannot list resource "secrets"' in refused.stderr


def test_stopped_apiserver_comes_back_with_its_data_and_controllers(
    own_control_plane: ControlPlane, namespace: str
) -> None:
    own_control_plane.stop_apiserver()
    assert own_control_plane.kubectl("get", "namespaces", check=False).returncode != 0

    own_control_plane.start_apiserver()

    assert own_control_plane.get("namespace", namespace)["metadata"]["name"] == namespace
    own_control_plane.create_namespace(f"{namespace}-later")


def test_prometheus_answers_and_takes_remote_writes(prometheus_server: PrometheusServer) -> None:
    answer = requests.get(f"{prometheus_server.url}/api/v1/query", params={"query": "6 * 7"}, timeout=10).json()
    flags = requests.get(f"{prometheus_server.url}/api/v1/status/flags", timeout=10).json()["data"]

    assert answer["data"]["result"][1] == "42"
    assert flags["web.enable-remote-write-receiver"] == "true"
