"""Who used a node: shares of its time by node-exporter's modes, whichever way the exporter tells its node."""

import pytest

from tests.support.sample_tables import GIB, HOUR, SampleTables, uid_of

pytestmark = pytest.mark.slow


def with_modes(exporter: dict[str, str], **seconds: float) -> SampleTables:
    """A node of 4 cores, and what an exporter counted of its cores [core-s]."""
    tables = SampleTables()
    tables.node("node-a", cores=4, gib=16)
    tables.give("node_addresses", 1, node="node-a", internal_ip="10.0.0.7")
    tables.give("node_addresses", 1, node="node-b", internal_ip="10.0.0.8")
    for mode, grown in seconds.items():
        tables.give("cpu_modes", grown, **exporter, mode=mode)
    return tables


EXPORTERS = {
    "node": {"instance": "somewhere:9100", "node": "node-a"},
    "kubernetes_node": {"instance": "somewhere:9100", "kubernetes_node": "node-a"},
    "address": {"instance": "10.0.0.7:9100"},
    "name-of-the-node": {"instance": "node-a"},
    "pod": {"instance": "somewhere:9100", "namespace": "monitoring", "pod": "node-exporter-x"},
}


@pytest.mark.parametrize("exporter", EXPORTERS.values(), ids=list(EXPORTERS))
def test_cpu_is_what_the_cores_spent_their_time_on(exporter: dict[str, str]) -> None:
    tables = with_modes(exporter, idle=9000, user=3600, system=900, iowait=450, steal=450)
    who = {"namespace": "monitoring", "pod": "node-exporter-x", "uid": uid_of("exporter")}
    tables.give("pod_node", 1, **who, node="node-a")
    # A container of cAdvisor's, whose half a core is in user already.
    tables.container("web", started=-100)
    tables.usage("web", cpu={-1: 0, 0: 1800}, ram=4 * GIB)
    row = tables.facts().node()
    # Of 14400 s a quarter was user, a sixteenth system, a sixteenth neither; of 4 cores and an hour likewise.
    assert (row["cpu_user"], row["cpu_system"], row["cpu_other"]) == pytest.approx((HOUR, HOUR / 4, HOUR / 4))
    # Memory is what containers used.
    assert (row["ram_user"], row["ram_system"], row["ram_other"]) == pytest.approx((4 * GIB * HOUR, 0, 0))


@pytest.mark.parametrize(
    "exporter",
    [{"instance": "10.0.0.8:9100"}, {"instance": "10.0.0.70:9100"}, {"instance": "node-a.elsewhere:9100"}, {"instance": ""}],
    ids=["another-node", "a-longer-address", "a-longer-name", "nobody"],
)  # fmt: skip
def test_what_is_told_of_others_is_not_the_nodes(exporter: dict[str, str]) -> None:
    tables = with_modes(exporter, idle=9000, user=5400)
    tables.container("web", started=-100)
    tables.usage("web", cpu={-1: 0, 0: 1800}, ram=0)
    row = tables.facts().node()
    assert (row["cpu_user"], row["cpu_system"], row["cpu_other"]) == pytest.approx((1800, 0, 0))


def test_two_exporters_of_a_node_do_not_double_its_use() -> None:
    tables = with_modes({"instance": "10.0.0.7:9100"}, idle=10_800, user=3600)
    tables.give("cpu_modes", 5400, instance="10.0.0.7:9101", mode="idle")
    tables.give("cpu_modes", 1800, instance="10.0.0.7:9101", mode="user")
    assert tables.facts().node()["cpu_user"] == pytest.approx(HOUR)
