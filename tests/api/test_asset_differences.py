"""``/model/assets/diff``: by hand, and against the assets of both windows."""

import pytest

from farthing.api.asset_differences import differing
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore


def cost(total: float) -> dict[str, float]:
    return {"totalCost": total}


def test_assets_are_added_removed_and_changed_by_a_part_of_their_cost_or_more() -> None:
    before = {
        "gone": cost(1.0),
        "same": cost(2.0),
        "little": cost(100.0),
        "by 5 %": cost(100.0),
        "less": cost(10.0),
        "free": cost(0.0),
    }
    after = {
        "new": cost(3.0),
        "same": cost(2.0),
        "little": cost(104.0),
        "by 5 %": cost(105.0),
        "less": cost(1.0),
        "free": cost(0.1),
    }
    assert differing(before, after, 0.05) == {
        "gone": {"Entity": cost(1.0), "Kind": "removed"},
        "new": {"Entity": cost(3.0), "Kind": "added"},
        "by 5 %": {"Entity": cost(105.0), "Kind": "changed"},
        "less": {"Entity": cost(1.0), "Kind": "changed"},
        "free": {"Entity": cost(0.1), "Kind": "changed"},
    }
    assert set(differing(before, after, 0.0)) == {"gone", "new", "little", "by 5 %", "less", "free"}
    assert "by 5 %" not in differing(before, after, 0.0501)


@pytest.mark.slow
def test_two_days_are_compared_asset_by_asset(demo: DemoStore, api: ApiServer) -> None:
    start = int(demo.window.start.timestamp())
    first, second = f"{start},{start + 86_400}", f"{start + 86_400},{start + 2 * 86_400}"
    (then,), (now,) = (api.data("/model/assets", window=one, accumulate="true") for one in (first, second))
    found = api.data("/model/assets/diff", before=first, after=second, costChangeRatio="0.1")
    for kind, names in {"added": set(now) - set(then), "removed": set(then) - set(now)}.items():
        assert {name for name, one in found.items() if one["Kind"] == kind} == names
    # A node is replaced and one removed within the three days, and a volume comes on the first.
    assert {one["Kind"] for one in found.values()} >= {"removed"}
    for name in set(then) & set(now):
        moved = abs(now[name]["totalCost"] - then[name]["totalCost"])
        assert (name in found) == (moved > 0 and moved >= 0.1 * then[name]["totalCost"]), name
    for name, one in found.items():
        assert one["Entity"] == (then if one["Kind"] == "removed" else now)[name]


@pytest.mark.slow
def test_types_are_compared_as_they_are_grouped_and_filtered(api: ApiServer) -> None:
    asked = {"before": "1d offset 1d", "after": "today", "costChangeRatio": "0", "aggregate": "type"}
    assert set(api.data("/model/assets/diff", filterTypes="Node,Disk", **asked)) <= {"Node", "Disk"}
    assert set(api.data("/model/assets/diff", filter='assetType:"node"', **asked)) == {"Node"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"after": "today"}, "before is missing"),
        ({"before": "yesterday"}, "after is missing"),
        ({"before": "today", "after": "yesterday"}, "before 'today' does not begin before"),
        ({"before": "yesterday", "after": "today", "costChangeRatio": "-0.1"}, "costChangeRatio"),
        ({"before": "yesterday", "after": "today", "costChangeRatio": "nan"}, "costChangeRatio"),
        ({"before": "yesterday", "after": "7x"}, "window '7x'"),
    ],
)
def test_what_cannot_be_meant_is_a_400(api: ApiServer, parameters: dict[str, str], sentence: str) -> None:
    answer = api.get("/model/assets/diff", **parameters)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


@pytest.mark.slow
def test_a_window_of_which_nothing_is_stored_is_no_window_without_assets(api: ApiServer) -> None:
    answer = api.get("/model/assets/diff", before="2020-01-01T00:00:00Z,2020-01-02T00:00:00Z", after="today")
    assert answer.status_code == 404
