"""C8: the fee of the cluster's control plane."""

import pytest

from farthing.prometheus.catalogue import CATALOGUE
from tests.support.sample_tables import HOUR, START, Facts, Row, SampleTables

pytestmark = pytest.mark.slow


def fees(made: Facts) -> list[Row]:
    return [row for row in made.asset if row["type"] == "ClusterManagement"]


@pytest.mark.parametrize(
    ("provisioner", "provider"), [("EKS", "AWS"), ("GKE", "GCP"), ("AKS", "Azure"), ("eks", "AWS"), ("kubeadm", "")]
)
def test_the_fee_is_an_asset_of_whom_the_control_plane_is_from(provisioner: str, provider: str) -> None:
    tables = SampleTables()
    tables.give("management_rate", 0.1, provisioner_name=provisioner)
    (row,) = fees(tables.facts())
    told = ("name", "category", "provider", "start", "seconds", "run_start", "run_end", "run_seconds", "rate_source")
    assert [row[one] for one in told] == [
        "Kubernetes", "Management", provider, START, HOUR, START, START + HOUR, HOUR, "metrics",
    ]  # fmt: skip
    assert row["management_cost"] == pytest.approx(0.1)


def test_of_the_newest_hour_only_what_has_passed_costs() -> None:
    tables = SampleTables(hours=2, seconds=900)
    tables.give("management_rate", 0.1, provisioner_name="EKS")
    assert [row["management_cost"] for row in fees(tables.facts())] == pytest.approx([0.1, 0.025])


def test_without_the_metric_and_at_a_rate_of_0_there_is_no_fee() -> None:
    tables = SampleTables(hours=2)
    tables.give("management_rate", {1: 0.0}, provisioner_name="EKS")
    assert fees(tables.facts()) == []


def test_a_cluster_whose_provisioner_changes_its_name_pays_once() -> None:
    tables = SampleTables()
    tables.give("management_rate", 0.1, provisioner_name="GKE")
    tables.give("management_rate", 0.08, provisioner_name="")
    (row,) = fees(tables.facts())
    assert (row["management_cost"], row["provider"]) == (pytest.approx(0.1), "GCP")


def test_several_scrapers_are_averaged_not_added() -> None:
    (query,) = (one for one in CATALOGUE if one.name == "management_rate")
    # Not what Farthing itself tells.
    metric = 'kubecost_cluster_management_cost{exporter!="farthing"}[1h]'
    by = "sum by (provisioner_name)"
    assert query.promql("1h") == f"{by} (sum_over_time({metric})) / {by} (count_over_time({metric}))"
