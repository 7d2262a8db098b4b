"""Keep the store filled: what the operator does every few minutes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from farthing.errors import FarthingError
from farthing.model.window import Window, day_of
from farthing.services.collect import Collector

DAY = 86400


@dataclass(slots=True)
class CollectService:
    """Collects the newest hours, and at first the days before them. One thread at a time."""

    collector: Collector
    backfill_days: int = 7
    keep_hours_days: int = 14
    keep_days: int = 120
    version: int = 0
    """Counts the changes of the store."""
    trouble: FarthingError | None = None
    """Why the last collection failed, if it did."""
    _filled: bool = False

    def refresh(self) -> bool:
        """Collect what is missing; returns whether the store changed. Raises FarthingError, which is kept as trouble."""
        try:
            changed = self._collect()
        except FarthingError as error:
            self.trouble = error
            # The days before the one that failed may have been kept.
            self.version += 1
            raise
        self.trouble = None
        return changed

    def _collect(self) -> bool:
        now = self.collector.now()
        today = day_of(datetime.fromtimestamp(now, UTC), self.collector.zone)
        # Half a day back from midnight lies in yesterday, however long that was.
        first = day_of(today.start - timedelta(hours=12), self.collector.zone)
        if not self._filled:
            back = today.start - timedelta(days=self.backfill_days - 1, hours=12)
            first = min(first, day_of(back, self.collector.zone), key=lambda day: day.start)
        made = self.collector.collect(Window(first.start, today.end))
        self._filled = True
        self.version += 1 if made else 0
        self.collector.forget(now - self.keep_hours_days * DAY, now - self.keep_days * DAY)
        return made > 0
