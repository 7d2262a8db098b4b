"""From a named query to its samples, in smaller parts where Prometheus refuses for size."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from farthing.errors import MetricsMalformedError, MetricsTooLargeError
from farthing.model.samples import Samples
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.decode import decode
from farthing.prometheus.queries import Matcher, Query

MILLISECOND = 0.001
"""How long before its interval ends a value is dated. [s]"""

SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""What names of namespaces, of pods and of what owns them begin and end with (RFC 1123)."""

NAMES = ("pod_name", "pod", "replicaset", "job_name", "targetref_name", "service")
"""Labels that hold such names; beside ``pod_name``, ``pod`` is of who tells of it, if it is there at all."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A label by whose values an answer can be cut into parts, and the expression that is to hold a set of ``SIGNS``."""

    label: str
    expression: str


def _axes(query: Query) -> tuple[Axis, ...]:
    """How an answer to ``query`` can be cut: by namespaces, and by the names within them, or by nodes."""
    by_namespace = tuple(Axis("namespace", "[{}].*") for label in query.keep if label == "namespace")
    if not by_namespace and "node" in query.keep:
        # Machines of a cloud differ in the last sign before the domain: ip-10-0-2-22.ec2.internal, gke-pool-1-7d4k.
        return (Axis("node", "[^.]*[{}]([.].*)?"),)
    # A namespace may hold nearly everything; the names that controllers give end at random (those of nodes do not).
    within = [Axis(label, ".*[{}]") for label in NAMES if label in query.keep]
    return (*by_namespace, *within[:1])


class Fetcher(Protocol):
    """Anything that answers the catalogue's queries as Prometheus does."""

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        """The JSON of Prometheus' ``query_range``; see ``prometheus.client.Prometheus.fetch``."""
        ...

    def now(self) -> float:
        """Its clock. [unix s]"""
        ...


class CatalogueSource:
    """The catalogue's samples, from whatever answers its queries."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._queries = {query.name: query for query in CATALOGUE}

    @property
    def names(self) -> Sequence[str]:
        """The queries of the catalogue."""
        return tuple(self._queries)

    def now(self) -> float:
        """The source's clock. [unix s] Raises MetricsError."""
        return self._fetcher.now()

    def samples(self, name: str, start: int, end: int, step: int) -> Samples:
        """Samples of the query ``name``; see ``read``."""
        return read(self._fetcher, self._queries[name], start, end, step)


def read(fetcher: Fetcher, query: Query, start: int, end: int, step: int) -> Samples:
    """The samples of ``query`` over the intervals of ``step`` [s] from ``start`` to ``end`` [unix s]. Raises MetricsError.

    An answer that is too large is asked for by halves of the span, then by halves of the alphabet that namespaces begin
    with, and what has no namespace, then of the one that pods end with; of what is never of a namespace by those that hosts
    of nodes end with.
    """
    try:
        return _asked(fetcher, query, (start, end, step))
    except MetricsTooLargeError as error:
        intervals = (end - start) // step
        if query.once or intervals < 2:  # noqa: PLR2004 - one interval cannot be halved
            return _by_names(fetcher, query, (start, end, step), (), error)
        middle = start + intervals // 2 * step
        # The second half's interval before is the first half's last one: it is here already.
        halves = (
            read(fetcher, query, start, middle, step),
            read(fetcher, replace(query, carried=False), middle, end, step),
        )
        return joined(query, halves)


def _by_names(
    fetcher: Fetcher, query: Query, span: tuple[int, int, int], chosen: tuple[Matcher, ...], error: MetricsTooLargeError
) -> Samples:
    """The samples of ``query`` in parts by the first axis that ``chosen`` does not use yet; ``error`` is why."""
    axes = _axes(query)[len(chosen) :]
    if not axes:
        raise MetricsTooLargeError(
            f"the query {query.name!r} is too large even for one interval and a part of the names ({error}); "
            "give Prometheus a higher --query.max-samples"
        ) from error
    axis = axes[0]
    half = len(SIGNS) // 2
    # The last part is what has no such label: node-exporter may be scraped from outside of the cluster.
    parts, waiting = [], [("!~", SIGNS), ("=~", SIGNS[half:]), ("=~", SIGNS[:half])]
    while waiting:
        operator, signs = waiting.pop()
        narrowed = (*chosen, Matcher(axis.label, operator, axis.expression.format(signs)))
        try:
            parts.append(_asked(fetcher, query, span, narrowed))
        except MetricsTooLargeError as still:
            if operator == "=~" and len(signs) > 1:
                waiting += [("=~", signs[len(signs) // 2 :]), ("=~", signs[: len(signs) // 2])]
            else:
                parts.append(_by_names(fetcher, query, span, narrowed, still))
    return joined(query, parts)


def _asked(fetcher: Fetcher, query: Query, span: tuple[int, int, int], extra: tuple[Matcher, ...] = ()) -> Samples:
    """The samples of ``query``, dated as asked. Raises MetricsError."""
    start, end, step = span
    found = decode(query.name, fetcher.fetch(query, *span, extra), query.keep, query.tall)
    ends = [end] if query.once else range(start if query.carried else start + step, end + 1, step)
    if not set(found.times) <= {one - MILLISECOND for one in ends}:
        raise MetricsMalformedError(
            f"the answer to the query {query.name!r} is dated otherwise than asked: something before Prometheus moves "
            "the times to multiples of the step (Thanos: turn off --query-range.align-range-with-step)"
        )
    return found


def joined(query: Query, parts: Iterable[Samples]) -> Samples:
    """The samples of ``parts``, which are answers to the same query over other times or namespaces."""
    labels: dict[str, list[str]] = {label: [] for label in query.keep}
    index, times, values, count = array("i"), array("d"), array("d"), 0
    for part in parts:
        for label, column in labels.items():
            column.extend(part.labels[label])
        index.extend(series + count for series in part.index)
        times.extend(part.times)
        values.extend(part.values)
        count += part.series_count
    return Samples(query.name, labels, count, index, times, values)
