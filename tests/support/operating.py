"""The operator in a thread of the test's own process, with made-up services; all else of it is real."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from farthing.errors import InvalidInputError
from farthing.exports.documents import Document
from farthing.handlers.attempt import Reports
from farthing.handlers.collecting import Collection
from farthing.handlers.known import AnyStatus, Known
from farthing.handlers.running import Operation, Operator
from farthing.kube.client import Client
from farthing.model.window import parse_duration
from farthing.resources.conditions import (
    COMPUTED,
    DATA_COMPLETE,
    READY,
    RECONCILING,
    STALLED,
    Condition,
    ConditionStatus,
    condition_of,
    with_condition,
)
from farthing.resources.parsing import Report
from farthing.resources.report import Metadata
from farthing.resources.status import KeptConfigMap
from farthing.services.outcome import Event, Outcome, began, stalled
from farthing.services.price_books import PriceBookService

T = TypeVar("T")

STOP_SECONDS = 15.0


class FakeReports:
    """Answers every report with the documents it was given, in the shape of ``services.reports.ReportService``."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        """By the report's name."""
        self.answered: list[str] = []
        """The windows that were asked, in order."""
        self.parts: tuple[str, ...] = ("rows",)
        """The contents of the parts."""
        self.complete = True
        self.faulty = ""
        """The report whose run ends with a fault of the program."""
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self._lock = threading.Lock()

    def begin(self, report: Report, now: float) -> AnyStatus | None:
        if report.status.observed_generation == report.metadata.generation:
            return None
        if report.spec.suspend:
            return report.status.model_copy(update={"observed_generation": report.metadata.generation})
        return began(report.status, report.metadata.generation, datetime.fromtimestamp(now, UTC))

    def run(self, report: Report, now: float) -> Outcome:
        with self._lock:
            self.runs[report.metadata.name] += 1
            self.answered.append(report.spec.window)
        if report.metadata.name == self.faulty:
            raise RuntimeError("a fault")
        self.begun.set()
        if not self.may_end.wait(STOP_SECONDS):
            raise TimeoutError("the test never let the run end")
        instant = datetime.fromtimestamp(now, UTC)
        documents = documents_of(report, self.parts)
        kept = [
            KeptConfigMap(name=one.name, keys=one.keys, rows=1, bytes=one.bytes, sha256=one.sha256) for one in documents
        ]
        conditions = report.status.conditions
        complete: ConditionStatus = "True" if self.complete else "False"
        holds: dict[str, ConditionStatus] = {
            READY: "True",
            DATA_COMPLETE: complete,
            RECONCILING: "False",
            STALLED: "False",
        }
        for kind, status in holds.items():
            new = Condition(
                type=kind,
                status=status,
                reason=COMPUTED,
                last_transition_time=instant,
                # kubectl wait asks for it.
                observed_generation=report.metadata.generation,
            )
            conditions = with_condition(conditions, new)
        new_status = report.status.model_copy(
            update={
                "observed_generation": report.metadata.generation,
                "conditions": conditions,
                "last_run_time": instant,
                "aggregate": report.spec.aggregate_text,
                "config_maps": (kept[-1], *kept[:-1]),
            }
        )
        first = report.status.last_run_time is None
        return Outcome(new_status, documents, None, Event("Normal", COMPUTED, "computed") if first else None)

    def rejected(self, metadata: Metadata, status: AnyStatus, error: InvalidInputError, now: float) -> Outcome:
        new = stalled(status, metadata.generation, error, datetime.fromtimestamp(now, UTC))
        return Outcome(new, None, None, Event("Warning", error.reason, str(error)))

    def next_run(self, report: Report, now: float) -> float | None:
        status = report.status
        if report.spec.suspend:
            return None
        ready = condition_of(status.conditions, READY)
        if status.observed_generation != report.metadata.generation or ready is None or ready.status == "Unknown":
            return now
        if ready.status == "False":
            return status.next_run_time.timestamp() if status.next_run_time else now
        if report.spec.interval is None or status.last_run_time is None:
            return None
        return status.last_run_time.timestamp() + parse_duration(report.spec.interval, "interval", "").nominal_seconds


def documents_of(report: Report, parts: Sequence[str]) -> tuple[Document, ...]:
    """Parts, then the index."""
    base = f"{report.metadata.name}-{report.KIND.lower()}"
    several = [Document(f"{base}-{number}", {"rows.json": text}) for number, text in enumerate(parts)]
    return (*several, Document(base, {"index.json": ",".join(one.sha256 for one in several)}))


class FakeCollection:
    """A store that changes whenever the test says so."""

    def __init__(self, *, changes: bool = False) -> None:
        self.changes = changes
        self.changed = False
        self.hours_made = 0
        self.cycles = 0
        self.error: Exception | None = None

    def refresh(self) -> None:
        self.cycles += 1
        self.changed = self.changes
        if self.error is not None:
            raise self.error


class RunningOperator:
    """The operator for a ``with`` block."""

    def __init__(
        self,
        kubeconfig: Path,
        reports: Reports,
        collection: Collection | None = None,
        *,
        namespaces: Sequence[str] = (),
        refresh_seconds: float = 600.0,
        listen: tuple[str, int] | None = None,
    ) -> None:
        self.kubeconfig = kubeconfig
        self.client = Client(kubeconfig)
        self.prices = PriceBookService()
        self.operator = Operator(
            reports,
            collection or FakeCollection(),
            self.client,
            kubeconfig,
            namespaces,
            refresh_seconds,
            listen,
            self.prices,
        )
        self.ended_well: bool | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="operator")
        self._started = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()

    def stop(self) -> None:
        """Stop it and wait; raises what it ended with."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_SECONDS)
        assert not self._thread.is_alive(), "the operator did not stop"
        if self._error is not None:
            raise self._error

    def sees(self, name: str, generation: int) -> bool:
        """Whether the scheduler knows the report at that generation."""
        return any(one.ref.name == name and one.generation == generation for one in self._scheduler())

    def busy(self) -> bool:
        """Whether a report is being run, or due now."""
        return any(one.running or (one.due is not None and one.due <= time.time()) for one in self._scheduler())

    def failures(self, name: str) -> int:
        """How often in a row Kubernetes failed the report."""
        return max((one.failures for one in self._scheduler() if one.ref.name == name), default=0)

    def tell(self, body: dict[str, Any]) -> None:
        """Tell of a report as the watch would."""
        self._in_loop(lambda: self.operation.scheduler.saw(body))

    def forget(self, uid: str) -> None:
        """Have a report forgotten as if the watch had never told of it."""
        self._in_loop(lambda: self.operation.scheduler.forget(uid))

    def audit(self) -> None:
        """Compare once."""
        asyncio.run_coroutine_threadsafe(self.operation.audit.once(), self._loop).result(STOP_SECONDS)

    def _scheduler(self) -> list[Known]:
        return self._in_loop(lambda: list(self.operation.scheduler))

    def _in_loop(self, call: Callable[[], T]) -> T:
        async def called() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(STOP_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._operate())
        except BaseException as error:  # noqa: BLE001 - told by stop()
            self._error = error
        finally:
            self._started.set()

    async def _operate(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.operation = Operation(self.operator)
        self._started.set()
        self.ended_well = await self.operation.run(self._stop)
