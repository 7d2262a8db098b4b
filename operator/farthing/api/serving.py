"""The server: one process, a thread for the socket and some for questions."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import Final

import uvicorn
from fastapi import FastAPI

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.patience import Patient
from farthing.api.seen import ScopeOf
from farthing.errors import InvalidInputError
from farthing.services.asking import AskService
from farthing.settings import MOST_SERIES

CONNECTIONS: Final = 200
"""At a time; who comes beyond is answered 503."""
IDLE_SECONDS: Final = 30
"""After which a connection without a whole request is closed."""
LONGEST_HEAD: Final = 262_144
"""Of a request: its URL, in which each list may be as long as a parameter, and its headers. [B]"""
ON_EVERY_ANSWER: Final = [("X-Content-Type-Options", "nosniff")]
"""No browser is to guess that an answer is a page."""
GOODBYE_SECONDS: Final = 5
"""For requests that are under way when the server stops."""


def server(
    service: AskService, scope_of: ScopeOf, cors_origins: tuple[str, ...] = (), most_series: int = MOST_SERIES
) -> uvicorn.Server:
    """The APIs over what ``service`` answers, to whom ``scope_of`` says what they may see.

    ``/metrics`` has ``most_series`` of each metric of costs.
    """
    return server_of(create_app(Asking(service, scope_of), version("farthing"), cors_origins, most_series))


def server_of(app: FastAPI, idle_seconds: int = IDLE_SECONDS) -> uvicorn.Server:
    """A server of ``app`` within the limits of this module."""
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=ON_EVERY_ANSWER,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=idle_seconds,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    return uvicorn.Server(config)


@contextmanager
def listening(address: tuple[str, int]) -> Iterator[socket.socket]:
    """A socket at ``address``, without a host on every address, IPv4 and IPv6. Raises InvalidInputError."""
    host, port = address
    everywhere = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if everywhere or ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family, dualstack_ipv6=everywhere)
    except OSError as error:
        raise InvalidInputError(
            f"nothing can listen at {host or '*'}:{port} ({error.strerror}): choose another address or port"
        ) from error
    with found:
        # What comes from it has this too. asyncio sets it only where a socket names its protocol, which these do not: the second
        # packet of an answer would wait 40 ms for the client to acknowledge the first.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield found


@contextmanager
def serving(found: uvicorn.Server, address: tuple[str, int]) -> Iterator[None]:
    """``found`` answers at ``address`` beside what else is done within. Raises InvalidInputError."""
    with listening(address) as at:
        thread = Thread(target=found.run, args=([at],), name="api", daemon=True)
        thread.start()
        try:
            yield
        finally:
            found.should_exit = True
            thread.join(2 * GOODBYE_SECONDS)
