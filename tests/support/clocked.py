"""A Prometheus whose clock and whose failures a test chooses, and what fills a store from it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from farthing.demo.cluster import Cluster
from farthing.demo.scenario import demo_cluster
from farthing.demo.source import DemoSource
from farthing.errors import MetricsPartialError, MetricsUnreachableError
from farthing.model.coverage import Coverage
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.queries import Matcher, Query
from farthing.prometheus.source import CatalogueSource
from farthing.services.collect import Collector
from farthing.store.days import Store
from farthing.store.workbench import Workbench
from tests.support.measuring import CLUSTER, DAY

HOUR = 3600
START = 1_794_873_600  # 2026-11-17 00:00 UTC
END = START + 2 * DAY


@dataclass
class Clocked:
    """A Prometheus at a time of the test's choosing, with what was scraped by then; it can be out of reach."""

    cluster: Cluster
    at: int
    broken: set[int] = field(default_factory=set)
    """Starts of asked spans that are out of reach."""
    partial: set[int] = field(default_factory=set)
    """Starts of asked spans that are answered in part."""
    away: bool = False
    """Whether nothing is in reach, the clock included."""
    asked: list[tuple[int, int]] = field(default_factory=list)
    _known: dict[int, DemoSource] = field(default_factory=dict)

    def now(self) -> float:
        if self.away:
            raise MetricsUnreachableError("the test cut the wire")
        return self.at

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        self.asked.append((start, end))
        if start in self.broken:
            raise MetricsUnreachableError("the test cut the wire")
        if start in self.partial:
            raise MetricsPartialError("the test lost a store")
        return self._scraped_by(self.at).fetch(query, start, end, step, extra)

    def _scraped_by(self, moment: int) -> DemoSource:
        if moment not in self._known:
            end = min(moment, self.cluster.end)
            self._known[moment] = DemoSource(Cluster(self.cluster.start, end, self.cluster.nodes, self.cluster.pods))
        return self._known[moment]

    def spans(self) -> Counter[tuple[int, int]]:
        """What was asked since the last time this was asked, in hours of the test's first day, by how often."""
        spans = Counter(((start - START) // HOUR, (end - START) // HOUR) for start, end in self.asked)
        self.asked.clear()
        return spans


def once(*spans: tuple[int, int]) -> Counter[tuple[int, int]]:
    """Every query of the catalogue over each of ``spans`` [h]."""
    return Counter(dict.fromkeys(spans, len(CATALOGUE)))


def quiet_cluster(end: int = END) -> Cluster:
    """The demo from START to ``end`` [unix s] with few pods: quickly asked."""
    cluster = demo_cluster(START, end)
    return Cluster(START, end, cluster.nodes, tuple(pod for pod in cluster.pods if pod.namespace == "ml"))


def collector(source: Clocked, store: Store, zone: tzinfo = UTC) -> Collector:
    return Collector(CatalogueSource(source), store, Workbench, CLUSTER, zone)


def stored(store: Store) -> dict[str, list[Coverage]]:
    """What was seen of each interval of each stored day, by the day's date."""
    return {manifest.date: list(manifest.coverage) for manifest in store.manifests(CLUSTER)}
