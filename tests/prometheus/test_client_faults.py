"""Whatever a server does wrong, asking it ends, and ends in an error that says what is wrong."""

import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError

from farthing.errors import (
    InvalidInputError,
    MetricsError,
    MetricsMalformedError,
    MetricsRefusedError,
    MetricsTooLargeError,
    MetricsUnreachableError,
)
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.client import Prometheus
from farthing.prometheus.connection import Connection
from farthing.prometheus.failure import kind_of
from farthing.prometheus.source import read
from tests.support.hostile_server import (
    CERTIFICATE,
    EMPTY,
    HostileServer,
    Visit,
    Way,
    answers,
    breaks_off,
    hangs,
    hangs_after_headers,
    hangs_up,
    trickles_body,
    trickles_chunks,
    trickles_headers,
    unpacks_to,
)
from tests.support.servers import free_ports

pytestmark = pytest.mark.slow

NODES = next(query for query in CATALOGUE if query.name == "node_scrapes")
HOUR = 3600
START = 1_794_873_600  # 2026-11-17 00:00 UTC

Client = Callable[..., Prometheus]


@pytest.fixture
def client() -> Iterator[Client]:
    """Make a client that waits next to nothing between its tries."""
    with ExitStack() as opened:

        def make(url: str, **settings: object) -> Prometheus:
            chosen = {"connect_timeout": 2.0, "read_timeout": 10.0, "first_wait": 0.001, **settings}
            made = Prometheus(Connection(url, **chosen))  # type: ignore[arg-type] # a test's settings
            opened.callback(made.close)
            return made

        yield make


def fetch(client: Prometheus) -> bytes:
    return client.fetch(NODES, START, START + HOUR, HOUR)


@contextmanager
def lasts_at_most(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def test_nobody_listening_is_unreachable(client: Client) -> None:
    (port,) = free_ports(1)
    with pytest.raises(MetricsUnreachableError, match="it refuses connections"):
        fetch(client(f"http://127.0.0.1:{port}"))


def test_a_name_nobody_knows_is_told_from_a_refusal() -> None:
    # As urllib3 wraps it; asking a real resolver takes as long as the machine's resolver pleases.
    unknown = NameResolutionError("prometheus", HTTPConnection("prometheus"), socket.gaierror("no such name"))
    error = requests.ConnectionError(MaxRetryError(HTTPConnectionPool("prometheus"), "/api", unknown))
    assert kind_of(error) == "its name is not known"


@pytest.mark.parametrize(
    "way", [hangs, hangs_after_headers, trickles_headers, trickles_body, trickles_chunks], ids=lambda way: way.__name__
)
def test_an_answer_ends_with_its_time_however_it_is_drawn_out(client: Client, way: Way) -> None:
    with HostileServer(way) as server, lasts_at_most(3.0):
        with pytest.raises(MetricsUnreachableError, match="timed out"):
            fetch(client(server.url, read_timeout=0.4))
        # Nor is it asked for that long again.
        assert len(server.asked) == 1


def test_prometheus_is_told_to_give_up_before_the_client_does(client: Client) -> None:
    with HostileServer() as server:
        fetch(client(server.url, read_timeout=120.0))
        assert server.asked[0].form["timeout"] == "108s"  # nine tenths


def test_an_answer_in_part_is_declined_by_thanos_and_by_victoriametrics_names_for_it(client: Client) -> None:
    with HostileServer() as server:
        fetch(client(server.url))
        form = server.asked[0].form
        assert (form["partial_response"], form["deny_partial_response"]) == ("false", "1")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_asked_again(client: Client, status: int) -> None:
    with HostileServer(answers(status, b"try later"), answers(status, b"try later"), answers(200)) as server:
        assert fetch(client(server.url)) == EMPTY
        assert len(server.asked) == 3


def test_a_connection_that_is_dropped_is_asked_for_again(client: Client) -> None:
    with HostileServer(hangs_up, answers(200)) as server:
        assert fetch(client(server.url)) == EMPTY
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_failure_that_lasts_is_unreachable_after_four_tries(client: Client, status: int) -> None:
    with HostileServer(answers(status, b"down")) as server:
        with pytest.raises(MetricsUnreachableError, match=f"answers {status} to the query 'node_scrapes'"):
            fetch(client(server.url))
        assert len(server.asked) == 4


def test_retry_after_is_waited_for(client: Client) -> None:
    with HostileServer(answers(429, Retry_After="1"), answers(200)) as server:
        fetch(client(server.url))
        first, second = server.asked
        assert second.at - first.at >= 1.0


@pytest.mark.parametrize("wish", ["86400", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_retry_after_is_not_waited_for_longer_than_allowed(client: Client, wish: str) -> None:
    with HostileServer(answers(429, Retry_After=wish), answers(200)) as server, lasts_at_most(3.0):
        assert fetch(client(server.url, longest_wait=0.1)) == EMPTY


def test_a_retry_after_that_says_nothing_is_an_error(client: Client) -> None:
    with (
        HostileServer(answers(429, Retry_After="soon"), answers(200)) as server,
        pytest.raises(MetricsUnreachableError),
    ):
        fetch(client(server.url))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 418, 204])
def test_a_refusal_is_not_asked_again(client: Client, status: int) -> None:
    with HostileServer(answers(status, b"" if status == 204 else b"no")) as server:
        with pytest.raises(MetricsRefusedError, match=f"refuses the query 'node_scrapes' with {status}"):
            fetch(client(server.url))
        assert len(server.asked) == 1


def test_amazons_throttling_is_worth_another_try(client: Client) -> None:
    with (
        HostileServer(answers(400, b'{"code":"ThrottlingException"}')) as server,
        pytest.raises(MetricsUnreachableError),
    ):
        fetch(client(server.url))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("query processing would load too many samples into memory in query execution", id="Prometheus"),
        pytest.param("exceeded maximum resolution of 11,000 points per timeseries", id="Prometheus' resolution"),
        pytest.param(
            "expanding series: proxy Series(): rpc error: exceeded samples limit: limit 10 violated", id="Thanos"
        ),
        pytest.param("the query exceeded the maximum number of chunks (err-mimir-max-chunks-per-query)", id="Mimir"),
        pytest.param("cannot select more than -search.maxSamplesPerQuery=1000 samples", id="VictoriaMetrics"),
    ],
)
def test_a_refusal_for_size_is_told_from_others(client: Client, text: str) -> None:
    body = f'{{"status":"error","errorType":"execution","error":"{text}"}}'.encode()
    with HostileServer(answers(422, body)) as server:
        with pytest.raises(MetricsTooLargeError, match="refused the query 'node_scrapes' for its size"):
            fetch(client(server.url))
        assert len(server.asked) == 1


@pytest.mark.parametrize("text", ["many-to-many matching not allowed", "context deadline exceeded"])
def test_another_failure_of_a_query_is_not_for_size(client: Client, text: str) -> None:
    with HostileServer(answers(422, text.encode())) as server, pytest.raises(MetricsMalformedError, match=text):
        fetch(client(server.url))


def test_a_body_shorter_than_declared_is_no_answer(client: Client) -> None:
    with (
        HostileServer(breaks_off(EMPTY, len(EMPTY) + 1)) as server,
        pytest.raises(MetricsUnreachableError, match="the answer broke off"),
    ):
        fetch(client(server.url))


def test_a_body_longer_than_declared_is_malformed(client: Client) -> None:
    with HostileServer(breaks_off(EMPTY, len(EMPTY) - 1)) as server, pytest.raises(MetricsMalformedError):
        read(client(server.url), NODES, START, START + HOUR, HOUR)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_body_is_not_unpacked_beyond_the_limit(client: Client, layers: int) -> None:
    with HostileServer(unpacks_to(100 << 20, layers)) as server, lasts_at_most(5.0):
        asking = client(server.url, max_bytes=8 << 20)
        tracemalloc.start()
        try:
            with pytest.raises(MetricsTooLargeError, match="larger than 8 MiB"):
                fetch(asking)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # The limit, what is packed, and a piece or two: far from the 100 MiB it would unpack to.
        assert most < 24 << 20


def test_a_packed_body_is_unpacked(client: Client) -> None:
    with HostileServer(unpacks_to(1 << 20)) as server:
        assert fetch(client(server.url)) == b" " * (1 << 20)


def test_a_body_that_is_not_packed_as_it_says_is_no_answer(client: Client) -> None:
    with (
        HostileServer(answers(200, EMPTY, Content_Encoding="gzip")) as server,
        pytest.raises(MetricsUnreachableError, match="the answer cannot be unpacked"),
    ):
        fetch(client(server.url))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(client: Client, status: int) -> None:
    target = "http://login.example:8080/start?token=canary"
    with HostileServer(answers(status, b"", Location=target)) as server:
        with pytest.raises(
            MetricsRefusedError, match=r"redirects the query 'node_scrapes' to 'login\.example'"
        ) as caught:
            fetch(client(server.url))
        assert "canary" not in str(caught.value)
        assert len(server.asked) == 1


def test_a_certificate_that_nobody_trusts_is_refused(client: Client) -> None:
    with HostileServer(tls=True) as server:
        with pytest.raises(MetricsUnreachableError, match="its certificate is not trusted"):
            fetch(client(server.url))
        assert not server.asked


def test_a_certificate_is_trusted_by_its_file_or_not_asked_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # requests lets this one overrule a session's own choice.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/no-such-file")
    with HostileServer(tls=True) as server:
        assert fetch(client(server.url, ca_file=str(CERTIFICATE))) == EMPTY
        assert fetch(client(server.url, insecure=True)) == EMPTY


def test_a_file_of_certificates_that_is_not_there_is_named(client: Client) -> None:
    with pytest.raises(InvalidInputError, match=r"'missing\.pem' is not there"):
        client("https://127.0.0.1", ca_file="missing.pem")


def test_tls_to_a_server_that_has_none_is_unreachable(client: Client) -> None:
    with HostileServer() as server, pytest.raises(MetricsUnreachableError, match="TLS failed"):
        fetch(client(server.url.replace("http:", "https:")))


def test_a_drawn_out_answer_over_tls_ends_with_its_time(client: Client) -> None:
    with (
        HostileServer(trickles_body, tls=True) as server,
        lasts_at_most(3.0),
        pytest.raises(MetricsUnreachableError, match="timed out"),
    ):
        fetch(client(server.url, insecure=True, read_timeout=0.4))


def test_headers_without_end_are_refused(client: Client) -> None:
    with HostileServer(answers(200, EMPTY, X_Long="x" * 70_000)) as server, pytest.raises(MetricsError):
        fetch(client(server.url))


def test_the_clock_is_prometheus_own(client: Client) -> None:
    with HostileServer() as server:
        assert client(server.url).now() == 1_794_873_600.5


@pytest.mark.parametrize("body", [b"<html>login</html>", EMPTY, b'{"data":{"result":[1e999,"1"]}}', b"\xff"])
def test_a_clock_that_does_not_tell_the_time_is_malformed(client: Client, body: bytes) -> None:
    with HostileServer(answers(200, body), answers(200, body)) as server, pytest.raises(MetricsMalformedError):
        client(server.url).now()


def test_no_more_than_four_queries_are_in_flight_whoever_asks(client: Client) -> None:
    def slow(visit: Visit) -> None:
        visit.pause(0.05)
        answers(200)(visit)

    with HostileServer(slow) as server, ThreadPoolExecutor(12) as pool:
        shared = client(server.url)
        list(pool.map(fetch, [shared] * 24))
        assert server.most_at_once == 4
        assert len(server.asked) == 24


def test_a_query_that_timed_out_leaves_its_place_to_the_next(client: Client) -> None:
    with HostileServer(*[hangs] * 5, answers(200)) as server:
        shared = client(server.url, read_timeout=0.05)
        for _ in range(5):
            with pytest.raises(MetricsUnreachableError):
                fetch(shared)
        assert fetch(client(server.url)) == EMPTY
        assert shared._slots.acquire(blocking=False)
