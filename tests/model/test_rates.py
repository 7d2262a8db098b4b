"""C4: the rate of a node: what metrics say, else the default of its provider; a whole-node price is split."""

import duckdb
import ibis
import ibis.expr.types as ir
import pytest

from farthing.model.rates import discounted, provider_of, whole_node_factor
from farthing.store.engine import connect, run, sql
from tests.support.sample_tables import GIB, Facts, SampleTables

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def value_of(engine: duckdb.DuckDBPyConnection, expression: ir.Scalar) -> object:
    return run(engine, sql(expression.as_table()))[0][0]


AZURE = "azure:///subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm-0"


@pytest.mark.parametrize(
    ("provider_id", "provider"),
    [
        ("aws:///us-east-1a/i-0abc", "AWS"),
        ("gce://project/europe-west1-b/gke-pool-1", "GCP"),
        (AZURE, "Azure"),
        ("ocid1.instance.oc1.iad.anuwcljt", "Oracle"),
        ("oci://ocid1.instance.oc1", "Oracle"),
        ("alicloud://cn-hangzhou.i-bp1", "Alibaba"),
        ("digitalocean://123456", "DigitalOcean"),
        ("scaleway://instance/fr-par-1/11111111", "Scaleway"),
        ("hcloud://4711", "Hetzner"),
        ("openstack:///11111111-2222", "OpenStack"),
        ("vsphere://4211-0000", "vSphere"),
        ("kind://docker/kind/kind-worker", "kind"),
        ("k3s://node-1", "k3s"),
        ("i-0abc", ""),
        ("", ""),
    ],
)
def test_the_provider_is_read_from_the_provider_id(
    engine: duckdb.DuckDBPyConnection, provider_id: str, provider: str
) -> None:
    assert value_of(engine, provider_of(ibis.literal(provider_id))) == provider


def test_a_whole_node_price_is_split_in_proportion_to_the_default_rates(engine: duckdb.DuckDBPyConnection) -> None:
    # The published example: a node of 1 GPU, 1 core and 1 GB costs 35; base rates of 30, 30 and 10 become 15, 15 and 5.
    base = (30.0, 10.0, 30.0)
    factor = whole_node_factor(
        ibis.literal(35.0), [ibis.literal(held) for held in (1.0, GIB, 1.0)], [ibis.literal(rate) for rate in base]
    )
    assert [value_of(engine, factor * rate) for rate in base] == [15, 5, 15]


def test_a_discount_applies_to_cpu_and_ram_and_not_to_gpus(engine: duckdb.DuckDBPyConnection) -> None:
    # Kubecost's documented node: (30.939847 + 15.355342) x (1 - 0.198803) + 0 = 37.091556. The discount is printed to six
    # digits, so that the product is good to 46.3 x 0.0000005.
    costs = {"cpu": 30.939847, "ram": 15.355342, "gpu": 0.0}
    parts = {name: discounted(ibis.literal(cost), ibis.literal(0.198803), name) for name, cost in costs.items()}
    total = value_of(engine, parts["cpu"] + parts["ram"] + parts["gpu"])
    assert float(str(total)) == pytest.approx(37.091556, abs=2.4e-5)
    assert value_of(engine, discounted(ibis.literal(7.0), ibis.literal(0.198803), "gpu")) == 7


GPU = {"nvidia_com_gpu": 1.0}


@pytest.fixture(scope="module")
def priced() -> Facts:
    """One hour of nodes of 2 cores, 4 GiB and one GPU, each priced in another way."""
    tables = SampleTables()

    def node(name: str, provider_id: str, rates: tuple[float, float, float] | None = None) -> None:
        tables.node(name, provider_id, cores=2, gib=4, gpus=GPU, rates=rates)

    node("metrics", "aws:///a/i-1", (0.05, 0.006, 1.5))
    node("aws", "aws:///a/i-2")
    node("aws-spot", "aws:///a/i-3")
    node("azure", AZURE)
    node("azure-spot", f"{AZURE}1")
    node("oracle", "ocid1.instance.oc1")
    node("bare-metal", "")
    node("whole", "aws:///a/i-4")
    tables.give("node_total_rate", 2.0, node="whole", provider_id="aws:///a/i-4")
    node("no-gpu-rate", "aws:///a/i-5")
    tables.give("node_cpu_rate", 0.05, node="no-gpu-rate", provider_id="aws:///a/i-5")
    tables.give("node_ram_rate", 0.006, node="no-gpu-rate", provider_id="aws:///a/i-5")
    # OpenCost's exporter shortens the provider id.
    node("shortened", "aws:///a/i-6")
    for metric, rate in (("node_cpu_rate", 0.07), ("node_ram_rate", 0.008), ("node_gpu_rate", 1.1)):
        tables.give(metric, rate, node="shortened", provider_id="i-6")
    tables.give("node_labels", 1, node="aws-spot", label_karpenter_sh_capacity_type="spot")
    tables.give("node_labels", 1, node="azure-spot", label_kubernetes_azure_com_scalesetpriority="spot")
    return tables.facts()


@pytest.mark.parametrize(
    ("node", "rates", "source"),
    [
        ("metrics", (0.05, 0.006, 1.5), "metrics"),
        ("shortened", (0.07, 0.008, 1.1), "metrics"),
        ("no-gpu-rate", (0.05, 0.006, 0.95), "metrics"),
        # OpenCost's configs: default.json, azure.json and oracle.json.
        ("aws", (0.031611, 0.004237, 0.95), "default"),
        ("aws-spot", (0.006655, 0.000892, 0.308), "default"),
        ("azure", (0.03900, 0.001917, 0.95), "default"),
        ("azure-spot", (0.007764, 0.000382, 0.308), "default"),
        ("oracle", (0.015, 0.002, 2.00), "default"),
        ("bare-metal", (0.031611, 0.004237, 0.95), "default"),
    ],
)
def test_the_rate_is_what_metrics_say_else_the_providers_default(
    priced: Facts, node: str, rates: tuple[float, float, float], source: str
) -> None:
    row = priced.node(node)
    # 2 cores, 4 GiB and one GPU for an hour.
    assert (row["cpu_cost"], row["ram_cost"], row["gpu_cost"]) == pytest.approx((2 * rates[0], 4 * rates[1], rates[2]))
    assert row["rate_source"] == source


def test_a_whole_node_price_is_what_the_node_costs(priced: Facts) -> None:
    row = priced.node("whole")
    assert row["cpu_cost"] + row["ram_cost"] + row["gpu_cost"] == pytest.approx(2.0)
    # In proportion to 2 x 0.031611, 4 x 0.004237 and 0.95, which are 1.03017 together.
    assert row["gpu_cost"] == pytest.approx(2.0 * 0.95 / 1.03017)
    assert row["rate_source"] == "metrics, whole node"


@pytest.mark.parametrize(
    "label",
    [
        {"label_karpenter_sh_capacity_type": "spot"},
        {"label_eks_amazonaws_com_capacity_type": "SPOT"},
        {"label_cloud_google_com_gke_spot": "true"},
        {"label_cloud_google_com_gke_preemptible": "true"},
        {"label_kubernetes_azure_com_scalesetpriority": "Spot"},
        {},
    ],
    ids=str,
)
def test_spot_is_what_the_providers_labels_say(spots: Facts, label: dict[str, str]) -> None:
    assert spots.node("-".join(label) or "on-demand")["spot"] is bool(label)


def test_spot_is_what_the_exporter_says(spots: Facts) -> None:
    assert spots.node("exported")["spot"] is True


@pytest.fixture(scope="module")
def spots() -> Facts:
    tables = SampleTables()
    labels = {
        "label_karpenter_sh_capacity_type": "spot",
        "label_eks_amazonaws_com_capacity_type": "SPOT",
        "label_cloud_google_com_gke_spot": "true",
        "label_cloud_google_com_gke_preemptible": "true",
        "label_kubernetes_azure_com_scalesetpriority": "Spot",
    }
    for label, value in labels.items():
        tables.node(label, rates=None)
        tables.give("node_labels", 1, node=label, **{label: value})
    tables.node("on-demand", rates=None)
    tables.give("node_labels", 1, node="on-demand", label_karpenter_sh_capacity_type="on-demand")
    tables.node("exported", "aws:///a/i-9", rates=None)
    tables.give("node_spot", 1, node="exported", provider_id="aws:///a/i-9")
    return tables.facts()
