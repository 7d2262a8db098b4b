"""The operator as people run it: a process of its own, under the service account of the manifests."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.cluster import Cluster
from tests.support.servers import Server, answers, free_ports, log_tail

REPOSITORY = Path(__file__).parents[2]
NAMESPACE = "farthing-system"


def install(cluster: Cluster) -> None:
    """Apply the manifests."""
    cluster.kubectl("apply", "-k", str(REPOSITORY / "manifests"))
    cluster.kubectl(
        "wait", "--for=condition=Established", "crd/costreports.farthing.dev", "crd/assetreports.farthing.dev"
    )


@contextmanager
def operator(cluster: Cluster, folder: Path, prometheus: str, *options: str) -> Iterator[Server]:
    """``farthing operate`` until the end of the block, with no more rights than the manifests give."""
    (port,) = free_ports(1)
    kubeconfig = cluster.kubeconfig_for_service_account(NAMESPACE, "farthing")
    server = Server(
        [
            Path(sys.executable), "-m", "farthing", "operate",
            "--kubeconfig", str(kubeconfig), "--prometheus", prometheus, "--store", str(folder / "store"),
            "--cluster", "demo", "--listen", f"127.0.0.1:{port}", *options,
        ],
        folder / "operator.log",
        environment={**os.environ},
    )  # fmt: skip
    server.start()
    try:
        server.wait_ready(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        yield server
    except BaseException:
        print(log_tail(server.log))
        raise
    finally:
        server.stop()
