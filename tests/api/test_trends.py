"""``/model/allocation/trends`` against the costs of both windows, as ``/model/allocation`` tells them."""

import math
from typing import Any

import pytest

from farthing.api.trends import relative_change
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore
from tests.support.wire import instant

pytestmark = pytest.mark.slow


def change(told: Any, name: str, cost: str = "totalCost") -> Any:
    return told["allocationTrends"][name]["trends"]["costs"][cost]["relativeChange"]


def test_a_change_is_the_cost_over_that_of_the_window_before_less_one(api: ApiServer) -> None:
    # One day before today's is the day before yesterday; the store has all of both.
    names = "shop,data,__idle__"
    asked = {"aggregate": "namespace", "accumulate": "true"}
    (told,) = api.data("/model/allocation/trends", window="yesterday", names=names, aggregate="namespace")["sets"]
    (now,) = api.data("/model/allocation", window="yesterday", **asked)
    start, end = (instant(told["window"][one]).timestamp() for one in ("start", "end"))
    (then,) = api.data("/model/allocation", window=f"{2 * start - end:.0f},{start:.0f}", **asked)
    assert list(told["allocationTrends"]) == names.split(",")
    for name in names.split(","):
        for cost in ("totalCost", "cpuCost", "ramCost"):
            found = change(told, name, cost)
            assert found == {
                "isInfinite": False,
                "isNaN": False,
                "value": pytest.approx(now[name][cost] / then[name][cost] - 1, rel=1e-9),
            }


def test_days_are_compared_with_those_at_their_place_before(demo: DemoStore, api: ApiServer) -> None:
    start = int(demo.window.start.timestamp())
    two_days = f"{start + 86_400},{start + 3 * 86_400}"
    data = api.data(
        "/model/allocation/trends", window=two_days, names="shop", aggregate="namespace", accumulate="false"
    )
    assert data["step"] == 86_400_000_000_000
    first, second = data["sets"]
    assert instant(first["window"]["end"]) == instant(second["window"]["start"])
    # Of the two days before only the later is stored, so that the first has nothing to compare with.
    assert change(first, "shop")["isInfinite"] is True
    assert change(second, "shop")["isInfinite"] is False


def test_what_was_not_there_before_is_infinite_and_what_never_was_no_number(api: ApiServer) -> None:
    asked = {"window": "7d", "names": "shop,nobody", "aggregate": "namespace"}
    body = api.get("/model/allocation/trends", **asked).json()
    (told,) = body["data"]["sets"]
    assert change(told, "shop") == {"isInfinite": True, "isNaN": False, "value": 0.0}
    assert change(told, "nobody") == {"isInfinite": False, "isNaN": True, "value": 0.0}
    assert "nothing is stored for" in body["warning"]


@pytest.mark.parametrize(
    ("current", "previous", "meant"),
    [
        (3.0, 2.0, (False, False, 0.5)),
        (0.0, 2.0, (False, False, -1.0)),
        (1.0, 0.0, (True, False, 0.0)),
        (0.0, 0.0, (False, True, 0.0)),
        (1e300, 1e-300, (True, False, 0.0)),
    ],
)
def test_no_change_is_beyond_json(current: float, previous: float, meant: tuple[bool, bool, float]) -> None:
    found = relative_change(current, previous)
    assert tuple(found.values()) == meant
    assert math.isfinite(found["value"])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"window": "1d"}, "names is missing"),
        ({"window": "1d", "names": " , "}, "names is empty"),
        ({"names": "shop"}, "window is missing"),
        ({"window": "1d", "names": "shop", "aggregate": "colour"}, "aggregate 'colour' is not offered"),
    ],
)
def test_what_cannot_be_meant_is_a_400(api: ApiServer, parameters: dict[str, str], sentence: str) -> None:
    answer = api.get("/model/allocation/trends", **parameters)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
