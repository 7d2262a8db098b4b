"""Keep the store filled: what the operator does every few minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from farthing.errors import FarthingError, MetricsError, MetricsUnreachableError, StoreError
from farthing.model.window import Window, day_of, days, rfc3339
from farthing.services.collect import Collector

DAY = 86400
HALF_DAY = timedelta(hours=12)
"""Forth from a midnight, or back from it, it leads into the day that is meant, however long that was."""

CLOCKS_APART = 600
"""By how much Prometheus' clock and this machine's may differ. [s]"""


@dataclass(slots=True)
class CollectService:
    """Collects what is missing since the last time it went well, and at first the days before. One thread at a time."""

    collector: Collector
    clock: Callable[[], float]
    """This machine's. [unix s]"""
    backfill_days: int = 7
    keep_hours_days: int = 14
    keep_days: int = 120
    reprice: Callable[[], int] = lambda: 0
    """Gives every stored day the costs that it has at the prices of now; how many days that changed.

    Raises StoreError, which tells of how many days it did all the same.
    """
    version: int = 0
    """Counts the changes of the store."""
    hours_made: int = 0
    """Of facts, so far."""
    trouble: FarthingError | None = None
    """Why the last collection failed, if it did."""
    changed: bool = False
    """Whether the last refresh changed the store, as far as is known of one that failed."""
    _filled_until: int | None = None
    """When the last collection that went well began. [unix s]"""

    def refresh(self) -> None:
        """Collect what is missing, at the prices of now; ``changed`` tells whether the store did.

        Raises FarthingError, the first, which is kept as trouble; what one of the two cannot do does not keep the other from it.
        """
        self.changed, failed = False, None
        # Prices change also while Prometheus is away.
        for step in (self._reprice, self._collect):
            try:
                step()
            except FarthingError as error:
                failed = failed or error
                # The days besides the one that failed may have been kept.
                self.version += 1
        self.trouble = failed
        if failed is not None:
            raise failed

    def _reprice(self) -> None:
        try:
            days = self.reprice()
        except StoreError as error:
            self.changed = error.days_changed > 0
            raise
        self.changed = days > 0
        self.version += 1 if days else 0

    def _collect(self) -> None:
        now, local = self.collector.now(), int(self.clock())
        if abs(now - local) > CLOCKS_APART:
            # What is too old goes by the clock, so that a wrong one would empty the store.
            raise MetricsError(
                f"Prometheus' clock says {rfc3339(_utc(now))} and this machine's {rfc3339(_utc(local))}, more than "
                f"{CLOCKS_APART // 60} minutes apart: nothing is collected or forgotten until the Prometheus URL is "
                "right and both clocks are set"
            )
        before, failed = self.hours_made, None
        for day in reversed(self._days(now)):
            try:
                self.hours_made += self.collector.collect(day)
            except FarthingError as error:
                failed = failed or error
                if isinstance(error, MetricsUnreachableError):
                    break
        earlier = min(now, local)
        self.collector.forget(earlier - self.keep_hours_days * DAY, earlier - self.keep_days * DAY)
        made = self.hours_made - before
        self.changed = self.changed or made > 0
        if failed is not None:
            raise failed
        self._filled_until = now
        self.version += 1 if made else 0

    def _days(self, now: int) -> list[Window]:
        """The days from the one before the last good collection, or the first to be filled, to that of ``now``."""
        zone = self.collector.zone
        today = day_of(_utc(now), zone)
        since = today.start + HALF_DAY - timedelta(days=self.backfill_days - 1)
        if self._filled_until is not None:
            since = _utc(min(now, self._filled_until))
        first = day_of(since, zone).start - HALF_DAY
        return days(Window(max(first, _utc(now - self.keep_days * DAY)), today.end), zone)


def _utc(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
