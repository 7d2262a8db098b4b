"""Turns at what only a few may do at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from farthing.errors import BusyError

TURN_SECONDS = 10.0


class Turn:
    """At most ``most`` have a turn at a time; ``what`` they do, and ``how`` to go on, is told to who gets none. Safe to use from several threads."""

    def __init__(self, most: int, what: str, how: str = "ask again in a moment") -> None:
        self._most, self._what, self._how = most, what, how
        self._free = BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A turn. Raises BusyError if none comes free in time."""
        if not self._free.acquire(timeout=TURN_SECONDS):
            raise BusyError(f"{self._most} other {self._what} and take long: {self._how}")
        try:
            yield
        finally:
            self._free.release()
