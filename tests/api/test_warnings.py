"""What is missing of an answer: said in its body where that has a place for it, and in a header of every answer."""

import re
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.recent import tagged
from farthing.api.seen import everything
from farthing.api.warning import warning_header
from farthing.services.asking import AskService
from farthing.services.scope import Scope
from tests.support.api_server import PATIENCE, ApiServer
from tests.support.fact_rows import START

pytestmark = pytest.mark.slow

ORIGIN = "http://localhost:3000"
WHOLE, LACKING = (f"{START},{START + hours * 3600}" for hours in (2, 10))
"""What the store has all of, and two hours of ten."""
SEEN = "is incomplete: 20.0% of it was seen; "
LEFT_OUT = "idle costs and what the cluster costs itself are left out: you see the costs of your own namespaces"
WRITTEN = re.compile(r'299 farthing "((?:[ !#-\[\]-~]|\\["\\])*)"')
"""A warning as RFC 7234 has it, without its date: what is not ASCII, or controls, is not in it."""


@pytest.fixture(scope="module")
def tenant(seeds: AskService) -> Iterator[ApiServer]:
    """The same for who sees the namespace shop alone."""
    with ApiServer(create_app(Asking(seeds, lambda _: Scope(("shop",))), "0.0.0")) as server:
        yield server


def told(answer: requests.Response) -> str:
    """What the header of an answer that went well tells."""
    assert answer.status_code == 200, answer.text
    found = WRITTEN.fullmatch(answer.headers["warning"])
    assert found, answer.headers["warning"]
    return re.sub(r"\\(.)", r"\1", found[1])


@pytest.mark.parametrize(
    ("path", "asked", "so"),
    [
        ("/model/allocation", {}, "costs are too low"),
        ("/model/assets", {}, "costs are too low"),
        ("/model/aggregatedCostModel", {"aggregation": "namespace"}, "costs are too low"),
        ("/model/allocation/autocomplete", {"field": "namespace"}, "values may be missing"),
        ("/assets/autocomplete", {"field": "type"}, "values may be missing"),
    ],
)
def test_json_says_it_in_its_body_and_in_the_header(seed: ApiServer, path: str, asked: dict[str, str], so: str) -> None:
    answer = seed.get(path, window=LACKING, **asked)
    assert told(answer) == answer.json()["warning"]
    assert answer.json()["warning"].endswith(SEEN + so)
    whole = seed.get(path, window=WHOLE, **asked)
    assert "warning" not in whole.headers
    assert "warning" not in whole.json()


@pytest.mark.parametrize(
    ("path", "asked", "so"),
    [
        ("/model/allocation", {"format": "csv"}, "costs are too low"),
        ("/model/savings/requestSizingV2", {}, "use and averages are of that alone"),
        ("/model/savings/requestSizingV2", {"limit": "1"}, "use and averages are of that alone"),
    ],
)
def test_what_has_no_place_for_it_says_it_in_the_header(
    seed: ApiServer, path: str, asked: dict[str, str], so: str
) -> None:
    assert told(seed.get(path, window=LACKING, **asked)).endswith(SEEN + so)
    assert "warning" not in seed.get(path, window=WHOLE, **asked).headers


def test_a_prediction_says_it_of_both_windows(seed: ApiServer) -> None:
    def warned(costs: str, use: str) -> requests.Response:
        asked = {"windowResourceCost": costs, "windowAvgUsage": use}
        manifest = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a}]}}"
        return requests.post(f"{seed.url}/model/prediction/speccost", manifest, params=asked, timeout=PATIENCE)

    for answer in (warned(LACKING, WHOLE), warned(WHOLE, LACKING)):
        assert told(answer).endswith(SEEN + "use and averages are of that alone")
    assert told(warned(LACKING, LACKING)).count(SEEN) == 1
    assert "warning" not in warned(WHOLE, WHOLE).headers


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/model/allocation", {"format": "csv"}),
        ("/model/allocation", {}),
    ],
)
def test_who_sees_some_namespaces_is_told_what_is_left_out(tenant: ApiServer, path: str, asked: dict[str, str]) -> None:
    assert told(tenant.get(path, window=WHOLE, **asked)) == LEFT_OUT


@pytest.mark.parametrize(
    ("path", "asked"), [("/model/savings/requestSizingV2", {}), ("/model/allocation/autocomplete", {"field": "pod"})]
)
def test_what_has_no_idle_costs_for_anybody_leaves_none_out(
    tenant: ApiServer, path: str, asked: dict[str, str]
) -> None:
    assert "warning" not in tenant.get(path, window=WHOLE, **asked).headers


def test_both_windows_of_a_comparison_are_told_of(seed: ApiServer, tenant: ApiServer) -> None:
    asked = {"window": f"{START + 3600},{START + 7200}", "names": "shop", "aggregate": "namespace"}
    # The hour before is stored too.
    assert "warning" not in seed.get("/model/allocation/trends", **asked).headers
    assert told(tenant.get("/model/allocation/trends", **asked)) == LEFT_OUT
    before = {**asked, "window": WHOLE}
    assert "nothing is stored for" in told(seed.get("/model/allocation/trends", **before))
    pair = {"before": LACKING, "after": f"{START + 3600},{START + 7200}"}
    assert told(seed.get("/model/assets/diff", **pair)).endswith(SEEN + "costs are too low")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_body_that_was_kept_has_the_warning_that_it_had(seeds: AskService, form: str) -> None:
    asking = Asking(seeds, everything)
    with ApiServer(create_app(asking, "0.0.0")) as server:
        asked = {"window": LACKING, "format": form}
        first, again = (server.get("/model/allocation", **asked) for _ in range(2))
        known = server.get("/model/allocation", {"If-None-Match": first.headers["etag"]}, **asked)
    assert (asking.bodies.made, asking.bodies.resent, known.status_code) == (1, 2, 304)
    assert told(first) == told(again)
    assert known.headers["warning"] == first.headers["warning"]


def test_what_is_no_longer_incomplete_is_another_answer() -> None:
    # Caches keep such a header when they are told that nothing was modified (RFC 7234, 4.3.4).
    bodies = [tagged(b"name,cost", warning) for warning in ("", "incomplete", "incomplete")]
    assert bodies[0].tag != bodies[1].tag == bodies[2].tag


@given(st.text())
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    for warning in (name, name * 500, f"{name}\r\nSet-Cookie: a=b", f'{name}", 299 other "'):
        for header in warning_header(warning).values():
            found = WRITTEN.fullmatch(header)
            assert found
            # Each character may have a backslash before it.
            assert len(header) <= 2 * 1000 + len('299 farthing ""')


def test_a_warning_is_quoted_as_kubernetes_does() -> None:
    assert warning_header("") == {}
    assert warning_header('cluster "a\\b"\r\né') == {"Warning": r'299 farthing "cluster \"a\\b\"???"'}
    assert warning_header("n" * 1001) == {"Warning": f'299 farthing "{"n" * 997}..."'}


def test_pages_may_read_it(seed: ApiServer) -> None:
    answer = seed.get("/model/allocation", {"Origin": ORIGIN}, window=LACKING)
    assert "Warning" in answer.headers["access-control-expose-headers"].split(", ")


def test_the_document_tells_it_and_does_not_promise_it(seed: ApiServer) -> None:
    paths = seed.get("/openapi.json").json()["paths"]
    for path in ("/model/allocation", "/model/savings/requestSizingV2", "/model/allocation/autocomplete"):
        header = paths[path]["get"]["responses"]["200"]["headers"]["Warning"]
        assert header["schema"] == {"type": "string"}
        assert not header.get("required", False)
