"""The API server judges a PriceBook as our own parser does, and says why."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.resources.price_book_values import BAD, GOOD, UNKNOWN_FIELDS
from tests.resources.spec_values import Refused, body_of
from tests.support.cluster import Cluster

CRDS = Path(__file__).parents[2] / "crds"
REFUSAL = re.compile(r'PriceBook(?:\.farthing\.dev)? "([a-z]+-[0-9]+)" is invalid: (.*)')


@pytest.fixture(scope="module")
def cluster(control_plane: Cluster) -> Cluster:
    """The cluster with our kinds in it."""
    assert not control_plane.kubectl("apply", "-k", str(CRDS)).stderr
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "pricebooks.farthing.dev")
    return control_plane


def try_out(cluster: Cluster, bodies: Sequence[dict[str, Any]]) -> tuple[set[str], str]:
    """Names of those of ``bodies`` that the API server would create, and what it said of the others."""
    given = "\n---\n".join(map(json.dumps, bodies))
    tried = cluster.kubectl("create", "--dry-run=server", "--output=name", "-f", "-", input=given, check=False)
    return {line.rsplit("/", 1)[-1].split(" ")[0] for line in tried.stdout.splitlines()}, tried.stderr


@pytest.fixture(scope="module")
def refusals(cluster: Cluster) -> dict[str, str]:
    """What was said of every bad spec, by its name."""
    taken, said = try_out(cluster, [body_of("PriceBook", bad.spec, f"bad-{number}") for number, bad in enumerate(BAD)])
    assert taken == set()
    found: dict[str, str] = {}
    for part in re.split(r'(?=PriceBook(?:\.farthing\.dev)? "bad-)', said):
        if match := REFUSAL.search(part):
            found[match[1]] = part
    return found


def test_takes_what_our_own_parser_takes(cluster: Cluster) -> None:
    bodies = [body_of("PriceBook", spec, f"good-{number}") for number, spec in enumerate(GOOD)]
    taken, said = try_out(cluster, bodies)
    assert said == ""
    assert taken == {body["metadata"]["name"] for body in bodies}


@pytest.mark.parametrize(("number", "bad"), list(enumerate(BAD)), ids=[str(bad.spec) for bad in BAD])
def test_refuses_with_a_sentence_that_says_what_is_allowed(refusals: dict[str, str], number: int, bad: Refused) -> None:
    said = refusals[f"bad-{number}"]
    assert bad.sentence in said
    assert "evaluating rule" not in said, "a rule failed at run time rather than judged"


@pytest.mark.parametrize("bad", UNKNOWN_FIELDS, ids=lambda bad: str(bad.spec))
def test_a_field_that_is_not_offered_is_refused_by_name(cluster: Cluster, bad: Refused) -> None:
    taken, said = try_out(cluster, [body_of("PriceBook", bad.spec)])
    assert not taken
    assert bad.sentence in said


def test_the_kind_is_found_by_short_name_and_category(cluster: Cluster) -> None:
    listed = cluster.kubectl("api-resources", "--categories=farthing", "--output=wide").stdout
    assert re.search(r"^pricebooks +prb +farthing.dev/v1alpha1 +false +PriceBook ", listed, re.MULTILINE)
