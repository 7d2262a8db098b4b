"""Headlamp's plugin 0.1.3 and the two of Backstage: their requests, and the fields that they read."""

import pytest

from tests.support.api_server import ApiServer
from tests.support.wire import instant, lived, number, numbers, rows_of

pytestmark = pytest.mark.slow

HEADLAMP = ("cpuCost", "ramCost", "pvCost", "gpuCost", "totalCost", "totalEfficiency")
BACKSTAGE = (
    "cpuCost", "gpuCost", "ramCost", "pvCost", "networkCost", "sharedCost", "externalCost", "totalCost", "totalEfficiency",
)  # fmt: skip


@pytest.mark.parametrize("window", ["today", "yesterday", "24h", "48h", "week", "lastweek", "7d", "14d"])
def test_headlamp_has_every_window_it_offers(api: ApiServer, window: str) -> None:
    answer = api.get(f"/allocation?window={window}&aggregate=namespace&step=1d&accumulate=true")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == 1


@pytest.mark.parametrize("aggregate", ["pod", "node", "namespace", "service", "deployment"])
def test_headlamp_finds_objects_by_their_bare_names_in_a_map_for_each_day(api: ApiServer, aggregate: str) -> None:
    data = api.data(f"/allocation?window=14d&aggregate={aggregate}&step=1d&accumulate=false")
    assert len(data) == 14
    # The store begins the day before yesterday.
    assert [bool(one) for one in data] == [False] * 11 + [True] * 3
    for name, row in rows_of(data):
        assert "/" not in name
        numbers(row, HEADLAMP)


def test_backstage_of_the_community_asks_for_days_of_namespaces(api: ApiServer) -> None:
    data = api.data("/allocation/compute?window=6d&aggregate=namespace&step=1d&accumulate=false")
    assert len(data) == 6
    for name, row in rows_of(data):
        assert row["name"] == name
        instant(row["window"]["start"])
        numbers(row, ("minutes", *BACKSTAGE))


@pytest.mark.parametrize("plus", ["+", "%2B"], ids=["plain", "encoded"])
def test_backstage_of_suxess_writes_raw_quotes_a_plus_and_a_word_without_quotes(api: ApiServer, plus: str) -> None:
    asked = (
        "window=2d&accumulate=true&idle=false&shareIdle=false&aggregate=controller&shareNamespaces=kube-system"
        f'&shareTenancyCosts=true&filter=label%5Bapp%5D:"web"{plus}controllerKind:deployment'
    )
    ((name, row),) = rows_of(api.data(f"/model/allocation?{asked}"))
    assert name == "deployment:web"
    assert row["properties"]["controller"] == "web"
    assert lived(row) > 0
    assert number(row, "sharedCost") > 0
    numbers(row, ("cpuCost", "ramCost", "pvCost", "networkCost", "totalCost", "minutes", "totalEfficiency"))
