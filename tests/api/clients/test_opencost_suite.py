"""What OpenCost's own integration tests assert of a server without asking its Prometheus, held here to far closer bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore
from tests.support.wire import instant, number, parts_of, rows_of

pytestmark = pytest.mark.slow

COSTS = (
    "cpuCost", "ramCost", "gpuCost", "pvCost", "networkCost", "loadBalancerCost", "sharedCost", "externalCost", "totalCost",
)  # fmt: skip
AGGREGATES = ("namespace", "cluster", "container", "service", "node", "pod", "controller")


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_no_cost_is_negative_and_idle_least_of_all(api: ApiServer, aggregate: str) -> None:
    data = api.data(f"/allocation?aggregate={aggregate}&accumulate=false&includeIdle=true&window=2d")
    assert "__idle__" in data[0]
    for _, row in rows_of(data):
        assert min(number(row, one) for one in COSTS) >= 0


@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("shared", ["false", "true"])
def test_the_total_is_the_sum_of_the_parts(api: ApiServer, aggregate: str, shared: str) -> None:
    data = api.data(f"/allocation?aggregate={aggregate}&includeIdle=true&shareIdle={shared}&window=yesterday")
    for _, row in rows_of(data):
        assert parts_of(row) == pytest.approx(number(row, "totalCost"), rel=1e-9, abs=1e-12)


def test_idle_shared_is_what_idle_apart_is(api: ApiServer) -> None:
    asked = "/allocation?accumulate=false&aggregate=namespace&window=today"
    (apart,), (shared,) = api.data(f"{asked}&includeIdle=true"), api.data(f"{asked}&shareIdle=true")
    for cost in ("cpuCost", "ramCost", "gpuCost"):
        idle = number(apart["__idle__"], cost)
        added = sum(number(row, cost) for row in shared.values()) - sum(
            number(row, cost) for name, row in apart.items() if name != "__idle__"
        )
        assert added == pytest.approx(idle, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("window", ["today", "yesterday", "week", "14d"])
@pytest.mark.parametrize("aggregate", ["namespace", "cluster", "container", "service"])
def test_efficiency_is_no_negative_number_and_idle_has_none(api: ApiServer, window: str, aggregate: str) -> None:
    data = api.data(f"/allocation?accumulate=false&aggregate={aggregate}&includeIdle=true&window={window}")
    for name, row in rows_of(data):
        efficiency = number(row, "totalEfficiency")
        # It is not capped (C11): who uses more than is requested is told so.
        assert efficiency >= 0
        if name == "__idle__":
            assert efficiency == 0


@pytest.mark.parametrize(("window", "days_before", "days"), [("today", 0, 1), ("yesterday", 1, 1), ("7d", 6, 7)])
def test_windows_are_whole_days_of_the_store_also_those_to_come(
    demo: DemoStore, api: ApiServer, window: str, days_before: int, days: int
) -> None:
    midnight = datetime.fromtimestamp(demo.now, UTC).astimezone(demo.zone).replace(hour=0, minute=0, second=0)
    start = midnight - timedelta(days=days_before)
    found = list(rows_of(api.data(f"/allocation?aggregate=namespace&accumulate=false&window={window}")))
    assert found
    for _, row in found:
        assert instant(row["window"]["start"]) == start
        assert instant(row["window"]["end"]) == start + timedelta(days=days)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_a_summary_has_the_rows_of_the_allocation(api: ApiServer, aggregate: str) -> None:
    asked = f"aggregate={aggregate}&accumulate=false&window=yesterday"
    (rows,) = api.data(f"/allocation?{asked}")
    (told,) = api.data(f"/allocation/summary?{asked}")["sets"]
    assert set(told["allocations"]) == set(rows)
    for name, row in told["allocations"].items():
        for average in ("cpuCoreRequestAverage", "cpuCoreUsageAverage", "ramByteRequestAverage", "ramByteUsageAverage"):
            assert number(row, average) == number(rows[name], average)
        for cost in ("cpu", "gpu", "ram", "pv", "network", "loadBalancer"):
            meant = number(rows[name], f"{cost}Cost") + number(rows[name], f"{cost}CostAdjustment")
            assert number(row, f"{cost}Cost") == pytest.approx(meant, rel=1e-12)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_however_it_is_grouped_the_cost_is_the_same(api: ApiServer, aggregate: str) -> None:
    asked = "accumulate=true&includeIdle=true&window=2d"
    whole = sum(number(row, "totalCost") for _, row in rows_of(api.data(f"/allocation?{asked}")))
    grouped = api.data(f"/allocation?{asked}&aggregate={aggregate}")
    assert sum(number(row, "totalCost") for _, row in rows_of(grouped)) == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize(
    ("window", "aggregate"),
    [
        ("1970-01-01T00:00:00Z,1970-01-02T00:00:00Z", "namespace"),
        ("2099-01-01T00:00:00Z,2099-01-02T00:00:00Z", "namespace"),
        ("2000-01-01T00:00:00Z,2000-01-02T00:00:00Z", "cluster"),
        ("1970-01-01T00:00:00Z,1970-01-02T00:00:00Z", "pod"),
        ("1970-01-01T00:00:00Z,1970-01-02T00:00:00Z", "container"),
    ],
)
def test_windows_without_data_have_no_rows(api: ApiServer, window: str, aggregate: str) -> None:
    assert api.data(f"/allocation?window={window}&aggregate={aggregate}") == [{}]


@pytest.mark.parametrize(
    "asked",
    [
        "aggregate=namespace&window=2026-06-16T00:00:00Z,2026-06-15T00:00:00Z",
        "aggregate=namespace&window=invalid-window-format",
        "accumulate=true&aggregate=invalid-aggregate&includeIdle=true&window=24h",
        "accumulate=true&aggregate=namespace&filter=invalid-filter&includeIdle=true&window=24h",
        "accumulate=invalid-accumulate&aggregate=namespace&includeIdle=true&window=24h",
        "accumulate=true&aggregate=namespace&includeIdle=invalid-include-idle&window=24h",
    ],
)
def test_what_cannot_be_meant_is_a_400(api: ApiServer, asked: str) -> None:
    assert api.get(f"/allocation?{asked}").status_code == 400


@pytest.mark.parametrize(
    "asked", ["window=2d", "window=2d&field=not-a-real-field", "window=2d&field=namespace&limit=5000"]
)
def test_suggestions_that_cannot_be_meant_are_a_400(api: ApiServer, asked: str) -> None:
    assert api.get(f"/allocation/autocomplete?{asked}").status_code == 400


def test_assets_have_the_fields_of_its_schema(api: ApiServer) -> None:
    for _, row in rows_of([api.data("/assets?window=1h")]):
        assert isinstance(row["type"], str)
        instant(row["window"]["start"])
        number(row, "totalCost")
        assert {"category", "provider", "service"} <= set(row["properties"])
        if row["type"] == "Node":
            assert {"name", "providerID"} <= set(row["properties"])
            for name in ("cpuCost", "ramCost", "gpuCost", "cpuCores", "ramBytes"):
                number(row, name)
            assert isinstance(row["nodeType"], str)
