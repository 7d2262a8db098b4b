import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farthing.resources.conditions import READY, Condition
from farthing.resources.parsing import parse_report
from farthing.resources.status import CostReportStatus, CostTotals, status_object
from tests.resources.spec_values import BAD, GOOD, UNKNOWN_FIELDS, Refused, body_of
from tests.support.cluster import Cluster

CRDS = Path(__file__).parents[2] / "crds"
CRD_NAMES = ("assetreports.farthing.dev", "costreports.farthing.dev")
NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)
COLUMNS = "NAME WINDOW AGGREGATE TOTAL IDLE EFFICIENCY READY LAST-RUN AGE BILLED CURRENCY ROWS COVERAGE DATA MESSAGE"
REFUSAL = re.compile(r'Report(?:\.farthing\.dev)? "([a-z]+-[0-9]+)" is invalid: (.*)')


@pytest.fixture(scope="module")
def cluster(control_plane: Cluster) -> Cluster:
    """The cluster with our kinds in it."""
    applied = control_plane.kubectl("apply", "-k", str(CRDS))
    assert not applied.stderr
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", *CRD_NAMES)
    return control_plane


def try_out(cluster: Cluster, bodies: Sequence[dict[str, Any]]) -> tuple[set[str], dict[str, str]]:
    """Names of those of ``bodies`` that the API server would create, and of each other what it said."""
    # Documents of their own: for a List, kubectl would judge by itself, with other words.
    given = "\n---\n".join(map(json.dumps, bodies))
    tried = cluster.kubectl("create", "--dry-run=server", "--output=name", "-f", "-", input=given, check=False)
    taken = {line.rsplit("/", 1)[-1].split(" ")[0] for line in tried.stdout.splitlines()}
    return taken, dict(REFUSAL.findall(tried.stderr))


@pytest.fixture(scope="module")
def refusals(cluster: Cluster) -> dict[str, str]:
    """What was said of every bad spec, by its name."""
    bodies = [body_of(bad.kind, bad.spec, f"bad-{number}") for number, bad in enumerate(BAD)]
    taken, refusals = try_out(cluster, bodies)
    assert taken == set()
    return refusals


@pytest.fixture
def report(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A report in the namespace of the test."""
    cluster.apply(body_of("CostReport", {"window": "7d"}) | {"metadata": {"name": "costs", "namespace": namespace}})
    yield "costs"
    cluster.kubectl("delete", "costreport", "costs", "-n", namespace, "--ignore-not-found")


def test_takes_what_our_own_parser_takes(cluster: Cluster) -> None:
    bodies = [body_of(kind, spec, f"good-{number}") for number, (kind, spec) in enumerate(GOOD)]
    taken, refusals = try_out(cluster, bodies)
    assert refusals == {}
    assert taken == {body["metadata"]["name"] for body in bodies}


@pytest.mark.parametrize(("number", "bad"), list(enumerate(BAD)), ids=[str(bad.spec) for bad in BAD])
def test_refuses_with_a_sentence_that_says_what_is_allowed(refusals: dict[str, str], number: int, bad: Refused) -> None:
    said = refusals[f"bad-{number}"]
    assert bad.sentence in said
    assert "evaluating rule" not in said, "a rule failed at run time rather than judged"


@pytest.mark.parametrize("bad", UNKNOWN_FIELDS, ids=lambda bad: str(bad.spec))
def test_a_field_that_is_not_offered_is_refused_by_name(cluster: Cluster, bad: Refused) -> None:
    given = json.dumps(body_of(bad.kind, bad.spec))
    tried = cluster.kubectl("create", "--dry-run=server", "-f", "-", input=given, check=False)
    assert tried.returncode
    assert bad.sentence in tried.stderr


def test_a_value_with_a_line_break_is_refused_with_the_sentence_that_quotes_nothing(cluster: Cluster) -> None:
    _, refusals = try_out(cluster, [body_of("CostReport", {"window": "7d\n"}, "broken-0")])
    assert "window cannot be read: use a length such as 15m" in refusals["broken-0"]


def test_the_api_server_fills_in_what_our_own_parser_fills_in(cluster: Cluster, namespace: str, report: str) -> None:
    stored = cluster.get("costreport", report, "-n", namespace)
    ours = parse_report(body_of("CostReport", {"window": "7d"})).spec
    assert stored["spec"] == ours.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert "status" not in stored


def test_a_status_is_stored_as_it_was_written_and_shown_in_the_columns(
    cluster: Cluster, namespace: str, report: str
) -> None:
    costs = dict.fromkeys(CostTotals.model_fields, "1.5000")
    ready = Condition(
        type=READY,
        status="True",
        reason="ReportComputed",
        message="All is well.",
        last_transition_time=NINE,
    )
    status = status_object(
        CostReportStatus(
            aggregate="namespace",
            totals=CostTotals(**costs),
            conditions=(ready,),
            currency="USD",
            rows=12,
            coverage="100%",
        )
    )
    patch = json.dumps({"status": status})
    cluster.kubectl("patch", "costreport", report, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)
    assert cluster.get("costreport", report, "-n", namespace)["status"] == status
    header, row = cluster.kubectl("get", "costr", "-n", namespace, "-o", "wide").stdout.splitlines()
    assert re.split(" {2,}", header.replace("LAST RUN", "LAST-RUN").strip()) == COLUMNS.split()
    assert row.split()[:7] == ["costs", "7d", "namespace", "1.5000", "1.5000", "1.5000", "True"]
    assert row.endswith("All is well.")


def test_a_status_can_be_waited_for(cluster: Cluster, namespace: str, report: str) -> None:
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "ReportComputed",
        "lastTransitionTime": "2026-11-21T09:00:00Z",
    }
    patch = json.dumps({"status": {"conditions": [ready]}})
    cluster.kubectl("patch", "costreport", report, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)
    cluster.kubectl("wait", "--for=condition=Ready", f"costreport/{report}", "-n", namespace, "--timeout=5s")


def test_applying_twice_changes_nothing(cluster: Cluster, namespace: str, report: str) -> None:
    body = body_of("CostReport", {"window": "7d"}) | {"metadata": {"name": report, "namespace": namespace}}
    assert cluster.kubectl("apply", "-f", "-", input=json.dumps(body)).stdout.strip().endswith("unchanged")
    assert cluster.kubectl("diff", "-f", "-", input=json.dumps(body)).stdout == ""


@pytest.mark.parametrize("kind", ["costreports", "assetreports"])
def test_explain_tells_what_a_window_may_be(cluster: Cluster, kind: str) -> None:
    assert "A length (15m, 24h, 7d, 1w)" in cluster.kubectl("explain", f"{kind}.spec.window").stdout


def test_the_kinds_are_found_by_short_name_and_category(cluster: Cluster) -> None:
    listed = cluster.kubectl("api-resources", "--categories=farthing", "--output=wide").stdout
    assert re.search(r"^costreports +costr +farthing.dev/v1alpha1 +true +CostReport ", listed, re.MULTILINE)
    assert re.search(r"^assetreports +assetr +farthing.dev/v1alpha1 +true +AssetReport ", listed, re.MULTILINE)
