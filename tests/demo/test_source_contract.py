"""The demo's Prometheus answers as a real one does that scraped the same cluster."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.source import DemoSource
from farthing.demo.watch import expose
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.queries import Matcher, Query
from tests.conftest import programs
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOUR = 3600
HOURS = 5
END = START + HOURS * HOUR
ASKED = START + HOUR
"""Carried queries also ask the hour before."""
ASKED_TO = END + HOUR
"""The last hour lies beyond the last scrape, but not beyond what Prometheus takes for current."""

Rows = dict[tuple[tuple[str, str], ...], dict[float, float]]


@dataclass(frozen=True)
class Pair:
    """The same scrapes in both: in the demo's Prometheus and in a real one."""

    demo: DemoSource
    url: str


WAYS = {
    "as by default": (Scraping(), 60),
    "two scrapers and replicas, by address, every 15 s": (
        Scraping(by_address=True, node_label=True, duplicate_scraper=True, state_replicas=2),
        15,
    ),
    # Of 25 s, one kubelet's scrapes fall on the hour itself: the edge of every range.
    "without cgroup ids, every 25 s": (Scraping(cgroup_ids=False, opencost=False), 25),
}


@pytest.fixture(scope="module", params=list(WAYS.values()), ids=list(WAYS))
def prometheus_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PrometheusServer, Scraping, int]]:
    """A Prometheus of its own for each way to scrape: the shared one takes nothing older than it has."""
    scraping, interval = request.param
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), programs("prometheus")["prometheus"])
    with server:
        yield server, scraping, interval


@pytest.fixture(scope="module")
def pair(prometheus_server: tuple[PrometheusServer, Scraping, int]) -> Pair:
    server, scraping, interval = prometheus_server
    cluster = demo_cluster(START, END)
    write(expose(cluster, scraping), server.url, interval)
    return Pair(DemoSource(cluster, scraping, interval), server.url)


@pytest.mark.parametrize("query", CATALOGUE, ids=lambda query: query.name)
def test_the_demo_answers_as_the_real_prometheus_does(pair: Pair, query: Query) -> None:
    real = rows_of(real_answer(pair.url, query))
    demo = rows_of(pair.demo.fetch(query, ASKED, ASKED_TO, HOUR))
    assert demo.keys() == real.keys()
    for key, values in real.items():
        assert demo[key].keys() == values.keys(), key
        assert all(math.isclose(demo[key][at], value, rel_tol=1e-9) for at, value in values.items()), key


def test_no_query_of_the_catalogue_stays_empty() -> None:
    source = DemoSource(demo_cluster(START, END))
    empty = {query.name for query in CATALOGUE if not rows_of(source.fetch(query, START, END, HOUR))}
    # Counters are reset only where runs share an id.
    assert empty == {f"{name}_reset_growth" for name in ("cpu", "egress", "transmit", "receive")}


def test_extra_matchers_narrow_the_answer() -> None:
    (running,) = (query for query in CATALOGUE if query.name == "running")
    source = DemoSource(demo_cluster(START, END))
    narrowed = rows_of(source.fetch(running, START, END, HOUR, (Matcher("namespace", "=~", "[a-m].*"),)))
    assert {dict(key)["namespace"] for key in narrowed} == {"ci", "data", "kube-system", "ml", "monitoring"}


def test_the_reset_of_a_counter_that_lost_its_id_is_seen() -> None:
    (growth,) = (query for query in CATALOGUE if query.name == "cpu_reset_growth")
    source = DemoSource(demo_cluster(START, END), Scraping(cgroup_ids=False))
    assert {dict(key)["container"] for key in rows_of(source.fetch(growth, START, END, HOUR))} >= {"cart", "importer"}


def real_answer(url: str, query: Query) -> bytes:
    if query.once:
        span, first, step = ASKED_TO - ASKED, ASKED_TO, HOUR
    else:
        span, first, step = HOUR, (ASKED if query.carried else ASKED + HOUR), HOUR
    params: dict[str, str | float] = {
        "query": query.promql(f"{span}s"),
        "start": first - 0.001,
        "end": ASKED_TO - 0.001,
        "step": step,
    }
    response = requests.get(f"{url}/api/v1/query_range", params=params, timeout=60)
    assert response.ok, response.text
    assert "warnings" not in response.json(), response.text
    return response.content


def rows_of(body: bytes) -> Rows:
    answer = json.loads(body)
    assert answer["status"] == "success"
    assert answer["data"]["resultType"] == "matrix"
    rows = answer["data"]["result"]
    return {
        tuple(sorted(row["metric"].items())): {round(time, 3): float(value) for time, value in row["values"]}
        for row in rows
    }
