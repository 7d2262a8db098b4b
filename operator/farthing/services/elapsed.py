"""How much of a window was seen since some moment of it: what an average over the window is taken of."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from farthing.model.coverage import Coverage


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Intervals that were seen, in order, and how much had been seen when each began."""

    starts: tuple[float, ...]
    """[unix s]"""
    before: tuple[float, ...]
    """[s], and last all that was seen."""

    @classmethod
    def of(cls, coverage: Sequence[Coverage]) -> Self:
        """Of the intervals of ``coverage`` of which anything was seen."""
        seen = sorted({one.start: one.seconds for one in coverage if one.share > 0}.items())
        return cls(tuple(start for start, _ in seen), tuple(accumulate((seconds for _, seconds in seen), initial=0.0)))

    @property
    def total(self) -> float:
        """All that was seen. [s]"""
        return self.before[-1]

    def since(self, start: float) -> float:
        """How much was seen from ``start`` [unix s] on. [s]"""
        at = bisect_right(self.starts, start) - 1
        if at < 0:
            return self.total
        passed = min(start - self.starts[at], self.before[at + 1] - self.before[at])
        return self.total - self.before[at] - passed
