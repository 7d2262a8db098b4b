from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.installed import condition, install
from tests.support.operating import FakeReports, RunningOperator
from tests.support.waiting import wait_until


class Here:
    """The namespace of one test."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace

    def get(self, *arguments: str) -> dict[str, Any]:
        return self.cluster.get(*arguments, "-n", self.namespace)

    def run(self, *arguments: str, **options: Any) -> str:
        return str(self.cluster.kubectl(*arguments, "-n", self.namespace, **options).stdout)

    def config_maps(self) -> dict[str, dict[str, Any]]:
        found = self.get("configmaps", "-l", "app.kubernetes.io/managed-by=farthing")["items"]
        return {one["metadata"]["name"]: one for one in found}

    def wait_ready(self, name: str = "costs", generation: int = 1) -> dict[str, Any]:
        def ready() -> dict[str, Any]:
            found = self.get("costreport", name)
            observed = found.get("status", {}).get("observedGeneration")
            return found if observed == generation and condition(found, "Ready").startswith("True") else {}

        return wait_until(ready, f"report {name} to be ready")


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: Cluster) -> Path:
    """Of the service account that the operator runs as, with the rights it is shipped with and no others."""
    return install(control_plane)


@pytest.fixture
def here(control_plane: Cluster, operator_kubeconfig: Path, namespace: str) -> Here:
    assert operator_kubeconfig.exists()
    return Here(control_plane, namespace)


@pytest.fixture
def reports() -> FakeReports:
    return FakeReports()


@pytest.fixture
def operator(operator_kubeconfig: Path, here: Here, reports: FakeReports) -> Iterator[RunningOperator]:
    with RunningOperator(operator_kubeconfig, reports, namespaces=[here.namespace]) as running:
        yield running
