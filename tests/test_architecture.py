"""How the tree is built: what linters and import contracts cannot say."""

import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest

from farthing import errors
from farthing.model.sampled import SAMPLES
from farthing.prometheus.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "operator" / "farthing").rglob("*.py"))
LONGEST_FILE = 250
TREE_LINE = re.compile(r"(?P<lead>[│├└─ ]*)(?P<name>[A-Z]\w+)(?:\s{2,}.*)?")


def targets() -> set[str]:
    """What the Makefile can make."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def drawn() -> dict[str, str]:
    """The parent of each class in the tree that the docstring of ``errors`` draws; the root has Exception's."""
    path: list[str] = ["Exception"]
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        if (match := TREE_LINE.fullmatch(line)) is not None and match["name"].endswith("Error"):
            depth = len(match["lead"]) // 4
            path = [*path[: depth + 1], match["name"]]
            found[match["name"]] = path[-2]
    return found


def test_operator_is_no_package_because_its_name_would_shadow_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_every_table_that_the_model_reads_is_asked_for_once() -> None:
    assert sorted(query.name for query in CATALOGUE) == sorted(SAMPLES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "operator")))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


def test_the_docstring_of_errors_draws_the_tree_that_the_classes_form() -> None:
    classes = {
        name: one.__bases__[0].__name__
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, Exception)
    }
    assert drawn() == classes


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_every_make_command_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    named = set(re.findall(r"(?:^ *|`)make ([a-z]+)", text, re.MULTILINE))
    assert named
    assert named <= targets()


def test_ci_runs_what_a_person_runs_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make check", "make test"]


def test_every_decision_has_its_number_and_the_three_parts_of_the_template() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert all(after == before + 1 for before, after in pairwise(numbers))
    for path in decisions:
        headings = re.findall(r"^## (.+)$", path.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], path.name
