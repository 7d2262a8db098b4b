from pathlib import Path

import pytest

from farthing.store.days import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")
