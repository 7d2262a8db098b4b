"""Fill the store from metrics: the hours of a day that are not there yet, or not settled."""

import logging
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from farthing.model.coverage import Coverage
from farthing.model.intervals import chunks
from farthing.model.window import Window, days, hours_of_day
from farthing.model.zone import date_of
from farthing.services.gather import gathered, silent
from farthing.services.ports import FactsStore, MetricsSource, NewWorkbench, Progress

log = logging.getLogger("farthing.collecting")

LATE_DATA = 6 * 3600
"""How long after an hour its incomplete facts are made again by themselves: remote write may be late. [s]"""


@dataclass(frozen=True, slots=True)
class Collector:
    """Fills the days of one cluster."""

    metrics: MetricsSource
    store: FactsStore
    new_workbench: NewWorkbench
    cluster: str
    zone: tzinfo

    def now(self) -> int:
        """The source's clock. [unix s] Raises MetricsError."""
        return int(self.metrics.now())

    def collect(self, window: Window, *, again: bool = False, progress: Progress = silent) -> int:
        """Make the facts of ``window``, newest day first; returns how many hours were made. Resumes where it stopped.

        ``again`` also makes those hours anew that are settled. Raises MetricsError, StoreError.
        """
        with self.store.writing():
            now = self.now()
            found = [day for day in days(window, self.zone) if day.start.timestamp() < now]
            made = 0
            for done, day in enumerate(reversed(found)):
                date = str(date_of(day.start, self.zone))
                progress(date, done, len(found))
                made += self._collect_day(day, date, now, again=again)
            progress("done", len(found), len(found))
            return made

    def coverage(self, window: Window) -> list[Coverage]:
        """What was seen of the passed hours of ``window`` that are stored; an hour that is not has a share of 0."""
        now, found = self.now(), []
        for day in days(window, self.zone):
            seen = self._stored(str(date_of(day.start, self.zone)))
            starts = [(int(hour.start.timestamp()), hour.seconds) for hour in hours_of_day(day)]
            found += [seen.get(start, Coverage(start, float(length), 0.0)) for start, length in starts if start < now]
        return found

    def forget(self, hours_before: int, days_before: int) -> None:
        """Let go of hours and days that ended before a time. [unix s]"""
        with self.store.writing():
            self.store.prune(self.cluster, hours_before, days_before)

    def _stored(self, date: str) -> dict[int, Coverage]:
        """The coverage of the stored hours of a day, by their start."""
        stored = self.store.day(self.cluster, date)
        return {one.start: one for one in stored.coverage} if stored else {}

    def _collect_day(self, day: Window, date: str, now: int, *, again: bool) -> int:
        coverage = self._stored(date)
        # The first hours of a day are judged by the last of the day before, half a day back from its midnight.
        before = self._stored(str(date_of(day.start - timedelta(hours=12), self.zone)))
        wanted = [hour for hour in hours_of_day(day) if again or _is_open(hour, coverage, now)]
        made = 0
        for chunk in chunks(wanted, now):
            known = (*before.values(), *coverage.values())
            with gathered(self.metrics, self.new_workbench, chunk, self.cluster, known) as (bench, seen):
                kept = self.store.keep(bench, (self.cluster, date, day), seen)
            if kept is None:
                log.warning(
                    "%s of cluster %r stays as an older Farthing stored it, and is not read: Prometheus no longer tells of each "
                    "of its hours",
                    date,
                    self.cluster,
                )
            else:
                made += len(seen)
        return made


def _is_open(hour: Window, coverage: dict[int, Coverage], now: int) -> bool:
    """Whether the facts of ``hour`` are missing, may still change, or may become complete."""
    known = coverage.get(int(hour.start.timestamp()))
    if known is None or known.seconds < hour.seconds or not known.settled:
        return True
    return not known.complete and now - hour.end.timestamp() < LATE_DATA
