"""An answer that is too large for Prometheus is asked for in parts, and the parts make the same answer."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from farthing.demo.scenario import demo_cluster
from farthing.demo.watch import expose
from farthing.errors import MetricsMalformedError, MetricsTooLargeError
from farthing.model.samples import Samples
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.client import Prometheus
from farthing.prometheus.connection import Connection
from farthing.prometheus.queries import Matcher, Query
from farthing.prometheus.source import Fetcher, read
from tests.conftest import programs
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

HOUR = 3600
START = 1_794_873_600  # 2026-11-17 00:00 UTC
END = START + 6 * HOUR
ASKED = START + HOUR
"""Carried queries also ask the hour before."""

PLENTY, SOME, FEW = 50_000_000, 400, 80
"""Samples in memory at once. An hour of one series is 60 of them, all that is asked here 300."""

Row = tuple[tuple[str, ...], float]


@dataclass
class Noting:
    """Passes questions on, and notes them."""

    fetcher: Fetcher
    asked: list[tuple[int, int, tuple[Matcher, ...]]] = field(default_factory=list)

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        self.asked.append((start, end, extra))
        return self.fetcher.fetch(query, start, end, step, extra)

    def now(self) -> float:
        return self.fetcher.now()


def rows(samples: Samples) -> dict[Row, float]:
    """Each sample by labels and time; no two of them are the same."""
    keys: list[Row] = [
        (tuple(samples.labels[label][series] for label in samples.labels), time)
        for series, time in zip(samples.index, samples.times, strict=True)
    ]
    assert not [key for key, count in Counter(keys).items() if count > 1]
    return dict(zip(keys, samples.values, strict=True))


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """URLs of Prometheuses with the same samples, by how many of them each takes into memory at once."""
    cluster = expose(demo_cluster(START, END))
    with ExitStack() as running:
        urls = {}
        for limit in (PLENTY, SOME, FEW):
            folder = tmp_path_factory.mktemp("prometheus")
            server = PrometheusServer(folder, programs("prometheus")["prometheus"], max_samples=limit)
            running.enter_context(server)
            write(cluster, server.url)
            urls[limit] = server.url
        yield urls


@pytest.fixture(scope="module")
def whole(prometheus_server: dict[int, str]) -> dict[str, dict[Row, float]]:
    """The answers in one piece."""
    with asking(prometheus_server[PLENTY]) as fetcher:
        found = {query.name: rows(read(fetcher, query, ASKED, END, HOUR)) for query in CATALOGUE}
        assert len(fetcher.asked) == len(CATALOGUE)
        return found


@contextmanager
def asking(url: str, **settings: int) -> Iterator[Noting]:
    client = Prometheus(Connection(url, **settings))  # type: ignore[arg-type] # a test's settings
    try:
        yield Noting(client)
    finally:
        client.close()


def query_of(name: str) -> Query:
    return next(query for query in CATALOGUE if query.name == name)


@pytest.mark.parametrize("query", CATALOGUE, ids=lambda query: query.name)
def test_an_answer_in_parts_is_the_answer(
    prometheus_server: dict[int, str], whole: dict[str, dict[Row, float]], query: Query
) -> None:
    with asking(prometheus_server[SOME]) as fetcher:
        assert rows(read(fetcher, query, ASKED, END, HOUR)) == whole[query.name]


@pytest.mark.parametrize(
    "name", ["running", "requests", "cpu_last", "cpu_scraped", "ram_sum", "init_requests", "egress_last"]
)
def test_an_answer_in_many_parts_is_the_answer(
    prometheus_server: dict[int, str], whole: dict[str, dict[Row, float]], name: str
) -> None:
    with asking(prometheus_server[FEW]) as fetcher:
        assert rows(read(fetcher, query_of(name), ASKED, END, HOUR)) == whole[name]


def test_time_is_cut_first_then_namespaces_then_pods(prometheus_server: dict[int, str]) -> None:
    with asking(prometheus_server[FEW]) as fetcher:
        read(fetcher, query_of("requests"), ASKED, END, HOUR)
    cut = [(end - start, tuple(matcher.label for matcher in extra)) for start, end, extra in fetcher.asked]
    assert {labels for _, labels in cut} == {(), ("namespace",), ("namespace", "pod")}
    assert all(length == HOUR for length, labels in cut if labels)


def test_what_is_asked_once_is_cut_by_names_only(prometheus_server: dict[int, str]) -> None:
    with asking(prometheus_server[SOME]) as fetcher:
        read(fetcher, query_of("pod_node"), ASKED, END, HOUR)
    assert {(start, end) for start, end, _ in fetcher.asked} == {(ASKED, END)}
    assert len(fetcher.asked) > 1


def test_the_hour_before_is_carried_into_the_first_part_only(
    prometheus_server: dict[int, str], whole: dict[str, dict[Row, float]]
) -> None:
    with asking(prometheus_server[FEW]) as fetcher:
        found = read(fetcher, query_of("cpu_last"), ASKED, END, HOUR)
    # rows() refuses a sample that comes twice; here all of the hour before are there.
    before = [key for key in rows(found) if key[1] < ASKED]
    assert before
    assert len(before) == len([key for key in whole["cpu_last"] if key[1] < ASKED])


def test_what_has_no_namespace_is_a_part_of_its_own() -> None:
    class Choosing:
        """Has one series with a namespace and one without; refuses both at once."""

        def fetch(self, _query: Query, _start: int, end: int, _step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
            if not extra:
                raise MetricsTooLargeError("both")
            found = []
            for name in ("shop", ""):
                matches = re.fullmatch(extra[0].value, name) is not None
                if matches == (extra[0].operator == "=~"):
                    labels = f'"node":"n","namespace":"{name}"'
                    found.append(f'{{"metric":{{{labels}}},"values":[[{end - 0.001:.3f},"1"]]}}')
            return f'{{"status":"success","data":{{"resultType":"matrix","result":[{",".join(found)}]}}}}'.encode()

        def now(self) -> float:
            return END

    found = read(Choosing(), query_of("cpu_modes"), ASKED, ASKED + HOUR, HOUR)
    assert sorted(found.labels["namespace"]) == ["", "shop"]


@pytest.mark.parametrize("name", ["running", "cpu_last", "pod_owner"])
def test_an_answer_of_too_many_bytes_is_asked_for_in_parts(
    prometheus_server: dict[int, str], whole: dict[str, dict[Row, float]], name: str
) -> None:
    with asking(prometheus_server[PLENTY], max_bytes=6_000) as fetcher:
        assert rows(read(fetcher, query_of(name), ASKED, END, HOUR)) == whole[name]
        assert len(fetcher.asked) > 1


def test_what_no_cut_makes_small_enough_is_an_error_that_ends(prometheus_server: dict[int, str]) -> None:
    # The five hours of one series are 300 samples, whatever the names.
    with asking(prometheus_server[FEW]) as fetcher:
        with pytest.raises(MetricsTooLargeError, match="'pod_owner' is too large even for one interval and a part"):
            read(fetcher, query_of("pod_owner"), ASKED, END, HOUR)
        assert len(fetcher.asked) < 30


def test_a_number_for_the_whole_cluster_has_no_parts(prometheus_server: dict[int, str]) -> None:
    with asking(prometheus_server[PLENTY], max_bytes=100) as fetcher, pytest.raises(MetricsTooLargeError):
        read(fetcher, query_of("state_scrapes"), ASKED, END, HOUR)


@pytest.mark.parametrize("moved", [-HOUR, -0.999, 0.001, HOUR])
def test_an_answer_for_other_times_than_asked_is_malformed(moved: float) -> None:
    class Aligning:
        """Moves the times to whole steps, as Thanos' query frontend does unless told otherwise."""

        def fetch(self, _query: Query, _start: int, end: int, _step: int, _extra: tuple[Matcher, ...] = ()) -> bytes:
            series = f'{{"metric":{{}},"values":[[{end - 0.001 + moved:.3f},"1"]]}}'
            return f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}'.encode()

        def now(self) -> float:
            return END

    with pytest.raises(MetricsMalformedError, match="dated otherwise than asked"):
        read(Aligning(), query_of("node_created"), ASKED, ASKED + HOUR, HOUR)
