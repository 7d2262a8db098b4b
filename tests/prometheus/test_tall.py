"""Labels that are not known in advance become rows, and nobody's labels become a burden."""

import json
import math
import time
import tracemalloc
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import MetricsError, MetricsMalformedError
from farthing.model.samples import Samples
from farthing.prometheus.decode import decode
from farthing.prometheus.tall import LONGEST, MOST_KEYS, MOST_TEXT, USELESS

LABELS = ("namespace", "pod", "uid", "key", "label_value")
WEB = {"namespace": "shop", "pod": "web", "uid": "u-1"}
END = 1_794_873_599.999
LATER, EARLIER = "1794873590", "1794870000"

Metric = dict[str, str]


def answer(*series: tuple[Metric, str]) -> bytes:
    result = [{"metric": metric, "values": [[END, value]]} for metric, value in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


def tall(*series: tuple[Metric, str], prefix: str = "label_") -> Samples:
    return decode("pod_labels", answer(*series), LABELS, prefix)


def said(samples: Samples, of: str = "web") -> dict[str, str]:
    """Keys and values of a pod; none comes twice."""
    rows = [row[3:] for row in zip(*(samples.labels[label] for label in LABELS), strict=True) if row[1] == of]
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def test_each_label_becomes_a_row() -> None:
    found = tall((WEB | {"label_app": "web", "label_team": "a", "instance": "10.0.0.1:8080", "job": "ksm"}, LATER))
    assert list(zip(*(found.labels[label] for label in LABELS), strict=True)) == [
        ("shop", "web", "u-1", "team", "a"),
        ("shop", "web", "u-1", "app", "web"),
    ]
    assert (found.name, found.series_count, list(found.index)) == ("pod_labels", 2, [0, 1])
    assert (list(found.times), list(found.values)) == ([END, END], [float(LATER)] * 2)


def test_annotations_have_their_own_prefix() -> None:
    both = WEB | {"label_app": "web", "annotation_owner": "ada@example.com"}
    assert said(tall((both, LATER), prefix="annotation_")) == {"owner": "ada@example.com"}


def test_a_label_of_a_namespace_needs_no_pod() -> None:
    body = answer(({"namespace": "shop", "label_team": "a"}, LATER))
    found = decode("namespace_labels", body, ("namespace", "key", "label_value"), "label_")
    assert found.labels == {"namespace": ["shop"], "key": ["team"], "label_value": ["a"]}


def test_what_has_no_such_label_has_no_row() -> None:
    assert tall((WEB | {"job": "ksm", "label_": "nameless", "label_empty": ""}, LATER)).series_count == 0
    assert tall().labels == {label: [] for label in LABELS}


def test_two_scrapers_make_one_row() -> None:
    one, other = ({"job": job, "label_app": "web"} for job in ("ksm", "opencost"))
    assert tall((WEB | one, LATER), (WEB | other, LATER)).series_count == 1


def test_keys_are_spelled_alike_whoever_exports_them() -> None:
    # kube-state-metrics writes label_part_of where OpenCost's exporter writes label_partOf.
    found = tall((WEB | {"label_part_of": "x"}, EARLIER), (WEB | {"label_partOf": "x"}, LATER))
    assert said(found) == {"part_of": "x"}


def test_the_value_seen_last_counts_and_what_only_another_series_says_is_added() -> None:
    old = (WEB | {"label_team": "z", "label_tier": "front"}, EARLIER)
    new = (WEB | {"label_team": "a"}, LATER)
    assert said(tall(old, new)) == said(tall(new, old)) == {"team": "a", "tier": "front"}


def test_of_values_seen_last_at_once_the_greatest_counts_in_whatever_order_they_come() -> None:
    series = [(WEB | {"label_team": team}, LATER) for team in ("b", "c", "a")]
    assert {said(tall(*order))["team"] for order in permutations(series)} == {"c"}


@pytest.mark.parametrize("value", ["NaN", "-Inf", "-1"])
def test_a_time_that_is_none_is_the_earliest(value: str) -> None:
    one, other = (WEB | {"label_team": "z"}, value), (WEB | {"label_team": "a"}, EARLIER)
    assert said(tall(one, other)) == said(tall(other, one)) == {"team": "a"}
    assert list(tall(one).values) == [0.0]


def test_the_last_sample_of_a_series_counts() -> None:
    series = {"metric": WEB | {"label_a": "b"}, "values": [[END - 60, "1"], [END, "2"]]}
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}}).encode()
    found = decode("q", body, LABELS, "label_")
    assert (list(found.times), list(found.values)) == ([END], [2.0])


def test_the_object_as_it_was_applied_is_left_out() -> None:
    (useless,) = USELESS
    found = tall((WEB | {f"annotation_{useless}": "{}", "annotation_owner": "a"}, LATER), prefix="annotation_")
    assert said(found) == {"owner": "a"}


def test_a_value_that_is_too_long_is_left_out_whole() -> None:
    found = tall((WEB | {"label_long": "x" * LONGEST, "label_longer": "x" * (LONGEST + 1), "label_app": "web"}, LATER))
    assert said(found) == {"app": "web", "long": "x" * LONGEST}


def test_of_too_many_labels_those_with_the_shortest_values_are_kept() -> None:
    many = {f"label_k{number:03}": "x" * (1 + number % 2) for number in range(MOST_KEYS + 100)}
    other = {"namespace": "shop", "pod": "api", "uid": "u-2", "label_app": "api"}
    found = tall((WEB | many, LATER), (other, LATER))
    kept = said(found)
    # Half of the 356 have one character: these 178, and the first 78 of the others.
    assert len(kept) == MOST_KEYS
    assert [key for key, value in kept.items() if len(value) == 2] == [f"k{number:03}" for number in range(1, 156, 2)]
    assert said(found, "api") == {"app": "api"}


def test_of_too_much_text_the_longest_values_are_left_out_whole() -> None:
    # 16 x 512 are 8192, all there is room for: with 3 more characters one of the 16 has none.
    long = {f"label_long{number:02}": "x" * 512 for number in range(16)}
    assert (MOST_TEXT, LONGEST) == (8192, 512)
    assert len(said(tall((WEB | long, LATER)))) == 16
    kept = said(tall((WEB | long | {"label_app": "web"}, LATER)))
    assert sorted(kept) == ["app", *(f"long{number:02}" for number in range(15))]


@pytest.mark.parametrize(
    "text", ["a\x00b", "line\nline", "\x1b[31m", "é 雲 \U0001f600", "'; drop table x; --", "\u202e"]
)
def test_a_value_is_kept_as_it_is(text: str) -> None:
    assert said(tall((WEB | {"annotation_x": text}, LATER), prefix="annotation_")) == {"x": text}


@pytest.mark.parametrize(
    "series",
    [
        {"metric": {"label_a": 1}, "values": [[1, "1"]]},
        {"metric": {"label_a": None}, "values": [[1, "1"]]},
        {"metric": ["label_a"], "values": [[1, "1"]]},
        {"metric": {"label_a": "b"}, "values": [[1, "one"]]},
        {"metric": {"label_a": "b"}, "values": [["now", "1"]]},
        {"metric": {"label_a": "b"}, "values": {"1": "1"}},
        {"values": [[1, "1"]]},
    ],
    ids=json.dumps,
)
def test_other_types_are_malformed(series: object) -> None:
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}}).encode()
    with pytest.raises(MetricsMalformedError, match="the query 'q'"):
        decode("q", body, LABELS, "label_")


def test_half_a_character_is_malformed() -> None:
    with pytest.raises(MetricsMalformedError):
        decode("q", answer((WEB | {"label_a": "b"}, LATER)).replace(b'"b"', b'"\xed\xa0\x80"'), LABELS, "label_")


@given(st.dictionaries(st.text(max_size=3) | st.just("label_a"), st.none() | st.text(max_size=3) | st.floats()))
def test_any_labels_give_rows_or_an_error_of_ours(metric: dict[str, object]) -> None:
    result = [{"metric": metric, "values": [[1, "1"]]}]
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
    try:
        decode("q", body, LABELS, "label_")
    except MetricsError as error:
        assert "the query 'q'" in str(error)  # noqa: PT017 - most fail, and it does not matter which


def test_the_labels_of_a_large_cluster_take_little_memory_and_time() -> None:
    said_of_each = {f"label_key_{number}": f"value-{number}-of-many" for number in range(10)}
    body = answer(*(
        ({"namespace": f"n-{pod % 25}", "pod": f"pod-{pod}", "uid": f"{pod:036}", **said_of_each}, LATER)
        for pod in range(2500)
    ))  # fmt: skip
    begun = time.process_time()
    tracemalloc.start()
    found = decode("pod_labels", body, LABELS, "label_")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.series_count == 25_000
    assert time.process_time() - begun < 5
    # The answer is 1.3 MB.
    assert peak < 40e6


def test_the_largest_answer_of_one_tenant_stays_within_bounds() -> None:
    # A pod's annotations may have 256 KiB in all.
    metric = WEB | {f"annotation_{number:05}": "x" for number in range(20_000)}
    assert len(said(tall((metric, LATER), prefix="annotation_"))) == MOST_KEYS
    assert not math.isnan(sum(tall((metric, LATER), prefix="annotation_").values))
