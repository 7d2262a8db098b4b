"""Run a report: answer its question, and say in its status what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from cronsim import CronSim

from farthing.errors import FarthingError, InvalidInputError, NoDataError
from farthing.exports.documents import Document, documents
from farthing.exports.rows import public_rows
from farthing.model.answer import Answer
from farthing.model.question import Question
from farthing.model.window import parse_duration, rfc3339
from farthing.model.zone import parse_timezone
from farthing.resources.conditions import COMPUTED, READY, STALLED, Condition, condition_of
from farthing.resources.parsing import Report
from farthing.resources.report import Metadata, Spec
from farthing.resources.status import KeptConfigMap, Run, with_run
from farthing.services.answer import Answerer
from farthing.services.outcome import AnyStatus, Event, Outcome, began, completed, failed, stalled, suspended
from farthing.services.question import Scope, question_of
from farthing.services.summary import summary

FIRST_RETRY = 30.0
LAST_RETRY = 600.0
"""A failed run is tried again after as long as it has been failing, within these. [s]"""


@dataclass(slots=True)
class ReportService:
    """Runs reports of both kinds. Blocking; safe to use from several threads."""

    answerer: Answerer
    scope: Scope
    currency: str = "USD"
    version: Callable[[], int] = lambda: 0
    """Changes when the store does: equal questions between two changes are answered once."""
    trouble: Callable[[], FarthingError | None] = lambda: None
    """Why the newest data is not in the store, if it is not."""
    _answers: dict[tuple[Question, int], Answer] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, report: Report, now: float) -> AnyStatus | None:
        """The status to show before the first run of a generation, and while suspended; None where it is shown."""
        if report.spec.suspend:
            new = suspended(report.status, report.metadata.generation, _utc(now))
            return None if new == report.status else new
        if report.status.observed_generation == report.metadata.generation:
            return None
        return began(report.status, report.metadata.generation, _utc(now))

    def run(self, report: Report, now: float) -> Outcome:
        """Compute ``report``. What goes wrong becomes conditions; the last result stays."""
        try:
            answer = self._answer(question_of(report, now, self.answerer.zone, self.scope), int(now))
            kept = self._documents(report, answer)
        except FarthingError as error:
            return self._failure(report, error, now)
        run = Run(
            time=_utc(now),
            result="Complete" if answer.seen.complete else "Incomplete",
            total_cost=summary(answer, self.currency)["totals"]["totalCost"],
            rows=len(answer.rows),
        )
        found: dict[str, Any] = {
            **summary(answer, self.currency),
            "aggregate": report.spec.aggregate_text,
            "lastRunTime": _utc(now),
            "configMaps": [_listed(one) for one in (kept[-1], *kept[:-1])],
            "history": with_run(report.status.history, run, report.spec.history),
        }
        status = completed(report, found, answer.seen, _utc(now), self.trouble())
        due = self.next_run(report.model_copy(update={"status": status}), now)
        status = status.model_copy(update={"next_run_time": _utc(due) if due is not None else None})
        return Outcome(status, kept, None, _event(report, status))

    def rejected(self, metadata: Metadata, status: AnyStatus, error: InvalidInputError, now: float) -> Outcome:
        """The outcome for a spec that the API server let through and that still cannot be meant."""
        new = stalled(status, metadata.generation, error, _utc(now))
        return Outcome(new, None, None, Event("Warning", error.reason, str(error)))

    def next_run(self, report: Report, now: float) -> float | None:
        """When ``report`` is due [unix s], in the past if a run was missed; None for never again."""
        spec, status = report.spec, report.status
        met = status.observed_generation == report.metadata.generation
        if spec.suspend or (met and condition_of(status.conditions, STALLED)):
            return None
        if not met:
            return now
        ready = condition_of(status.conditions, READY)
        if ready is None or ready.status != "True" or status.last_run_time is None:
            return status.next_run_time.timestamp() if status.next_run_time else now
        return self._rhythm(spec, status.last_run_time)

    def _rhythm(self, spec: Spec, last: datetime) -> float | None:
        """When ``spec`` wants to run next after a run at ``last``. [unix s]"""
        if spec.interval is not None:
            return last.timestamp() + parse_duration(spec.interval, "interval", "").nominal_seconds
        if spec.schedule is not None:
            zone = parse_timezone(spec.timezone) if spec.timezone else self.answerer.zone
            return next(CronSim(spec.schedule, last.astimezone(zone))).timestamp()
        return None

    def _answer(self, question: Question, now: int) -> Answer:
        key = (question, self.version())
        with self._lock:
            if key not in self._answers:
                self._answers = {known: answer for known, answer in self._answers.items() if known[1] == key[1]}
                self._answers[key] = self.answerer.answer(question, now)
            return self._answers[key]

    def _documents(self, report: Report, answer: Answer) -> tuple[Document, ...]:
        spec, window = report.spec, answer.question.window
        head = {
            "report": {"kind": report.KIND, "namespace": report.metadata.namespace, "name": report.metadata.name},
            "window": {"start": rfc3339(window.start), "end": rfc3339(window.end)},
            "aggregate": list(spec.aggregate),
            "currency": self.currency,
            "totalCost": answer.total_cost,
            "rows": len(answer.rows),
            "rowsTotal": answer.rows_total,
        }
        return documents(report.metadata.name, report.KIND, head, list(public_rows(answer)), spec.formats)

    def _failure(self, report: Report, error: FarthingError, now: float) -> Outcome:
        if isinstance(error, InvalidInputError):
            return self.rejected(report.metadata, report.status, error, now)
        # With nothing in the store, what keeps it empty is the better answer.
        error = (self.trouble() or error) if isinstance(error, NoDataError) else error
        ready = condition_of(report.status.conditions, READY)
        failing = now - ready.last_transition_time.timestamp() if ready and ready.status == "False" else 0.0
        retry = now + min(max(failing, FIRST_RETRY), LAST_RETRY)
        run = Run(time=_utc(now), result="Failed")
        status = failed(report.status, report.metadata.generation, error, _utc(now), _utc(retry))
        status = status.model_copy(update={"history": with_run(report.status.history, run, report.spec.history)})
        return Outcome(status, None, retry, _event(report, status))


def _listed(document: Document) -> KeptConfigMap:
    return KeptConfigMap(
        name=document.name, keys=document.keys, rows=document.rows, bytes=document.bytes, sha256=document.sha256
    )


def _event(report: Report, status: AnyStatus) -> Event | None:
    """What is worth telling: a condition whose reason was not told before."""
    for new in _by_weight(status.conditions):
        old = condition_of(report.status.conditions, new.type)
        if old is None or (old.status, old.reason) != (new.status, new.reason):
            normal = new.reason == COMPUTED or new.status == "True"
            return Event("Normal" if normal else "Warning", new.reason, new.message)
    return None


def _by_weight(conditions: Iterable[Condition]) -> list[Condition]:
    """Ready before DataComplete; the others repeat what Ready says."""
    return sorted((one for one in conditions if one.type in {READY, "DataComplete"}), key=lambda one: one.type != READY)


def _utc(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
