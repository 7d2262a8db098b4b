"""All that a chunk needs is asked at once, a few at a time, and one failure ends it."""

import threading
from collections.abc import Callable
from math import inf, nan

import pytest

from farthing.demo.scenario import demo_cluster
from farthing.demo.source import DemoSource
from farthing.errors import (
    ConservationError,
    MetricsError,
    MetricsPartialError,
    MetricsRefusedError,
    MetricsUnreachableError,
)
from farthing.model.intervals import Chunk
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.client import Prometheus
from farthing.prometheus.connection import Connection
from farthing.prometheus.source import CatalogueSource
from farthing.services.gather import AT_ONCE, gathered
from farthing.store.workbench import Workbench
from tests.support.hostile_server import Asked, HostileServer, Visit, Way, answers, breaks_off
from tests.support.measuring import asking

pytestmark = pytest.mark.slow

HOUR = 3600
START = 1_794_873_600  # 2026-11-17 00:00 UTC
CHUNK = Chunk(HOUR, ((START, 3600.0),))
PARTIAL = b'{"status":"success","warnings":["store down"],"data":{"resultType":"matrix","result":[]}}'


def gather(fetcher: Prometheus) -> None:
    with gathered(CatalogueSource(fetcher), Workbench, CHUNK, "c"):
        pass


def test_never_more_than_four_queries_are_in_flight() -> None:
    def slow(visit: Visit) -> None:
        visit.pause(0.02)
        answers(200)(visit)

    with HostileServer(slow) as server, asking(server.url) as client:
        gather(client)
        assert server.most_at_once == AT_ONCE == 4
        assert len(server.queries()) == len(CATALOGUE)


def only(metric: str, way: Way) -> Callable[[Asked], Way | None]:
    return lambda asked: way if metric in asked.form["query"] else None


@pytest.mark.parametrize(
    ("way", "error"),
    [
        pytest.param(answers(400, b"parse error"), MetricsRefusedError, id="400"),
        pytest.param(answers(200, PARTIAL), MetricsPartialError, id="warning"),
        pytest.param(breaks_off(b"{", 100), MetricsUnreachableError, id="broken off"),
    ],
)
def test_one_query_that_fails_fails_all_of_it(way: Way, error: type[MetricsError]) -> None:
    with (
        HostileServer(by_query=only("kube_node_labels", way)) as server,
        asking(server.url) as client,
        pytest.raises(error, match="'node_labels'"),
    ):
        gather(client)


def test_after_a_failure_nothing_more_is_asked() -> None:
    refused = threading.Event()

    def refuse(visit: Visit) -> None:
        answers(403, b"no")(visit)
        refused.set()

    def wait(visit: Visit) -> None:
        # These are under way when the other is refused; what waits behind them must never be asked.
        refused.wait(10)
        visit.pause(0.2)
        answers(200)(visit)

    with HostileServer(wait, by_query=only("kube_pod_container_status_running[", refuse)) as server:
        with asking(server.url) as client, pytest.raises(MetricsRefusedError):
            gather(client)
        # The refused one, three beside it, and the one that its thread took before the failure was noticed.
        assert len(server.queries()) <= AT_ONCE + 1


def test_progress_is_told_of_every_query() -> None:
    told: list[tuple[str, int, int]] = []
    source = CatalogueSource(DemoSource(demo_cluster(START, START + 3 * HOUR)))

    def progress(what: str, done: int, of: int) -> None:
        told.append((what, done, of))

    with gathered(source, Workbench, CHUNK, "c", progress=progress):
        pass
    assert told == [("asking Prometheus", n, len(CATALOGUE)) for n in range(1, len(CATALOGUE) + 1)]


def test_the_facts_are_dated_by_prometheus_clock() -> None:
    source = CatalogueSource(DemoSource(demo_cluster(START, START + 3 * HOUR)))
    with gathered(source, Workbench, CHUNK, "c") as (_, seen):
        assert [one.collected for one in seen] == [START + 3 * HOUR]


@pytest.mark.parametrize("residuals", [(0.0, nan), (nan, 0.0), (inf, 0.0), (0.0, 1.1e-9)], ids=str)
def test_facts_that_are_not_conserved_are_refused(residuals: tuple[float, float]) -> None:
    class Broken(Workbench):
        def compute(self) -> list[dict[str, float]]:
            return [{**row, "residual": one} for row, one in zip(super().compute(), residuals, strict=True)]

    source = CatalogueSource(DemoSource(demo_cluster(START, START + 3 * HOUR)))
    chunk = Chunk(HOUR, ((START, 3600.0), (START + HOUR, 3600.0)))
    with pytest.raises(ConservationError, match="nothing was kept of it"), gathered(source, Broken, chunk, "c"):
        pass


def test_a_client_that_nobody_reaches_asks_no_further() -> None:
    client = Prometheus(Connection("http://127.0.0.1:1", first_wait=0.001))
    with pytest.raises(MetricsUnreachableError, match="'time'"):
        gather(client)
    client.close()
