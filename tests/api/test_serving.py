"""What a server keeps of who does not ask."""

import socket
import time
from collections.abc import Iterator
from threading import Thread

import pytest
from fastapi import FastAPI

from farthing.api.serving import listening, server_of

ANSWER = b"HTTP/1.1 200 OK"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """Of a server with one route and little patience."""
    app = FastAPI()
    app.get("/well")(lambda: "well")
    server = server_of(app, idle_seconds=1)
    with listening(("127.0.0.1", 0)) as at:
        thread = Thread(target=server.run, args=([at],), daemon=True)
        thread.start()
        yield at.getsockname()[:2]
        server.should_exit = True
        thread.join(20)


def test_no_packet_of_an_answer_waits_for_the_one_before_to_be_acknowledged() -> None:
    with listening(("127.0.0.1", 0)) as at, socket.create_connection(at.getsockname()), at.accept()[0] as taken:
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("said", [b"", b"GET /well HT", b"GET /well HTTP/1.1\r\nHost: here\r\n"])
def test_who_asks_nothing_or_half_is_let_go(address: tuple[str, int], said: bytes) -> None:
    with socket.create_connection(address, timeout=20) as one:
        one.sendall(said)
        # Until the other side closes.
        assert one.recv(1000) == b""


def test_a_head_that_drips_is_no_head(address: tuple[str, int]) -> None:
    begun = time.monotonic()
    with socket.create_connection(address, timeout=0.1) as one:
        one.sendall(b"GET /well HTTP/1.1\r\n")
        while not _let_go(one):
            assert time.monotonic() < begun + 10


def _let_go(one: socket.socket) -> bool:
    """Whether the other side has closed, after one more line of a head."""
    try:
        one.sendall(b"X: y\r\n")
        return one.recv(1000) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_who_asks_twice_is_answered_twice_and_half_a_question_after_that_is_let_go(address: tuple[str, int]) -> None:
    asked = b"GET /well HTTP/1.1\r\nHost: here\r\n\r\n"
    with socket.create_connection(address, timeout=20) as one, one.makefile("rb") as told:
        for _ in range(2):
            one.sendall(asked)
            assert told.readline().startswith(ANSWER)
            while told.readline() != b"\r\n":
                pass
            assert told.read(6) == b'"well"'
        one.sendall(asked[:20])
        assert told.read() == b""
