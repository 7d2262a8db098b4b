"""The intervals facts are made for: the hours of a day, the passed part of the newest one, or a ragged piece of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from farthing.model.window import Window, hours_of_day


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


def chunks_of_day(day: Window, now: int) -> list[Chunk]:
    """The hours of ``day`` that have begun at ``now`` [unix s], in chunks of equal steps."""
    hours = [hour for hour in hours_of_day(day) if hour.start.timestamp() < now]
    return list(_chunks(hours, now))


def _chunks(windows: Sequence[Window], now: int) -> Iterator[Chunk]:
    for step, group in groupby(windows, key=lambda window: window.seconds):
        starts = [int(window.start.timestamp()) for window in group]
        yield Chunk(step, tuple((start, float(min(step, now - start))) for start in starts))


def chunk_of(window: Window, now: int) -> Chunk:
    """``window`` as one interval."""
    return next(_chunks([window], now))
