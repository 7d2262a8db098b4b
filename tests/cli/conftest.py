import pytest

from tests.support.command import Farthing, caller
from tests.support.demo_store import DemoStore, demo_store


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return demo_store(tmp_path_factory.getbasetemp())


@pytest.fixture
def farthing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Farthing:
    """The command line, with nothing of it in the environment, and as of when the demo's store was filled if that is asked."""
    if "demo" in request.fixturenames:
        filled = float(request.getfixturevalue("demo").now)
        # Tests may take longer than what is newest may be old.
        for module in ("asking", "report"):
            monkeypatch.setattr(f"farthing.cli.{module}.clock", lambda: filled)
    for name in ("STORE", "CLUSTER", "TIMEZONE", "PROMETHEUS", "CURRENCY"):
        monkeypatch.delenv(f"FARTHING_{name}", raising=False)
    return caller(monkeypatch, capsys)
