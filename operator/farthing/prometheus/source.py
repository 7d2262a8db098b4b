"""From a named query to its samples, in smaller parts where Prometheus refuses for size."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from farthing.errors import MetricsTooLargeError
from farthing.model.samples import Samples
from farthing.prometheus.decode import decode
from farthing.prometheus.queries import CATALOGUE, Matcher, Query

NAMES_BEGIN_WITH = "0123456789abcdefghijklmnopqrstuvwxyz"
"""What a namespace's name may begin with (RFC 1123 label)."""


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

    An answer that is too large is asked for by halves of the span, then by halves of the namespaces' alphabet.
    """
    try:
        return decode(query.name, fetcher.fetch(query, start, end, step), query.keep)
    except MetricsTooLargeError:
        intervals = (end - start) // step
        if query.once or intervals < 2:  # noqa: PLR2004 - one interval cannot be halved
            return _by_namespace(fetcher, query, (start, end, step), NAMES_BEGIN_WITH)
        middle = start + intervals // 2 * step
        # The second half's interval before is the first half's last one: it is here already.
        halves = (
            read(fetcher, query, start, middle, step),
            read(fetcher, replace(query, carried=False), middle, end, step),
        )
        return joined(query, halves)


def _by_namespace(fetcher: Fetcher, query: Query, span: tuple[int, int, int], letters: str) -> Samples:
    if "namespace" not in query.keep or len(letters) == 1:
        raise MetricsTooLargeError(
            f"the query {query.name!r} is too large for Prometheus even for one interval and a part of the namespaces; "
            "raise its --query.max-samples"
        )
    parts = []
    for half in (letters[: len(letters) // 2], letters[len(letters) // 2 :]):
        extra = (Matcher("namespace", "=~", f"[{half}].*"),)
        try:
            parts.append(decode(query.name, fetcher.fetch(query, *span, extra), query.keep))
        except MetricsTooLargeError:
            parts.append(_by_namespace(fetcher, query, span, half))
    return joined(query, parts)


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
