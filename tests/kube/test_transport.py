"""What the transport makes of an API that refuses, fails or is not one."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from farthing.errors import KubernetesError, KubernetesUnreachableError
from farthing.kube.transport import ATTEMPTS, Request, Transport
from tests.support.servers import free_ports

CANARY = "token-that-nobody-may-see"
ASKED = Request("GET", "/api/v1/namespaces/n/configmaps/c", "reading ConfigMap n/c")


class Api:
    """A server that gives the answers it was told, the last one again and again."""

    def __init__(self) -> None:
        self.answers: deque[tuple[int, dict[str, str], str]] = deque()
        self.tokens: list[str | None] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.tokens.append(self.headers["Authorization"])
                status, headers, body = api.answers.popleft() if len(api.answers) > 1 else api.answers[0]
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def says(self, status: int, message: str = "", **headers: str) -> None:
        body = json.dumps({"message": message, "kind": "Status"})
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, body))


@pytest.fixture
def api() -> Iterator[Api]:
    served = Api()
    thread = Thread(target=served.server.serve_forever, args=(0.01,))
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


class Slept(list[float]):
    """Notes pauses instead of making them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def slept() -> Slept:
    return Slept()


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(url: str, token: str = CANARY) -> Path:
        path = tmp_path / "kubeconfig"
        user = {"name": "u", "user": {"token": token}}
        cluster = {"name": "c", "cluster": {"server": url}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        path.write_text(
            json.dumps({"current-context": "x", "users": [user], "clusters": [cluster], "contexts": [context]})
        )
        return path

    return written


@pytest.fixture
def transport(api: Api, kubeconfig: Callable[[str], Path], slept: Slept) -> Iterator[Transport]:
    made = Transport(kubeconfig(api.url), slept)
    yield made
    made.close()


def test_waits_as_long_as_a_busy_api_asks(api: Api, transport: Transport, slept: Slept) -> None:
    api.says(429, Retry_After="7")
    api.says(200)
    assert transport.ask(ASKED).status == 200
    assert slept == [7.0]


def test_does_not_wait_for_minutes(api: Api, transport: Transport, slept: Slept) -> None:
    api.says(429, "too many", Retry_After="120")
    with pytest.raises(KubernetesError, match="answered 429 while reading ConfigMap n/c: too many"):
        transport.ask(ASKED)
    assert slept == []


def test_gives_up_an_api_that_keeps_failing_after_a_few_growing_pauses(
    api: Api, transport: Transport, slept: Slept
) -> None:
    api.says(503, "etcd is away")
    with pytest.raises(KubernetesError, match="answered 503 while reading ConfigMap n/c: etcd is away"):
        transport.ask(ASKED)
    assert len(api.tokens) == ATTEMPTS
    # 0.3, 0.6 and 1.2 s, each less by up to a half.
    assert [0.15, 0.3, 0.6] <= slept <= [0.3, 0.6, 1.2]


def test_a_refusal_is_not_asked_again(api: Api, transport: Transport) -> None:
    api.says(403, 'configmaps "c" is forbidden')
    with pytest.raises(KubernetesError, match=r'"c" is forbidden; grant what manifests/rbac.yaml grants'):
        transport.ask(ASKED)
    assert len(api.tokens) == 1


def test_a_refusal_that_the_caller_allows_is_an_answer(api: Api, transport: Transport) -> None:
    api.says(404)
    assert transport.ask(Request("GET", "/x", "looking", allowed=frozenset({404}))).status == 404


def test_a_page_of_a_proxy_is_no_answer_and_is_not_repeated(api: Api, transport: Transport) -> None:
    api.answers.append((200, {}, "<html>log in</html>"))
    with pytest.raises(KubernetesUnreachableError, match="with no JSON object: is it the Kubernetes API") as raised:
        transport.ask(ASKED)
    assert "log in" not in str(raised.value)


def test_a_rotated_token_is_read_again(api: Api, kubeconfig: Callable[[str, str], Path], transport: Transport) -> None:
    api.says(401)
    api.says(200)
    kubeconfig(api.url, "new")
    assert transport.ask(ASKED).status == 200
    assert [token and token.split()[-1] for token in api.tokens] == [CANARY, "new"]


def test_nobody_listening_is_unreachable(kubeconfig: Callable[[str], Path], slept: Slept) -> None:
    (port,) = free_ports(1)
    with pytest.raises(
        KubernetesUnreachableError, match=r"did not answer while reading ConfigMap n/c \(.*\): is it up"
    ):
        Transport(kubeconfig(f"http://127.0.0.1:{port}"), slept).ask(ASKED)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 500])
def test_no_message_holds_the_token(api: Api, transport: Transport, status: int) -> None:
    api.says(status, "no")
    with pytest.raises(KubernetesError) as raised:
        transport.ask(ASKED)
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "users: [" + CANARY, "- 1"])
def test_a_kubeconfig_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(KubernetesError) as raised:
        Transport(path)
    assert CANARY not in str(raised.value)
