"""The APIs against their own OpenAPI document: made-up requests, no 5xx and no answer that it does not tell of."""

from pathlib import Path

import pytest

from tests.support.api_server import ApiServer
from tests.support.fuzzing import fuzzed

pytestmark = pytest.mark.slow
EACH = 6
DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
"""Requests of each operation; `make fuzz` sends 20,000."""


def test_no_made_up_request_is_answered_with_a_5xx_or_unlike_the_document(api: ApiServer, tmp_path: Path) -> None:
    found = fuzzed(api.url, EACH, tmp_path, "fuzzing")
    assert not found.failed, found.report
    assert found.requests > 10 * EACH


def test_every_route_is_told(api: ApiServer) -> None:
    routes = api.get("/openapi.json").json()["paths"]
    # Of those that are always empty only the beginnings are.
    assert [path for path in routes if f"{path}`" not in DOCUMENT and "Cost/" not in path] == []
