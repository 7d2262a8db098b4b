"""``make fuzz``: 20,000 made-up requests to the APIs over the demo's store, none of which may be a 5xx or unlike the document."""

import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from tests.support.api_server import ApiServer
from tests.support.demo_store import demo_store
from tests.support.fuzzing import Fuzzed, fuzzed

REQUESTS = 20_000
EACH = 50
"""Requests to every operation in a round."""
WITH_PROMETHEUS = 4
"""Of so many rounds one has a Prometheus: parts of hours take most of the time, and without it they are refused."""


def fuzzed_anew(number: int) -> Fuzzed:
    """The ``number``-th round, on a server of its own: first the edges of every parameter, then what chance makes up."""
    with tempfile.TemporaryDirectory() as folder:
        demo = demo_store(Path(folder))
        metrics = demo.source if number % WITH_PROMETHEUS == 1 else None
        service = wiring.ask_service(demo.settings, metrics, demo.source.now)
        with ApiServer(create_app(Asking(service, everything), "0.0.0")) as api:
            return fuzzed(api.url, EACH, Path(folder), "fuzzing" if number else "examples,coverage", seed=number)


def main() -> int:
    """Print what schemathesis found; returns 1 if that is anything, or fewer requests."""
    sent = 0
    at_once = os.cpu_count() or 1
    with ProcessPoolExecutor(at_once, multiprocessing.get_context("spawn")) as pool:
        rounds = count()
        running = [pool.submit(fuzzed_anew, next(rounds)) for _ in range(at_once)]
        while running:
            found = running.pop(0).result()
            sent += found.requests
            print(f"{sent} of {REQUESTS} requests, {'with failures' if found.failed else 'all well'}", flush=True)
            if found.failed or not found.requests:
                print(found.report)
                return 1
            if sent < REQUESTS:
                running.append(pool.submit(fuzzed_anew, next(rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
