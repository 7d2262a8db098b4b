"""The operator from start to stop."""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import kopf

from farthing.errors import KubernetesError
from farthing.handlers.attempt import Reports, Runner
from farthing.handlers.audit import Audit
from farthing.handlers.books import Books
from farthing.handlers.collecting import Collecting, Collection
from farthing.handlers.health import Health
from farthing.handlers.known import PLURALS
from farthing.handlers.liveness import LivenessServer, troubles
from farthing.handlers.scheduler import Scheduler
from farthing.handlers.watching import registry, settings
from farthing.kube.client import Client
from farthing.kube.publisher import Publisher
from farthing.resources import API_VERSION
from farthing.resources.price_book import PriceBook
from farthing.services.price_books import PriceBookService

REFRESH_SECONDS: Final = 600.0
BETWEEN_LOOKS: Final = 2.0
LAST_CHANCE: Final = 2.0
"""For what is under way when the operator stops. [s]"""

GOODBYE: Final = 0.25

log = logging.getLogger("farthing.operator")


@dataclass(frozen=True, slots=True)
class Operator:
    """What the operator runs with."""

    reports: Reports
    collection: Collection
    client: Client
    kubeconfig: Path | None = None
    """None for the pod's service account; the same as the client's."""
    namespaces: Sequence[str] = ()
    """Where reports are watched; empty for everywhere."""
    refresh_seconds: float = REFRESH_SECONDS
    listen: tuple[str, int] | None = ("", 8080)
    """Where ``/livez`` and ``/metrics`` are served, as ``LivenessServer`` takes it: the kubelet asks the pod's address."""
    prices: PriceBookService = field(default_factory=PriceBookService)
    """Knows which prices apply."""
    clock: Callable[[], float] = field(default=time.time)


def configure_logging(*, as_json: bool, debug: bool = False) -> None:
    """Log to stderr: one JSON object a line, or text for people."""
    kopf.configure(debug=debug, log_format=kopf.LogFormat.JSON if as_json else kopf.LogFormat.FULL)
    # kopf tells of every event of every object.
    logging.getLogger("kopf.objects").setLevel(logging.DEBUG if debug else logging.WARNING)


async def operate(operator: Operator, stop: asyncio.Event | None = None) -> bool:
    """Run until SIGTERM, SIGINT or ``stop``; returns whether all threads ended, else end the process by ``os._exit``.

    Raises what ends kopf or the scheduler for good: run it again in a new process.
    """
    return await Operation(operator).run(stop or asyncio.Event())


class Operation:
    """One operator at work; made on its event loop."""

    def __init__(self, operator: Operator) -> None:
        loop = asyncio.get_running_loop()
        client = operator.client
        self.scheduler = Scheduler(Runner(operator.reports, client, Publisher(client), operator.clock))
        self.audit = Audit(self.scheduler, client, operator.namespaces)
        changed = partial(_in_loop, loop, self.scheduler.store_changed)
        self.collecting = Collecting(operator.collection, operator.refresh_seconds, changed)
        self.books = Books(operator.prices, client, self.collecting.hasten, operator.clock)
        self.waiting = False
        """Whether the API does not answer yet, or does not serve our kinds."""
        self._operator = operator
        self._loop = loop

    def troubles(self) -> list[str]:
        """What a restart would help with."""
        return troubles(self.scheduler, self.collecting, self.audit)

    async def run(self, stop: asyncio.Event) -> bool:
        """As ``operate``."""
        listen, metrics = self._operator.listen, Health(self.scheduler, self.collecting).text
        livez = LivenessServer(listen, self.troubles, metrics) if listen else None
        _stop_on_signals(self._loop, stop)
        work = [asyncio.create_task(self.scheduler.run(), name="scheduler")]
        try:
            if await self._kinds_served(stop):
                self.collecting.start()
                work.append(asyncio.create_task(self.books.run(), name="books"))
                work.append(asyncio.create_task(self.audit.run(), name="audit"))
                await _watch(self._operator, (self.scheduler, self.books), work, stop)
        finally:
            for task in work:
                task.cancel()
            self.collecting.stop()
            self.scheduler.threads.close()
            await asyncio.gather(*work, return_exceptions=True)
            if livez is not None:
                livez.close()
        return self._ended()

    async def _kinds_served(self, stop: asyncio.Event) -> bool:
        """Wait until the API answers and serves our kinds: kopf looks for them once. False if stopped before."""
        said = ""
        while not stop.is_set():
            # Prices are known before anything is collected with them.
            problem = await asyncio.to_thread(_problem, self._operator.client, self.books)
            self.waiting = bool(problem)
            if not problem:
                return True
            if problem != said:
                log.warning("%s", problem)
            said = problem
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BETWEEN_LOOKS)
        return False

    def _ended(self) -> bool:
        """Whether all threads ended, after a last chance."""
        deadline = time.monotonic() + LAST_CHANCE
        ended = [one.join(deadline - time.monotonic()) for one in (self.scheduler.threads, self.collecting)]
        if not all(ended):
            log.warning("stopped with work under way, which the next start does again")
        return all(ended)


async def _watch(
    operator: Operator, told: tuple[Scheduler, Books], work: list[asyncio.Task[None]], stop: asyncio.Event
) -> None:
    """Let kopf watch until it ends, or a task of ours does, which it never should."""
    kopf_task = asyncio.create_task(
        kopf.operator(
            registry=registry(*told, operator.kubeconfig, stop),
            settings=settings(),
            standalone=True,
            clusterwide=not operator.namespaces,
            namespaces=operator.namespaces,
            stop_flag=stop,
        ),
        name="kopf",
    )
    try:
        done, _ = await asyncio.wait([kopf_task, *work], return_when=asyncio.FIRST_COMPLETED)
    finally:
        kopf_task.cancel()
        await asyncio.gather(kopf_task, return_exceptions=True)
        # aiohttp's TLS connections say goodbye after they are closed, and have no other end to wait for.
        await asyncio.sleep(GOODBYE)
    for task in done:
        task.result()


def _problem(client: Client, books: Books) -> str:
    """Why the operator cannot begin yet; empty if it can."""
    try:
        missing = client.missing_kinds(API_VERSION, [*PLURALS.values(), PriceBook.PLURAL])
        if not missing:
            books.look()
    except KubernetesError as error:
        return str(error)
    return f"the API serves no {' and no '.join(missing)} yet: apply crds/" if missing else ""


def _stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Until kopf takes the signals over, which only the main thread may have."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> None:
    # A loop that is closed needs no news.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
