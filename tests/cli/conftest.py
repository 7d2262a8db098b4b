import pytest

from tests.support.command import Farthing, caller
from tests.support.demo_store import DemoStore, demo_store


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return demo_store(tmp_path_factory.getbasetemp())


@pytest.fixture
def farthing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Farthing:
    """The command line, with nothing of it in the environment."""
    for name in ("STORE", "CLUSTER", "TIMEZONE", "PROMETHEUS", "CURRENCY"):
        monkeypatch.delenv(f"FARTHING_{name}", raising=False)
    return caller(monkeypatch, capsys)
