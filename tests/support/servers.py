"""Programs that serve the tests: started on free ports, logged to files, never left running."""

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.support.waiting import wait_until

LEASH = Path(__file__).with_name("leash.py")
LOG_LINES_SHOWN = 40
STOP_SECONDS = 15.0


class ServerError(Exception):
    """A server ended on its own or did not become ready; the message ends with the last lines of its log."""


def free_ports(count: int) -> list[int]:
    """``count`` different ports of the loopback address that nothing listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def answers(url: str, *, verify: Path | None = None, token: str | None = None) -> bool:
    """Whether ``url`` answers with success now; ``verify`` is the certificate authority, ``token`` the bearer's."""
    with requests.Session() as session:
        # A proxy of the machine has no part in what runs on its loopback address.
        session.trust_env = False
        if token is not None:
            session.headers["Authorization"] = f"Bearer {token}"
        try:
            return session.get(url, verify=str(verify) if verify else True, timeout=5).ok
        except (requests.RequestException, OSError):
            return False


def log_tail(log: Path) -> str:
    """The last lines of ``log`` under its name."""
    if not log.exists():
        return f"--- {log.stem}: no log"
    with log.open(encoding="utf-8", errors="replace") as lines:
        return f"--- {log.stem}, last {LOG_LINES_SHOWN} lines of {log}\n" + "".join(deque(lines, LOG_LINES_SHOWN))


class Server:
    """One program, its arguments and its log; start and stop it as often as a test likes.

    Start it on a thread that lives as long as it should: on Linux the end of that thread ends the program.
    """

    def __init__(self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.name = log.stem
        self.log = log
        self._command = [str(part) for part in command]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the program runs now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Run the program in a session of its own, so that Ctrl-C reaches the tests first, and they stop it in order."""
        if self.running:
            raise ServerError(f"{self.name} runs already; stop it before it is started again")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        leash = [sys.executable, "-IS", str(LEASH), str(os.getpid())]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*leash, *self._command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_ready(self, ready: Callable[[], bool]) -> None:
        """Start, and return when ``ready`` says so; what does not become so is ended, with a ServerError."""
        self.start()
        try:
            self.wait_ready(ready)
        except BaseException:
            self.kill()
            raise

    def wait_ready(self, ready: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Return when ``ready`` says so; ServerError with the log's end after ``seconds`` [s] or once the program ended."""

        def ready_or_ended() -> bool:
            return not self.running or ready()

        try:
            wait_until(ready_or_ended, f"{self.name} to be ready", seconds=seconds)
        except TimeoutError as error:
            raise ServerError(f"{error}\n{log_tail(self.log)}") from error
        if not self.running:
            raise ServerError(f"{self.name} ended instead of becoming ready\n{log_tail(self.log)}")

    def stop(self, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """End the program and whatever it started: by ``stop_signal``, by SIGKILL when that does not do."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, stop_signal)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill(self) -> None:
        """End the program at once, as a power cut would."""
        self.stop(signal.SIGKILL)
