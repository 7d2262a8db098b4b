"""On a control plane of its own: removing the kinds would take them from every other test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import tools
from tests.support.cluster import Cluster
from tests.support.controlplane import PROGRAMS, ControlPlane

MANIFESTS = Path(__file__).parents[2] / "manifests"
SYSTEM = "farthing-system"
OPERATOR = f"--as=system:serviceaccount:{SYSTEM}:farthing"


@pytest.fixture(scope="module")
def cluster(own_control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with nothing in it; needs what ``own_control_plane`` needs."""
    assert own_control_plane.url
    with ControlPlane(tmp_path_factory.mktemp("spare"), tools.ensure(PROGRAMS)) as spare:
        yield spare


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Cluster:
    """The cluster after an installation that had nothing to warn of."""
    done = cluster.kubectl("apply", "-k", str(MANIFESTS))
    assert not done.stderr
    cluster.kubectl(
        "wait", "--for=condition=Established", "--timeout=30s", "crd", "-l", "app.kubernetes.io/part-of=farthing"
    )
    return cluster


def may(cluster: Cluster, who: str, *asked: str) -> bool:
    return cluster.kubectl("auth", "can-i", *asked, who, check=False).stdout.strip() == "yes"


def test_installing_again_changes_nothing(installed: Cluster) -> None:
    done = installed.kubectl("apply", "-k", str(MANIFESTS))
    assert not done.stderr
    assert all(line.endswith(" unchanged") for line in done.stdout.splitlines()), done.stdout


def test_the_pod_is_admitted_where_the_restricted_standard_is_enforced(installed: Cluster) -> None:
    labels = installed.get("namespace", SYSTEM)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    wait = ("--for=jsonpath={.status.replicas}=1", "--timeout=30s", "deployment/farthing", "-n", SYSTEM)
    installed.kubectl("wait", *wait)


@pytest.mark.parametrize(
    "asked",
    [
        ("list", "costreports.farthing.dev", "-A"),
        ("watch", "assetreports.farthing.dev", "-A"),
        ("patch", "costreports.farthing.dev", "--subresource=status", "-n", "team"),
        ("watch", "pricebooks.farthing.dev"),
        ("patch", "pricebooks.farthing.dev", "--subresource=status"),
        ("create", "configmaps", "-n", "team"),
        ("create", "events", "-n", "team"),
    ],
    ids=" ".join,
)
def test_the_operator_may_do_its_work(installed: Cluster, asked: tuple[str, ...]) -> None:
    assert may(installed, OPERATOR, *asked)


@pytest.mark.parametrize(
    "asked",
    [
        ("patch", "costreports.farthing.dev", "-n", "team"),
        ("delete", "costreports.farthing.dev", "-n", "team"),
        ("patch", "pricebooks.farthing.dev"),
        ("get", "pods", "-A"),
        ("list", "nodes"),
        ("list", "namespaces"),
        ("get", "secrets", "-n", SYSTEM),
        ("list", "customresourcedefinitions"),
    ],
    ids=" ".join,
)
def test_the_operator_may_not_do_more(installed: Cluster, asked: tuple[str, ...]) -> None:
    assert not may(installed, OPERATOR, *asked)


@pytest.mark.parametrize(
    ("role", "verb", "allowed"), [("view", "list", True), ("view", "create", False), ("edit", "create", True)]
)
def test_who_may_view_or_edit_a_namespace_may_do_so_with_its_reports(
    installed: Cluster, role: str, verb: str, *, allowed: bool
) -> None:
    person = f"{role}-{verb}"
    installed.kubectl("create", "rolebinding", person, f"--clusterrole={role}", f"--user={person}", "-n", "default")
    for kind in ("costreports.farthing.dev", "assetreports.farthing.dev"):
        assert may(installed, f"--as={person}", verb, kind, "-n", "default") is allowed


def test_everything_goes_at_once_and_without_a_warning_with_reports_in_place(installed: Cluster) -> None:
    applied = installed.kubectl("apply", "-f", str(MANIFESTS / "samples"))
    assert not applied.stderr
    assert len(installed.get("costreports,assetreports", "-n", SYSTEM)["items"]) == len(
        list(MANIFESTS.glob("samples/*.yaml"))
    )
    assert not installed.kubectl("apply", "-f", str(MANIFESTS / "samples" / "prices")).stderr
    removed = installed.kubectl("delete", "-k", str(MANIFESTS), "--timeout=60s")
    assert not removed.stderr
    left = installed.kubectl(
        "get", "crd,clusterrole,namespace", "-l", "app.kubernetes.io/part-of=farthing", "-o", "name"
    )
    assert left.stdout == ""
