"""What answers say beside their body, and how they are asked for, whatever the route."""

from collections.abc import Iterator

import pytest
import requests

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from farthing.services.asking import AskService
from tests.support.api_server import PATIENCE, ApiServer
from tests.support.seed_store import seed_service

pytestmark = pytest.mark.slow

ORIGIN = "http://localhost:3000"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskService:
    return seed_service(tmp_path_factory.mktemp("seed"))


@pytest.fixture(scope="module")
def seed(service: AskService) -> Iterator[ApiServer]:
    with ApiServer(create_app(Asking(service, everything), "0.0.0", (ORIGIN,))) as server:
        yield server


def sent(api: ApiServer, method: str, path: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.request(method, f"{api.url}{path}", headers=headers, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/model/allocation", {"GET"}),
        ("DELETE", "/healthz", {"GET"}),
        ("GET", "/model/prediction/speccost", {"POST"}),
    ],
)
def test_who_asks_by_another_method_is_told_which_there_are(
    seed: ApiServer, method: str, path: str, allowed: set[str]
) -> None:
    answer = sent(seed, method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
