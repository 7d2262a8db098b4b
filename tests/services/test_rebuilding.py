"""Facts that saw less never take the place of facts that saw more, whatever Prometheus has lost since."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from farthing.model.window import Window
from farthing.prometheus.source import CatalogueSource
from farthing.services.collect import Collector
from farthing.store.days import Store
from farthing.store.engine import connect, parquet, run
from farthing.store.manifest import Manifest
from farthing.store.workbench import Workbench
from tests.support.measuring import CLUSTER as NAME
from tests.support.measuring import moment
from tests.support.watched import CLUSTER, END, HOUR, HOURS, START, Drop, Watched, named, starts_with, watching

WINDOW = Window(moment(START), moment(END))
GAP = [(START + 2 * HOUR + 600, START + 2 * HOUR + 2400)]

Costs = dict[tuple[int, str, str], Any]

LOSSES: dict[str, Drop] = {
    "no-cadvisor": starts_with("container_"),
    "no-nodes-of-pods": named("kube_pod_info"),
    "one-kubelet-less": lambda series: series.target == f"kubelet/{CLUSTER.nodes[0].name}",
    "nothing": lambda _: True,
}


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watching(tmp_path_factory.mktemp("prometheus")) as watched:
        watched.write("whole")
        watched.write("gap", gaps=GAP)
        for name, drop in LOSSES.items():
            watched.write(name, drop=drop)
        yield watched


@pytest.fixture(scope="module")
def whole(prometheus_server: Watched, tmp_path_factory: pytest.TempPathFactory) -> Costs:
    """What it costs where nothing was ever lost, but for the last digits."""
    store = Store(tmp_path_factory.mktemp("whole"))
    costs = costs_of(store, collected(prometheus_server, "whole", store))
    return {key: pytest.approx(cost, rel=1e-9) for key, cost in costs.items()}


def collected(watched: Watched, name: str, store: Store) -> Manifest:
    """The stored day after all of it was asked again of what was written under ``name``."""
    with watched.asking(name) as client:
        Collector(CatalogueSource(client), store, Workbench, NAME, UTC).collect(WINDOW, again=True)
    manifest = store.day(NAME, "2026-11-17")
    assert manifest is not None
    return manifest


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.parametrize("loss", [*LOSSES, "gap"])
def test_what_saw_more_replaces_what_saw_less_and_never_the_other_way(
    prometheus_server: Watched, store: Store, whole: Costs, loss: str
) -> None:
    poor = collected(prometheus_server, loss, store)
    # Nothing was scraped after these hours.
    assert not all(one.complete for one in poor.coverage[:HOURS])
    mended = collected(prometheus_server, "whole", store)
    assert all(one.complete for one in mended.coverage[:HOURS])
    assert costs_of(store, mended) == whole
    again = collected(prometheus_server, loss, store)
    assert all(one.complete for one in again.coverage[:HOURS])
    assert costs_of(store, again) == whole


def test_what_has_a_gap_replaces_the_other_hours_only(prometheus_server: Watched, store: Store) -> None:
    before = collected(prometheus_server, "whole", store)
    after = collected(prometheus_server, "gap", store)
    times = [one.collected == again.collected for one, again in zip(before.coverage, after.coverage, strict=True)]
    assert times[2]
    assert after.coverage[2] == before.coverage[2]


def costs_of(store: Store, manifest: Manifest) -> Costs:
    """Cost by hour, pod and container."""
    file = manifest.file("allocation", "hour")
    assert file is not None
    select = f'select "start", uid, container, cpu_cost + ram_cost + gpu_cost from {parquet([store.verified(file)])}'  # noqa: S608
    with connect(threads=1) as connection:
        return {(start, uid, container): cost for start, uid, container, cost in run(connection, select)}
