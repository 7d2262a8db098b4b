"""Whatever optional metric is missing, there is a report, it is complete, and the status names what was not there."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from farthing.demo.cluster import Cluster
from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.source import DemoSource
from farthing.model.coverage import OPTIONAL, Coverage
from farthing.model.intervals import Chunk
from farthing.model.plan import Part
from farthing.model.question import Shape, Sharing
from farthing.prometheus.queries import Matcher, Query
from farthing.prometheus.source import CatalogueSource
from farthing.services.gather import gathered
from farthing.store.reading import Reader
from farthing.store.workbench import Workbench
from tests.support.measuring import CLUSTER, DAY

pytestmark = pytest.mark.slow

HOUR = 3600
START = 1_794_873_600 + 14 * HOUR
CHUNK = Chunk(HOUR, ((START, 3600.0), (START + HOUR, 3600.0)))
NOTHING = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
OF_EXPORTERS = {
    metric for metric in OPTIONAL.values() if metric.startswith(("kubecost_", "node_", "pv_", "DCGM_"))
}  # fmt: skip


@dataclass
class Without:
    """The demo's metrics, but for some."""

    real: DemoSource
    metrics: frozenset[str]

    def now(self) -> float:
        return START + 2 * HOUR + 600

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        return NOTHING if query.metric in self.metrics else self.real.fetch(query, start, end, step, extra)


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return demo_cluster(START - 14 * HOUR, START - 14 * HOUR + DAY)


@pytest.fixture(scope="module")
def source(cluster: Cluster) -> DemoSource:
    return DemoSource(cluster, Scraping())


def answered(source: DemoSource, missing: frozenset[str]) -> tuple[list[Coverage], float]:
    """What was seen without the metrics ``missing``, and what the report of the two hours comes to."""
    with (
        gathered(CatalogueSource(Without(source, missing)), Workbench, CHUNK, CLUSTER) as (bench, seen),
        tempfile.TemporaryDirectory() as folder,
    ):
        files = {table: [path] for table, path in bench.save(Path(folder), START).items()}
        shape = Shape("allocation", ("namespace", "team", "service"), sharing=Sharing(idle=True, overhead=True))
        rows = Reader().rows(shape, [Part(files, {START: 0, START + HOUR: 0})], passed=[7200.0])
    return seen, sum(row["total_cost"] for row in rows)


def test_with_everything_nothing_is_absent(source: DemoSource) -> None:
    seen, total = answered(source, frozenset())
    assert [one.absent for one in seen] == [(), ()]
    assert all(one.complete for one in seen)
    assert total > 0


@pytest.mark.parametrize("metric", sorted(OPTIONAL.values()))
def test_without_one_of_them_there_is_a_report_that_names_it(source: DemoSource, metric: str) -> None:
    seen, total = answered(source, frozenset({metric}))
    assert all(metric in one.absent for one in seen)
    assert all(one.complete for one in seen if metric != "kube_namespace_labels")
    assert total > 0


def test_kube_state_metrics_and_cadvisor_are_enough(source: DemoSource) -> None:
    seen, total = answered(source, frozenset(OF_EXPORTERS | {"kubecost_node_is_spot", "node_total_hourly_cost"}))
    assert all(one.complete and set(one.absent) == OF_EXPORTERS for one in seen)
    assert total > 0
