"""The connection: prometheus-api-client for session, TLS, credentials and retry; our own limits and reading of errors."""

from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore
from urllib.parse import urlsplit

import requests
import urllib3
from prometheus_api_client import PrometheusConnect

from farthing.errors import (
    InvalidInputError,
    MetricsError,
    MetricsRefusedError,
    MetricsTooLargeError,
    MetricsUnreachableError,
)
from farthing.prometheus.connection import Connection
from farthing.prometheus.decode import SHOWN, clock, error_in_body
from farthing.prometheus.failure import kind_of
from farthing.prometheus.queries import Matcher, Query
from farthing.prometheus.transport import RETRIED, TimedAdapter, authorize, retry

AT_ONCE = 4
"""Queries in flight at most: a fifth of Prometheus' default ``query.max-concurrency``."""

CHUNK_BYTES = 1 << 20
MILLISECOND = 0.001
EVALUATION_SHARE = 0.9
"""Of the time for an answer, what Prometheus may spend on evaluation; the rest is for the bytes' way."""


class Prometheus:
    """Answers the catalogue's queries from Prometheus, as bytes. Safe to use from several threads.

    Raises InvalidInputError if the connection names a file that is not there.
    """

    def __init__(self, connection: Connection) -> None:
        if connection.ca_file and not Path(connection.ca_file).is_file():
            raise InvalidInputError(f"the file of certificates {connection.ca_file!r} is not there: name one in PEM")
        self._connection = connection
        self._slots = BoundedSemaphore(AT_ONCE)
        self._session = requests.Session()
        self._session.headers.update({**connection.headers, "Accept-Encoding": "gzip"})
        self._connect = PrometheusConnect(
            url=connection.shown,
            session=self._session,
            retry=retry(connection),
            auth=authorize(connection),
            timeout=connection.read_timeout,
            method="POST",
        )
        self._session.mount(connection.shown, TimedAdapter(max_retries=retry(connection)))
        if connection.insecure:
            # Who asked for it need not be told at every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

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
        with self._slots:
            return self._post(
                "query_range",
                query.name,
                {
                    "query": query.promql(f"{step}s", extra),
                    "start": f"{first - MILLISECOND:.3f}",
                    "end": f"{end - MILLISECOND:.3f}",
                    "step": str(step),
                    "timeout": f"{max(1, int(self._connection.read_timeout * EVALUATION_SHARE))}s",
                    # Thanos and VictoriaMetrics' cluster answer in part by default; Prometheus ignores both.
                    "partial_response": "false",
                    "deny_partial_response": "1",
                },
            )

    def now(self) -> float:
        """Prometheus' clock. [unix s] Raises MetricsError."""
        return clock(self._post("query", "time", {"query": "time()"}))

    def close(self) -> None:
        """Close the connections."""
        self._connect.close()

    def _post(self, path: str, name: str, form: dict[str, str]) -> bytes:
        try:
            with self._session.post(
                f"{self._connect.url}/api/v1/{path}",
                data=form,
                auth=self._connect.auth,
                timeout=(self._connection.connect_timeout, self._connection.read_timeout),
                # Asked for here, because REQUESTS_CA_BUNDLE goes before what the session says.
                verify=self._connection.ca_file or not self._connection.insecure,
                # Behind a redirect a POST becomes a GET, and headers with secrets go to who knows whom.
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._read(name, response)
                if response.status_code != requests.codes.ok:
                    raise self._error(name, response, body)
                return body
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise MetricsUnreachableError(
                f"Prometheus at {self._connection.shown} does not answer the query {name!r} ({kind_of(error)}); "
                "it will be asked again"
            ) from error

    def _read(self, name: str, response: requests.Response) -> bytes:
        # Parts to be joined would be there twice.
        body = BytesIO()
        for part in response.iter_content(CHUNK_BYTES):
            body.write(part)
            if body.tell() > self._connection.max_bytes:
                raise MetricsTooLargeError(
                    f"the answer to the query {name!r} is larger than {self._connection.max_bytes >> 20} MiB"
                )
        return body.getvalue()

    def _error(self, name: str, response: requests.Response, body: bytes) -> MetricsError:
        text = body[: 4 * SHOWN].decode("utf-8", "replace")
        if response.status_code == requests.codes.unprocessable_entity:
            return error_in_body(name, "422", text)
        # Amazon's managed Prometheus says 400 where others say 429.
        if response.status_code in RETRIED or "ThrottlingException" in text:
            return MetricsUnreachableError(
                f"Prometheus at {self._connection.shown} answers {response.status_code} to the query {name!r}; "
                "it will be asked again"
            )
        if response.is_redirect:
            target = urlsplit(response.headers["location"])
            return MetricsRefusedError(
                f"{self._connection.shown} redirects the query {name!r} to {target.hostname or 'another path'!r} "
                f"with {response.status_code}: give the URL of Prometheus itself, not of a login or a redirect"
            )
        return MetricsRefusedError(
            f"Prometheus at {self._connection.shown} refuses the query {name!r} with {response.status_code}: "
            f"{text[:SHOWN]!r}; check the credentials and the URL"
        )
