"""A Prometheus that is not there: answers the catalogue's queries about a made-up cluster with Prometheus' own JSON."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from farthing.demo.cluster import Cluster
from farthing.demo.functions import EDGE_SECONDS, LOOKBACK_SECONDS, Scraped, evaluate
from farthing.demo.series import Scraping, Series, scrape_phase
from farthing.demo.watch import SCRAPING, expose
from farthing.prometheus.queries import SCRAPER, Combine, Function, Matcher, Query

Key = tuple[tuple[str, str], ...]


class Seen(NamedTuple):
    """What was made of one series over one interval, out of how many samples, and who scraped it."""

    value: float
    samples: float
    scraper: Key


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
        rows: defaultdict[Key, list[list[Seen]]] = defaultdict(lambda: [[] for _ in spans])
        for scraped in self._select(query.metric, (*query.matchers, *extra)):
            # A series is silent but for its life and, to those who ask for its last scrape, a little longer.
            born, dead = scraped.series.parts[0].start, scraped.series.parts[-1].end + LOOKBACK_SECONDS
            key = scraped.series.labels if query.tall else _key(scraped.series, query.keep)
            scraper = _key(scraped.series, SCRAPER)
            for index, (first, last) in enumerate(spans):
                if first < dead and last > born:
                    value = evaluate(query.function, scraped, first, last)
                    if value is not None:
                        count = (
                            evaluate(Function.COUNT, scraped, first, last) if query.combine is Combine.MEAN else None
                        )
                        rows[key][index].append(Seen(value, count or 0.0, scraper))
        return _body(rows, [last for _, last in spans], _COMBINE[query.combine])

    def _select(self, metric: str, matchers: tuple[Matcher, ...]) -> Iterator[Scraped]:
        for scraped in self._by_metric.get(metric, ()):
            labels = dict(scraped.series.labels)
            if all(_accepts(matcher, labels.get(matcher.label, "")) for matcher in matchers):
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


def _body(rows: dict[Key, list[list[Seen]]], ends: list[int], combine: Callable[[list[Seen]], float]) -> bytes:
    result = [
        {
            "metric": dict(key),
            "values": [
                (end - EDGE_SECONDS, _text(combine(seen))) for end, seen in zip(ends, columns, strict=True) if seen
            ],
        }
        for key, columns in sorted(rows.items())
    ]
    return msgspec.json.encode({"status": "success", "data": {"resultType": "matrix", "result": result}})


def _text(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _largest(seen: list[Seen]) -> float:
    return max(each.value for each in seen)


def _smallest(seen: list[Seen]) -> float:
    return min(each.value for each in seen)


def _mean(seen: list[Seen]) -> float:
    # The mean of one is itself, to the last digit.
    if len(seen) == 1:
        return seen[0].value
    return sum(each.value * each.samples for each in seen) / sum(each.samples for each in seen)


def _most(seen: list[Seen]) -> float:
    sums: defaultdict[Key, float] = defaultdict(float)
    for each in seen:
        sums[each.scraper] += each.value
    return max(sums.values())


_COMBINE: dict[Combine, Callable[[list[Seen]], float]] = {
    Combine.MAX: _largest,
    Combine.MIN: _smallest,
    Combine.MEAN: _mean,
    Combine.MOST: _most,
}
