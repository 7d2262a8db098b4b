"""Allocations over HTTP: the shapes, windows and defaults of Kubecost and of OpenCost, on a real socket."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from farthing.settings import Settings
from tests.support.api_server import ApiServer

Row = Mapping[str, Any]
pytestmark = pytest.mark.slow


def total(rows: Mapping[str, Row]) -> float:
    return sum(row["totalCost"] for row in rows.values())


PARTS = ("cpu", "gpu", "ram", "network", "loadBalancer", "pv")
"""Costs with an adjustment; beside them shared and external cost make up the total."""


def test_a_window_of_days_is_a_set_for_each_day_and_accumulates_to_their_sum(api: ApiServer) -> None:
    # Since two days ago at half past noon: that day, the next, and today (seed 000: 3d at noon are four sets, here of a store of three days).
    days = api.data("/model/allocation", window="2d", aggregate="namespace")
    assert len(days) == 3
    (whole,) = api.data("/model/allocation", window="2d", aggregate="namespace", accumulate="true")
    assert total(whole) == pytest.approx(sum(map(total, days)), rel=1e-12)
    assert {row["window"]["start"] for day in days for row in day.values()} == {
        day["__idle__"]["window"]["start"] for day in days
    }


def test_each_row_is_named_by_its_key_and_its_costs_add_up(api: ApiServer) -> None:
    (rows,) = api.data("/model/allocation", window="2d", aggregate="namespace,controller", accumulate="true")
    assert rows
    for name, row in rows.items():
        assert row["name"] == name
        assert name == "__idle__" or len(name.split("/")) == 2
        parts = sum(row[f"{part}Cost"] + row[f"{part}CostAdjustment"] for part in PARTS)
        assert row["totalCost"] == pytest.approx(parts + row["sharedCost"] + row["externalCost"], rel=1e-9)
        assert row["pvCost"] == pytest.approx(sum(one["cost"] for one in (row["pvs"] or {}).values()), rel=1e-9)


def test_kubecost_tells_idle_unless_it_is_told_not_to_and_opencost_the_other_way(api: ApiServer) -> None:
    asked = {"window": "today", "aggregate": "namespace", "accumulate": "true"}
    assert "__idle__" in api.data("/model/allocation", **asked)[0]
    assert "__idle__" not in api.data("/model/allocation", idle="false", **asked)[0]
    assert "__idle__" not in api.data("/allocation", **asked)[0]
    assert "__idle__" in api.data("/allocation/compute", includeIdle="true", **asked)[0]


def test_what_headlamp_asks_are_daily_maps_by_bare_names(api: ApiServer) -> None:
    days = api.data("/allocation", window="3d", aggregate="namespace", step="1d", accumulate="false")
    assert len(days) == 3
    assert "shop" in days[-1]
    (joined,) = api.data("/allocation", window="3d", aggregate="namespace", step="1d", accumulate="true")
    assert joined["shop"]["totalCost"] == pytest.approx(sum(day["shop"]["totalCost"] for day in days), rel=1e-12)


@pytest.mark.parametrize("path", ["/allocation/summary", "/model/allocation/summary"])
def test_a_summary_is_the_allocation_in_fewer_fields(api: ApiServer, path: str) -> None:
    asked = {
        "window": "2d",
        "aggregate": "namespace",
        "accumulate": "true",
        "idle": "false",
        "shareTenancyCosts": "false",
    }
    (rows,) = api.data(path.removesuffix("/summary"), **asked)
    data = api.data(path, **asked)
    (told,) = data["sets"]
    assert set(told["allocations"]) == set(rows)
    for name, row in told["allocations"].items():
        assert row["cpuCost"] == pytest.approx(rows[name]["cpuCost"] + rows[name]["cpuCostAdjustment"])
        assert (row["totalCost"], row["efficiency"]) == (rows[name]["totalCost"], rows[name]["totalEfficiency"])
    start, end = told["window"]["start"], told["window"]["end"]
    assert (data["window"]["start"], data["window"]["end"]) == (start, end)


def test_the_topline_is_the_sum_of_all(api: ApiServer) -> None:
    asked = {"window": "2d", "aggregate": "namespace"}
    (rows,) = api.data("/model/allocation", accumulate="true", **asked)
    data = api.data("/model/allocation/summary/topline", **asked)
    assert data["numResults"] == len(rows)
    assert data["combined"]["allocations"]["total"]["totalCost"] == pytest.approx(total(rows), rel=1e-9)


def test_rows_are_paged_by_cost_with_idle_on_each_page(api: ApiServer) -> None:
    asked = {"window": "today", "aggregate": "namespace", "accumulate": "true"}
    (rows,) = api.data("/model/allocation", **asked)
    by_cost = sorted((name for name in rows if name != "__idle__"), key=lambda name: -rows[name]["totalCost"])
    (first,) = api.data("/model/allocation", limit="2", **asked)
    (second,) = api.data("/model/allocation", limit="2", offset="2", **asked)
    assert set(first) == {*by_cost[:2], "__idle__"}
    assert set(second) == {*by_cost[2:4], "__idle__"}


def test_filters_are_those_of_v1_unless_there_is_one_of_v2(api: ApiServer) -> None:
    asked = {"window": "today", "aggregate": "namespace", "accumulate": "true", "idle": "false"}
    assert set(api.data("/model/allocation", filterNamespaces="sh*,data", **asked)[0]) == {"shop", "data"}
    # What kubectl-cost sends where no namespace is named.
    assert "data" in api.data("/model/allocation", filterNamespaces="", **asked)[0]
    assert set(api.data("/model/allocation", filter='namespace:"shop"', filterNamespaces="data", **asked)[0]) == {
        "shop"
    }


def test_a_plus_that_arrives_as_a_blank_is_an_and(api: ApiServer) -> None:
    asked = "window=today&aggregate=namespace&accumulate=true&idle=false"
    raw = f'/model/allocation?{asked}&filter=namespace:"shop"+controllerKind:"deployment"'
    quoted = f"/model/allocation?{asked}&filter=namespace%3A%22shop%22%2BcontrollerKind%3A%22deployment%22"
    found, meant = api.get(raw).json(), api.get(quoted).json()
    assert found == meant
    assert set(found["data"][0]) == {"shop"}


def test_csv_is_one_table_of_the_accumulated_rows(api: ApiServer) -> None:
    answer = api.get("/model/allocation", window="2d", aggregate="namespace", format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = answer.text.splitlines()
    assert header.startswith("name,window.start,window.end")
    assert len([row for row in rows if row.startswith("shop,")]) == 1


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "window is missing: it is required"),
        ({"window": "7x"}, "window '7x'"),
        ({"window": "7d", "aggregate": "colour"}, "aggregate 'colour' is not offered"),
        ({"window": "7d", "idle": "perhaps"}, "idle is 'perhaps'"),
        ({"window": "7d", "shareCost": "-1"}, "shareCost"),
        ({"window": "7d", "shareCost": "nan"}, "shareCost"),
        ({"window": "7d", "limit": "-1"}, "limit"),
        ({"window": "7d", "accumulate": "yearly"}, "accumulate"),
        ({"window": "7d", "filter": "namespace:"}, "filter"),
        ({"window": "7d", "filter": "colour:red"}, "filter"),
        ({"window": "7d", "filterLabels": "app"}, "filterLabels"),
        ({"window": "7d", "shareSplit": "fair"}, "shareSplit"),
        ({"window": "7d", "format": "pdf"}, "format 'pdf' is not offered"),
        ({"window": "999999d"}, "window"),
    ],
)
def test_what_cannot_be_meant_is_a_400_that_names_it(api: ApiServer, parameters: dict[str, str], sentence: str) -> None:
    answer = api.get("/model/allocation", **parameters)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, 400)
    assert sentence in body["message"] == body["error"], body["message"]
    assert "spec" not in body["message"]


def test_unknown_parameters_are_ignored(api: ApiServer) -> None:
    asked = {"window": "today", "aggregate": "namespace"}
    assert api.data("/model/allocation", colour="red", **asked) == api.data("/model/allocation", **asked)


PAST = "2020-01-01T00:00:00Z,2020-01-03T00:00:00Z"
"""Parts of three days of the store, whose midnight is not UTC's."""


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/model/allocation", [{}, {}, {}]),
        ("/allocation", [{}]),
        ("/model/assets?accumulate=true", [{}]),
        ("/assets", {}),
    ],
)
def test_a_window_of_which_nothing_is_stored_has_no_rows_and_says_why(api: ApiServer, path: str, data: Any) -> None:
    answer = api.get(path, window=PAST).json()
    assert (answer["code"], answer["data"]) == (200, data)
    assert answer["warning"].startswith("nothing is stored for 2020-01-01T00:00:00Z")


def test_before_anything_is_stored_a_summary_and_a_topline_are_empty_too(api: ApiServer) -> None:
    sets = api.data("/model/allocation/summary", window=PAST)["sets"]
    assert [one["allocations"] for one in sets] == [{}, {}, {}]
    total = api.data("/model/allocation/summary/topline", window=PAST)
    assert (total["numResults"], total["combined"]["allocations"]["total"]["totalCost"]) == (0, 0)


@pytest.mark.parametrize(
    "path", ["/model/allocation", "/allocation", "/model/assets", "/allocation/autocomplete?field=pod"]
)
@pytest.mark.parametrize("window", ["today", "7d", "24h"])
def test_before_the_first_refresh_windows_up_to_now_have_no_rows(tmp_path: Path, path: str, window: str) -> None:
    # Clocks do not tell whole seconds.
    service = wiring.ask_service(Settings(store=tmp_path, cluster="new"), None, lambda: 1_790_000_000.75)
    with ApiServer(create_app(Asking(service, everything), "0.0.0")) as server:
        answer = server.get(path, window=window)
    if window == "24h" and not path.startswith("/allocation"):
        # A part of an hour, which Kubecost's window is, only Prometheus can tell.
        assert answer.status_code == 404
        return
    assert answer.status_code == 200, answer.text
    assert answer.json()["warning"].startswith("nothing is stored for")
    assert not any(answer.json()["data"]) or answer.json()["data"] == {"data": []}


def test_what_is_to_come_has_no_rows_and_that_is_known(api: ApiServer) -> None:
    answer = api.get("/allocation", window="2099-01-01T00:00:00Z,2099-01-02T00:00:00Z").json()
    assert (answer["data"], answer.get("warning")) == ([{}], None)


def test_who_has_the_answer_already_is_told_so(api: ApiServer) -> None:
    first = api.get("/model/allocation", window="today", aggregate="namespace")
    tag = first.headers["etag"]
    again = api.get("/model/allocation", {"If-None-Match": tag}, window="today", aggregate="namespace")
    assert (again.status_code, again.content) == (304, b"")
    other = api.get("/model/allocation", {"If-None-Match": tag}, window="today", aggregate="cluster")
    assert other.status_code == 200


def test_large_answers_are_zipped_for_who_takes_that(api: ApiServer) -> None:
    answer = api.get("/model/allocation", {"Accept-Encoding": "gzip"}, window="today")
    assert answer.headers["content-encoding"] == "gzip"
    plain = api.get("/model/allocation", {"Accept-Encoding": "identity"}, window="today")
    assert "content-encoding" not in plain.headers
    assert answer.json() == json.loads(plain.content)
    assert answer.headers["etag"] == plain.headers["etag"]
    assert answer.headers["vary"] == plain.headers["vary"] == "Authorization, Accept-Encoding, Origin"


def test_only_pages_that_are_named_may_read_answers(api: ApiServer) -> None:
    allowed = api.get("/healthz", {"Origin": "http://localhost:3000"})
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-origin" not in api.get("/healthz", {"Origin": "http://evil.example"}).headers


def test_the_topline_is_of_all_rows_also_where_a_limit_is_given(api: ApiServer) -> None:
    asked = {"window": "2d", "aggregate": "namespace"}
    assert api.data("/model/allocation/summary/topline", limit="1", offset="1", **asked) == api.data(
        "/model/allocation/summary/topline", **asked
    )


def test_the_averages_of_the_topline_are_of_the_time_in_which_anything_ran(api: ApiServer) -> None:
    total = api.data("/model/allocation/summary/topline", window="2d", aggregate="namespace")["combined"][
        "allocations"
    ]["total"]
    (rows,) = api.data("/model/allocation", window="2d", aggregate="cluster", accumulate="true", idle="false")
    (row,) = [row for name, row in rows.items() if name != "__unallocated__"]
    # Of one row that holds everything the average is its own, over its own time.
    lasted = (datetime.fromisoformat(total["end"]) - datetime.fromisoformat(total["start"])).total_seconds()
    assert total["cpuCoreRequestAverage"] * lasted == pytest.approx(
        row["cpuCoreRequestAverage"] * row["minutes"] * 60, rel=1e-4
    )
    assert total["ramByteUsageAverage"] * lasted == pytest.approx(
        row["ramByteUsageAverage"] * row["minutes"] * 60, rel=1e-4
    )


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/model/allocation/summary", {}),
        ("/allocation/summary", {}),
        ("/model/allocation", {"format": "csv"}),
        ("/assets", {}),
    ],
)
def test_pages_are_told_apart_in_every_shape(api: ApiServer, path: str, asked: dict[str, str]) -> None:
    shared = {"window": "2d", "accumulate": "true", "limit": "2", **asked}
    if "allocation" in path:
        shared |= {"aggregate": "namespace", "idle": "false"}
    pages = [api.get(path, offset=offset, **shared) for offset in ("0", "2")]
    names = [_names(page) for page in pages]
    assert [len(one) for one in names] == [2, 2]
    assert not names[0] & names[1]


def _names(answer: requests.Response) -> set[str]:
    if answer.headers["content-type"].startswith("text/csv"):
        return {line.partition(",")[0] for line in answer.text.splitlines()[1:]}
    data = answer.json()["data"]
    return set(data["sets"][0]["allocations"]) if "sets" in data else set(data)


def test_a_weak_tag_and_any_tag_are_known(api: ApiServer) -> None:
    asked = {"window": "today", "aggregate": "namespace"}
    tag = api.get("/model/allocation", **asked).headers["etag"]
    for held in (f"W/{tag}", f'"other", {tag}', "*"):
        assert api.get("/model/allocation", {"If-None-Match": held}, **asked).status_code == 304


def test_pages_may_send_tokens(api: ApiServer) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = requests.options(f"{api.url}/model/allocation", headers=asked, timeout=30)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


@pytest.mark.parametrize("name", ["sums", "spread", "sets", "allocation", "label_app"])
def test_a_value_that_is_called_as_a_table_is_a_value(api: ApiServer, name: str) -> None:
    for path in ("/model/allocation", "/model/assets"):
        answer = api.get(path, window="2d", filterNamespaces=f'"{name}"', filterNames=f'"{name}"', accumulate="true")
        assert answer.status_code == 200, answer.text


def test_filters_that_would_take_long_are_refused(api: ApiServer) -> None:
    for asked in (
        {"filterPods": ",".join(f"p{number}*" for number in range(201))},
        {"filterControllers": ",".join(f"deployment:c{number}" for number in range(101))},
        {"filterPods": "p" * 4097},
    ):
        answer = api.get("/model/allocation", window="2d", **asked)
        assert answer.status_code == 400, answer.text
        assert "allowed" in answer.json()["message"]


def test_opencost_spells_what_sets_are_joined_by_in_two_ways(api: ApiServer) -> None:
    asked = {"window": "2d", "aggregate": "namespace", "step": "1h"}
    by_day = api.data("/allocation", accumulateBy="day", **asked)
    assert len(by_day) == 2
    assert by_day == api.data("/allocation", accumulate="day", **asked)
