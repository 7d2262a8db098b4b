"""What a person installs before the operator runs, and reports to apply."""

from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster

ROOT = Path(__file__).parents[2]
SYSTEM = "farthing-system"


def install(cluster: Cluster) -> Path:
    """Apply CRDs and RBAC as they are shipped; returns the kubeconfig of the operator's service account."""
    cluster.kubectl("apply", "-k", str(ROOT / "crds"))
    kinds = [f"crd/{plural}.farthing.dev" for plural in ("costreports", "assetreports", "pricebooks")]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *kinds)
    cluster.kubectl("apply", "-f", str(ROOT / "manifests" / "namespace.yaml"))
    cluster.kubectl("apply", "-f", str(ROOT / "manifests" / "rbac.yaml"))
    return cluster.kubeconfig_for_service_account(SYSTEM, "farthing")


def report(name: str, namespace: str, kind: str = "CostReport", **spec: Any) -> dict[str, Any]:
    """A report that is valid but for what ``spec`` says."""
    return {
        "apiVersion": "farthing.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"window": "7d", **spec},
    }


def condition(found: dict[str, Any], kind: str) -> str:
    """Status and reason of a condition of the object ``found``, as ``True/Computed``; empty if it has none."""
    conditions = found.get("status", {}).get("conditions", ())
    return next((f"{one['status']}/{one['reason']}" for one in conditions if one["type"] == kind), "")
