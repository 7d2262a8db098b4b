"""An operator as a process of its own: ``operator_process.py KUBECONFIG NAMESPACE PORT``; its runs never end."""

import asyncio
import os
import sys
from pathlib import Path

from farthing.handlers.running import Operator, configure_logging, operate
from farthing.kube.client import Client
from tests.support.operating import FakeCollection, FakeReports


def main(kubeconfig: Path, namespace: str, port: int) -> None:
    reports = FakeReports()
    reports.may_end.clear()
    configure_logging(as_json=True)
    operator = Operator(
        reports, FakeCollection(), Client(kubeconfig), kubeconfig, [namespace], listen=("127.0.0.1", port)
    )
    ended = asyncio.run(operate(operator))
    sys.stdout.flush()
    sys.stderr.flush()
    if not ended:
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
