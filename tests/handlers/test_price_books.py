"""A PriceBook that is applied, changed and deleted on a real API server, under the rights the operator is shipped with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.resources.spec_values import body_of
from tests.support.cluster import Cluster
from tests.support.installed import condition
from tests.support.operating import FakeCollection, FakeReports, RunningOperator
from tests.support.waiting import wait_until

HALF = {"rules": [{"name": "all", "discount": 0.5}]}


@pytest.fixture
def cluster(control_plane: Cluster) -> Iterator[Cluster]:
    """The cluster, which has no price book before or after."""
    yield control_plane
    control_plane.kubectl("delete", "pricebooks", "--all")


@pytest.fixture
def collection() -> FakeCollection:
    return FakeCollection()


@pytest.fixture
def operator(operator_kubeconfig: Path, collection: FakeCollection, namespace: str) -> Iterator[RunningOperator]:
    with RunningOperator(operator_kubeconfig, FakeReports(), collection, namespaces=[namespace]) as running:
        yield running


def apply(cluster: Cluster, name: str, spec: dict[str, Any]) -> None:
    cluster.kubectl("apply", "-f", "-", input=json.dumps(body_of("PriceBook", spec, name)))


def discounts(operator: RunningOperator) -> list[float]:
    return [one.rule.discount for one in operator.prices.current.rules]


def test_a_book_applies_from_when_it_is_applied_until_it_is_deleted(
    cluster: Cluster, operator: RunningOperator, collection: FakeCollection
) -> None:
    wait_until(lambda: collection.cycles == 1, "the first collection")
    apply(cluster, "list", HALF)
    cluster.kubectl("wait", "--for=condition=Ready", "pricebook/list", "--timeout=30s")
    assert discounts(operator) == [0.5]
    wait_until(lambda: collection.cycles == 2, "the newest hours to be collected again")
    found = cluster.get("pricebook", "list")
    assert found["status"]["rulesInForce"] == 1
    assert "finalizers" not in found["metadata"]

    apply(cluster, "list", {"rules": [{"name": "all", "discount": 0.25}]})
    wait_until(lambda: discounts(operator) == [0.25], "the change")
    wait_until(lambda: cluster.get("pricebook", "list")["status"]["observedGeneration"] == 2, "the change to be told")
    cluster.kubectl("delete", "pricebook", "list", "--timeout=10s")
    wait_until(lambda: discounts(operator) == [], "the deletion")


def test_a_book_that_contradicts_an_older_one_is_told_so_and_applies_once_that_is_gone(
    cluster: Cluster, operator: RunningOperator
) -> None:
    apply(cluster, "first", HALF)
    cluster.kubectl("wait", "--for=condition=Ready", "pricebook/first", "--timeout=30s")
    apply(cluster, "second", {"rules": [{"name": "other", "discount": 0.1}]})
    cluster.kubectl("wait", "--for=condition=Stalled", "pricebook/second", "--timeout=30s")
    found = cluster.get("pricebook", "second")
    (ready,) = (one for one in found["status"]["conditions"] if one["type"] == "Ready")
    assert "the rules 'first/all' and 'second/other' may fit the same node at the same time" in ready["message"]
    assert discounts(operator) == [0.5]
    cluster.kubectl("delete", "pricebook", "first")
    wait_until(lambda: discounts(operator) == [0.1], "the second to apply")
    wait_until(lambda: condition(cluster.get("pricebook", "second"), "Stalled") == "", "the second to be told")


def test_books_that_are_there_when_the_operator_starts_apply_to_the_first_collection(
    cluster: Cluster, operator_kubeconfig: Path, namespace: str
) -> None:
    apply(cluster, "list", HALF)
    seen: list[list[float]] = []

    class Collection(FakeCollection):
        def refresh(self) -> None:
            seen.append(discounts(running))
            super().refresh()

    running = RunningOperator(operator_kubeconfig, FakeReports(), Collection(), namespaces=[namespace])
    with running:
        wait_until(lambda: seen, "the first collection")
    assert seen[0] == [0.5]
