"""The operator with its APIs, a server beside it and a back-fill, all on one store at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.support.running import NAMESPACE, operator
from tests.support.servers import free_ports
from tests.support.spine import Spine
from tests.support.waiting import wait_until

pytestmark = pytest.mark.prometheus
ASKED = {"window": "yesterday", "aggregate": "namespace", "accumulate": "true"}


def answered(url: str, token: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{url}/model/allocation", params=ASKED, headers=headers, timeout=30)


def total(answer: requests.Response) -> float:
    (rows,) = answer.json()["data"]
    return sum(float(row["totalCost"]) for row in rows.values())


@contextmanager
def process(spine: Spine, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [
        sys.executable,
        "-m",
        "farthing",
        *arguments,
        "--store",
        str(spine.folder / "store"),
        "--cluster",
        "demo",
    ]
    with subprocess.Popen([*command, "--prometheus", spine.prometheus.url], stderr=subprocess.PIPE, text=True) as found:
        try:
            yield found
        finally:
            found.terminate()


def token_of(spine: Spine, name: str, role: str) -> str:
    """Of a service account that is bound to a cluster's role."""
    run: Any = spine.cluster.kubectl
    run("create", "serviceaccount", name, "-n", NAMESPACE)
    run("create", "clusterrolebinding", name, f"--clusterrole={role}", f"--serviceaccount={NAMESPACE}:{name}")
    return str(run("create", "token", name, "-n", NAMESPACE).stdout.strip())


def test_an_operator_a_server_and_a_backfill_do_not_disturb_each_other(spine: Spine) -> None:
    token = token_of(spine, "finance", "farthing-clustercosts-view")
    api_port, port = free_ports(2)
    of_operator, of_server = f"http://127.0.0.1:{api_port}", f"http://127.0.0.1:{port}"
    options = ("--backfill-days", "2", "--refresh-interval", "1m", "--api", "--api-listen", f"127.0.0.1:{api_port}")
    with operator(spine.cluster, spine.folder, spine.prometheus.url, *options):
        assert answered(of_operator).status_code == 401
        # Until then there are no rows, and a warning.
        wait_until(lambda: total(answered(of_operator, token)) > 0, "yesterday to be collected", seconds=120)
        before = total(answered(of_operator, token))
        with process(spine, "serve", "--listen", f"127.0.0.1:{port}") as server:
            wait_until(lambda: _is_up(of_server), "the server")
            # All of yesterday anew, until it had its turn among the operator's collections.
            for _ in range(5):
                with process(spine, "collect", "--window", "2d", "--again") as backfill:
                    while backfill.poll() is None:
                        for answer in (answered(of_operator, token), answered(of_server)):
                            assert answer.status_code == 200, answer.text
                            assert total(answer) == pytest.approx(before, rel=1e-9)
                    said = backfill.stderr.read() if backfill.stderr else ""
                # 3 is done, with hours that nobody scraped.
                if backfill.returncode in {0, 3}:
                    break
                assert "another" in said, said
            assert backfill.returncode in {0, 3}, said
            assert server.poll() is None
    assert "good" in spine.farthing("store", "verify")


def _is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).status_code == requests.codes.ok
    except requests.ConnectionError:
        return False
