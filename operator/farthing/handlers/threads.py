"""A few threads that do not outlive the process: what a stopping operator has under way is dropped, not waited for."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any


class Threads:
    """Runs functions in ``count`` daemon threads; concurrent.futures would wait for its own when the process ends."""

    def __init__(self, count: int, name: str) -> None:
        self.count = count
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [Thread(target=self._serve, name=f"{name}-{number}", daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[[], Any]) -> Future[Any]:
        """Run ``function`` in the next free thread."""
        future: Future[Any] = Future()
        self._work.put((future, function))
        return future

    def close(self) -> None:
        """Let every thread end after what it does now."""
        for _ in self._threads:
            self._work.put(None)

    def join(self, seconds: float) -> bool:
        """Whether all threads ended; waits at most ``seconds``."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        while (item := self._work.get()) is not None:
            future, function = item
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
                future.set_exception(error)
