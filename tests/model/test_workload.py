"""What is said of a pod: what it says itself, what its namespace says, and which services it is behind."""

import random

import pytest

from tests.support.sample_tables import CLUSTER, Facts, Row, SampleTables, uid_of

Said = set[tuple[str, str, str]]


def pod(tables: SampleTables, name: str, namespace: str = "shop", *, known: bool = True, **labels: str) -> None:
    """A pod with labels."""
    who = {"namespace": namespace, "pod": name, "uid": uid_of(name)}
    if known:
        tables.give("pod_node", 1, **who, node="node-a")
    for key, text in labels.items():
        tables.give("pod_labels", 1, **who, key=key, label_value=text)


def annotate(tables: SampleTables, name: str, **annotations: str) -> None:
    for key, text in annotations.items():
        who = {"namespace": "shop", "pod": name, "uid": uid_of(name)}
        tables.give("pod_annotations", 1, **who, key=key, label_value=text)


def of(facts: Facts, name: str, namespace: str = "shop") -> Said:
    """Kind, key and value of what is said of a pod, or with "" of the namespace; no row comes twice."""
    rows = [row for row in facts.workload if (row["namespace"], row["pod"]) == (namespace, name)]
    assert {row["uid"] for row in rows} <= {uid_of(name) if name else ""}
    said = {(row["kind"], row["key"], row["value"]) for row in rows}
    assert len(said) == len(rows)
    return said


@pytest.fixture(scope="module")
def tables() -> SampleTables:
    tables = SampleTables()
    tables.node()
    for key, text in (("team", "storefront"), ("tier", "front")):
        tables.give("namespace_labels", 1, namespace="shop", key=key, label_value=text)
    tables.give("namespace_annotations", 1, namespace="shop", key="owner", label_value="ada@example.com")
    tables.give("namespace_annotations", 1, namespace="shop", key="budget", label_value="100")
    pod(tables, "web", app="web")
    pod(tables, "api", app="api", team="api-guild")
    annotate(tables, "api", owner="bob@example.com")
    pod(tables, "silent")
    pod(tables, "elsewhere", "bare", app="web")
    pod(tables, "lonely", "bare")
    pod(tables, "gone-long-ago", known=False, app="web")
    # Seen without a node first, and then on one.
    tables.give("pod_node", 1, namespace="shop", pod="web", uid=uid_of("web"), node="")
    for service, key, text in (("front", "app", "web"), ("any-api", "app", "api"), ("all", "team", "api-guild")):
        tables.give("service_selectors", 1, namespace="shop", service=service, key=key, label_value=text)
    return tables


@pytest.fixture(scope="module")
def facts(tables: SampleTables) -> Facts:
    return tables.facts()


def test_a_pod_has_its_own_labels_and_those_of_its_namespace(facts: Facts) -> None:
    labels = {one[1:] for one in of(facts, "web") if one[0] == "label"}
    assert labels == {("app", "web"), ("team", "storefront"), ("tier", "front")}


def test_what_a_pod_says_goes_before_what_its_namespace_says(facts: Facts) -> None:
    labels = {one[1:] for one in of(facts, "api") if one[0] == "label"}
    assert labels == {("app", "api"), ("team", "api-guild"), ("tier", "front")}


def test_annotations_are_inherited_likewise(facts: Facts) -> None:
    assert {one[1:] for one in of(facts, "web") if one[0] == "annotation"} == {
        ("owner", "ada@example.com"), ("budget", "100"),
    }  # fmt: skip
    assert {one[1:] for one in of(facts, "api") if one[0] == "annotation"} == {
        ("owner", "bob@example.com"), ("budget", "100"),
    }  # fmt: skip


def test_a_pod_that_says_nothing_has_what_its_namespace_says(facts: Facts) -> None:
    assert of(facts, "silent") == {
        ("label", "team", "storefront"),
        ("label", "tier", "front"),
        ("annotation", "owner", "ada@example.com"),
        ("annotation", "budget", "100"),
    }


def test_a_pod_has_the_services_it_is_behind(facts: Facts) -> None:
    services = {name: {one for one in of(facts, name) if one[0] == "service"} for name in ("web", "api", "silent")}
    assert services == {
        "web": {("service", "front", "")},
        "api": {("service", "any-api", ""), ("service", "all", "")},
        "silent": set(),
    }


def test_another_namespace_is_another_matter(facts: Facts) -> None:
    assert of(facts, "elsewhere", "bare") == {("label", "app", "web")}
    assert of(facts, "lonely", "bare") == set()
    assert of(facts, "", "bare") == set()


def test_a_namespace_is_told_of_by_itself(facts: Facts) -> None:
    assert of(facts, "") == {
        ("namespace_label", "team", "storefront"),
        ("namespace_label", "tier", "front"),
        ("namespace_annotation", "owner", "ada@example.com"),
        ("namespace_annotation", "budget", "100"),
    }


def test_of_a_pod_that_nobody_knows_nothing_is_said(facts: Facts) -> None:
    assert of(facts, "gone-long-ago") == set()


def test_rows_tell_the_cluster_and_leave_the_day_to_who_keeps_them(facts: Facts) -> None:
    assert {(row["start"], row["cluster"]) for row in facts.workload} == {(0, CLUSTER)}


def test_the_order_of_the_samples_changes_nothing(tables: SampleTables, facts: Facts) -> None:
    def ordered(found: Facts) -> list[Row]:
        return sorted(found.workload, key=str)

    assert ordered(tables.facts(random.Random(5))) == ordered(facts)  # noqa: S311 - no secret


def test_who_is_told_of_nothing_has_no_rows() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("web", started=-10, requests={"cpu": 1})
    tables.usage("web", cpu={-1: 0, 0: 60})
    made = tables.facts()
    assert made.workload == []
    # What is optional is missed by nobody.
    assert made.coverage[0].missing == ()
