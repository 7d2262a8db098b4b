"""The time series a Prometheus would hold of a made-up cluster: names, labels, lives and values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from farthing.demo.cluster import Cluster, overlap
from farthing.demo.shapes import Shape
from farthing.errors import InvalidInputError

Labels = tuple[tuple[str, str], ...]
"""Pairs of label and value, sorted by label; without the metric's name, and without empty values, as Prometheus keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraping:
    """How the cluster is watched.

    ``by_address``: kubelets' ``instance`` is ``IP:10250`` rather than the node's name. ``node_label``: cAdvisor's series
    carry ``node``. ``duplicate_scraper``: a second job scrapes every kubelet and the network-costs daemonset. ``state_replicas``: how many
    kube-state-metrics run. ``cgroup_ids``: cAdvisor's ``id`` and ``name`` are kept. ``pod_rows``: cAdvisor's rows of
    pods, sandboxes and machines are kept. ``opencost``: its exporter runs. ``network_costs``: so does the network-costs daemonset.
    """

    by_address: bool = False
    node_label: bool = False
    duplicate_scraper: bool = False
    state_replicas: int = 1
    cgroup_ids: bool = True
    pod_rows: bool = True
    opencost: bool = True
    network_costs: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """What a series shows over ``[start, end)`` [unix s]."""

    start: int
    end: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: its parts follow each other without overlap; ``target`` names what is scraped for it."""

    metric: str
    labels: Labels
    target: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        """Refuse two values at one time, which no scrape gives."""
        for earlier, later in pairwise(self.parts):
            if earlier.end > later.start:
                raise InvalidInputError(
                    f"Series {self.metric}{dict(self.labels)} has two values at {later.start}: its parts must not overlap."
                )


@dataclass(frozen=True, slots=True)
class Exposition:
    """All series of a cluster; scrapes happen within ``[start, end)`` [unix s]."""

    start: int
    end: int
    series: tuple[Series, ...]


def scrape_phase(target: str, interval: int) -> int:
    """Offset of the scrapes of ``target``: they happen whenever ``time % interval`` is this. [s]"""
    return crc32(target.encode()) % interval


class SeriesBook:
    """Collects parts into series; what has the same metric and labels is the same series."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._parts: dict[tuple[str, Labels], tuple[str, list[Part]]] = {}

    def add(
        self, target: str, metric: str, labels: Mapping[str, str], span: tuple[int, int | None], shape: Shape
    ) -> None:
        """Enter what ``metric`` with ``labels`` shows over ``span``; what lies outside the cluster's time is left out."""
        start, end = overlap(*span, self._cluster.start, self._cluster.end)
        if start < end:
            pairs = tuple(sorted((label, value) for label, value in labels.items() if value))
            self._parts.setdefault((metric, pairs), (target, []))[1].append(Part(start, end, shape))

    def close(self) -> Iterator[Series]:
        """Give every series with its parts in order of time."""
        for (metric, labels), (target, parts) in self._parts.items():
            yield Series(metric, labels, target, tuple(sorted(parts, key=lambda part: part.start)))
