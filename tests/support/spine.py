"""Everything that is running end to end: metrics in Prometheus, a control plane with the manifests, and a store."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster
from tests.support.prometheus_server import PrometheusServer
from tests.support.running import NAMESPACE


@dataclass(frozen=True)
class Spine:
    """Everything that is running."""

    cluster: Cluster
    prometheus: PrometheusServer
    folder: Path

    def farthing(self, *arguments: str) -> str:
        """What a command of the command line prints, asked of the operator's own store."""
        command = [sys.executable, "-m", "farthing", *arguments, "--store", str(self.folder / "store")]
        done = subprocess.run([*command, "--cluster", "demo"], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode in {0, 3}, done.stderr
        return done.stdout

    def report(self, kind: str, name: str, namespace: str = NAMESPACE) -> dict[str, Any]:
        """The object as the API has it."""
        return self.cluster.get(kind, name, "-n", namespace)

    def config_maps(self, name: str, namespace: str = NAMESPACE) -> dict[str, dict[str, Any]]:
        """The ConfigMaps of a report by name."""
        found = self.cluster.get("configmaps", "-n", namespace, "-l", f"farthing.dev/report={name}")
        return {one["metadata"]["name"]: one for one in found["items"]}
