"""What a value holds, it stays a value: the real Prometheus' parser reads one selector with the matchers that were meant."""

from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from farthing.errors import InvalidInputError
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.queries import Matcher, Query
from tests.support.prometheus_server import PrometheusServer

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
labels = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,10}", fullmatch=True).filter(lambda label: label != "__name__")
hostile = st.sampled_from(['"', "\\", "\n", "\r", "`", "{", "}", ",", "'", '"} or vector(1) #', "\x00", "\u2028"])


def parsed(server: PrometheusServer, promql: str) -> Any:
    response = requests.post(f"{server.url}/api/v1/parse_query", data={"query": promql}, timeout=10)
    assert response.ok, f"{promql!r}: {response.text}"
    return response.json()["data"]


def matchers_of(selector: Any) -> list[tuple[str, str, str]]:
    assert selector["type"] == "vectorSelector"
    return [(each["name"], each["type"], each["value"]) for each in selector["matchers"] if each["name"] != "__name__"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels, st.sampled_from(["=", "!="]), st.lists(texts | hostile, max_size=5).map("".join))
@example("pod", "=", '"} or vector(1) #')
@example("pod", "=", "\\")
@example("pod", "!=", '\\"\n')
def test_a_value_cannot_leave_its_quotes(
    prometheus_server: PrometheusServer, label: str, operator: str, value: str
) -> None:
    found = parsed(prometheus_server, f"up{{{Matcher(label, operator, value)}}}")
    assert matchers_of(found) == [(label, operator, value)]


@pytest.mark.parametrize("query", CATALOGUE, ids=lambda query: query.name)
def test_every_query_of_the_catalogue_takes_further_matchers(prometheus_server: PrometheusServer, query: Query) -> None:
    value = 'prod "eu"} \\ or up{a="'
    further = Matcher("cluster", "=", value)
    found = parsed(prometheus_server, query.promql("3600s", (further,)))
    selectors = list(selectors_in(found))
    assert selectors
    expected = {*((each.label, each.operator, each.value) for each in query.matchers), ("cluster", "=", value)}
    for selector in selectors:
        assert set(matchers_of(selector)) == {each for each in expected if each[0] != "__name__"}


def selectors_in(node: Any) -> Any:
    """The vector selectors of a parsed expression."""
    if isinstance(node, list):
        for each in node:
            yield from selectors_in(each)
    elif isinstance(node, dict):
        if node.get("type") == "vectorSelector":
            yield node
        elif node.get("type") == "matrixSelector":
            yield {**node, "type": "vectorSelector"}
        for value in node.values():
            yield from selectors_in(value)


@pytest.mark.parametrize("label", ["", "a b", "1a", "a-b", 'a"', "a=", "ä", "a\n", "a}"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be matched"):
        Matcher(label, "=", "x")


@pytest.mark.parametrize("operator", ["", "==", "~", "=~ ", '="x",b='])
def test_what_is_no_operator_is_refused(operator: str) -> None:
    with pytest.raises(InvalidInputError, match="use =, !=, =~ or !~"):
        Matcher("pod", operator, "x")


def test_a_value_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no Unicode text"):
        Matcher("pod", "=", "\ud800")
