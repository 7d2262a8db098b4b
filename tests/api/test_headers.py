"""What answers say beside their body, and how they are asked for, whatever the route."""

import socket

import pytest
import requests
from starlette.requests import Request

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import ScopeOf, everything
from farthing.errors import ScopeDeniedError, UnauthenticatedError
from farthing.services.asking import AskService
from farthing.services.scope import Scope
from tests.support.api_server import PATIENCE, ApiServer
from tests.support.fact_rows import START

pytestmark = pytest.mark.slow

ORIGIN = "http://localhost:3000"
HOURS = f"window={START},{START + 7200}"
"""The two hours of the store."""


def sent(api: ApiServer, method: str, path: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.request(method, f"{api.url}{path}", headers=headers, timeout=PATIENCE)


def nobody(_: Request) -> Scope:
    raise UnauthenticatedError("no token")


def of_nothing(_: Request) -> Scope:
    raise ScopeDeniedError("no right")


def at_fault(_: Request) -> Scope:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/model/allocation", {"GET", "HEAD"}),
        ("DELETE", "/openapi.json", {"GET", "HEAD"}),
        ("GET", "/model/prediction/speccost", {"POST"}),
        ("HEAD", "/model/prediction/speccost", {"POST"}),
    ],
)
def test_who_asks_by_another_method_is_told_which_there_are(
    seed: ApiServer, method: str, path: str, allowed: set[str]
) -> None:
    answer = sent(seed, method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


READ = {
    "/healthz": 200,
    "/openapi.json": 200,
    "/metrics": 200,
    "/model/getConfigs": 200,
    "/model/cloudCost": 200,
    f"/model/allocation?{HOURS}": 200,
    f"/model/allocation?{HOURS}&format=csv": 200,
    f"/model/savings/requestSizingV2?{HOURS}": 200,
    "/model/costDataModel?timeWindow=7d&offset=7d": 200,
    "/model/allocation?window=7x": 400,
    "/model/allocation?window=1h": 200,
    "/model/savings/requestSizingV2?window=1h": 404,
    "/nowhere": 404,
}
"""Of each kind a route, and what it answers."""


@pytest.mark.parametrize("path", READ)
def test_head_is_get_without_the_body(seed: ApiServer, path: str) -> None:
    gotten, head = (sent(seed, method, path, {"Origin": ORIGIN}) for method in ("GET", "HEAD"))
    assert (gotten.status_code, head.status_code) == (READ[path], READ[path])
    # The clock goes on, and a scrape tells of the one before.
    changing = {"date", "content-length"} if path == "/metrics" else {"date"}
    assert of(head, but=changing) == of(gotten, but=changing)
    assert gotten.content


def of(answer: requests.Response, but: set[str]) -> dict[str, str]:
    """Its headers."""
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in but}


def test_nothing_comes_after_the_headers_of_head(seed: ApiServer) -> None:
    # Clients would take what did for the next answer.
    with socket.create_connection(("127.0.0.1", int(seed.url.rpartition(":")[2])), PATIENCE) as one:
        one.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        told = b"".join(iter(lambda: one.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 200 OK\r\n")
    assert told.find(b"\r\n\r\n") == len(told) - 4


def test_head_of_what_is_known_is_not_modified(seed: ApiServer) -> None:
    tag = sent(seed, "GET", f"/model/allocation?{HOURS}").headers["etag"]
    assert sent(seed, "HEAD", f"/model/allocation?{HOURS}", {"If-None-Match": tag}).status_code == 304


def test_head_wants_the_token_that_get_does(seeds: AskService) -> None:
    with ApiServer(create_app(Asking(seeds, nobody), "0.0.0")) as server:
        for path in (f"/model/allocation?{HOURS}", "/metrics", "/model/getConfigs"):
            answer = sent(server, "HEAD", path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert sent(server, "HEAD", "/healthz").status_code == 200


def test_head_is_counted_once_under_its_route(seeds: AskService) -> None:
    with ApiServer(create_app(Asking(seeds, everything), "0.0.0")) as server:
        assert sent(server, "HEAD", "/model/getConfigs").status_code == 200
        told = sent(server, "GET", "/metrics").text
    count = 'farthing_http_request_duration_seconds_count{code="200",route="/model/getConfigs"} 1.0'
    assert count in told


def test_pages_may_ask_by_head(seed: ApiServer) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "HEAD",
        "Access-Control-Request-Headers": "authorization",
    }
    assert sent(seed, "OPTIONS", "/model/allocation", asked).status_code == 200


PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "code"),
    [
        ("GET", "/healthz", {}, 200),
        ("HEAD", f"/model/allocation?{HOURS}", {}, 200),
        ("GET", f"/model/allocation?{HOURS}&format=csv", {}, 200),
        ("GET", f"/model/allocation?{HOURS}", {"If-None-Match": "*"}, 304),
        ("GET", "/model/allocation", {}, 400),
        ("GET", "/nowhere", {}, 404),
        ("POST", "/model/allocation", {}, 405),
        ("OPTIONS", "/model/allocation", PREFLIGHT, 200),
        ("OPTIONS", "/model/allocation", {**PREFLIGHT, "Origin": "http://evil.example"}, 400),
    ],
)
def test_no_browser_guesses_what_an_answer_is(
    seed: ApiServer, method: str, path: str, headers: dict[str, str], code: int
) -> None:
    answer = sent(seed, method, path, headers)
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (code, "nosniff")


def test_nor_does_it_where_a_route_is_at_fault(seeds: AskService) -> None:
    with ApiServer(create_app(Asking(seeds, at_fault), "0.0.0")) as server:
        answer = sent(server, "GET", "/model/getConfigs")
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (500, "nosniff")


DEPRECATED = ("/model/costDataModel", "/costDataModel", "/model/aggregatedCostModel", "/aggregatedCostModel")
UNREADABLE, WELL = "timeWindow=7x", "timeWindow=1h&window=1h&aggregation=namespace"
"""What is no request of either, and what is one of both; of the hour before the clock's nothing is stored."""


@pytest.mark.parametrize(
    ("scope_of", "method", "asked", "code"),
    [
        (everything, "GET", UNREADABLE, 400),
        (nobody, "GET", WELL, 401),
        (of_nothing, "GET", WELL, 403),
        (everything, "GET", WELL, 404),
        (everything, "HEAD", WELL, 404),
        (everything, "POST", WELL, 405),
        (at_fault, "GET", WELL, 500),
    ],
)
def test_errors_of_what_is_deprecated_say_so(
    seeds: AskService, scope_of: ScopeOf, method: str, asked: str, code: int
) -> None:
    with ApiServer(create_app(Asking(seeds, scope_of), "0.0.0")) as server:
        answers = [sent(server, method, f"{path}?{asked}") for path in DEPRECATED]
        other = sent(server, method, "/model/allocation?window=1h")
    for answer in answers:
        assert (answer.status_code, answer.headers["deprecation"]) == (code, "@1673827200")  # 2023-01-16 00:00 UTC
        assert '</model/allocation>; rel="successor-version"' in answer.headers["link"]
    assert "deprecation" not in other.headers
