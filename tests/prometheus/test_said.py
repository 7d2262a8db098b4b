"""What is said of pods, asked of a real Prometheus: once for each pod and key, as it was said last."""

from collections.abc import Iterator, Mapping

import pytest

from farthing.demo.series import Exposition, Part, Series
from farthing.demo.shapes import Constant
from farthing.errors import MetricsTooLargeError
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.client import Prometheus
from farthing.prometheus.queries import Matcher, Query
from farthing.prometheus.source import read
from tests.conftest import programs
from tests.support.measuring import asking
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

START = 1_794_873_600  # 2026-11-17 00:00 UTC
HOUR = 3600
MINUTE = 60
END = START + 3 * HOUR

Span = tuple[float, float]
"""First and last minute, the last one not included."""


def labels_of(pod: str, span: Span, instance: str = "10.0.0.1:8080", **labels: str) -> Series:
    """kube_pod_labels of a pod as one kube-state-metrics shows it."""
    own = {"namespace": "shop", "pod": pod, "uid": f"uid-{pod}", "instance": instance, "job": "ksm"}
    pairs = own | {f"label_{key}": text for key, text in labels.items()}
    start, end = (int(START + minute * MINUTE) for minute in span)
    return Series("kube_pod_labels", tuple(sorted(pairs.items())), "ksm", (Part(start, end, Constant(1.0)),))


SHOWN = [
    labels_of("steady", (0, 180), team="a", app="steady"),
    # In the middle of the last hour its team changes, to one that comes before in the alphabet, and a label goes.
    labels_of("relabelled", (0, 150), team="old", tier="front"),
    labels_of("relabelled", (150, 180), team="new"),
    # The same, of a pod that goes: nothing of it is left when the hour ends.
    labels_of("relabelled-and-gone", (0, 60), team="old"),
    labels_of("relabelled-and-gone", (60, 100), team="new"),
    # kube-state-metrics is restarted, and again when the labels change.
    labels_of("restarted", (0, 40), team="old"),
    labels_of("restarted", (40, 90), "10.0.0.2:8080", team="old"),
    labels_of("restarted", (90, 180), "10.0.0.3:8080", team="new"),
    # Two of them at once, all the time.
    labels_of("seen-twice", (0, 180), team="a"),
    labels_of("seen-twice", (0, 180), "10.0.0.9:8080", team="a"),
    # It came and went between two looks, which are five minutes apart.
    labels_of("brief", (61, 64), team="a"),
    labels_of("odd", (0, 180), text='say "hi"\n\\ 雲', partOf="x"),
]
SAID = {
    "steady": {"team": "a", "app": "steady"},
    "relabelled": {"team": "new", "tier": "front"},
    "relabelled-and-gone": {"team": "new"},
    "restarted": {"team": "new"},
    "seen-twice": {"team": "a"},
    "brief": {"team": "a"},
    "odd": {"text": 'say "hi"\n\\ 雲', "part_of": "x"},
}


@pytest.fixture(scope="module")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    folder = tmp_path_factory.mktemp("prometheus")
    with PrometheusServer(folder, programs("prometheus")["prometheus"]) as server:
        write(Exposition(START, END, tuple(SHOWN)), server.url)
        yield server


@pytest.fixture
def client(prometheus_server: PrometheusServer) -> Iterator[Prometheus]:
    with asking(prometheus_server.url) as client:
        yield client


def query_of(name: str) -> Query:
    return next(query for query in CATALOGUE if query.name == name)


def said(fetcher: Prometheus, start: int = START, end: int = END) -> dict[str, Mapping[str, str]]:
    """Keys and values by pod; no key of a pod comes twice."""
    found = read(fetcher, query_of("pod_labels"), start, end, HOUR)
    assert set(found.labels["namespace"]) == {"shop"}
    assert found.labels["uid"] == [f"uid-{pod}" for pod in found.labels["pod"]]
    rows = list(zip(*(found.labels[label] for label in ("pod", "key", "label_value")), strict=True))
    by_pod: dict[str, Mapping[str, str]] = {}
    for pod in found.labels["pod"]:
        of_pod = [row[1:] for row in rows if row[0] == pod]
        by_pod[pod] = dict(of_pod)
        assert len(by_pod[pod]) == len(of_pod)
    return by_pod


def test_each_pod_says_once_what_it_said_last(client: Prometheus) -> None:
    assert said(client) == SAID


def test_an_hour_that_is_not_over_says_what_was_said_last_too(client: Prometheus) -> None:
    # The newest hour is asked to its end, which Prometheus has not reached.
    assert said(client, END - HOUR, END + HOUR)["relabelled"] == {"team": "new", "tier": "front"}


def test_an_earlier_span_says_what_was_said_then(client: Prometheus) -> None:
    found = said(client, START, START + HOUR)
    assert found["relabelled"] == {"team": "old", "tier": "front"}
    assert "brief" not in found


def test_an_answer_in_parts_is_the_answer(client: Prometheus) -> None:
    class Small:
        """Refuses what more than one letter of pods is asked at once."""

        def __init__(self) -> None:
            self.asked = 0

        def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
            self.asked += 1
            letters = len(extra) > 1 and extra[1].operator == "=~" and len(extra[1].value) > len(".*[a]")
            if len(extra) < 2 or letters:
                raise MetricsTooLargeError("too many samples")
            return client.fetch(query, start, end, step, extra)

        def now(self) -> float:
            return END

    small = Small()
    assert said(small) == SAID  # type: ignore[arg-type] # another fetcher
    assert small.asked > 10
