"""An HTTP server that does wrong on purpose, and counts who asked it, how often, and how many at once."""

import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs

CERTIFICATE = Path(__file__).with_name("hostile_server.pem")
"""Of 127.0.0.1, signed by itself, with its key: nobody trusts it but who is told to."""

PATIENCE = 5.0
"""How long the server draws out an answer. [s]"""

EMPTY = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
CLOCK = b'{"status":"success","data":{"resultType":"scalar","result":[1794873600.5,"1794873600.5"]}}'
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    at: float
    """Monotonic time. [s]"""


class Visit:
    """One request under way: what was asked, and the bare wire to answer on."""

    def __init__(self, handler: BaseHTTPRequestHandler, asked: Asked, closing: threading.Event) -> None:
        self.asked = asked
        self.closing = closing
        self._handler = handler

    def send(self, data: bytes) -> None:
        """Put bytes on the wire at once."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers."""
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def hang_up(self) -> None:
        """Close the connection."""
        self._handler.close_connection = True

    def pause(self, seconds: float) -> bool:
        """Wait, as a slow server does; whether it is still to go on: in a test that fails, it ends by itself."""
        return not self.closing.wait(seconds) and time.monotonic() - self.asked.at < PATIENCE


Way = Callable[[Visit], None]
"""How a request is answered."""


def answers(status: int, body: bytes = EMPTY, **headers: str) -> Way:
    """A whole answer; ``headers`` with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def way(visit: Visit) -> None:
        visit.head(status, {**JSON, "Content-Length": str(len(body)), **named})
        visit.send(body)

    return way


def breaks_off(body: bytes, declared: int) -> Way:
    """Declares ``declared`` bytes, sends ``body`` and hangs up."""

    def way(visit: Visit) -> None:
        visit.head(200, {**JSON, "Content-Length": str(declared)})
        visit.send(body)
        visit.hang_up()

    return way


def hangs_up(visit: Visit) -> None:
    """Closes the connection without a word."""
    visit.hang_up()


def hangs(visit: Visit) -> None:
    """Sends nothing at all."""
    visit.pause(PATIENCE)


def hangs_after_headers(visit: Visit) -> None:
    """Sends headers that promise a body, and then nothing."""
    visit.head(200, {**JSON, "Content-Length": "100"})
    visit.pause(PATIENCE)


def trickles_headers(visit: Visit) -> None:
    """Sends a byte now and then, of headers without end."""
    visit.send(b"HTTP/1.1 200 OK\r\n")
    while visit.pause(0.02):
        visit.send(b"X")


def trickles_body(visit: Visit) -> None:
    """Sends a byte now and then, of a body without end."""
    visit.head(200, {**JSON, "Content-Length": "1000000"})
    while visit.pause(0.02):
        visit.send(b" ")


def trickles_chunks(visit: Visit) -> None:
    """Sends a chunk of one byte now and then, for ever."""
    visit.head(200, {**JSON, "Transfer-Encoding": "chunked"})
    while visit.pause(0.02):
        visit.send(b"1\r\n \r\n")


def unpacks_to(size: int, layers: int = 1) -> Way:
    """A body of ``size`` spaces, packed ``layers`` times."""
    packer, piece = zlib.compressobj(1, wbits=31), b" " * (1 << 20)
    body = b"".join([*(packer.compress(piece) for _ in range(size >> 20)), packer.flush()])
    for _ in range(layers - 1):
        body = gzip.compress(body)
    return answers(200, body, Content_Encoding=", ".join(["gzip"] * layers))


class HostileServer:
    """Answers the first requests by ``ways``, one each, and all further ones by the last of them.

    ``by_query`` overrules that where it gives a way for what was asked. The clock (``time()``) always works.
    """

    def __init__(self, *ways: Way, by_query: Callable[[Asked], Way | None] | None = None, tls: bool = False) -> None:
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._ways = ways or (answers(200),)
        self._by_query = by_query
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version: ClassVar[str] = "HTTP/1.1"
            disable_nagle_algorithm: ClassVar[bool] = True

            def do_POST(self) -> None:
                outer._visit(self)

            do_GET = do_POST  # noqa: N815 - likewise

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients may hang up
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def queries(self) -> list[Asked]:
        """What was asked besides the time."""
        return [asked for asked in self.asked if asked.form.get("query") != "time()"]

    def _visit(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        asked = Asked(handler.command, handler.path, dict(handler.headers.items()), form, time.monotonic())
        visit = Visit(handler, asked, self._closing)
        if form.get("query") == "time()" and len(self._ways) == 1:
            self.asked.append(asked)
            answers(200, CLOCK)(visit)
            return
        with self._lock:
            way = self._ways[min(len(self.asked), len(self._ways) - 1)]
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            ((self._by_query and self._by_query(asked)) or way)(visit)
        finally:
            with self._lock:
                self._at_once -= 1
