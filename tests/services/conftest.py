from pathlib import Path

import pytest

from farthing.store.days import Store
from tests.support.clocked import END, Clocked, quiet_cluster
from tests.support.demo_store import DemoStore, demo_store


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return demo_store(tmp_path_factory.getbasetemp())


@pytest.fixture
def source() -> Clocked:
    """A Prometheus with two days of a quiet cluster, ten minutes after their end."""
    return Clocked(quiet_cluster(), END + 600)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")
