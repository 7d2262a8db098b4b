"""Keeps the store filled, in a thread of its own."""

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final, Protocol

from farthing.errors import FarthingError

SOONEST_RETRY: Final = 60.0

log = logging.getLogger("farthing.collecting")


class Collection(Protocol):
    """What collects: ``services.collection.CollectService``."""

    @property
    def changed(self) -> bool:
        """Whether the last refresh changed the store, also one that failed."""
        ...

    @property
    def hours_made(self) -> int:
        """How many hours of facts it made so far."""
        ...

    def refresh(self) -> None:
        """Collect what is missing. Blocking. Raises FarthingError."""
        ...


class Collecting:
    """Refreshes at once, then every ``interval`` [s], a failed cycle sooner; calls ``changed`` when the store did."""

    def __init__(self, collection: Collection, interval: float, changed: Callable[[], None]) -> None:
        self.interval = interval
        self.last_cycle = time.monotonic()
        """When a cycle last ended, well or not. [s, monotonic]"""
        self.last_success: float | None = None
        self.last_failure: float | None = None
        """When a cycle last ended that way. [unix s]"""
        self._collection = collection
        self._changed = changed
        self._stop = Event()
        self._wake = Event()
        self._thread = Thread(target=self._run, name="collecting", daemon=True)
        self._said = ""

    @property
    def hours_made(self) -> int:
        """How many hours of facts were made so far."""
        return self._collection.hours_made

    def start(self) -> None:
        """Begin the first cycle."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further cycle."""
        self._stop.set()
        self._wake.set()

    def hasten(self) -> None:
        """Begin the next cycle as soon as there is none under way."""
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Whether the thread ended; waits at most ``seconds``."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait = 0.0
        while not self._stop.is_set():
            self._wake.wait(wait)
            if self._stop.is_set():
                return
            self._wake.clear()
            if self._cycle():
                wait, self.last_success = self.interval, time.time()
            else:
                wait, self.last_failure = min(self.interval, SOONEST_RETRY), time.time()
            # Prices may have changed days while Prometheus is away.
            if self._collection.changed and not self._stop.is_set():
                self._changed()
            self.last_cycle = time.monotonic()

    def _cycle(self) -> bool:
        """Whether the cycle went well."""
        try:
            self._collection.refresh()
        except FarthingError as error:
            # The same trouble every minute is told once.
            log.log(logging.DEBUG if str(error) == self._said else logging.WARNING, "%s", error)
            self._said = str(error)
            return False
        except Exception:
            log.exception("a fault of Farthing's while collecting")
            return False
        if self._said:
            log.info("collecting works again")
        self._said = ""
        return True
