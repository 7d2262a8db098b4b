"""What filters mean, in both of Kubecost's languages."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import InvalidQuestionError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import (
    DEEPEST,
    FIELDS,
    KEYED,
    LISTS,
    MOST_VALUES,
    SIGNS,
    Comparison,
    Either,
    Every,
    Filter,
    label_key,
    parse_lists,
)

NAMESPACE_A = Comparison("namespace", "equals", ("a",))
POD_B = Comparison("pod", "equals", ("b",))
NODE_C = Comparison("node", "equals", ("c",))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Every()),
        ("  ", Every()),
        ('namespace:"a"', NAMESPACE_A),
        ('namespace:"a","b c"', Comparison("namespace", "equals", ("a", "b c"))),
        ('pod!:"x"', Comparison("pod", "equals", ("x",), negated=True)),
        ('pod~:"x"', Comparison("pod", "contains", ("x",))),
        ('pod!~:"x"', Comparison("pod", "contains", ("x",), negated=True)),
        ('pod<~:"x"', Comparison("pod", "starts", ("x",))),
        ('pod!<~:"x"', Comparison("pod", "starts", ("x",), negated=True)),
        ('pod~>:"x"', Comparison("pod", "ends", ("x",))),
        ('pod!~>:"x"', Comparison("pod", "ends", ("x",), negated=True)),
        ('namespace : "a"', NAMESPACE_A),
        ('namespace:"a"+pod:"b"+node:"c"', Every((NAMESPACE_A, POD_B, NODE_C))),
        ('namespace:"a"|pod:"b"', Either((NAMESPACE_A, POD_B))),
        ('(namespace:"a"|pod:"b")+node:"c"', Every((Either((NAMESPACE_A, POD_B)), NODE_C))),
        ('namespace:"a"|(pod:"b"+node:"c")', Either((NAMESPACE_A, Every((POD_B, NODE_C))))),
        ('((namespace:"a"))', NAMESPACE_A),
        # A + that nobody encoded is a blank when it comes out of a URL.
        ('namespace:"a" pod:"b"', Every((NAMESPACE_A, POD_B))),
        ('label[app.kubernetes.io/name]:"web"', Comparison("label", "equals", ("web",), "app_kubernetes_io_name")),
        ('annotation[a]~:""', Comparison("annotation", "contains", ("",), "a")),
        ('label:"app"', Comparison("label", "equals", ("app",))),
        ('label:"app.kubernetes.io/name"', Comparison("label", "equals", ("app_kubernetes_io_name",))),
        ('team!:"__unallocated__"', Comparison("team", "equals", ("__unallocated__",), negated=True)),
        # The seed's and the contract's own examples.
        (
            'namespace:"a","b"+label[app]<~:"web"',
            Every((Comparison("namespace", "equals", ("a", "b")), Comparison("label", "starts", ("web",), "app"))),
        ),
        (
            'label[KEY]:"name"+controllerKind:"deployment"',
            Every(
                (
                    Comparison("label", "equals", ("name",), "key"),
                    Comparison("controllerKind", "equals", ("deployment",)),
                )
            ),
        ),
    ],
)
def test_a_filter_means(text: str, meant: Filter) -> None:
    assert parse_filter(text) == meant


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("namespace:a", "at character 11 stands 'a'; expected is a value in double quotes"),
        ("namespace", "at character 10 it ends; expected is one of :, ~:, <~:, ~>:, !: after namespace"),
        ('nmspace:"a"', "at character 1 stands 'nmspace:\"a\"'; expected is one of cluster, node, namespace"),
        ('Namespace:"a"', "at character 1"),
        ('namespace:"a"+', "at character 15 it ends; expected is a field such as namespace"),
        ('namespace:"a"+pod:"b"|node:"c"', "at character 22 stands '|node:\"c\"'; expected is another '+'"),
        ('(namespace:"a"', "at character 15 it ends; expected is ')'"),
        ('namespace:"a")', "at character 14 stands ')'; expected is '+', '|' or the end"),
        ('namespace:"a', "at character 11 stands '\"a'"),
        ('namespace:"a",', "at character 15 it ends; expected is a value in double quotes"),
        ('label~:"app"', "expected is label[app], with a key"),
        ('label[]:"app"', "expected is label[app], with a key"),
        ('namespace[x]:"a"', "expected is namespace without brackets"),
        ('namespace=="a"', "at character 10 stands '==\"a\"'"),
        ("()", "at character 2 stands ')'; expected is a field"),
        ("(" * (DEEPEST + 1) + 'pod:"a"' + ")" * (DEEPEST + 1), f"at most {DEEPEST} parentheses"),
        ("pod:" + ",".join(['"a"'] * (MOST_VALUES + 1)), f"at most {MOST_VALUES} values"),
    ],
)
def test_what_is_no_filter_is_refused_with_its_position(text: str, sentence: str) -> None:
    with pytest.raises(InvalidQuestionError) as raised:
        parse_filter(text)
    assert sentence in str(raised.value)
    assert len(str(raised.value)) < 400


comparisons = st.builds(
    lambda name, key, sign, values, negated: Comparison(
        name, sign, tuple(values), key if name in KEYED else "", negated
    ),
    st.sampled_from(FIELDS),
    st.from_regex(r"\A[a-z_][a-z0-9_]{0,9}\Z"),
    st.sampled_from(sorted(SIGNS.values())),
    st.lists(st.text(st.characters(exclude_characters='"'), max_size=8), min_size=1, max_size=3),
    st.booleans(),
)
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Every(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
    ),
    max_leaves=8,
)


def written(one: Filter) -> str:
    """The filter as a person would write it."""
    if isinstance(one, Comparison):
        op = next(op for op, sign in SIGNS.items() if sign == one.sign)
        key = f"[{one.key}]" if one.key else ""
        values = ",".join(f'"{value}"' for value in one.values)
        return f"{one.field}{key}{'!' if one.negated else ''}{op}{values}"
    return f"({('+' if isinstance(one, Every) else '|').join(map(written, one.parts))})"


@given(filters)
def test_what_is_written_is_read(one: Filter) -> None:
    assert parse_filter(written(one)) == one


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidQuestionError):
        parse_filter(text)


@pytest.mark.parametrize(
    ("lists", "meant"),
    [
        ({}, Every()),
        ({"filterNamespaces": ""}, Every()),
        ({"filterNamespaces": "a"}, Every((Either((NAMESPACE_A,)),))),
        (
            {"filterNamespaces": "a, b*", "filterPods": "b"},
            Every((Either((NAMESPACE_A, Comparison("namespace", "starts", ("b",)))), Either((POD_B,)))),
        ),
        (
            {"filterLabels": "app.kubernetes.io/name:web,team:*"},
            Every(
                (
                    Either(
                        (
                            Comparison("label", "equals", ("web",), "app_kubernetes_io_name"),
                            # Whatever its value.
                            Comparison("label", "equals", ("team",)),
                        )
                    ),
                )
            ),
        ),
        (
            {"filterControllers": "deployment:web,api"},
            Every(
                (
                    Either(
                        (
                            Comparison("controllerName", "equals", ("api",)),
                            Every(
                                (
                                    Comparison("controllerKind", "equals", ("deployment",)),
                                    Comparison("controllerName", "equals", ("web",)),
                                )
                            ),
                        )
                    ),
                )
            ),
        ),
    ],
)
def test_the_lists_of_v1_mean(lists: dict[str, str], meant: Any) -> None:
    assert parse_lists(lists) == meant


def test_every_list_of_v1_compares_a_field() -> None:
    assert set(LISTS.values()) <= set(FIELDS)


def test_many_values_of_a_list_are_one_comparison() -> None:
    pods = [f"pod-{number}" for number in range(MOST_VALUES)]
    found = parse_lists({"filterPods": ",".join([*pods[1:], "web*"])})
    assert found == Every(
        (Either((Comparison("pod", "equals", tuple(pods[1:])), Comparison("pod", "starts", ("web",)))),)
    )
    with pytest.raises(InvalidQuestionError, match=r"filterPods has 1001 values; at most 1000 are offered"):
        parse_lists({"filterPods": ",".join([*pods, "one more"])})


@pytest.mark.parametrize("lists", [{"filterColours": "red"}, {"filterLabels": "app"}, {"filterLabels": ":web"}])
def test_what_is_no_list_of_v1_is_refused(lists: dict[str, str]) -> None:
    with pytest.raises(InvalidQuestionError):
        parse_lists(lists)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("app.kubernetes.io/name-x", "app_kubernetes_io_name_x"),
        ("costCenter", "cost_center"),
        ("TEAM", "team"),
        ("v2Name", "v2_name"),
    ],
)
def test_keys_are_spelled_as_kube_state_metrics_spells_them(written: str, spelled: str) -> None:
    assert label_key(written) == spelled
    assert label_key(spelled) == spelled
