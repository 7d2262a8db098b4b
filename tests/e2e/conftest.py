import time
from collections.abc import Iterator

import pytest

from farthing.demo.scenario import demo_cluster
from farthing.demo.watch import expose
from tests.support.cluster import Cluster
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write
from tests.support.running import NAMESPACE, install
from tests.support.spine import Spine
from tests.support.tools import ensure

HOUR = 3600


@pytest.fixture(scope="module")
def spine(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    """The demo's cluster over its last day and a half, up to this hour, with the operator not yet running."""
    folder = tmp_path_factory.mktemp("spine")
    now = int(time.time()) // HOUR * HOUR
    with PrometheusServer(folder / "prometheus", ensure(["prometheus"])["prometheus"]) as prometheus:
        write(expose(demo_cluster(now - 36 * HOUR, int(time.time()))), prometheus.url)
        install(control_plane)
        yield Spine(control_plane, prometheus, folder)
        control_plane.kubectl("delete", "costreports,assetreports", "--all", "-n", NAMESPACE, "--ignore-not-found")
