"""The intervals facts are made for: the hours of a day, the passed part of the newest one, or a ragged piece of one."""

from collections.abc import Iterable
from dataclasses import dataclass

from farthing.model.window import Window


@dataclass(frozen=True, slots=True)
class Chunk:
    """Intervals of equal ``step`` [s], one after the other; of the last, only a part may have passed."""

    step: int
    intervals: tuple[tuple[int, float], ...]
    """Start [unix s] and how much of it has passed [s]."""

    def __post_init__(self) -> None:
        starts = [start for start, _ in self.intervals]
        if starts != list(range(self.start, self.end, self.step)):
            raise ValueError("the intervals of a chunk follow one another in equal steps")

    @property
    def start(self) -> int:
        """Unix time. [s]"""
        return self.intervals[0][0]

    @property
    def end(self) -> int:
        """Unix time at which the last interval ends, passed or not. [s]"""
        return self.intervals[-1][0] + self.step


def chunks(windows: Iterable[Window], now: int) -> list[Chunk]:
    """``windows`` that have begun at ``now`` [unix s], those of equal length that touch in one chunk."""
    found: list[Chunk] = []
    for window in windows:
        start, step = int(window.start.timestamp()), window.seconds
        if start >= now:
            continue
        interval = (start, float(min(step, now - start)))
        if found and found[-1].step == step and found[-1].end == start:
            found[-1] = Chunk(step, (*found[-1].intervals, interval))
        else:
            found.append(Chunk(step, (interval,)))
    return found
