"""Credentials reach Prometheus, and nothing else: no message, no repr, no log, no other host."""

import base64
import logging
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from farthing.errors import FarthingError, InvalidInputError, MetricsError
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.client import Prometheus
from farthing.prometheus.connection import Connection
from farthing.prometheus.source import read
from tests.support.hostile_server import HostileServer, Way, answers, breaks_off, hangs, hangs_up, trickles_headers

NODES = next(query for query in CATALOGUE if query.name == "node_scrapes")
HOUR = 3600
START = 1_794_873_600
CANARY = "canary-7f3a"
SPOKEN = "pass\u20acwort:\u00fc"


def with_userinfo(url: str) -> str:
    return url.replace("://", f"://ada:{CANARY}@")


def everywhere(url: str) -> list[Connection]:
    """Connections that hold the canary wherever a secret may be."""
    chosen = [
        Connection(with_userinfo(url)),
        Connection(url, username="ada", password=CANARY),
        Connection(url, bearer_token=CANARY),
        Connection(url, headers={"X-Api-Key": CANARY}),
    ]
    return [replace(one, read_timeout=0.2, first_wait=0.001) for one in chosen]


@pytest.fixture(params=range(4), ids=["userinfo", "password", "token", "header"])
def place(request: pytest.FixtureRequest) -> int:
    chosen: int = request.param
    return chosen


@pytest.fixture
def closed() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


TROUBLE = [
    pytest.param(answers(401, b"who are you?"), id="401"),
    pytest.param(answers(503, b"down"), id="503"),
    pytest.param(answers(302, b"", Location="http://elsewhere.example/"), id="redirect"),
    pytest.param(answers(422, b"too many samples"), id="422"),
    pytest.param(answers(200, b"<html>"), id="html"),
    pytest.param(breaks_off(b"{", 100), id="breaks off"),
    pytest.param(hangs, id="hangs"),
    pytest.param(hangs_up, id="hangs up"),
    pytest.param(trickles_headers, id="trickles"),
]


@pytest.mark.parametrize("way", TROUBLE)
def test_no_secret_is_in_an_error_or_a_log(
    way: Way, place: int, closed: ExitStack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with HostileServer(way, way) as server:
        client = Prometheus(everywhere(server.url)[place])
        closed.callback(client.close)
        with pytest.raises(MetricsError) as caught:
            read(client, NODES, START, START + HOUR, HOUR)
        assert server.asked
    told = "".join(traceback.format_exception(caught.value))
    assert CANARY not in told + repr(caught.value)
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())


def test_no_secret_is_in_a_repr(place: int) -> None:
    assert CANARY not in repr(everywhere("http://prometheus:9090")[place])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"bearer_token": f"{CANARY}\nX-Admin: 1"}, "the value of the bearer token", id="two lines"),
        pytest.param({"bearer_token": f"{CANARY}\u20ac"}, "the value of the bearer token", id="not ASCII"),
        pytest.param({"headers": {"X-Api-Key": f"{CANARY}\r\n"}}, "the value of X-Api-Key", id="header"),
        pytest.param({"headers": {"X Api": CANARY}}, "cannot be the name of an HTTP header", id="name"),
        pytest.param({"url": f"http://ada:{CANARY}@prometheus:port"}, "the Prometheus URL is none", id="port"),
        pytest.param({"url": f"http://ada:{CANARY}@[prometheus"}, "the Prometheus URL is none", id="bracket"),
        pytest.param({"url": f"ftp://ada:{CANARY}@prometheus"}, "the Prometheus URL is none", id="scheme"),
        pytest.param({"url": f"http://ada:{CANARY}@"}, "the Prometheus URL is none", id="no host"),
        pytest.param({"url": f"ada:{CANARY}@prometheus:9090"}, "the Prometheus URL is none", id="no scheme"),
        pytest.param({"url": f"http://ada:{CANARY}#@prometheus"}, "the Prometheus URL is none", id="raw sign"),
        pytest.param({"url": f"http://ada:12/{CANARY}@prometheus:9090"}, "'/' as %2F", id="raw slash after digits"),
        pytest.param({"url": f"http://ada/{CANARY}@prometheus:9090"}, "'/' as %2F", id="raw slash in a name"),
        pytest.param({"url": f"http://ada:pw@prometheus/{CANARY}@"}, "'@' as %40", id="raw sign in a path"),
        pytest.param({"url": f"http://prometheus/?token={CANARY}"}, "give it without", id="query"),
        pytest.param({"url": f"http://prometheus/#{CANARY}"}, "give it without", id="fragment"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_repeating_it(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Connection(**{"url": "http://prometheus:9090", **settings})  # type: ignore[arg-type] # a test's settings
    assert said in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def authorization(connection: Connection, server: HostileServer) -> str | None:
    client = Prometheus(connection)
    try:
        client.fetch(NODES, START, START + HOUR, HOUR)
    finally:
        client.close()
    return server.asked[-1].headers.get("Authorization")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_credentials_arrive_by_each_way() -> None:
    with HostileServer() as server:
        asked = [authorization(each, server) for each in everywhere(server.url)]
        assert asked == [basic(f"ada:{CANARY}"), basic(f"ada:{CANARY}"), f"Bearer {CANARY}", None]
        assert server.asked[-1].headers["X-Api-Key"] == CANARY


def test_signs_of_any_language_arrive_in_a_password() -> None:
    with HostileServer() as server:
        connection = Connection(server.url, username="ada", password=SPOKEN)
        assert authorization(connection, server) == basic(f"ada:{SPOKEN}")
        in_url = Connection(server.url.replace("://", "://a%40b:c%2Fd@"))
        assert authorization(in_url, server) == basic("a@b:c/d")


def test_what_is_named_outright_goes_before_the_url() -> None:
    with HostileServer() as server:
        by_name = Connection(with_userinfo(server.url), username="grace", password=SPOKEN)
        assert authorization(by_name, server) == basic(f"grace:{SPOKEN}")
        by_token = Connection(with_userinfo(server.url), bearer_token=CANARY)
        assert authorization(by_token, server) == f"Bearer {CANARY}"


def test_a_netrc_of_the_machine_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login root password toor\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with HostileServer() as server:
        assert authorization(Connection(server.url), server) is None
        assert authorization(Connection(server.url, bearer_token=CANARY), server) == f"Bearer {CANARY}"
        own = Connection(server.url, headers={"Authorization": "Custom scheme"})
        assert authorization(own, server) == "Custom scheme"


def test_headers_are_sent_with_every_question() -> None:
    with HostileServer() as server:
        client = Prometheus(Connection(server.url, headers={"X-Scope-OrgID": "tenant-1"}))
        client.fetch(NODES, START, START + HOUR, HOUR)
        client.now()
        client.close()
        assert [asked.headers["X-Scope-OrgID"] for asked in server.asked] == ["tenant-1", "tenant-1"]


def test_a_path_before_the_api_is_kept() -> None:
    with HostileServer() as server:
        authorization(Connection(server.url + "/select/0/prometheus/"), server)
        assert server.asked[0].path == "/select/0/prometheus/api/v1/query_range"


def test_a_cluster_label_that_is_none_is_refused() -> None:
    with pytest.raises(FarthingError, match="the label 'a b' cannot be matched"):
        Connection("http://prometheus:9090", cluster_label="a b", cluster="c")
