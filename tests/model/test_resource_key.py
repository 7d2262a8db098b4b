"""What Kubernetes, CSI drivers and bills call the same machine or disk has one key, and what is two things has two."""

import duckdb
import ibis
import pytest

from farthing.model.resource_key import resource_key
from farthing.store.engine import connect, run, sql, text


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


SCALE_SET = "providers/microsoft.compute/virtualmachinescalesets/aks-pool"


@pytest.mark.parametrize(
    ("of_cluster", "of_bill", "key"),
    [
        pytest.param("aws:///eu-west-1a/i-0a", "i-0a", "i-0a", id="aws-machine"),
        pytest.param("aws:///eu-west-1a/i-0a", "arn:aws:ec2:eu-west-1:1234:instance/i-0a", "i-0a", id="aws-arn"),
        pytest.param("vol-0b", "arn:aws-cn:ec2:cn-north-1:1234:volume/vol-0b", "vol-0b", id="aws-disk"),
        pytest.param("aws://eu-west-1a/vol-0b", "vol-0b", "vol-0b", id="aws-disk-of-old"),
        pytest.param(
            "k8s-shop-front-1a2b3c4d5e-0123456789abcdef.elb.eu-west-1.amazonaws.com",
            "arn:aws:elasticloadbalancing:eu-west-1:1234:loadbalancer/net/k8s-shop-front-1a2b3c4d5e/0123456789abcdef",
            "elb/eu-west-1/k8s-shop-front-1a2b3c4d5e",
            id="aws-network-load-balancer",
        ),
        pytest.param(
            "internal-k8s-shop-Front-1a2b3c4d5e-1234567890.eu-west-1.elb.amazonaws.com",
            "arn:aws:elasticloadbalancing:eu-west-1:1234:loadbalancer/app/k8s-shop-Front-1a2b3c4d5e/50dc6c495c0c9188",
            "elb/eu-west-1/k8s-shop-front-1a2b3c4d5e",
            id="aws-application-load-balancer",
        ),
        pytest.param(
            "a0123456789abcdef0123456789abcde-1234567890.cn-north-1.elb.amazonaws.com.cn",
            "arn:aws-cn:elasticloadbalancing:cn-north-1:1234:loadbalancer/a0123456789abcdef0123456789abcde",
            "elb/cn-north-1/a0123456789abcdef0123456789abcde",
            id="aws-classic-load-balancer",
        ),
        pytest.param(
            "azure:///subscriptions/S-1/resourceGroups/MC_a/providers/Microsoft.Compute/virtualMachines/Aks-0",
            "/subscriptions/s-1/resourcegroups/mc_a/providers/microsoft.compute/virtualmachines/aks-0/",
            "/subscriptions/s-1/resourcegroups/mc_a/providers/microsoft.compute/virtualmachines/aks-0",
            id="azure-machine",
        ),
        pytest.param(
            f"azure:///subscriptions/S-1/resourceGroups/MC_a/{SCALE_SET}/virtualMachines/3",
            f"/subscriptions/s-1/resourceGroups/mc_a/{SCALE_SET}",
            f"/subscriptions/s-1/resourcegroups/mc_a/{SCALE_SET}",
            id="azure-scale-set",
        ),
        pytest.param(
            "gce://shop/europe-west1-b/node-a",
            "//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/node-a",
            "shop/europe-west1-b/node-a",
            id="gcp-machine",
        ),
        pytest.param(
            "projects/shop/zones/europe-west1-b/disks/pvc-1",
            "https://www.googleapis.com/compute/v1/projects/shop/zones/europe-west1-b/disks/pvc-1",
            "shop/europe-west1-b/disks/pvc-1",
            id="gcp-disk",
        ),
        pytest.param("oci://ocid1.instance.oc1..a", "ocid1.instance.oc1..a", "ocid1.instance.oc1..a", id="oracle"),
        pytest.param("cn-hangzhou.i-0a", "i-0a", "i-0a", id="alibaba"),
        pytest.param("digitalocean://4711", "4711", "4711", id="others"),
        pytest.param("", "", "", id="none"),
    ],
)
def test_one_thing_has_one_key(engine: duckdb.DuckDBPyConnection, of_cluster: str, of_bill: str, key: str) -> None:
    assert [key_of(engine, of_cluster), key_of(engine, of_bill)] == [key, key]


def test_a_machine_and_its_first_disk_are_two_things(engine: duckdb.DuckDBPyConnection) -> None:
    disk = key_of(engine, "//compute.googleapis.com/projects/shop/zones/europe-west1-b/disks/node-a")
    assert disk != key_of(engine, "gce://shop/europe-west1-b/node-a")


@pytest.mark.parametrize(
    "whole",
    ["arn:aws:s3:::front", "arn:aws:rds:eu-west-1:1234:db:front", "arn:aws:ec2:eu-west-1:1234:natgateway/nat-0c"],
)
def test_two_services_may_have_things_of_one_name(engine: duckdb.DuckDBPyConnection, whole: str) -> None:
    assert key_of(engine, whole) == whole


def key_of(engine: duckdb.DuckDBPyConnection, identifier: str) -> str:
    given = ibis.table({"given": "string"}, name="t")
    select = sql(given.select(key=resource_key(given.given)))
    return str(run(engine, f"with t as (select {text(identifier)} as given) select * from ({select})")[0][0])  # noqa: S608
