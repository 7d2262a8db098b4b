"""A control plane and a Prometheus for a person to try things on: `make cluster`.

Prints how to reach them and keeps them up until Ctrl-C.
"""

import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import FrameType
from typing import Never

from tests.support import tools
from tests.support.controlplane import PROGRAMS, ControlPlane
from tests.support.prometheus_server import PrometheusServer

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


def main() -> int:
    """Keep the servers up until the person has had enough."""
    try:
        stay_up()
    except KeyboardInterrupt:
        print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
