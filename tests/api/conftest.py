from collections.abc import Iterator

import pytest

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from farthing.services.asking import AskService
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore, demo_store
from tests.support.seed_store import seed_service

ORIGINS = ("http://localhost:3000",)
"""Whose pages may read answers."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return demo_store(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def api(demo: DemoStore) -> Iterator[ApiServer]:
    """The APIs over the demo's store, as of its clock."""
    service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
    with ApiServer(create_app(Asking(service, everything), "0.0.0", ORIGINS)) as server:
        yield server


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> AskService:
    """Answers of a store of the containers of the seeds' examples."""
    return seed_service(tmp_path_factory.mktemp("seed"))


@pytest.fixture(scope="session")
def seed(seeds: AskService) -> Iterator[ApiServer]:
    """The APIs over ``seeds``."""
    with ApiServer(create_app(Asking(seeds, everything), "0.0.0", ORIGINS)) as server:
        yield server
