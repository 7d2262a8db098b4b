"""What is written is what the real Prometheus then holds."""

from collections.abc import Iterator

import pytest
import requests

from farthing.demo.series import Exposition, Part, Series, scrape_phase
from farthing.demo.shapes import Constant, Counter, Wave
from tests.conftest import programs
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOUR = 3600
END = START + 2 * HOUR
ENDED = START + HOUR + 1234
SERIES = (
    Series("stays", (("a", "é"),), "t", (Part(START, END, Constant(2.5)),)),
    Series("grows", (), "t", (Part(START, END, Counter(Wave(0.5, 0.2), START)),)),
    Series("ends", (), "t", (Part(START, ENDED, Wave(3.0, 0.5)),)),
    Series("pauses", (), "t", (Part(START, START + 600, Constant(1)), Part(START + 900, ENDED, Constant(0)))),
)
EXPOSITION = Exposition(START, END, SERIES)
FIRST = START + scrape_phase("t", 60)


@pytest.fixture
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """A Prometheus of its own: the shared one takes nothing older than it has."""
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), programs("prometheus")["prometheus"])
    with server:
        yield server


def test_every_sample_arrives_with_its_time_and_value(prometheus_server: PrometheusServer) -> None:
    written = write(EXPOSITION, prometheus_server.url, labels={"test": "whole"})
    stays, grows, ends, pauses = (samples(prometheus_server.url, each.metric) for each in SERIES)
    assert [time for time, _ in stays] == list(range(FIRST, END, 60))
    assert {value for _, value in stays} == {2.5}
    assert all(value == pytest.approx(SERIES[1].parts[0].shape.at(int(time))) for time, value in grows)
    assert all(value == pytest.approx(SERIES[2].parts[0].shape.at(int(time))) for time, value in ends)
    assert max(time for time, _ in ends) == last_scrape_before(ENDED)
    assert [time for time, value in pauses if value == 1] == list(range(FIRST, START + 600, 60))
    # One staleness marker where a series ends and two where one pauses as well; no range selector shows them.
    assert written.samples == len(stays) + len(grows) + len(ends) + len(pauses) + 3


def test_a_series_is_gone_at_the_scrape_after_its_end(prometheus_server: PrometheusServer) -> None:
    write(EXPOSITION, prometheus_server.url)
    last = last_scrape_before(ENDED)
    assert instant(prometheus_server.url, "ends", last + 59)
    assert not instant(prometheus_server.url, "ends", last + 60)
    assert not instant(prometheus_server.url, "pauses", START + 800)
    assert instant(prometheus_server.url, "stays", END + 200)


def test_nothing_is_scraped_in_a_gap_and_dropped_series_are_missing(prometheus_server: PrometheusServer) -> None:
    gap = (START + 1000, START + 5000)
    write(EXPOSITION, prometheus_server.url, gaps=[gap], drop=lambda series: series.metric == "grows")
    times = [time for time, _ in samples(prometheus_server.url, "stays")]
    assert times == [time for time in range(FIRST, END, 60) if not gap[0] <= time < gap[1]]
    assert samples(prometheus_server.url, "grows") == []


def last_scrape_before(moment: int) -> int:
    return max(time for time in range(FIRST, END, 60) if time < moment)


def samples(url: str, metric: str) -> list[tuple[float, float]]:
    params: dict[str, str | float] = {"query": f"{metric}[2h]", "time": END - 0.001}
    result = requests.get(f"{url}/api/v1/query", params=params, timeout=10).json()["data"]["result"]
    return [(time, float(value)) for series in result for time, value in series["values"]]


def instant(url: str, metric: str, time: int) -> bool:
    params: dict[str, str | float] = {"query": metric, "time": time}
    return bool(requests.get(f"{url}/api/v1/query", params=params, timeout=10).json()["data"]["result"])
