"""A control plane, a Prometheus and the operator for a person to try things on: `make cluster`.

Prints how to reach them and keeps them up until Ctrl-C.
"""

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Never

from farthing.demo.scenario import demo_cluster
from farthing.demo.watch import expose
from tests.support import tools
from tests.support.controlplane import PROGRAMS, ControlPlane
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write
from tests.support.running import REPOSITORY, install, operator

HOUR = 3600

Guest = Callable[[ControlPlane, PrometheusServer], AbstractContextManager[str]]
"""Starts something more on the two servers, for as long as the returned context is held; yields a line for the person."""


def stay_up(guests: Sequence[Guest] = ()) -> None:
    """Start both servers, then ``guests`` in order; tell the person; stop all in reverse on Ctrl-C or SIGTERM."""
    # A shell that starts this in its background has SIGINT ignored, which Python would keep.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    programs = tools.ensure((*PROGRAMS, "prometheus"))
    with ExitStack() as up:
        folder = Path(up.enter_context(tempfile.TemporaryDirectory(prefix="farthing-cluster-")))
        control_plane = up.enter_context(ControlPlane(folder, programs))
        prometheus = up.enter_context(PrometheusServer(folder / "prometheus", programs["prometheus"]))
        lines = [up.enter_context(guest(control_plane, prometheus)) for guest in guests]
        print(f"export KUBECONFIG={control_plane.kubeconfig}")
        print(f"export PATH={programs['kubectl'].parent}:$PATH  # kubectl")
        print(f"Prometheus: {prometheus.url}")
        print(f"logs: {control_plane.logs}")
        for line in lines:
            print(line)
        print("Ctrl-C ends it.", flush=True)
        signal.pause()


def _interrupt(_number: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


@contextmanager
def the_operator(control_plane: ControlPlane, prometheus: PrometheusServer) -> Iterator[str]:
    """Guest: the demo's metrics in Prometheus, the manifests, the sample reports, and the operator at work on them."""
    now = int(time.time())
    print("writing the demo's metrics of the last two days into Prometheus ...", flush=True)
    write(expose(demo_cluster(now // HOUR * HOUR - 48 * HOUR, now)), prometheus.url)
    install(control_plane)
    control_plane.kubectl("apply", "--filename", str(REPOSITORY / "manifests" / "samples"))
    with (
        tempfile.TemporaryDirectory(prefix="farthing-operator-") as folder,
        operator(control_plane, Path(folder), prometheus.url, "--log-format", "text") as server,
    ):
        yield f"operator: log in {server.log}\ntry: kubectl get costreports,assetreports -A -o wide"


def main() -> int:
    """Keep the servers up until the person has had enough."""
    try:
        stay_up([the_operator])
    except KeyboardInterrupt:
        print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
