"""Two hundred reports at once, with the real service, counted by the API server itself."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from farthing.demo.scenario import demo_cluster
from farthing.demo.watch import expose
from tests.conftest import programs
from tests.support.controlplane import PROGRAMS, ControlPlane
from tests.support.many_reports import many_reports
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write

HOUR = 3600


@pytest.mark.cluster
@pytest.mark.prometheus
def test_200_reports_at_once_take_two_writes_of_the_status_and_one_of_a_config_map_each(tmp_path: Path) -> None:
    found = programs(*PROGRAMS, "prometheus")
    now = int(time.time())
    start = now // HOUR * HOUR - 12 * HOUR
    window = f"{_text(start + 2 * HOUR)},{_text(start + 10 * HOUR)}"
    with (
        PrometheusServer(tmp_path / "prometheus", found["prometheus"]) as prometheus,
        ControlPlane(tmp_path / "control-plane", found) as alone,
    ):
        write(expose(demo_cluster(start, now)), prometheus.url)
        made = many_reports(alone, tmp_path, window, ("--backfill-days", "1"), prometheus.url)
    print(made)
    assert made.status_writes == 2 * 200
    assert made.config_map_writes == 200


def _text(unix: int) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
