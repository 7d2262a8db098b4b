"""The demo's machines: the model finds what node-exporter shows of them."""

from collections import defaultdict

import pytest

from farthing.demo.scenario import demo_cluster
from farthing.demo.series import Scraping
from farthing.demo.source import DemoSource
from farthing.demo.usage_series import MODES
from farthing.model.tables import GIB, LOCAL
from tests.support.measuring import facts_of

HOUR = 3600
START = 1_794_873_600


@pytest.mark.slow
@pytest.mark.parametrize(
    "scraping", [Scraping(), Scraping(state_replicas=2, duplicate_scraper=True)], ids=["one", "two-do-not-double"]
)
def test_the_model_finds_what_machines_do_and_boot_from(scraping: Scraping) -> None:
    facts = facts_of(DemoSource(demo_cluster(START, START + 2 * HOUR), scraping), START, START + 2 * HOUR)
    nodes = [row for row in facts.asset if row["type"] == "Node"]
    assert nodes
    for row in nodes:
        shares = [row[f"cpu_{user}"] / row["cpu_quantity"] for user in ("system", "user", "other")]
        assert shares == pytest.approx([0.06, 0.18, 0.04], rel=1e-6)
    assert sum(MODES.values()) == pytest.approx(1)
    # Each node boots from 80 GiB, at 0.04 a GiB and month of 730 h.
    disks = {(row["start"], row["name"]): row for row in facts.asset if row["storage_class"] == LOCAL}
    assert set(disks) == {(row["start"], row["name"]) for row in nodes}
    ran: defaultdict[tuple[int, str], float] = defaultdict(float)
    for row in nodes:
        ran[row["start"], row["name"]] += row["run_seconds"]
    for key, disk in disks.items():
        assert disk["pv_quantity"] == pytest.approx(80 * GIB * ran[key])
        assert disk["local_cost"] == pytest.approx(80 * 0.04 / 730 * ran[key] / HOUR)
        assert 0.2 < disk["pv_used"] / disk["pv_quantity"] < disk["pv_used_max"] / (80 * GIB) < 0.4
