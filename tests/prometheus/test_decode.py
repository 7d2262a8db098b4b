"""Prometheus' JSON becomes columns; whatever else arrives becomes an error, and never an empty answer."""

import json
import math
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from farthing.errors import MetricsError, MetricsMalformedError, MetricsPartialError, MetricsTooLargeError
from farthing.prometheus.decode import SHOWN, clock, decode

LABELS = ("namespace", "pod")


def answer(*series: object, **more: object) -> bytes:
    data = {"resultType": "matrix", "result": list(series)}
    return json.dumps({"status": "success", "data": data, **more}).encode()


def one(value: str) -> bytes:
    return answer({"metric": {}, "values": [[1.5, value]]})


def test_series_become_columns_with_one_entry_a_sample() -> None:
    body = answer(
        {"metric": {"namespace": "a", "pod": "p"}, "values": [[10.999, "1"], [20.999, "2.5"]]},
        {"metric": {"namespace": "b", "pod": "q"}, "values": [[10.999, "3"]]},
    )
    found = decode("running", body, LABELS)
    assert found.name == "running"
    assert found.labels == {"namespace": ["a", "b"], "pod": ["p", "q"]}
    assert found.series_count == 2
    assert list(found.index) == [0, 0, 1]
    assert list(found.times) == [10.999, 20.999, 10.999]
    assert list(found.values) == [1.0, 2.5, 3.0]


def test_a_label_that_a_series_lacks_is_empty_and_others_are_left_out() -> None:
    found = decode("q", answer({"metric": {"pod": "p", "uid": "u"}, "values": [[1, "1"]]}), LABELS)
    assert found.labels == {"namespace": [""], "pod": ["p"]}


def test_an_answer_without_series_is_empty() -> None:
    found = decode("q", answer(), LABELS)
    assert (found.series_count, len(found.values), found.labels) == (0, 0, {"namespace": [], "pod": []})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5e+06", 1_500_000.0),
        ("1e-9", 1e-9),
        ("-0", 0.0),
        ("1.7976931348623157e+308", 1.7976931348623157e308),
        ("5e-324", 5e-324),
        ("+Inf", math.inf),
        ("-Inf", -math.inf),
        ("9007199254740993", 9007199254740992.0),
    ],
)
def test_numbers_are_read_as_prometheus_writes_them(text: str, number: float) -> None:
    assert list(decode("q", one(text), ()).values) == [number]


def test_what_is_no_number_is_read_as_such() -> None:
    (value,) = decode("q", one("NaN"), ()).values
    assert math.isnan(value)


def test_an_infinite_sample_changes_no_label() -> None:
    found = decode("q", answer({"metric": {"pod": "+Inf"}, "values": [[1, "+Inf"]]}), ("pod",))
    assert found.labels == {"pod": ["+Inf"]}


def test_a_series_of_histograms_only_has_no_samples() -> None:
    found = decode("q", answer({"metric": {"pod": "p"}, "histograms": [[1, {"count": "2", "sum": "3"}]]}), ("pod",))
    assert (found.series_count, list(found.values)) == (1, [])


def test_information_about_a_query_is_not_a_warning() -> None:
    assert decode("q", answer(infos=["metric might not be a counter"], warnings=None), ()).series_count == 0


@pytest.mark.parametrize("warning", ["partial response: store unreachable", "results truncated due to limit"])
def test_an_answer_with_a_warning_is_partial(warning: str) -> None:
    with pytest.raises(MetricsPartialError, match=f"the query 'q' with a warning, so data is missing: {warning}"):
        decode("q", answer({"metric": {}, "values": [[1, "1"]]}, warnings=[warning]), ())


def test_an_answer_that_calls_itself_partial_is_one() -> None:
    whole = answer({"metric": {}, "values": [[1, "1"]]}, isPartial=False)
    assert decode("q", whole, ()).series_count == 1
    with pytest.raises(MetricsPartialError, match="the answer to the query 'q' says isPartial, so data is missing"):
        decode("q", whole.replace(b"false", b"true"), ())


def test_an_error_in_a_body_is_one_although_http_says_ok() -> None:
    body = b'{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}'
    with pytest.raises(MetricsMalformedError, match="failed on the query 'q': execution many-to-many"):
        decode("q", body, ())


def test_a_refusal_for_size_in_a_body_is_one_although_http_says_ok() -> None:
    body = b'{"status":"error","errorType":"execution","error":"query would load too many samples into memory"}'
    with pytest.raises(MetricsTooLargeError):
        decode("q", body, ())


@pytest.mark.parametrize("kind", ["vector", "scalar", "string", "streams"])
def test_another_kind_of_result_is_malformed(kind: str) -> None:
    result: list[object] = [{"metric": {}, "value": [1, "1"]}] if kind in {"vector", "streams"} else [1, "1"]
    body = json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()
    with pytest.raises(MetricsMalformedError):
        decode("q", body, ())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"resultType":"scalar","result":[1794873600.5,"1794873600.5"]}', id="Prometheus"),
        pytest.param(
            b'{"resultType":"vector","result":[{"metric":{},"value":[1794873600.5,"1794873600.5"]}]}',
            id="VictoriaMetrics",
        ),
        pytest.param(b'{"resultType": "scalar", "result": [1794873600.5, "1794873600.5"]}', id="with spaces"),
    ],
)
def test_the_clock_is_read_from_a_scalar_and_from_a_vector(data: bytes) -> None:
    assert clock(b'{"status":"success","isPartial":false,"data":' + data + b"}") == 1_794_873_600.5


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(b"[]", id="empty"),
        pytest.param(b'[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"1"]}]', id="two"),
        pytest.param(b'[{"metric":{}}]', id="without a value"),
        pytest.param(b'[{"metric":{},"value":null}]', id="null"),
        pytest.param(b'[-1,"-1"]', id="before 1970"),
        pytest.param(b'[1794873600000,"1794873600000"]', id="milliseconds"),
        pytest.param(b'[1e999,"1"]', id="beyond doubles"),
        pytest.param(b'["1794873600","1794873600"]', id="words"),
        pytest.param(b"[" * 100_000, id="nesting"),
    ],
)
def test_a_clock_that_tells_no_time_is_malformed(result: bytes) -> None:
    with pytest.raises(MetricsMalformedError, match="the answer to the query 'time' is not Prometheus' JSON"):
        clock(b'{"status":"success","data":{"resultType":"vector","result":' + result + b"}}")


GOOD = answer({"metric": {"pod": "p"}, "values": [[1.5, "2"]]})

FOREIGN = {
    "nothing": b"",
    "null": b"null",
    "a login page": b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "only a status": b'{"status":"success"}',
    "no result": b'{"status":"success","data":{"resultType":"matrix"}}',
    "null for a result": b'{"status":"success","data":{"resultType":"matrix","result":null}}',
    "bad UTF-8": GOOD.replace(b'"p"', b'"\xff"'),
    "half a surrogate": GOOD.replace(b'"p"', b'"\\ud800"'),
    "a label that is a number": GOOD.replace(b'"p"', b"1"),
    "values that are null": GOOD.replace(b'[[1.5, "2"]]', b"null"),
    "a sample of three": GOOD.replace(b'"2"', b'"2", "3"'),
    "a number in words": GOOD.replace(b'"2"', b'"two"'),
    "a number with underscores": GOOD.replace(b'"2"', b'"1_000"'),
    "no number": GOOD.replace(b'"2"', b'""'),
    "a number beyond doubles": GOOD.replace(b'"2"', b'"1e999"'),
    "two documents": GOOD + GOOD,
    "nesting without end": b'{"status":' + b"[" * 1_000_000,
    "nesting within values": GOOD.replace(b'[[1.5, "2"]]', b"[" * 100_000 + b"]" * 100_000),
    "nesting within what is skipped": b'{"x":' + b'{"x":' * 1_000_000,
}


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_prometheus_json_is_malformed(body: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(MetricsMalformedError, match="the query 'q'") as caught:
        decode("q", body, ("pod",))
    assert time.monotonic() - begun < 1.0
    assert len(str(caught.value)) < 500


def test_a_body_that_was_cut_is_malformed_wherever_it_was() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(MetricsMalformedError):
            decode("q", GOOD[:length], ("pod",))


def test_a_foreign_text_is_repeated_in_part_only() -> None:
    with pytest.raises(MetricsError) as caught:
        decode("q", b"<html>" + b"x" * 10_000, ())
    assert "x" * SHOWN not in str(caught.value)


def test_a_large_answer_needs_no_object_for_each_sample() -> None:
    # A day of 2,500 containers: 60,000 samples in 2.2 MB. As Python floats and tuples they took 8 MB more.
    body = answer(*({"metric": {"pod": f"p{n}"}, "values": [[h, str(h / 7)] for h in range(24)]} for n in range(2500)))
    tracemalloc.start()
    try:
        found = decode("q", body, ("pod",))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.values) == 60_000
    assert most < 3 * len(body)


numbers = st.floats(allow_nan=True, allow_infinity=True)
times = st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
series_lists = st.lists(
    st.tuples(st.dictionaries(st.sampled_from([*LABELS, "uid"]), texts), st.lists(st.tuples(times, numbers)))
)


def written(value: float) -> str:
    """As Go's strconv.FormatFloat(value, 'f' or 'e', -1, 64) does."""
    if math.isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else repr(value)


@given(series_lists)
@example([({"pod": '"+Inf"'}, [(0.0, math.inf)])])
def test_what_is_encoded_is_decoded_alike(given_series: list[tuple[dict[str, str], list[tuple[float, float]]]]) -> None:
    body = answer(
        *(
            {"metric": labels, "values": [[time, written(value)] for time, value in samples]}
            for labels, samples in given_series
        )
    )
    found = decode("q", body, LABELS)
    assert found.labels == {label: [labels.get(label, "") for labels, _ in given_series] for label in LABELS}
    assert found.series_count == len(given_series)
    expected = [(n, time, value) for n, (_, samples) in enumerate(given_series) for time, value in samples]
    assert list(found.index) == [n for n, _, _ in expected]
    assert list(found.times) == [time for _, time, _ in expected]
    assert [written(value) for value in found.values] == [written(value) for _, _, value in expected]


@given(st.binary())
def test_any_bytes_give_columns_or_an_error_of_ours(body: bytes) -> None:
    try:
        decode("q", body, LABELS)
    except MetricsError as error:
        assert "the query 'q'" in str(error)  # noqa: PT017 - most bytes fail, and it does not matter which


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["metric", "values"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_in_place_of_a_result_gives_columns_or_an_error_of_ours(result: object) -> None:
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
    try:
        decode("q", body, LABELS)
    except MetricsError as error:
        assert "the query 'q'" in str(error)  # noqa: PT017 - likewise
