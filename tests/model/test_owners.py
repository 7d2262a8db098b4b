"""The controller of a pod is its topmost owner, of any kind."""

import random

import pytest

from tests.support.sample_tables import Facts, SampleTables, uid_of


@pytest.fixture(scope="module")
def owned() -> Facts:
    tables = SampleTables()
    tables.node()

    def pod(name: str, kind: str, owner: str) -> None:
        tables.container(name, started=-10)
        who = {"namespace": "shop", "pod": name, "uid": uid_of(name)}
        tables.give("pod_owner", 1, **who, owner_kind=kind, owner_name=owner)

    def parent(table: str, child: dict[str, str], kind: str, name: str, namespace: str = "shop") -> None:
        tables.give(table, 1, namespace=namespace, **child, owner_kind=kind, owner_name=name)

    pod("deployed", "ReplicaSet", "web-6d4")
    parent("replicaset_owner", {"replicaset": "web-6d4"}, "Deployment", "web")
    pod("rolled", "ReplicaSet", "cart-77f")
    parent("replicaset_owner", {"replicaset": "cart-77f"}, "Rollout", "cart")
    pod("lone-set", "ReplicaSet", "lone")
    parent("replicaset_owner", {"replicaset": "lone"}, "<none>", "<none>")
    pod("scheduled", "Job", "sync-2900")
    parent("job_owner", {"job_name": "sync-2900"}, "CronJob", "sync")
    pod("once", "Job", "reindex")
    pod("step", "Job", "build-1")
    parent("job_owner", {"job_name": "build-1"}, "Workflow", "build")
    pod("stateful", "StatefulSet", "postgres")
    pod("daemon", "DaemonSet", "kube-proxy")
    pod("custom", "SparkApplication", "nightly")
    pod("static", "Node", "node-a")
    pod("marked-none", "<none>", "<none>")
    tables.container("bare", started=-10)
    # A Deployment and a StatefulSet that a custom resource owns, and one of each that nobody does.
    pod("managed", "ReplicaSet", "grafana-5c8")
    parent("replicaset_owner", {"replicaset": "grafana-5c8"}, "Deployment", "grafana")
    parent("deployment_owner", {"deployment": "grafana"}, "Grafana", "main")
    pod("operated", "StatefulSet", "kafka")
    parent("statefulset_owner", {"statefulset": "kafka"}, "KafkaCluster", "events")
    parent("deployment_owner", {"deployment": "web"}, "", "")
    parent("statefulset_owner", {"statefulset": "postgres"}, "<none>", "<none>")
    # A kind of the same name as another's owner: neither is the other's.
    pod("namesake", "DaemonSet", "grafana")
    # Another namespace's ReplicaSet of the same name has another parent.
    parent("replicaset_owner", {"replicaset": "lone"}, "Deployment", "elsewhere", namespace="other")
    # An owner that changed while it was looked at: one controller all the same.
    pod("adopted", "ReplicaSet", "old")
    pod("adopted", "StatefulSet", "new")
    return tables.facts()


@pytest.mark.parametrize(
    ("pod", "controller"),
    [
        ("deployed", ("deployment", "web")),
        ("rolled", ("rollout", "cart")),
        ("lone-set", ("replicaset", "lone")),
        ("scheduled", ("cronjob", "sync")),
        ("once", ("job", "reindex")),
        ("step", ("workflow", "build")),
        ("managed", ("grafana", "main")),
        ("operated", ("kafkacluster", "events")),
        ("namesake", ("daemonset", "grafana")),
        ("stateful", ("statefulset", "postgres")),
        ("daemon", ("daemonset", "kube-proxy")),
        ("custom", ("sparkapplication", "nightly")),
        ("static", ("", "")),
        ("marked-none", ("", "")),
        ("bare", ("", "")),
    ],
)
def test_the_controller_is_the_topmost_owner(owned: Facts, pod: str, controller: tuple[str, str]) -> None:
    row = owned.container(pod)
    assert (row["controller_kind"], row["controller"]) == controller


def test_a_pod_with_two_owners_is_charged_once(owned: Facts) -> None:
    row = owned.container("adopted")
    assert (row["controller_kind"], row["controller"]) == ("statefulset", "new")


def test_of_two_owners_of_one_kind_it_is_the_same_one_in_whatever_order_they_come() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("adopted", started=-10)
    for name in ("blue", "green", "amber"):
        who = {"namespace": "shop", "pod": "adopted", "uid": uid_of("adopted")}
        tables.give("pod_owner", 1, **who, owner_kind="ReplicaSet", owner_name=name)
    orders = [tables.facts(random.Random(seed)).container("adopted")["controller"] for seed in range(4)]  # noqa: S311
    assert orders == ["green"] * 4
