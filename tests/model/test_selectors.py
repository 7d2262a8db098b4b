"""A service selects the pods of its namespace that carry every label it asks for."""

import pytest

from farthing.model.selectors import selected
from farthing.store.engine import run, sql
from tests.support.sample_tables import SampleTables, uid_of

PODS: dict[tuple[str, str], dict[str, str]] = {
    ("shop", "web-1"): {"app": "web", "tier": "front", "version": "1"},
    ("shop", "web-2"): {"app": "web", "tier": "front", "version": "2"},
    ("shop", "cart"): {"app": "cart", "tier": "front"},
    ("shop", "half"): {"tier": "web", "app": "front"},
    ("shop", "silent"): {},
    ("other", "web-1"): {"app": "web", "tier": "front"},
}


@pytest.mark.parametrize(
    ("selector", "behind"),
    [
        pytest.param({"app": "web"}, {"web-1", "web-2"}, id="one-label"),
        pytest.param({"app": "web", "tier": "front"}, {"web-1", "web-2"}, id="every-label"),
        pytest.param({"tier": "front"}, {"web-1", "web-2", "cart"}, id="several-workloads"),
        pytest.param({"app": "web", "version": "2"}, {"web-2"}, id="one-of-two"),
        pytest.param({"app": "web", "team": "a"}, set(), id="a-label-nobody-has"),
        pytest.param({"app": "we"}, set(), id="a-part-of-a-value"),
        pytest.param({}, set(), id="without-a-selector"),
    ],
)
def test_a_service_selects(selector: dict[str, str], behind: set[str]) -> None:
    tables = SampleTables()
    for (namespace, pod), labels in PODS.items():
        for key, text in labels.items():
            tables.give(
                "pod_labels", 1, namespace=namespace, pod=pod, uid=uid_of(pod), key=key, label_value=text
            )  # fmt: skip
    for key, text in selector.items():
        tables.give("service_selectors", 1, namespace="shop", service="asked", key=key, label_value=text)
    # Another service does not help out with labels it lacks.
    tables.give("service_selectors", 1, namespace="shop", service="another", key="team", label_value="a")
    tables.give("service_selectors", 1, namespace="other", service="asked", key="app", label_value="cart")
    with tables.bench() as bench:
        found = run(bench.connection, sql(selected()))
    assert sorted(found) == sorted(("shop", "asked", pod, uid_of(pod)) for pod in behind)


def test_two_pods_of_one_name_are_told_apart() -> None:
    tables = SampleTables()
    for uid, app in (("u-1", "web"), ("u-2", "web"), ("u-3", "api")):
        tables.give("pod_labels", 1, namespace="shop", pod="db-0", uid=uid, key="app", label_value=app)
    tables.give("service_selectors", 1, namespace="shop", service="web", key="app", label_value="web")
    with tables.bench() as bench:
        found = run(bench.connection, sql(selected()))
    assert sorted(found) == [("shop", "web", "db-0", "u-1"), ("shop", "web", "db-0", "u-2")]
