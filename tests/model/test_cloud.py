"""Whose an asset is: its provider, account and project by its id there, or by what the nodes of its cluster share."""

import ibis
import pytest

from farthing.model.cloud import account_of, project_of
from farthing.model.rates import provider_of
from farthing.store.engine import connect, run, sql
from tests.support.sample_tables import Facts, SampleTables

SUBSCRIPTION = "0f1e2d3c-0000-4000-8000-00000000000a"
ON_AZURE = f"subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute"


@pytest.mark.parametrize(
    ("provider_id", "whose"),
    [
        # The seed's own project.
        ("gce://guestbook-227502/us-central1-a/gke-integration-0", ("GCP", "", "guestbook-227502")),
        ("projects/guestbook-227502/zones/us-central1-a/disks/pvc-1", ("GCP", "", "guestbook-227502")),
        ("projects/guestbook-227502/regions/us-central1/disks/pvc-1", ("GCP", "", "guestbook-227502")),
        ("aws:///us-east-1a/i-0123456789abcdef0", ("AWS", "", "")),
        ("i-0123456789abcdef0", ("AWS", "", "")),
        ("vol-0123456789abcdef0", ("AWS", "", "")),
        ("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/a/b", ("AWS", "123456789012", "")),
        ("arn:aws-cn:ec2:cn-north-1:123456789012:volume/vol-1", ("AWS", "123456789012", "")),
        (f"azure:///{ON_AZURE}/virtualMachines/vm-0", ("Azure", SUBSCRIPTION, "")),
        (f"azure:///{ON_AZURE.replace('subscriptions', 'Subscriptions')}/virtualMachines/vm-0", ("Azure", SUBSCRIPTION, "")),
        (f"/{ON_AZURE}/disks/d", ("Azure", SUBSCRIPTION, "")),
        ("ocid1.instance.oc1.phx.anyhqljt", ("Oracle", "", "")),
        ("oci://ocid1.instance.oc1.phx.anyhqljt", ("Oracle", "", "")),
        ("cn-hangzhou.i-bp1a2b3c", ("Alibaba", "", "")),
        ("alicloud:///cn-hangzhou.i-bp1a2b3c", ("Alibaba", "", "")),
        ("vsphere://4226a2b6-1111-2222-3333-444455556666", ("vSphere", "", "")),
        ("k3s://rack-7", ("k3s", "", "")),
        # On premises nobody says more than a name.
        ("rack-7.example.com", ("", "", "")),
        ("10.0.0.7", ("", "", "")),
        ("i-am-no-instance", ("", "", "")),
        ("gce://", ("GCP", "", "")),
        ("", ("", "", "")),
    ],
)  # fmt: skip
def test_an_id_tells_provider_account_and_project(provider_id: str, whose: tuple[str, str, str]) -> None:
    ids = ibis.table({"id": "string"}, name="ids")
    told = sql(ids.select(provider=provider_of(ids.id), account=account_of(ids.id), project=project_of(ids.id)))
    with connect(threads=1) as connection:
        run(connection, "create table ids (id varchar)")
        connection.execute("insert into ids values (?)", [provider_id])
        assert run(connection, told) == [whose]


def with_fee(*node_ids: str) -> Facts:
    """Nodes with these ids, a volume of GCP, one that nobody tells of, and the fee of a cluster whose provider nobody tells."""
    tables = SampleTables()
    for number, provider_id in enumerate(node_ids):
        tables.node(f"node-{number}", provider_id)
    tables.volume("of-gcp", csi_volume_handle="projects/other-1/zones/z/disks/d")
    tables.volume("of-nobody")
    tables.give("management_rate", 0.1, provisioner_name="")
    return tables.facts()


def whose_is(made: Facts, name: str) -> tuple[str, str, str]:
    (row,) = [row for row in made.asset if row["name"] == name]
    return row["provider"], row["account"], row["project"]


@pytest.mark.slow
def test_what_a_cluster_makes_is_whose_all_its_nodes_are() -> None:
    made = with_fee("gce://shop-1/z/a", "gce://shop-1/z/b")
    assert whose_is(made, "of-gcp") == ("GCP", "", "other-1")
    assert whose_is(made, "of-nobody") == whose_is(made, "Kubernetes") == ("GCP", "", "shop-1")
    assert {row["service"] for row in made.asset} == {"Kubernetes"}
    # Of two projects it may be either's, and of no node nobody's.
    apart = with_fee("gce://shop-1/z/a", "gce://shop-2/z/b")
    assert whose_is(apart, "Kubernetes") == ("GCP", "", "")
    assert whose_is(with_fee(), "Kubernetes") == ("", "", "")


@pytest.mark.slow
def test_what_is_of_another_provider_than_the_nodes_takes_nothing_from_them() -> None:
    made = with_fee(f"azure:///{ON_AZURE}/virtualMachines/vm-0")
    assert whose_is(made, "of-gcp") == ("GCP", "", "other-1")
    assert whose_is(made, "Kubernetes") == ("Azure", SUBSCRIPTION, "")
