"""HTTP with an end: an answer that trickles is broken off when its time is over, and no wait between tries is long.

The time-outs of requests and urllib3 start anew with every byte that arrives: one byte a second would go on for ever.
"""

import http.client
import io
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Retry

from farthing.prometheus.connection import Connection

RETRIES = 3
RETRIED = (408, 429, 500, 502, 503, 504)

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class TimedAdapter(HTTPAdapter):
    """Takes the read time-out for the whole answer, from its first byte to its last."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> urllib3.ProxyManager:
        """Make the connections that go by way of a proxy."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class PatientRetry(Retry):
    """Asks again whoever refuses or breaks off, but not who let the whole time of an answer pass."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count one try. Raises ReadTimeoutError, MaxRetryError."""
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


def retry(connection: Connection) -> Retry:
    """How often, and after which waits, a question is repeated."""
    return PatientRetry(
        total=RETRIES,
        backoff_factor=connection.first_wait,
        backoff_max=connection.longest_wait,
        backoff_jitter=connection.first_wait,
        retry_after_max=connection.longest_wait,  # type: ignore[arg-type] # compared and slept, so a float does
        status_forcelist=RETRIED,
        allowed_methods={"POST"},
        raise_on_status=False,
    )


def authorize(connection: Connection) -> Authorize:
    """What puts the credentials on a request. Where there are none it still is one: requests would ask ~/.netrc else."""
    if connection.credentials and not connection.bearer_token:
        return HTTPBasicAuth(*connection.credentials)

    def bearer(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if connection.bearer_token:
            request.headers["Authorization"] = f"Bearer {connection.bearer_token}"
        return request

    return bearer


class _Timed(io.RawIOBase):
    """What a socket receives until the time-out it was given is over, however often something arrives."""

    def __init__(self, received: io.RawIOBase, sock: socket.socket) -> None:
        self._received, self._sock = received, sock
        limit = sock.gettimeout()
        self._deadline = None if limit is None else time.monotonic() + limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _TimedResponse


class _TlsConnection(HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _TlsPool}
