"""MCP servers: kubecost/mcp-kubecost 0.6.4 and cortezcristian/kubecost-mcp ask what chat programs may want to know."""

import pytest

from tests.support.api_server import ApiServer
from tests.support.wire import number, rows_of

pytestmark = pytest.mark.slow


def test_kubecosts_asks_for_the_dearest_rows_with_idle_shared(api: ApiServer) -> None:
    asked = "aggregate=namespace&accumulate=true&idle=true&shareIdle=true&sortBy=totalCost&sortByOrder=desc"
    headers = {"X-API-KEY": "no key of ours", "Accept": "application/json"}
    whole = api.get(f"/model/allocation?window=2d&{asked}", headers).json()["data"]
    answer = api.get(f"/model/allocation?window=2d&{asked}&limit=3", headers)
    assert answer.status_code == 200
    (rows,) = answer.json()["data"]
    costs = [number(row, "totalCost") for name, row in rows.items() if name != "__idle__"]
    assert len(costs) == 3
    assert costs == sorted(costs, reverse=True)
    assert costs == sorted((row["totalCost"] for name, row in rows_of(whole) if name != "__idle__"), reverse=True)[:3]


@pytest.mark.parametrize("path", ["/model/allocation", "/model/assets"])
def test_others_ask_for_windows_alone(api: ApiServer, path: str) -> None:
    for _, row in rows_of(api.data(f"{path}?window=2d&accumulate=true")):
        number(row, "totalCost")
        assert isinstance(row["properties"], dict)
