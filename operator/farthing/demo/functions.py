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
    if function is Function.LAST_SCRAPE:
        return _last_scrape(scraped, end)
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


def _growth_if_reset(samples: list[Samples], start: int, end: int) -> float | None:
    """Follow Prometheus' ``increase``: what a counter lost at resets is added, the edges are extrapolated."""
    if len(samples) == 1:
        return None  # A part of a counter only grows.
    points = [point for group in samples for point in _each(group)]
    lost = [before for (_, before), (_, after) in pairwise(points) if after < before]
    if not lost:
        return None
    (first_time, first), (last_time, last) = points[0], points[-1]
    growth = last - first + sum(lost)
    sampled = last_time - first_time
    gap = sampled / (len(points) - 1)
    to_start = first_time - (start - EDGE_SECONDS)
    to_end = (end - EDGE_SECONDS) - last_time
    if to_start >= gap * EXTRAPOLATED_GAPS:
        to_start = gap / 2
    if growth > 0:
        to_start = min(to_start, sampled * first / growth)
    if to_end >= gap * EXTRAPOLATED_GAPS:
        to_end = gap / 2
    return growth * (sampled + to_start + to_end) / sampled


def _last_scrape(scraped: Scraped, end: int) -> float | None:
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
    Function.FIRST_OF_COUNTER: _least,
    Function.GROWTH_IF_RESET: _growth_if_reset,
}
