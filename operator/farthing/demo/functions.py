"""Prometheus' functions over one interval of one made-up series, from its closed form where there is one.

A sample is taken at ``phase + k * interval`` wherever the series lives. Ranges are half-open, ``[start, end)``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, assert_never

from farthing.demo.series import Part, Series
from farthing.demo.shapes import Constant, Counter, Shape, Wave
from farthing.prometheus.queries import Function

LOOKBACK_SECONDS = 300
"""How long Prometheus takes a sample for current when nothing followed."""
EXTRAPOLATED_GAPS = 1.1
"""``increase`` extrapolates to the edge of its range when that is nearer than this many gaps between samples."""
GRID_SECONDS = 300
"""Subqueries look at whole multiples of their step."""
EDGE_SECONDS = 0.001
"""Hourly queries are evaluated this long before the hour ends."""


class Samples(NamedTuple):
    """``number`` samples of ``shape``, from ``first`` [unix s] on, every ``interval`` seconds."""

    shape: Shape
    first: int
    interval: int
    number: int

    @property
    def last(self) -> int:
        """Time of the last sample. [unix s]"""
        return self.first + (self.number - 1) * self.interval


@dataclass(frozen=True, slots=True)
class Scraped:
    """A series, and when it is scraped."""

    series: Series
    phase: int
    interval: int
    until: int
    """No scrape happens at or after this. [unix s]"""

    def samples(self, start: int, end: int) -> list[Samples]:
        """The samples in ``[start, end)``, one group per part of the series that has any."""
        groups = []
        for part in self.series.parts:
            if part.start < end and part.end > start:
                first = self.scrape_from(max(part.start, start))
                number = -((first - min(part.end, end)) // self.interval)
                if number > 0:
                    groups.append(Samples(part.shape, first, self.interval, number))
        return groups

    def scrape_from(self, moment: int) -> int:
        """The first scrape at or after ``moment``. [unix s]"""
        return moment + (self.phase - moment) % self.interval

    def is_gone(self, last: int) -> bool:
        """Whether the scrape after the sample at ``last`` came and did not see the series."""
        following = last + self.interval
        return following < self.until and not any(_covers(part, following) for part in self.series.parts)


def evaluate(function: Function, scraped: Scraped, start: int, end: int) -> float | None:
    """What ``function`` gives for ``[start, end)``, evaluated a millisecond before ``end``; ``None`` where it is silent."""
    if function in _OF_SERIES:
        return _OF_SERIES[function](scraped, start, end)
    samples = scraped.samples(start, end)
    return _OVER_TIME[function](samples, start, end) if samples else None


def _count(samples: list[Samples], _start: int, _end: int) -> float:
    return float(sum(group.number for group in samples))


def _sum(samples: list[Samples], _start: int, _end: int) -> float:
    return sum(group.shape.total(group.first, group.interval, group.number) for group in samples)


def _mean(samples: list[Samples], start: int, end: int) -> float:
    # The mean of equal numbers is that number, to the last digit.
    if len(samples) == 1 and isinstance(samples[0].shape, Constant):
        return samples[0].shape.level
    return _sum(samples, start, end) / _count(samples, start, end)


def _last(samples: list[Samples], _start: int, _end: int) -> float:
    return samples[-1].shape.at(samples[-1].last)


def _least(samples: list[Samples], _start: int, _end: int) -> float:
    return min(_least_of(group) for group in samples)


def _least_of(group: Samples) -> float:
    match group.shape:
        case Constant() | Counter():
            return group.shape.at(group.first)
        case Wave():
            return min(value for _, value in _each(group))
        case _:
            assert_never(group.shape)


def _growth(samples: list[Samples], start: int, end: int) -> float | None:
    """Follow Prometheus' ``increase``: what a counter lost at resets is added, the edges are extrapolated."""
    several = sum(group.number for group in samples) > 1
    return _increase(samples, start - EDGE_SECONDS, end - EDGE_SECONDS) if several else None


def _growth_if_reset(samples: list[Samples], start: int, end: int) -> float | None:
    return _growth(samples, start, end) if _lost(samples) else None


def _lost(samples: list[Samples]) -> list[float]:
    """What the counter showed before each reset: within a part it only grows."""
    edges = [(before.shape.at(before.last), after.shape.at(after.first)) for before, after in pairwise(samples)]
    return [before for before, after in edges if after < before]


def _increase(samples: list[Samples], start: float, end: float) -> float:
    """``increase`` over ``(start, end]``, for two samples or more."""
    first_time, last_time = samples[0].first, samples[-1].last
    first = samples[0].shape.at(first_time)
    growth = samples[-1].shape.at(last_time) - first + sum(_lost(samples))
    sampled = last_time - first_time
    gap = sampled / (sum(group.number for group in samples) - 1)
    to_start, to_end = first_time - start, end - last_time
    if to_start >= gap * EXTRAPOLATED_GAPS:
        to_start = gap / 2
    if growth > 0:
        to_start = min(to_start, sampled * first / growth)
    if to_end >= gap * EXTRAPOLATED_GAPS:
        to_end = gap / 2
    return growth * (sampled + to_start + to_end) / sampled


def _largest(samples: list[Samples], _start: int, _end: int) -> float:
    return max(value for group in samples for _, value in _each(group))


def _largest_rate(scraped: Scraped, start: int, end: int) -> float | None:
    first, rates = start + GRID_SECONDS, []
    for at in range(first + -first % GRID_SECONDS, end + GRID_SECONDS, GRID_SECONDS):
        samples = scraped.samples(at - GRID_SECONDS + 1, at + 1)
        if sum(group.number for group in samples) > 1:
            rates.append(_increase(samples, at - GRID_SECONDS, at) / GRID_SECONDS)
    return max(rates, default=None)


def _last_seen(scraped: Scraped, start: int, end: int) -> float | None:
    for at in range((end - 1) // GRID_SECONDS * GRID_SECONDS, start - 1, -GRID_SECONDS):
        seen = _last_scrape(scraped, start, at + 1)
        if seen is not None:
            return seen
    samples = scraped.samples(start, end)
    return _count(samples, start, end) if samples else None


def _last_scrape(scraped: Scraped, _start: int, end: int) -> float | None:
    samples = scraped.samples(end - LOOKBACK_SECONDS, end)
    if not samples:
        return None
    last = samples[-1].last
    vanished = last + scraped.interval < end and scraped.is_gone(last)
    return None if vanished else float(last)


def _each(group: Samples) -> Iterator[tuple[int, float]]:
    for index in range(group.number):
        time = group.first + index * group.interval
        yield time, group.shape.at(time)


def _covers(part: Part, moment: int) -> bool:
    return part.start <= moment < part.end


_OVER_TIME: dict[Function, Callable[[list[Samples], int, int], float | None]] = {
    Function.SUM: _sum,
    Function.COUNT: _count,
    Function.MEAN: _mean,
    Function.LAST: _last,
    Function.LEAST: _least,
    Function.GROWTH: _growth,
    Function.GROWTH_IF_RESET: _growth_if_reset,
    Function.LARGEST: _largest,
}
_OF_SERIES: dict[Function, Callable[[Scraped, int, int], float | None]] = {
    Function.LAST_SCRAPE: _last_scrape,
    Function.LARGEST_RATE: _largest_rate,
    Function.LAST_SEEN: _last_seen,
}
