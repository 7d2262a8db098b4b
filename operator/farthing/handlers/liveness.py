"""Whether the operator still moves, and its metrics, told over HTTP from a thread that a stuck event loop cannot stop."""

import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from farthing.handlers.audit import Audit
from farthing.handlers.collecting import Collecting
from farthing.handlers.scheduler import Scheduler

LONGEST_TURN: Final = 5.0 + 1.0
"""Of the event loop, which the scheduler sees once a second. [s]"""

LONGEST_RUN: Final = 1800.0
SHORTEST_PATIENCE: Final = 7200.0
"""A first collection may read weeks. [s]"""

LONGEST_SILENCE: Final = 5.0
"""Of who asks: whoever may reach the pod may not keep its connections. [s]"""


def troubles(scheduler: Scheduler, collecting: Collecting, audit: Audit) -> list[str]:
    """What a restart would help with; empty while all is well."""
    now = time.monotonic()
    turn, run, cycle = now - scheduler.last_turn, scheduler.oldest_run(), now - collecting.last_cycle
    patience = max(3 * collecting.interval, SHORTEST_PATIENCE)
    checks = {
        f"the event loop stands still for {turn:.0f} s": turn > LONGEST_TURN,
        f"a report is being computed for {run:.0f} s": run > LONGEST_RUN,
        f"no collection ended for {cycle:.0f} s": cycle > patience,
        "the watch tells of no changes": audit.deaf,
    }
    return [what for what, bad in checks.items() if bad]


class LivenessServer:
    """Answers ``GET /livez``: 200, or 503 with what is wrong, and ``/metrics`` by the text of ``metrics``.

    With an empty host it answers on every address of the machine.
    """

    def __init__(
        self,
        address: tuple[str, int],
        check: Callable[[], list[str]],
        metrics: Callable[[], bytes] = bytes,
        longest_silence: float = LONGEST_SILENCE,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = longest_silence

            def do_GET(self) -> None:
                match self.path.split("?")[0]:
                    case "/livez":
                        wrong = check()
                        body = ("; ".join(wrong) or "ok").encode() + b"\n"
                        self._send(503 if wrong else 200, "text/plain; charset=utf-8", body)
                    case "/metrics":
                        self._send(200, CONTENT_TYPE_PLAIN_0_0_4, metrics())
                    case _:
                        self.send_error(404)

            def _send(self, code: int, content_type: str, body: bytes) -> None:
                self.send_response(code)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """A probe every few seconds is no news."""

        self._server = _Server(address, Handler)
        self.port = int(self._server.server_address[1])
        """Where it listens, also where any free port was asked for."""
        self._thread = Thread(target=self._server.serve_forever, name="livez", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """Speaks the family of its address; both, where that is every address of IPv6."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        host, port = address
        # A kernel may be built, or told, to have no IPv6.
        host = host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0")  # noqa: S104 - asked for by an empty host
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()
