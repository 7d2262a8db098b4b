"""The real servers as fixtures: started on first use, once a session; a test that uses one is marked so by itself."""

import os
import uuid
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support import tools
from tests.support.cluster import Cluster, UnnamedClusterError, given_cluster
from tests.support.controlplane import PROGRAMS, ControlPlane
from tests.support.prometheus_server import PrometheusServer
from tests.support.s3_server import S3Server

MARK_OF_FIXTURE = {"control_plane": "cluster", "prometheus_server": "prometheus", "s3_server": "s3"}
NAME_OF_MARK = {"cluster": "control plane", "prometheus": "Prometheus", "s3": "S3 server"}

ran = pytest.StashKey[Counter[str]]()
servers = pytest.StashKey[dict[str, ControlPlane | PrometheusServer | S3Server]]()


# What CI finds must be found again by who mends it: there, the same examples at each run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("farthing")
    group.addoption("--kubeconfig", type=Path, help="use the cluster that --kube-context names in this file")
    group.addoption("--kube-context", help="the context of --kubeconfig; no other, current or not, is ever used")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ran] = Counter()
    config.stash[servers] = {}
    if config.getoption("kubeconfig") and not config.getoption("kube_context"):
        raise pytest.UsageError("--kubeconfig needs --kube-context NAME: a current context is not taken for consent")
    if config.getoption("kube_context") and not config.getoption("kubeconfig"):
        raise pytest.UsageError("--kube-context needs --kubeconfig FILE: name the file that holds the context")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, mark in MARK_OF_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


def pytest_runtest_call(item: pytest.Item) -> None:
    item.config.stash[ran].update(marks_of(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for mark in marks_of(item):
            server = item.config.stash[servers].get(mark)
            if server is not None:
                report.sections.append((f"logs of the real {NAME_OF_MARK[mark]}", server.log_tails()))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["ran"] = dict(session.config.stash[ran])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist ran."""
    node.config.stash[ran].update(getattr(node, "workeroutput", {}).get("ran", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counts = config.stash[ran]
    told = (f"{counts[mark]} against the real {name}" for mark, name in NAME_OF_MARK.items())
    terminalreporter.write_line(f"tests ran: {', '.join(told)}")


def marks_of(item: pytest.Item) -> list[str]:
    return [mark for mark in NAME_OF_MARK if item.get_closest_marker(mark)]


def programs(*names: str) -> dict[str, Path]:
    """The built programs; where nobody asked for the minutes that takes, the test is skipped instead."""
    missing = [name for name in names if tools.find(name) is None]
    if missing and not (os.environ.get("CI") or os.environ.get("FARTHING_REQUIRE_TOOLS")):
        pytest.skip(f"{', '.join(missing)} not built yet: `make tools` builds them, `make test` too")
    return tools.ensure(names)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A cluster: our own control plane, or the one that the user named."""
    folder = tmp_path_factory.mktemp("control-plane")
    context = pytestconfig.getoption("kube_context")
    if context:
        kubectl = programs("kubectl")["kubectl"]
        try:
            cluster = given_cluster(pytestconfig.getoption("kubeconfig"), context, kubectl=kubectl, folder=folder)
        except UnnamedClusterError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        yield cluster
        return
    own = ControlPlane(folder, programs(*PROGRAMS))
    pytestconfig.stash[servers]["cluster"] = own
    with own:
        yield own


@pytest.fixture(scope="session")
def own_control_plane(control_plane: Cluster) -> ControlPlane:
    """Our own control plane, for tests that stop parts of it or need its made-up kubelets."""
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("needs a control plane of our own, and --kube-context named another")
    return control_plane


@pytest.fixture
def namespace(control_plane: Cluster) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    control_plane.create_namespace(name)
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def prometheus_server(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[PrometheusServer]:
    """A Prometheus that all tests share: give what you write a label of your own."""
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), programs("prometheus")["prometheus"])
    pytestconfig.stash[servers]["prometheus"] = server
    with server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[S3Server]:
    """An S3 server that all tests share: name buckets, which are folders, of your own."""
    folder = tmp_path_factory.mktemp("s3")
    server = S3Server(folder / "buckets", folder / "logs", programs("versitygw")["versitygw"])
    pytestconfig.stash[servers]["s3"] = server
    with server:
        yield server
