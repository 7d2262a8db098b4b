"""Many CostReports applied at once: how long until all are Ready, and how many writes the API server counted."""

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.controlplane import ControlPlane
from tests.support.installed import report
from tests.support.running import NAMESPACE, install, operator
from tests.support.waiting import wait_until

AGGREGATES = (["namespace"], ["controller"], ["namespace", "controller"], ["node"], ["pod"])
WRITES = re.compile(r'^apiserver_request_total{.*verb="(APPLY|PATCH|PUT|POST|CREATE|UPDATE)"')
SECONDS = 120.0
LABEL = {"test": "many"}
SELECTOR = ",".join(f"{name}={value}" for name, value in LABEL.items())


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it."""

    applied_seconds: float
    """Until kubectl had applied the last one."""
    ready_seconds: float
    """Until all were Ready, since kubectl began to apply them."""
    status_writes: int
    config_map_writes: int

    def __str__(self) -> str:
        return (
            f"Ready in {self.ready_seconds:.1f} s (applied in {self.applied_seconds:.1f} s), "
            f"{self.status_writes} writes of a status, {self.config_map_writes} of a ConfigMap"
        )


def many_reports(
    control_plane: ControlPlane, folder: Path, window: str, options: Sequence[str], prometheus: str, number: int = 200
) -> Made:
    """Run the operator and apply ``number`` CostReports over ``window``, each with a question of its own.

    The data of ``window`` must be whole: what lacks data is rightly run again when there is more. The control plane
    must have no other guest: its own count of writes is by kind, not by namespace.
    """
    install(control_plane)
    with operator(control_plane, folder, prometheus, *options):
        # The store is filled, and all that starts has started, before the clock does.
        control_plane.apply(report("first", NAMESPACE, window=window))
        for wanted in ("Ready", "DataComplete"):
            control_plane.kubectl(
                "wait", f"--for=condition={wanted}", "costreport/first", "-n", NAMESPACE, f"--timeout={SECONDS:.0f}s"
            )
        before = _writes(control_plane)
        begun = time.monotonic()
        control_plane.apply(*(_one(index, window) for index in range(number)))
        applied = time.monotonic() - begun
        wait_until(lambda: _ready(control_plane) == number, "all reports to be Ready", seconds=SECONDS, between=1.0)
        ready = time.monotonic() - begun
        writes = _writes(control_plane) - before
    return Made(applied, ready, writes["status"], writes["configmaps"])


def _one(index: int, window: str) -> dict[str, Any]:
    body = report(
        f"many-{index}", NAMESPACE, window=window, aggregate=AGGREGATES[index % len(AGGREGATES)], limit=index + 1
    )
    body["metadata"]["labels"] = LABEL
    return body


def _ready(control_plane: ControlPlane) -> int:
    """How many of the many are Ready, by what ``kubectl get`` prints: to get them whole costs more than to make them."""
    printed = control_plane.kubectl("get", "costreports", "-n", NAMESPACE, "-l", SELECTOR).stdout.splitlines()
    # What is not there yet leaves its column empty; no other says True.
    return sum("True" in line.split() for line in printed)


def _writes(control_plane: ControlPlane) -> Counter[str]:
    """How many writes of reports' status and of ConfigMaps the API server has counted."""
    counted = Counter[str]()
    for line in control_plane.kubectl("get", "--raw", "/metrics").stdout.splitlines():
        if not WRITES.match(line):
            continue
        amount = int(float(line.rsplit(" ", 1)[1]))
        if 'resource="costreports"' in line and 'subresource="status"' in line:
            counted["status"] += amount
        if 'resource="configmaps"' in line:
            counted["configmaps"] += amount
    return counted
