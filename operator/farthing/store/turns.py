"""Turns at making a thing that is then kept."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class Turns:
    """One at a time for each key: who wants the same waits, and nobody else. Whoever had to wait looks again first."""

    _held: dict[Hashable, Lock] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def of(self, key: Hashable) -> Iterator[None]:
        """A turn at ``key``."""
        with self._lock:
            held = self._held.setdefault(key, Lock())
        with held:
            try:
                yield
            finally:
                with self._lock:
                    # Who came after it was let go holds another.
                    if self._held.get(key) is held:
                        del self._held[key]
