"""Prometheus' JSON to columns, in one pass and without one object per sample.

Whatever arrives gives columns or a MetricsError: wrong types, bad UTF-8 and nesting without end included. The numbers of a series stay raw bytes until its turn, so the memory needed is that of the answer and of its numbers once.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from farthing.errors import MetricsMalformedError, MetricsPartialError, MetricsTooLargeError
from farthing.model.samples import Samples
from farthing.prometheus.tall import tall_samples


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: msgspec.Raw = msgspec.Raw(b"[]")


class _Data(msgspec.Struct):
    resultType: str  # noqa: N815 - Prometheus' spelling
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    errorType: str = ""  # noqa: N815 - Prometheus' spelling
    error: str = ""
    warnings: list[str] | None = None
    isPartial: bool = False  # noqa: N815 - VictoriaMetrics' spelling


class _Instant(msgspec.Struct):
    value: tuple[float, str]


class _Now(msgspec.Struct):
    result: list[float | str | _Instant]


class _Clock(msgspec.Struct):
    data: _Now


_ANSWER = msgspec.json.Decoder(_Answer)
_CLOCK = msgspec.json.Decoder(_Clock)
_VALUES = msgspec.json.Decoder(list[tuple[float, float]], strict=False)
_FOREIGN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""How msgspec says no."""

_SIZE = re.compile(r"too many|(?<!deadline )exceed|cannot select more than")
"""How Prometheus, Thanos, Mimir and VictoriaMetrics say that an answer is too large for them."""

SHOWN = 120
"""How much of a foreign text is repeated in a message. [characters]"""

LATEST = 1e11
"""Beyond it, in the year 5138, a time is in other units or none. [unix s]"""


def decode(name: str, body: bytes, labels: tuple[str, ...], tall: str = "") -> Samples:
    """The samples of an answer of ``query_range`` to the query ``name``, with ``labels`` as columns.

    Where ``tall`` is given, each label that begins with it becomes a row (``prometheus.tall``).

    Raises MetricsMalformedError if the body is not Prometheus' JSON, MetricsPartialError if it has warnings or calls
    itself partial, and MetricsTooLargeError or MetricsMalformedError if the body reports an error.
    """
    try:
        answer = _ANSWER.decode(body)
    except _FOREIGN as error:
        raise MetricsMalformedError(_foreign(name, body, str(error))) from error
    if answer.status != "success":
        raise error_in_body(name, answer.errorType, answer.error)
    if answer.data is None:
        raise MetricsMalformedError(_foreign(name, body, "there is no data in it"))
    if answer.warnings:
        raise MetricsPartialError(
            f"Prometheus answered the query {name!r} with a warning, so data is missing: {answer.warnings[0][:SHOWN]}"
        )
    if answer.isPartial:
        raise MetricsPartialError(
            f"the answer to the query {name!r} says isPartial, so data is missing: a storage node of VictoriaMetrics "
            "does not answer"
        )
    if answer.data.resultType != "matrix":
        raise MetricsMalformedError(
            f"Prometheus answered the query {name!r} with {answer.data.resultType[:SHOWN]!r} instead of a matrix"
        )
    if tall:
        return tall_samples(name, labels, tall, _last_samples(name, body, answer.data.result))
    return _columns(name, body, labels, answer.data.result)


def clock(body: bytes) -> float:
    """The time at which ``time()`` was evaluated [unix s], whether the answer is a scalar or a vector of one.

    VictoriaMetrics answers everything with a vector. Raises MetricsMalformedError.
    """
    try:
        result = _CLOCK.decode(body).data.result
    except _FOREIGN as error:
        raise MetricsMalformedError(_foreign("time", body, str(error))) from error
    match result:
        case [float(at), str()] | [_Instant(value=(float(at), str()))] if 0 <= at < LATEST:
            return at
        case _:
            raise MetricsMalformedError(_foreign("time", body, "it does not tell the time"))


def error_in_body(name: str, kind: str, text: str) -> MetricsMalformedError | MetricsTooLargeError:
    """The error that a body with ``status: error`` reports."""
    if _SIZE.search(text):
        return MetricsTooLargeError(f"Prometheus refused the query {name!r} for its size: {text[:SHOWN]}")
    return MetricsMalformedError(f"Prometheus failed on the query {name!r}: {kind[:SHOWN]} {text[:SHOWN]}")


def _columns(name: str, body: bytes, labels: tuple[str, ...], series: Iterable[_Series]) -> Samples:
    values: dict[str, list[str]] = {label: [] for label in labels}
    index, numbers, count = array("i"), array("d"), 0
    try:
        for count, (one, pairs) in enumerate(_pairs(body, series), start=1):
            index.extend(array("i", [count - 1]) * len(pairs))
            numbers.extend(chain.from_iterable(pairs))
            for label in labels:
                values[label].append(one.metric.get(label, ""))
    except _FOREIGN as error:
        raise MetricsMalformedError(_foreign(name, body, str(error))) from error
    return Samples(name, values, count, index, numbers[0::2], numbers[1::2])


def _last_samples(name: str, body: bytes, series: Iterable[_Series]) -> Iterator[tuple[dict[str, str], float, float]]:
    """The labels of each series, with time and value of its last sample."""
    try:
        for one, pairs in _pairs(body, series):
            if pairs:
                yield one.metric, *pairs[-1]
    except _FOREIGN as error:
        raise MetricsMalformedError(_foreign(name, body, str(error))) from error


def _pairs(body: bytes, series: Iterable[_Series]) -> Iterator[tuple[_Series, list[tuple[float, float]]]]:
    """Each of ``series`` with its samples, of time and value."""
    has_infinity = b'"+Inf"' in body
    for one in series:
        # msgspec reads "Inf" and "-Inf", which Prometheus writes as "+Inf" and "-Inf".
        yield one, _VALUES.decode(bytes(one.values).replace(b'"+Inf"', b'"Inf"') if has_infinity else one.values)


def _foreign(name: str, body: bytes, why: str) -> str:
    start = body[:SHOWN].decode("utf-8", "replace").strip()
    return (
        f"the answer to the query {name!r} is not Prometheus' JSON ({why}); it begins {start!r}: "
        "check that the Prometheus URL is the API itself and not a login page or a proxy's"
    )
