"""A Prometheus that is not there: answers the catalogue's queries about a made-up cluster with Prometheus' own JSON."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

import msgspec

from farthing.demo.cluster import Cluster
from farthing.demo.functions import EDGE_SECONDS, LOOKBACK_SECONDS, Scraped, evaluate
from farthing.demo.series import Scraping, Series, scrape_phase
from farthing.demo.watch import SCRAPING, expose
from farthing.prometheus.queries import Combine, Matcher, Query

Key = tuple[tuple[str, str], ...]


class DemoSource:
    """Answers as a Prometheus that scraped ``cluster`` every ``interval`` seconds, each target at its own phase."""

    def __init__(self, cluster: Cluster, scraping: Scraping = SCRAPING, interval: int = 60) -> None:
        exposition = expose(cluster, scraping)
        self._end = exposition.end
        self._by_metric: defaultdict[str, list[Scraped]] = defaultdict(list)
        for series in exposition.series:
            scraped = Scraped(series, scrape_phase(series.target, interval), interval, exposition.end)
            self._by_metric[series.metric].append(scraped)

    def now(self) -> float:
        """The demo's clock: it stands where the made-up cluster ends. [unix s]"""
        return float(self._end)

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        """The body of ``/api/v1/query_range`` for every whole ``step`` [s] of ``[start, end)`` [unix s].

        Each value is dated one millisecond before its step ends. A carried query also answers the step before
        ``start``; one asked once takes the whole span as its only step. ``extra`` matchers narrow the selection.
        """
        spans = _spans(query, start, end, step)
        rows: defaultdict[Key, list[list[float]]] = defaultdict(lambda: [[] for _ in spans])
        for scraped in self._select(query.metric, (*query.matchers, *extra)):
            # A series is silent but for its life and, to those who ask for its last scrape, a little longer.
            born, dead = scraped.series.parts[0].start, scraped.series.parts[-1].end + LOOKBACK_SECONDS
            key = _key(scraped.series, query.keep)
            for index, (first, last) in enumerate(spans):
                if first < dead and last > born:
                    value = evaluate(query.function, scraped, first, last)
                    if value is not None:
                        rows[key][index].append(value)
        return _body(rows, [last for _, last in spans], _COMBINE[query.combine])

    def _select(self, name: str, matchers: tuple[Matcher, ...]) -> Iterator[Scraped]:
        by_name = [matcher for matcher in matchers if matcher.label == "__name__"]
        by_label = [matcher for matcher in matchers if matcher.label != "__name__"]
        for metric in [name] if name else list(self._by_metric):
            if all(_accepts(matcher, metric) for matcher in by_name):
                for scraped in self._by_metric.get(metric, ()):
                    labels = dict(scraped.series.labels)
                    if all(_accepts(matcher, labels.get(matcher.label, "")) for matcher in by_label):
                        yield scraped


def _spans(query: Query, start: int, end: int, step: int) -> list[tuple[int, int]]:
    if query.once:
        return [(start, end)]
    first = start - step if query.carried else start
    return [(begin, begin + step) for begin in range(first, end - step + 1, step)]


def _accepts(matcher: Matcher, value: str) -> bool:
    if matcher.operator in {"=", "!="}:
        return (matcher.value == value) == (matcher.operator == "=")
    return (re.fullmatch(matcher.value, value) is not None) == (matcher.operator == "=~")


def _key(series: Series, keep: tuple[str, ...]) -> Key:
    return tuple(pair for pair in series.labels if pair[0] in keep)


def _body(rows: dict[Key, list[list[float]]], ends: list[int], combine: Callable[[list[float]], float]) -> bytes:
    result = [
        {
            "metric": dict(key),
            "values": [
                (end - EDGE_SECONDS, _text(combine(values)))
                for end, values in zip(ends, columns, strict=True)
                if values
            ],
        }
        for key, columns in sorted(rows.items())
    ]
    return msgspec.json.encode({"status": "success", "data": {"resultType": "matrix", "result": result}})


def _text(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


_COMBINE: dict[Combine, Callable[[list[float]], float]] = {
    Combine.MAX: max,
    Combine.MIN: min,
    Combine.MEAN: _mean,
    Combine.SUM: sum,
}
