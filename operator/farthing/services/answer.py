"""Answer a question: plan its pieces, ask the ragged ones, read the store."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from farthing.errors import NoDataError
from farthing.model.answer import Answer, Seen
from farthing.model.coverage import Coverage
from farthing.model.intervals import chunks
from farthing.model.plan import Day, Part, planned
from farthing.model.question import Question
from farthing.model.window import Window, days
from farthing.model.zone import date_of
from farthing.services.collect import known_intervals
from farthing.services.gather import gathered
from farthing.services.ports import FactsReader, FactsStore, MetricsSource, NewWorkbench

TABLES = ("allocation", "asset")


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions about one cluster."""

    metrics: MetricsSource | None
    """For pieces of hours; without it, windows must fall on hours."""
    store: FactsStore
    reader: FactsReader
    new_workbench: NewWorkbench
    cluster: str
    zone: tzinfo

    def answer(self, question: Question, now: int) -> Answer:
        """The answer as of ``now`` [unix s]. Raises InvalidQuestionError, NoDataError, MetricsError, StoreError."""
        plan = planned(question.sets, self._stored(question.window), self.zone, now)
        with tempfile.TemporaryDirectory(prefix="farthing-") as folder:
            parts = [*self._stored_parts("day", plan.days), *self._stored_parts("hour", plan.hours)]
            for number, (window, index) in enumerate(plan.ragged):
                files, seen = self._ragged(window, Path(folder, str(number)), now)
                parts.append(
                    Part({table: [path] for table, path in files.items()}, {int(window.start.timestamp()): index})
                )
                plan.seen.extend(seen)
            if not any(one.share > 0 for one in plan.seen):
                raise NoDataError(
                    f"nothing is stored for {question.window} of cluster {self.cluster!r}: "
                    "'farthing collect' fills it from Prometheus; the operator does so by itself"
                )
            rows = self.reader.rows(question.shape, parts, question.limit)
            sums = self.reader.sums(question.shape, parts)
        return Answer(question, rows, sums, sums["residual"], Seen(tuple(plan.seen), tuple(plan.unseen)))

    def _stored(self, window: Window) -> dict[str, Day]:
        found = {}
        for day in days(window, self.zone):
            date = str(date_of(day.start, self.zone))
            stored = self.store.day(self.cluster, date)
            if stored is not None:
                coverage = {one.start: one for one in stored.coverage}
                has_hours = self.store.file(self.cluster, date, "allocation", "hour") is not None
                found[date] = Day(date, coverage, has_hours)
        return found

    def _stored_parts(self, grain: str, pieces: Mapping[str, Mapping[int, int]]) -> list[Part]:
        if not pieces:
            return []
        files: dict[str, list[str]] = {table: [] for table in TABLES}
        for date in pieces:
            for table, paths in files.items():
                path = self.store.file(self.cluster, date, table, grain)
                if path is None:
                    raise NoDataError(f"the day {date} is no longer kept by the {grain}: ask for whole days")
                paths.append(path)
        return [Part(files, {start: index for starts in pieces.values() for start, index in starts.items()})]

    def _ragged(self, window: Window, folder: Path, now: int) -> tuple[dict[str, str], Sequence[Coverage]]:
        if self.metrics is None:
            raise NoDataError(
                f"{window} is a part of an hour, which only Prometheus can tell: name it by --prometheus, "
                "or ask for whole hours or days"
            )
        known = known_intervals(one for day in self._stored(window).values() for one in day.coverage.values())
        (chunk,) = chunks([window], now)
        with gathered(self.metrics, self.new_workbench, chunk, self.cluster, known) as (bench, seen):
            folder.mkdir()
            return bench.save(folder), seen
