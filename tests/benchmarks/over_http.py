"""The HTTP APIs over a store, each server in a process of its own: how long answers take, and how memory goes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import Any

import requests

from tests.benchmarks.times import percentiles, timed

RATE = 20
"""Requests a second."""
SECONDS = 15
CLIENTS = 10
LOAD_SECONDS = 60

SERVER = """
import sys
from itertools import count
from pathlib import Path
from farthing import wiring
from farthing.api.seen import everything
from farthing.api.serving import listening, server
from farthing.settings import Settings
store, cluster, now, anew = sys.argv[1:]
service = wiring.ask_service(Settings(store=Path(store), cluster=cluster), None, lambda: float(now))
if anew == "anew":
    versions, recent = count(), service.answerer.reader.recent
    service.version = lambda: (recent.forget(), next(versions))
with listening(("127.0.0.1", 0)) as at:
    print(at.getsockname()[1], flush=True)
    server(service, everything).run([at])
"""
"""With ``anew`` no answer is kept from one request to the next."""

QUESTIONS = (
    "/model/allocation?window={week}&aggregate=namespace&accumulate=true",
    "/model/allocation?window={week}&aggregate=controller&accumulate=true",
    "/model/allocation?window={week}&aggregate=label:app&accumulate=true&shareIdle=true",
    "/model/allocation?window={week}&aggregate=namespace",
    "/model/allocation/summary?window={week}&aggregate=node&accumulate=true",
    "/model/allocation?window={day}&accumulate=true&limit=100",
    "/model/assets?window={week}&accumulate=true",
    "/assets?window={day}",
    "/allocation/compute?window={week}&aggregate=namespace,controllerKind&accumulate=true&includeIdle=true",
    "/model/allocation/summary/topline?window={week}&aggregate=namespace",
)
"""One for each of the clients at once."""


class Serving:
    """A server's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        self._process = process
        self._sessions = local()

    def get(self, path: str) -> requests.Response:
        """The answer; connections are kept, one for each thread."""
        if not hasattr(self._sessions, "one"):
            self._sessions.one = requests.Session()
        found: requests.Response = self._sessions.one.get(self.url + path, timeout=60)
        return found

    def resident(self) -> float:
        """Memory of the process. [MB]"""
        status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def served(store: Path, cluster: str, now: int, *, anew: bool) -> Iterator[Serving]:
    """A server of ``store`` as of ``now`` [unix s]."""
    command = [sys.executable, "-c", SERVER, str(store), cluster, str(now), "anew" if anew else "kept"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Serving(process)
        finally:
            process.terminate()


def at_a_rate(server: Serving, path: str) -> dict[str, float]:
    """How long ``path`` takes at ``RATE``, counted from when each request was due. [ms]"""
    first = asked(server, path)
    begun = time.monotonic() + 0.1

    def ask(number: int) -> float:
        due = begun + number / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        server.get(path).raise_for_status()
        return (time.monotonic() - due) * 1000

    with ThreadPoolExecutor(2 * RATE) as pool:
        return {"first_ms": first, **percentiles(list(pool.map(ask, range(RATE * SECONDS))))}


def one_by_one(server: Serving, path: str, times: int = 40) -> dict[str, float]:
    """How long ``path`` takes, asked again and again. [ms]"""
    return {"first_ms": asked(server, path), **percentiles([asked(server, path) for _ in range(times)])}


def ten_at_once(server: Serving, window: dict[str, str]) -> dict[str, Any]:
    """Clients with a question each, for ``LOAD_SECONDS``: answers, errors, and resident memory at each quarter. [MB]"""
    end = time.monotonic() + LOAD_SECONDS

    def client(question: str) -> tuple[int, int]:
        answers = errors = 0
        while time.monotonic() < end:
            answers += 1
            errors += server.get(question.format(**window)).status_code != requests.codes.ok
        return answers, errors

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(client, question) for question in QUESTIONS]
        memory = []
        for quarter in range(4):
            time.sleep(max(0.0, end - (3 - quarter) * LOAD_SECONDS / 4 - time.monotonic()))
            memory.append(server.resident())
        counts = [one.result() for one in asking]
    return {"answers": sum(one for one, _ in counts), "errors": sum(bad for _, bad in counts), "rss_mb": memory}


def over_http(week: Path, long: Path, cluster: str, bounds: tuple[int, int], days: int) -> dict[str, Any]:
    """The figures over the stores ``week`` and ``long``, of ``days`` days, that end at the last of ``bounds`` [unix s]."""
    start, end = bounds
    window = {"week": f"{start},{end}", "day": f"{end - 86400},{end}"}
    found: dict[str, Any] = {}
    for kept in ("kept", "anew"):
        with served(week, cluster, end + 86400, anew=kept == "anew") as server:
            found[f"namespace, 7 days, {kept}"] = at_a_rate(server, QUESTIONS[0].format(**window))
            path = "/model/allocation?window={day}&accumulate=true".format(**window)
            found[f"container, 1 day, {kept}"] = one_by_one(server, path)
        with served(long, cluster, end + 86400, anew=kept == "anew") as server:
            path = f"/model/allocation?window={end - days * 86400},{end}&step=1d&aggregate=namespace"
            found[f"namespace, {days} daily sets, {kept}"] = one_by_one(server, path)
    for name, figures in found.items():
        print(f"HTTP: {name:34} p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms "
              f"(first {figures['first_ms']:.0f} ms)", flush=True)  # fmt: skip
    with served(week, cluster, end + 86400, anew=True) as server:
        found["ten at once"] = load = ten_at_once(server, window)
    resident = ", ".join(f"{one:.0f}" for one in load["rss_mb"])
    print(f"HTTP: ten clients for {LOAD_SECONDS} s: {load['answers']} answers, {load['errors']} errors, resident "
          f"{resident} MB at each quarter", flush=True)  # fmt: skip
    return found


def asked(server: Serving, path: str) -> float:
    """How long ``path`` takes. [ms]"""
    return timed(lambda: server.get(path).raise_for_status()) * 1000
