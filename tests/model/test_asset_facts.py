"""What assets tell beside their costs: pools and labels of nodes, who used them, and how much of a volume is used."""

import pytest

from tests.support.sample_tables import CLUSTER, GIB, HOUR, SampleTables, cgroup, uid_of

pytestmark = pytest.mark.slow


def test_what_of_a_node_was_used_is_the_systems_or_the_workloads() -> None:
    tables = SampleTables()
    tables.node(cores=4, gib=16)
    system = {"namespace": "kube-system", "pod": "dns", "container": "main"}
    tables.container("web", started=-100, requests={"cpu": 2})
    tables.usage("web", cpu={-1: 0, 0: 1800}, ram=3 * GIB)
    uid = uid_of("dns")
    tables.give("running", 60, **system, uid=uid)
    tables.give("started", -100.0 + HOUR, **system, uid=uid)
    tables.give("pod_node", 1, namespace="kube-system", pod="dns", uid=uid, node="node-a")
    of_run = {**system, "id": cgroup(uid, "run-1")}
    tables.give("cpu_last", {-1: 100.0, 0: 460.0}, **of_run)
    tables.give("ram_sum", 60 * GIB, **of_run)
    tables.give("ram_scrapes", 60, **of_run)
    row = tables.facts().node()
    # web: half a core and 3 GiB for an hour; dns: 360 core-s and 1 GiB. What is requested does not matter.
    assert (row["cpu_user"], row["cpu_system"], row["cpu_other"]) == pytest.approx((1800, 360, 0))
    assert (row["ram_user"], row["ram_system"], row["ram_other"]) == pytest.approx((3 * GIB * HOUR, GIB * HOUR, 0))


@pytest.mark.parametrize(
    ("label", "pool"),
    [
        ("label_eks_amazonaws_com_nodegroup", "workers"),
        ("label_cloud_google_com_gke_nodepool", "default-pool"),
        ("label_kubernetes_azure_com_agentpool", "nodepool1"),
        ("label_agentpool", "nodepool1"),
        ("label_alibabacloud_com_nodepool_id", "np1234"),
        ("label_karpenter_sh_nodepool", "spot"),
    ],
)
def test_the_pool_of_a_node_is_what_its_provider_labels_it_with(label: str, pool: str) -> None:
    tables = SampleTables()
    tables.node()
    tables.give("node_labels", 1, node="node-a", **{label: pool})
    assert tables.facts().node()["pool"] == pool


def test_labels_of_nodes_are_kept_apart_from_those_of_pods() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("web", started=-10)
    tables.give("labels_of_nodes", 1, node="node-a", key="team", label_value="infra")
    tables.give("pod_labels", 1, namespace="shop", pod="web", uid=uid_of("web"), key="team", label_value="shop")
    said = [(one["kind"], one["namespace"], one["pod"], one["key"], one["value"]) for one in tables.facts().workload]
    assert sorted(said) == [("label", "shop", "web", "team", "shop"), ("node_label", "", "node-a", "team", "infra")]


def test_a_disk_tells_its_claim_its_class_and_what_of_it_is_used() -> None:
    tables = SampleTables(hours=2)
    tables.volume("pv-1", "data", seen={0: 60, 1: 30}, storageclass="gp3")
    tables.volume("pv-2")
    claim = {"namespace": "shop", "persistentvolumeclaim": "data"}
    tables.give("pv_used", {0: 25 * GIB, 1: 40 * GIB}, **claim)
    tables.give("pv_used_largest", {0: 30 * GIB, 1: 41 * GIB}, **claim)
    # A claim of another namespace that is called the same.
    tables.give("pv_used", 99 * GIB, namespace="data", persistentvolumeclaim="data")
    made = tables.facts()
    first, second, other = (made.node("pv-1", 0), made.node("pv-1", 1), made.node("pv-2", 0))
    assert (first["storage_class"], first["claim"], first["claim_namespace"]) == ("gp3", "data", "shop")
    # 25 GiB for an hour, then 40 GiB for the half hour that the volume was there.
    assert (first["pv_used"], second["pv_used"]) == pytest.approx((25 * GIB * HOUR, 40 * GIB * HOUR / 2))
    assert (first["pv_used_max"], second["pv_used_max"]) == (30 * GIB, 41 * GIB)
    assert (other["claim"], other["claim_namespace"], other["pv_used"], other["pv_used_max"]) == ("", "", 0, 0)


def test_the_provider_id_of_a_load_balancer_is_its_address() -> None:
    tables = SampleTables()
    address = {"namespace": "shop", "service_name": "front", "ingress_ip": "203.0.113.7"}
    tables.give("balancer_rate", 0.04, **address)
    tables.give("balancer_rate_scrapes", 60, **address)
    (row,) = [row for row in tables.facts().asset if row["type"] == "LoadBalancer"]
    assert (row["cluster"], row["name"], row["provider_id"]) == (CLUSTER, "shop/front", "203.0.113.7")
