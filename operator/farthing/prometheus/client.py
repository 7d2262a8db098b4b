"""The connection: prometheus-api-client for session, TLS, credentials and retry; our own limits and reading of errors."""

import re
from dataclasses import dataclass, field

import requests
from prometheus_api_client import PrometheusConnect
from urllib3.util import Retry

from farthing.errors import (
    MetricsError,
    MetricsMalformedError,
    MetricsRefusedError,
    MetricsTooLargeError,
    MetricsUnreachableError,
)
from farthing.prometheus.decode import SHOWN, error_in_body
from farthing.prometheus.queries import Matcher, Query

AT_ONCE = 4
"""Requests in flight at most: a fifth of Prometheus' default ``query.max-concurrency``."""

RETRIES = 3
RETRIED = (408, 429, 500, 502, 503, 504)
CHUNK_BYTES = 1 << 20
MILLISECOND = 0.001


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach Prometheus. Secrets stay in here: they are in no message and no repr."""

    url: str
    bearer_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    insecure: bool = False
    cluster_label: str = ""
    cluster: str = ""
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    max_bytes: int = 512 << 20

    @property
    def shown(self) -> str:
        """The URL without credentials."""
        return re.sub(r"//[^@/]*@", "//", self.url)


class Prometheus:
    """Answers the catalogue's queries from Prometheus, as bytes. Safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session = requests.Session()
        self._session.verify = connection.ca_file or not connection.insecure
        self._session.headers.update(connection.headers)
        self._session.max_redirects = 3
        if connection.bearer_token:
            self._session.headers["Authorization"] = f"Bearer {connection.bearer_token}"
        retry = Retry(
            total=RETRIES,
            backoff_factor=0.5,
            backoff_jitter=0.5,
            status_forcelist=RETRIED,
            allowed_methods={"GET", "POST"},
            raise_on_status=False,
        )
        self._connect = PrometheusConnect(
            url=connection.url.rstrip("/"),
            session=self._session,
            retry=retry,
            auth=(connection.username, connection.password) if connection.username else None,
            timeout=connection.read_timeout,
            method="POST",
        )

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        """Answer to ``query`` over the intervals of ``step`` [s] from ``start`` to ``end`` [unix s], as JSON.

        Each value is dated one millisecond before its interval ends. A query asked once has one value, dated likewise
        for the whole span; a carried one begins an interval earlier. Raises MetricsError.
        """
        if self._connection.cluster_label:
            extra = (*extra, Matcher(self._connection.cluster_label, "=", self._connection.cluster))
        if query.once:
            step = end - start
        first = start if query.carried else start + step
        return self._post(
            "query_range",
            query.name,
            {
                "query": query.promql(f"{step}s", extra),
                "start": f"{first - MILLISECOND:.3f}",
                "end": f"{end - MILLISECOND:.3f}",
                "step": str(step),
                "timeout": f"{self._connection.read_timeout:.0f}s",
                # Thanos answers in part by default; Prometheus ignores it.
                "partial_response": "false",
            },
        )

    def now(self) -> float:
        """Prometheus' clock. [unix s] Raises MetricsError."""
        body = self._post("query", "time", {"query": "time()"})
        found = re.search(rb'"result":\[([0-9.]+),', body)
        if found is None:
            raise MetricsMalformedError(
                f"{self._connection.shown} did not answer the query time() as Prometheus does; check the URL"
            )
        return float(found[1])

    def close(self) -> None:
        """Close the connections."""
        self._connect.close()

    def _post(self, path: str, name: str, form: dict[str, str]) -> bytes:
        url = f"{self._connect.url}/api/v1/{path}"
        timeout = (self._connection.connect_timeout, self._connection.read_timeout)
        try:
            with self._session.post(url, data=form, auth=self._connect.auth, timeout=timeout, stream=True) as response:
                body = self._read(name, response)
                if response.status_code != requests.codes.ok:
                    raise self._error(name, response, body)
                return body
        except requests.RequestException as error:
            raise MetricsUnreachableError(
                f"Prometheus at {self._connection.shown} does not answer ({_kind(error)}); it will be asked again"
            ) from error

    def _read(self, name: str, response: requests.Response) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(CHUNK_BYTES):
            size += len(part)
            if size > self._connection.max_bytes:
                raise MetricsTooLargeError(
                    f"the answer to the query {name!r} is larger than {self._connection.max_bytes >> 20} MiB"
                )
            parts.append(part)
        return b"".join(parts)

    def _error(self, name: str, response: requests.Response, body: bytes) -> MetricsError:
        text = body[: 4 * SHOWN].decode("utf-8", "replace")
        if response.status_code == requests.codes.unprocessable_entity:
            return error_in_body(name, "422", text)
        if response.status_code in RETRIED:
            return MetricsUnreachableError(
                f"Prometheus at {self._connection.shown} answers {response.status_code} to the query {name!r}; "
                "it will be asked again"
            )
        return MetricsRefusedError(
            f"Prometheus at {self._connection.shown} refuses the query {name!r} with {response.status_code}: "
            f"{text[:SHOWN]!r}; check the credentials and the URL"
        )


def _kind(error: requests.RequestException) -> str:
    """What went wrong, in words that hold no URL and so no secret."""
    match error:
        case requests.exceptions.SSLError():
            return "its certificate is not trusted"
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ReadTimeout():
            return "timed out"
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return "the answer broke off"
        case requests.exceptions.RetryError():
            return "it kept failing"
        case requests.exceptions.TooManyRedirects():
            return "it redirects without end"
        case _:
            return "connection failed"
