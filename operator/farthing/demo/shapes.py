"""What a series' value does over time, in closed form: its value, its integral and its sum over a grid of scrapes."""

import math
from dataclasses import dataclass

from farthing.errors import InvalidInputError

DAY_SECONDS = 86_400
_TURN = 2 * math.pi / DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that does not change."""

    level: float

    def at(self, _time: int) -> float:
        """The value."""
        return self.level

    def total(self, _first: int, _interval: int, count: int) -> float:
        """Sum of ``count`` samples."""
        return self.level * count


@dataclass(frozen=True, slots=True)
class Wave:
    """``base * (1 + swing * sin(2 pi t / 86400 + phase))``: the swing of a day; ``swing`` is in 0..1."""

    base: float
    swing: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what would fall below zero, as no use of a resource does."""
        if self.base < 0 or not 0 <= self.swing <= 1:
            raise InvalidInputError(
                f"A wave of base {self.base} and swing {self.swing} is impossible: use a base of 0 or more, a swing of 0 to 1."
            )

    def angle(self, time: float) -> float:
        """Where in its turn the wave is. [radian]"""
        # Unix times have ten digits: reduced first, the sine keeps its last ones.
        return _TURN * (time % DAY_SECONDS) + self.phase

    def at(self, time: float) -> float:
        """The value at ``time`` [unix s]."""
        return self.base * (1 + self.swing * math.sin(self.angle(time)))

    def integral(self, start: int, end: int) -> float:
        """Exact area under the wave over ``[start, end)``. [unit-s]"""
        turned = math.cos(self.angle(start)) - math.cos(self.angle(end))
        return self.base * ((end - start) + self.swing * turned / _TURN)

    def total(self, first: int, interval: int, count: int) -> float:
        """Sum of the ``count`` samples at ``first``, ``first + interval``, …"""
        half = _TURN * interval / 2
        spread = math.sin(count * half) / math.sin(half)
        return self.base * (count + self.swing * spread * math.sin(self.angle(first) + (count - 1) * half))


@dataclass(frozen=True, slots=True)
class Counter:
    """The area under ``rate`` since ``since`` [unix s]: what a counter of seconds or bytes shows."""

    rate: Wave
    since: int

    def at(self, time: int) -> float:
        """The counter at ``time`` [unix s]."""
        return self.rate.integral(self.since, time)

    def total(self, first: int, interval: int, count: int) -> float:
        """Sum of ``count`` samples; of no meaning to a person, but Prometheus would answer it."""
        return math.fsum(self.at(first + index * interval) for index in range(count))


Shape = Constant | Wave | Counter
