"""When to run which report: one heap of due times, a few threads, each report at most once at a time."""

import asyncio
import heapq
import itertools
import logging
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from farthing.errors import KubernetesError
from farthing.handlers.attempt import Result, Runner, backoff
from farthing.handlers.known import AnyStatus, Held, Known, Subject, Unreadable, content_sha256, ref_of, subject_of
from farthing.handlers.threads import Threads
from farthing.resources.conditions import STALLED, condition_of

WORKERS: Final = 8
LONGEST_WAIT: Final = 1.0
"""The loop looks at the clock at least this often: clocks are set, and liveness wants a sign. [s]"""

BETWEEN_RUNS: Final = 0.5
"""From the end of a run to the next of the same report. [s]"""

BETWEEN_REPAIRS: Final = 10.0
"""From one repair of a report's ConfigMaps to the next. [s]"""

log = logging.getLogger("farthing.scheduler")


class Scheduler:
    """Decides when reports run. Everything but what its threads do happens on the thread of the event loop."""

    def __init__(self, runner: Runner, *, workers: int = WORKERS, spread: float = 5.0) -> None:
        self.threads = Threads(workers, "report")
        self._runner = runner
        self._clock = runner.clock
        self._spread = spread
        """Runs that are late at a start are spread over so many seconds."""
        self._known: dict[str, Known] = {}
        self._held: dict[str, dict[tuple[str, str], Held]] = {}
        """ConfigMaps that nobody looked at since they were seen, by their owner's uid, then by namespace and name."""
        self._heap: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self._started: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.last_turn = self._loop.time()
        """When the loop last looked at the clock. [s of the loop]"""

    def __iter__(self) -> Iterator[Known]:
        return iter(list(self._known.values()))

    def oldest_run(self) -> float:
        """How long the longest run under way takes already. [s]"""
        return max((self._clock() - begun for begun in list(self._started.values())), default=0.0)

    def saw(self, body: Mapping[str, Any], *, listed: bool = False) -> None:
        """A report exists; ``listed`` if it did before we looked."""
        ref, version = ref_of(body), int(body["metadata"]["resourceVersion"])
        if body["metadata"].get("deletionTimestamp"):
            self.forget(ref.uid)
            return
        known = self._known.get(ref.uid)
        if known is not None and version <= known.version and body["metadata"]["generation"] <= known.generation:
            return
        subject = subject_of(body)
        if known is None:
            known = self._known[ref.uid] = Known(ref, subject, version)
            if listed and subject.status.observed_generation == subject.metadata.generation:
                known.not_before = self._clock() + zlib.crc32(ref.uid.encode()) / 2**32 * self._spread
        elif subject.metadata.generation != known.generation:
            known.failures, known.retry_at = 0, None
        if version < known.version:
            # An edit, told of after a write of ours that followed it: its spec is news, its status is not.
            subject = _with_status(subject, known.subject.status)
        known.subject, known.version = subject, max(version, known.version)
        self._plan(known)
        self._repair(known)

    def forget(self, uid: str) -> None:
        """A report is gone."""
        known = self._known.pop(uid, None)
        self._held.pop(uid, None)
        if known is not None:
            for one in known.subject.status.config_maps:
                self._runner.publisher.forget(known.ref.namespace, one.name)

    def saw_config_map(self, body: Mapping[str, Any], *, deleted: bool = False) -> None:
        """A ConfigMap of ours exists, or was deleted."""
        metadata = body["metadata"]
        owner = next((one["uid"] for one in metadata.get("ownerReferences", ()) if one.get("controller")), None)
        if owner is None:
            return
        place = (metadata["namespace"], metadata["name"])
        held = self._held.setdefault(owner, {})
        held[place] = Held(int(metadata["resourceVersion"]), None if deleted else content_sha256(body))
        known = self._known.get(owner)
        if known is not None:
            self._repair(known)
        elif deleted:
            del held[place]
            if not held:
                del self._held[owner]
            self._runner.publisher.forget(*place)

    def lost_config_maps(self, known: Known) -> None:
        """ConfigMaps of ``known`` are not there, and no event told so."""
        if known.can_repair:
            self._want(known, max(self._clock(), known.repair_after))

    def store_changed(self) -> None:
        """There is new data: run what had none, or too little."""
        for known in self:
            if known.hopes_for_data:
                self._want(known, self._clock())

    async def run(self) -> None:
        """Start runs as they become due, for ever."""
        while True:
            self.last_turn = self._loop.time()
            self._wake.clear()
            # Not wait_for: its inner task would look to a stopping kopf like one of its own.
            alarm = self._loop.call_later(min(LONGEST_WAIT, self._start_due()), self._wake.set)
            await self._wake.wait()
            alarm.cancel()

    def _repair(self, known: Known) -> None:
        """Have the ConfigMaps of ``known`` made anew if they are not what it published."""
        if known.running:
            return
        # One look is enough: a run is asked for now, or must come before a repair can be.
        seen = self._held.pop(known.ref.uid, {})
        for one in known.subject.status.config_maps if known.can_repair else ():
            # A copy in another namespace is not the report's.
            held = seen.get((known.ref.namespace, one.name))
            # An event may be older than what was written since.
            written = self._runner.publisher.version(known.ref.namespace, one.name)
            if held is not None and held.sha256 != one.sha256 and held.version > written:
                log.warning("%s: ConfigMap %s was changed by somebody else and is made anew", known.ref, one.name)
                self._want(known, max(self._clock(), known.repair_after))

    def _want(self, known: Known, when: float) -> None:
        known.wanted = when if known.wanted is None else min(known.wanted, when)
        self._plan(known)

    def _plan(self, known: Known) -> None:
        """Set when ``known`` is due."""
        if known.running:
            return
        before, known.due = known.due, self._due(known)
        if known.due is not None and known.due != before:
            heapq.heappush(self._heap, (known.due, next(self._numbers), known.ref.uid))
            self._wake.set()

    def _due(self, known: Known) -> float | None:
        now = self._clock()
        if known.retry_at is not None:
            times = [known.retry_at]
        elif known.suspended:
            times = [now] if known.settled != known.generation else []
        elif isinstance(known.subject, Unreadable):
            met = known.subject.status.observed_generation == known.generation
            told = met and condition_of(known.subject.status.conditions, STALLED) is not None
            times = [] if told or known.settled == known.generation else [now]
        else:
            scheduled = self._runner.reports.next_run(known.subject, now)
            times = [time for time in (scheduled, known.wanted) if time is not None]
        return max(min(times), known.not_before) if times else None

    def _start_due(self) -> float:
        """Start what is due, as far as threads are free; returns how long until the next. [s]"""
        while self._heap and len(self._started) < self.threads.count:
            due, _, uid = self._heap[0]
            if due > self._clock():
                return due - self._clock()
            heapq.heappop(self._heap)
            known = self._known.get(uid)
            if known is not None and known.due == due and not known.running:
                self._start(known)
        return LONGEST_WAIT

    def _start(self, known: Known) -> None:
        if known.wanted is not None:
            known.repair_after = self._clock() + BETWEEN_REPAIRS
        known.running, known.due, known.wanted = True, None, None
        uid, generation = known.ref.uid, known.generation
        self._started[uid] = self._clock()

        def still_wanted() -> bool:
            return self._known.get(uid) is known and known.generation == generation

        attempt = partial(self._runner.run, known.ref, known.subject, known.failures, still_wanted)
        future = self.threads.submit(attempt)
        future.add_done_callback(partial(self._call_back, partial(self._finished, known, generation)))

    def _call_back(self, finished: Callable[[Future[Result]], None], future: Future[Result]) -> None:
        # A loop that is closed needs no results.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(finished, future)

    def _finished(self, known: Known, generation: int, future: Future[Result]) -> None:
        now = self._clock()
        self._started.pop(known.ref.uid, None)
        known.running = False
        known.not_before = max(known.not_before, now + BETWEEN_RUNS)
        error = future.exception()
        if error is not None:
            self._failed(known, error, now)
        else:
            self._ended(known, generation, future.result())
        if known.ref.uid in self._known:
            self._plan(known)
            self._repair(known)
        self._wake.set()

    def _ended(self, known: Known, generation: int, result: Result) -> None:
        if result.gone:
            self.forget(known.ref.uid)
            return
        if result.version > known.version:
            known.version = result.version
            known.subject = _with_status(known.subject, result.status)
        if known.generation != generation:
            return
        known.retry_at = result.retry_at
        known.failures = known.failures + 1 if result.retry_at is not None else 0
        if not known.hopes_for_data:
            # What was asked for during the run was more data, and the run had it.
            known.wanted = None
        known.settled = generation if result.retry_at is None else known.settled

    def _failed(self, known: Known, error: BaseException, now: float) -> None:
        wait = backoff(known.failures)
        known.failures += 1
        known.retry_at = now + wait
        if isinstance(error, KubernetesError):
            log.warning("%s: %s; tried again in %.0f s", known.ref, error, wait)
        else:
            log.error("%s: a fault of Farthing's; tried again in %.0f s", known.ref, wait, exc_info=error)


def _with_status(subject: Subject, status: AnyStatus) -> Subject:
    if isinstance(subject, Unreadable):
        return replace(subject, status=status)
    return subject.model_copy(update={"status": status})
