from collections.abc import Iterator

import pytest

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore, demo_store


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return demo_store(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def api(demo: DemoStore) -> Iterator[ApiServer]:
    """The APIs over the demo's store, as of its clock."""
    service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
    with ApiServer(create_app(Asking(service, everything), "0.0.0", ("http://localhost:3000",))) as server:
        yield server
