"""Run a report: answer its question, and say in its status what came of it."""

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cronsim import CronSim

from farthing.errors import AnswerTooLargeError, FarthingError, InvalidInputError, NoDataError, ScopeDeniedError
from farthing.exports.documents import Document, documents
from farthing.exports.rows import public_rows
from farthing.model.answer import Answer
from farthing.model.question import LABELS_OF_ALIASES, Aliases
from farthing.model.window import parse_duration, rfc3339
from farthing.model.zone import parse_timezone
from farthing.resources.conditions import COMPUTED, READY, STALLED, Condition, condition_of
from farthing.resources.parsing import Report
from farthing.resources.report import Metadata, Spec
from farthing.resources.status import KeptConfigMap, Run, with_run
from farthing.services.answer import Answerer
from farthing.services.outcome import AnyStatus, Event, Outcome, began, completed, failed, stalled, suspended
from farthing.services.question import question_of
from farthing.services.scope import TOLD_TENANTS, ReportScopes
from farthing.services.shared import SharedAnswers
from farthing.services.summary import summary

FIRST_RETRY = 30.0
LAST_RETRY = 600.0
"""A failed run is tried again after as long as it has been failing, within these. [s]"""

log = logging.getLogger("farthing.reports")


@dataclass(slots=True)
class ReportService:
    """Runs reports of both kinds. Blocking; safe to use from several threads."""

    answerer: Answerer
    scopes: ReportScopes
    currency: str = "USD"
    aliases: Aliases = LABELS_OF_ALIASES
    """The label that each of team, owner and the like stands for."""
    version: Callable[[], Hashable] = lambda: 0
    """Changes when the store or a bill does: equal questions between two changes are answered once."""
    trouble: Callable[[], FarthingError | None] = lambda: None
    """Why the newest data is not in the store, if it is not."""
    _answers: SharedAnswers = field(default_factory=SharedAnswers)

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
            question = question_of(report, now, self.answerer.zone, self.scopes.of(report), self.aliases)
            answer = self._answers.answer(
                question, self.version(), lambda: self.answerer.answer(question, int(now), detailed=True)
            )
            kept = self._documents(report, answer)
            return self._answered(report, answer, kept, now)
        except FarthingError as error:
            return self._failure(report, error, now)
        except Exception as error:
            # Whose report it is must see that it failed, also where it is no fault of theirs.
            log.exception("a fault of Farthing's in %s %s/%s", report.KIND, *_place(report))
            told = FarthingError(f"a fault of Farthing's ({type(error).__name__}), which its log tells more of")
            return self._failure(report, told, now)

    def _answered(self, report: Report, answer: Answer, kept: tuple[Document, ...], now: float) -> Outcome:
        told = summary(answer, self.currency)
        run = Run(
            time=_utc(now),
            result="Complete" if answer.seen.complete else "Incomplete",
            total_cost=told["totals"]["totalCost"],
            adjustment=told["totals"]["adjustment"],
            rows=len(answer.rows),
        )
        found: dict[str, Any] = {
            **told,
            "aggregate": report.spec.aggregate_text,
            "lastRunTime": _utc(now),
            "configMaps": [_listed(one) for one in (kept[-1], *kept[:-1])],
            "history": with_run(report.status.history, run, report.spec.history),
        }
        trouble = self.trouble()
        status = completed(report, found, answer.seen, _utc(now), trouble and self._tellable(report, trouble))
        due = self.next_run(report.model_copy(update={"status": status}), now)
        status = status.model_copy(update={"next_run_time": _utc(due) if due is not None else None})
        if due is None and _says_the_same(status, report.status):
            # New data that changed nothing of a report without a rhythm is no news.
            status = report.status
        return Outcome(status, kept, None, _event(report, status))

    def rejected(self, metadata: Metadata, status: AnyStatus, error: InvalidInputError, now: float) -> Outcome:
        """The outcome for a spec that the API server let through and that still cannot be meant.

        What a report may not see any more is taken from it: its last result, and its ConfigMaps.
        """
        denied = isinstance(error, ScopeDeniedError)
        new = stalled(type(status)() if denied else status, metadata.generation, error, _utc(now))
        return Outcome(new, () if denied else None, None, Event("Warning", error.reason, str(error)))

    def next_run(self, report: Report, now: float) -> float | None:
        """When ``report`` is due [unix s], in the past if a run was missed; None for never again."""
        spec, status = report.spec, report.status
        met = status.observed_generation == report.metadata.generation
        if spec.suspend:
            return None
        if not met or self._sees_otherwise(report):
            return now
        if condition_of(status.conditions, STALLED):
            return None
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

    def _sees_otherwise(self, report: Report) -> bool:
        """Whether what ``report`` may see has changed since its status was written."""
        stalled_for = condition_of(report.status.conditions, STALLED)
        denied = self.scopes.of(report).denies(report)
        if stalled_for is not None:
            return stalled_for.reason == ScopeDeniedError.reason and not denied
        if denied:
            return True
        # Only who sees whole nodes is told how well their costs are conserved.
        saw_nodes = report.status.residual is not None
        return report.status.last_run_time is not None and saw_nodes != (not self.scopes.of(report).limit(report))

    def _documents(self, report: Report, answer: Answer) -> tuple[Document, ...]:
        spec, window = report.spec, answer.question.window
        head = {
            "report": {"kind": report.KIND, "namespace": report.metadata.namespace, "name": report.metadata.name},
            "window": {"start": rfc3339(window.start), "end": rfc3339(window.end)},
            "aggregate": list(spec.aggregate),
            "currency": self.currency,
            "totalCost": answer.total_cost,
            "listCost": answer.total_cost - answer.billed_cost,
            "billedCost": answer.billed_cost,
            "adjustment": answer.adjustment,
            "rows": len(answer.rows),
            "rowsTotal": answer.rows_total,
        }
        return documents(report.metadata.name, report.KIND, head, list(public_rows(answer)), spec.formats)

    def _failure(self, report: Report, error: FarthingError, now: float) -> Outcome:
        if isinstance(error, InvalidInputError):
            return self.rejected(report.metadata, report.status, error, now)
        # With nothing in the store, what keeps it empty is the better answer.
        error = self._tellable(report, (self.trouble() or error) if isinstance(error, NoDataError) else error)
        ready = condition_of(report.status.conditions, READY)
        failing = now - ready.last_transition_time.timestamp() if ready and ready.status == "False" else 0.0
        retry = now + min(max(failing, FIRST_RETRY), LAST_RETRY)
        run = Run(time=_utc(now), result="Failed")
        status = failed(report.status, report.metadata.generation, error, _utc(now), _utc(retry))
        status = status.model_copy(update={"history": with_run(report.status.history, run, report.spec.history)})
        return Outcome(status, None, retry, _event(report, status))

    def _tellable(self, report: Report, error: FarthingError) -> FarthingError:
        """``error`` for who may read ``report``: what others' systems answered may name what is not a tenant's."""
        if not self.scopes.of(report).limit(report) or isinstance(error, NoDataError | AnswerTooLargeError):
            return error
        log.warning("%s %s/%s: %s", report.KIND, *_place(report), error)
        return type(error)(TOLD_TENANTS)


def _place(report: Report) -> tuple[str, str]:
    return report.metadata.namespace, report.metadata.name


def _says_the_same(new: AnyStatus, old: AnyStatus) -> bool:
    """Whether two statuses differ in nothing but when they were written."""
    return new.model_copy(update={"last_run_time": old.last_run_time, "history": old.history}) == old


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
