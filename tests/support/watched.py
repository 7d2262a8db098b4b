"""One made-up cluster, as many Prometheuses saw it: whole, with gaps, without a metric. One server holds them all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Exposition, Series
from farthing.demo.watch import expose
from farthing.model.tables import UNMOUNTED
from tests.conftest import programs
from tests.support.measuring import Facts, Row, asking, facts_of
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import Gaps, write

HOUR = 3600
START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOURS = 4
END = START + HOURS * HOUR
CLUSTER = demo_cluster(START, END)
EXPOSED = expose(CLUSTER)
RESOURCES = ("cpu", "ram", "gpu")
CPU, RAM = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"
RUNNING, REQUESTS = "kube_pod_container_status_running", "kube_pod_container_resource_requests"

Drop = Callable[[Series], bool]


@dataclass(frozen=True)
class Watched:
    """A Prometheus that holds the same cluster many times over, each time seen otherwise, under a label of its own."""

    url: str

    def write(
        self,
        name: str,
        exposition: Exposition = EXPOSED,
        *,
        drop: Drop | None = None,
        gaps: Gaps = (),
        hours: tuple[int, int] = (0, HOURS),
        replicas: tuple[str, ...] = ("a",),
    ) -> None:
        """Write ``hours`` of it under ``name``, as each of ``replicas`` saw it."""
        first, last = hours
        for replica in replicas:
            write(
                exposition,
                self.url,
                drop=drop,
                gaps=gaps,
                labels={"cluster": name, "replica": replica},
                start=START + first * HOUR,
                end=START + last * HOUR,
            )

    def asking(self, name: str) -> Any:
        """A client that sees what was written under ``name``; use it as a context."""
        return asking(self.url, cluster_label="cluster", cluster=name)

    def facts(self, name: str) -> Facts:
        """What is found of what was written under ``name``."""
        with self.asking(name) as client:
            return facts_of(client, START, END)


@contextmanager
def watching(folder: Path) -> Iterator[Watched]:
    """A Prometheus of its own: one cluster is written after the other, and all of them at the same times."""
    with PrometheusServer(folder, programs("prometheus")["prometheus"], out_of_order_window="1d") as server:
        yield Watched(server.url)


def named(*metrics: str) -> Drop:
    return lambda series: series.metric in metrics


def starts_with(*prefixes: str) -> Drop:
    return lambda series: series.metric.startswith(prefixes)


def label(series: Series, name: str) -> str:
    return dict(series.labels).get(name, "")


def costs(facts: Facts) -> dict[tuple[int, str, str], float]:
    found = held_by_containers(facts)
    rows = {(row["start"], row["uid"], row["container"]): cost_of(row) for row in found}
    assert len(rows) == len(found)
    return rows


def held_by_containers(facts: Facts) -> list[Row]:
    """The allocations but those of volumes and load balancers that no container holds."""
    return [row for row in facts.allocation if row["container"] != UNMOUNTED]


def cost_of(row: Row) -> float:
    return float(sum(row[f"{resource}_cost"] for resource in RESOURCES))
