"""Answer a question: plan its pieces, ask the ragged ones, read the store."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from farthing.errors import NoDataError, NothingStoredError, StoreError
from farthing.model.answer import Answer, Seen, added, times
from farthing.model.coverage import Coverage
from farthing.model.intervals import chunks
from farthing.model.keeping import UNALLOCATED
from farthing.model.plan import BillFile, Day, Part, planned
from farthing.model.question import Question, Shape
from farthing.model.sums import first_keys
from farthing.model.tables import FACTS
from farthing.model.telling import Expression
from farthing.model.window import Window, days
from farthing.model.zone import date_of
from farthing.services.billed import Billed
from farthing.services.gather import gathered
from farthing.services.ports import (
    BillStore,
    FactsReader,
    FactsStore,
    MetricsSource,
    NewWorkbench,
    StoredDay,
)
from farthing.services.turn import Turn

MOST_NAMESPACES = 100_000
ASKING_AT_ONCE = 3

MOST_RETRIES = 5
"""How often an answer is begun again because the days it was reading were replaced."""

Read: TypeAlias = tuple[Mapping[str, StoredDay], tuple[BillFile, ...]]
"""A state of the store: the days of a window by their date, and the bills that tell of them."""
Result = TypeVar("Result")


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
    bills: BillStore | None = None
    turns: Turn = field(
        default_factory=lambda: Turn(
            ASKING_AT_ONCE,
            "questions about parts of hours are waiting for Prometheus",
            "ask again in a moment, or for whole hours or days, which need none",
        )
    )
    """To ask Prometheus: questions to the store do not wait for a slow one."""

    def answer(self, question: Question, now: int, *, detailed: bool = False) -> Answer:
        """The answer as of ``now`` [unix s], with ``details`` where rows are to be told whole. Raises InvalidQuestionError, NoDataError, MetricsError, BusyError, StoreError."""
        return self._retried(question, lambda read: self._answer(question, now, read, detailed=detailed))

    def namespaces(self, now: int) -> list[str]:
        """Those that costs are stored of, in order. Raises StoreError."""
        stored = self.store.manifests(self.cluster)
        if not stored:
            return []
        first, last = (datetime.fromtimestamp(one, UTC) for one in (stored[0].start, stored[-1].end))
        span = Window(first, last)
        question = Question(Shape("allocation", ("namespace",), idle=False), span, ((span,),))
        try:
            rows, _ = self.facts(question, first_keys, now, MOST_NAMESPACES)
        except NoDataError:
            return []
        return sorted({row["key"] for row in rows} - {UNALLOCATED})

    def facts(
        self, question: Question, expression: Expression, now: int, most: int
    ) -> tuple[list[dict[str, Any]], Seen]:
        """The rows of ``expression``, a table of the model over facts (``model.telling.facts_table``) of the question's shape.

        Raises as ``answer``, and AnswerTooLargeError for more than ``most`` rows.
        """

        def found(read: Read) -> tuple[list[dict[str, Any]], Seen]:
            with self._pieces(question, now, read) as (parts, seen):
                return self.reader.facts(question.shape, expression, parts, most), seen

        return self._retried(question, found)

    def _retried(self, question: Question, found: Callable[[Read], Result]) -> Result:
        """What is ``found``, as of one state of the store."""
        read = self._stored(question.window), self._billed.files(question)
        for _ in range(MOST_RETRIES):
            try:
                return found(read)
            except StoreError:
                # The writer replaces a day, or a bill, whole and deletes its old files: then what replaced it answers.
                before, read = read, (self._stored(question.window), self._billed.files(question))
                if read == before:
                    raise
        return found(read)

    @contextmanager
    def _pieces(self, question: Question, now: int, read: Read) -> Iterator[tuple[list[Part], Seen]]:
        """The files that answer ``question``, and how much of its window they saw. Raises NothingStoredError where that is nothing."""
        stored, bills = read
        known = {
            date: Day(date, {one.start: one for one in day.coverage}, day.has_hours) for date, day in stored.items()
        }
        plan = planned(question.sets, known, self.zone, now)
        with tempfile.TemporaryDirectory(prefix="farthing-") as folder:
            parts = [
                *self._stored_parts("day", plan.days, stored, bills),
                *self._stored_parts("hour", plan.hours, stored, bills),
            ]
            with self.turns.one() if plan.ragged else nullcontext():
                for number, (window, index) in enumerate(plan.ragged):
                    start = int(window.start.timestamp())
                    # A day of its own, which no midnight is: what is said in it must not meet what a stored day says.
                    files, seen = self._ragged(window, Path(folder, str(number)), now, start + 1)
                    paths = {table: [path] for table, path in files.items()}
                    billing = self._billed.of(bills, [window])
                    parts.append(Part(paths, {start: index}, {start: start + 1}, billing=billing))
                    plan.seen.extend(seen)
            if not any(one.share > 0 for one in plan.seen):
                # Tenants are not told of the cluster.
                cluster = "" if question.shape.namespaces else f" of cluster {self.cluster!r}"
                raise NothingStoredError(
                    f"nothing is stored for {question.window}{cluster}: "
                    "'farthing collect' fills it from Prometheus; the operator does so by itself"
                )
            yield parts, Seen(tuple(plan.seen), tuple(plan.unseen))

    def _answer(self, question: Question, now: int, read: Read, *, detailed: bool) -> Answer:
        passed = question.passed(now)
        with self._pieces(question, now, read) as (parts, seen_all):
            found = self.reader.found(question.shape, parts, question.limit, passed, detailed=detailed)
        for row in found.rows:
            if not row["run_end"]:
                # What nobody is to bear has no run: it is there as long as its set.
                windows = question.sets[row["set"]]
                row |= {"run_start": windows[0].start.timestamp(), "run_end": min(now, windows[-1].end.timestamp())}
        costs = [question.times(seconds) for seconds in passed]
        rows = [times(row, costs[row["set"]]) for row in found.rows]
        shown = [row for row in rows if not row["is_idle"] or (question.shape.idle and _tells(row, question.shape))]
        cut_off = found.rows_total - len(found.rows)
        # Of several sets the average, each counted by how much of it has passed.
        sums = times(added(question.shape, found.counted), question.times(sum(passed)))
        details = {
            name: [times(one, costs[one["set"]]) if "cost" in one else one for one in told]
            for name, told in found.details.items()
        }
        return Answer(question, shown, sums, len(shown) + cut_off, seen_all, details, read[1])

    def _stored(self, window: Window) -> dict[str, StoredDay]:
        dates = [str(date_of(day.start, self.zone)) for day in days(window, self.zone)]
        return {date: day for date in dates if (day := self.store.day(self.cluster, date)) is not None}

    def _stored_parts(
        self,
        grain: str,
        pieces: Mapping[str, Mapping[int, int]],
        stored: Mapping[str, StoredDay],
        bills: Sequence[BillFile],
    ) -> list[Part]:
        if not pieces:
            return []
        files: dict[str, list[str]] = {table: [] for table in FACTS}
        for date in pieces:
            paths = self.store.files(stored[date], grain)
            if paths is None:
                raise NoDataError(f"the day {date} is no longer kept by the {grain}: ask for whole days")
            for table, found in files.items():
                found.append(paths[table])
        sets = {start: index for starts in pieces.values() for start, index in starts.items()}
        begun = {start: stored[date].start for date, starts in pieces.items() for start in starts}
        seconds = (
            {one.start: one.seconds for date in pieces for one in stored[date].coverage} if grain == "hour" else {}
        )
        intervals = (
            _window(start, int(seconds[start]) if seconds else stored[date].end - start)
            for date, starts in pieces.items()
            for start in starts
        )
        billing = self._billed.of(bills, intervals)
        return [Part(files, sets, begun, lasting=True, whole=grain == "day", billing=billing)]

    @property
    def _billed(self) -> Billed:
        return Billed(self.bills, self.store, self.zone)

    def _ragged(self, window: Window, folder: Path, now: int, day: int) -> tuple[dict[str, str], Sequence[Coverage]]:
        if self.metrics is None:
            raise NoDataError(
                f"{window} is a part of an hour, which only Prometheus can tell: name it by --prometheus, "
                "or ask for whole hours or days"
            )
        known = [one for day in self._stored(window).values() for one in day.coverage]
        (chunk,) = chunks([window], now)
        with gathered(self.metrics, self.new_workbench, chunk, self.cluster, known) as (bench, seen):
            folder.mkdir()
            return bench.save(folder, day), seen


def _window(start: int, seconds: int) -> Window:
    """The time from ``start`` [unix s] on."""
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + seconds, UTC))


def _tells(idle_row: Mapping[str, Any], shape: Shape) -> bool:
    """Whether a row of idle cost is worth showing: where idle is shared or a filter set, only if something is left."""
    return idle_row["total_cost"] > 0 or not (shape.sharing.idle or shape.filtered)
