"""One run of a report, in a thread: compute, publish, write the status, tell."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from farthing.errors import InvalidInputError, KubernetesError, KubernetesUnreachableError
from farthing.handlers.known import AnyStatus, Subject, Unreadable
from farthing.kube.client import Client, ObjectRef
from farthing.kube.publisher import Publisher
from farthing.resources.conditions import READY, condition_of
from farthing.resources.parsing import Report
from farthing.resources.report import Metadata
from farthing.resources.status import status_object
from farthing.services.outcome import Event, Outcome, failed

LONGEST_BACKOFF: Final = 600.0

log = logging.getLogger("farthing.reports")


class Reports(Protocol):
    """What computes reports: ``services.reports.ReportService``."""

    def begin(self, report: Report, now: float) -> AnyStatus | None:
        """The status to show before the first run of a generation, and all of it while suspended; None if it stands."""
        ...

    def run(self, report: Report, now: float) -> Outcome:
        """Compute the report; blocking."""
        ...

    def rejected(self, metadata: Metadata, status: AnyStatus, error: InvalidInputError, now: float) -> Outcome:
        """What to say of a spec that cannot be meant."""
        ...

    def next_run(self, report: Report, now: float) -> float | None:
        """When the report is due [unix s], in the past if it is late; None for never."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt."""

    status: AnyStatus
    """What the object now says."""
    version: int
    """The object's resourceVersion after the last write; 0 without one."""
    gone: bool = False
    retry_at: float | None = None
    """When to try again [unix s]: Kubernetes failed, not the report."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs reports. Blocking; safe to use from several threads, for one report from one at a time."""

    reports: Reports
    client: Client
    publisher: Publisher
    clock: Callable[[], float]

    def run(self, ref: ObjectRef, subject: Subject, failures: int, still_wanted: Callable[[], bool]) -> Result:
        """One attempt after ``failures`` failed ones; what it found is dropped if it is no longer wanted.

        At most two writes of the status. Raises KubernetesError only where the status could not be written either.
        """
        writing = _Writing(self.client, ref, subject.status)
        now = self.clock()
        if isinstance(subject, Unreadable):
            outcome: Outcome = self.reports.rejected(subject.metadata, subject.status, subject.error, now)
        else:
            begun = self.reports.begin(subject, now)
            if begun is not None:
                writing.write(begun)
            if subject.spec.suspend or writing.gone:
                return writing.result()
            outcome = self.reports.run(subject.model_copy(update={"status": writing.status}), now)
        if not still_wanted():
            log.debug("%s: the result of generation %d is dropped", ref, subject.metadata.generation)
            return writing.result()
        retry_at = None
        try:
            if outcome.documents is not None:
                self.publisher.publish(ref, outcome.documents)
        except KubernetesUnreachableError:
            raise
        except KubernetesError as error:
            retry_at = self.clock() + backoff(failures)
            outcome = _unpublished(subject, writing.status, error, self.clock(), retry_at)
        writing.write(outcome.status)
        if not writing.gone:
            self._tell(ref, outcome.event)
        return writing.result(retry_at)

    def _tell(self, ref: ObjectRef, event: Event | None) -> None:
        if event is None:
            return
        log.log(logging.INFO if event.type == "Normal" else logging.WARNING, "%s: %s", ref, event.message)
        try:
            self.client.create_event(ref, event.type, event.reason, event.message, self.clock())
        except KubernetesError as error:
            log.warning("%s: an Event was lost: %s", ref, error)


class _Writing:
    """The status of one object during one attempt, written only where it changes."""

    def __init__(self, client: Client, ref: ObjectRef, status: AnyStatus) -> None:
        self.status = status
        self.gone = False
        self._version = 0
        self._client = client
        self._ref = ref

    def write(self, status: AnyStatus) -> None:
        if status == self.status:
            return
        version = self._client.write_status(self._ref, status_object(status))
        self.gone = version is None
        self.status, self._version = status, version or 0

    def result(self, retry_at: float | None = None) -> Result:
        return Result(self.status, self._version, self.gone, retry_at)


def backoff(failures: int) -> float:
    """How long to wait after so many failures before: a second doubled each time, up to ten minutes, never in step. [s]"""
    longest = min(2.0 ** min(failures, 20), LONGEST_BACKOFF)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


def _unpublished(subject: Subject, status: AnyStatus, error: KubernetesError, now: float, retry_at: float) -> Outcome:
    """The outcome where an answer was found and could not be published: the last one stays."""
    before = condition_of(subject.status.conditions, READY)
    news = before is None or before.reason != error.reason
    event = Event("Warning", error.reason, str(error)) if news else None
    when = datetime.fromtimestamp(retry_at, UTC)
    new = failed(status, subject.metadata.generation, error, datetime.fromtimestamp(now, UTC), when)
    return Outcome(new, None, retry_at, event)
