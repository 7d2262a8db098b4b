"""Ad-hoc questions and files of reports, over a store with the demo's cluster in it."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Farthing
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"


def table(text: str) -> list[list[str]]:
    """The cells of a printed table: columns are three spaces or more apart."""
    return [re.split(r" {3,}", line.strip()) for line in text.split("\n\n", maxsplit=1)[0].splitlines()]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        simple = not isinstance(value, dict) or not value or any(isinstance(one, dict) for one in value.values())
        found |= (
            # As many columns as there are labels would be no table.
            {name: value}
            if name == "labels" or (simple and name != "properties")
            else {f"{name}.{key}": one for key, one in value.items()}
        )
    return {
        name: one if isinstance(one, str | dict | list) else str(one)
        for name, one in found.items()
        if one not in (None, {}, [], "")
    }


def cell(text: str) -> Any:
    """What a cell says: maps and lists are JSON."""
    return json.loads(text) if text.startswith(("{", "[")) else text


@pytest.mark.parametrize(
    "question",
    [
        ["allocation"],
        ["allocation", "--aggregate", "namespace,controller", "--no-idle"],
        [
            "allocation",
            "--aggregate",
            "node",
            "--split-idle",
            "--idle-by-node",
            "--step",
            "1d",
            "--accumulate",
            "false",
        ],
        ["allocation", "--aggregate", "", "--limit", "5", "--sort-by", "cpuCost", "--sort-order", "asc"],
        ["assets"],
        ["assets", "--aggregate", "type,name", "--step", "1d", "--accumulate", "day"],
    ],
    ids=" ".join,
)
def test_every_form_of_an_answer_says_the_same(farthing: Farthing, demo: DemoStore, question: list[str]) -> None:
    asked = [*question, "--window", str(demo.window), *demo.flags]
    as_json, as_csv, as_table = (farthing(*asked, "-o", form) for form in ("json", "csv", "table"))
    assert [done.code for done in (as_json, as_csv, as_table)] == [0, 0, 0]
    assert [done.err for done in (as_json, as_csv, as_table)] == ["", "", ""]
    rows = json.loads(as_json.out)
    assert rows
    lines = list(csv.DictReader(io.StringIO(as_csv.out, newline="")))
    for row, line in zip(rows, lines, strict=True):
        expected = flat(row)
        assert {name: cell(value) for name, value in line.items() if value} == expected
    header, *printed, total = table(as_table.out)
    assert "NAME" in header
    name, cost = header.index("NAME"), header.index("TOTAL")
    assert [cells[name] for cells in printed] == [row["name"] for row in rows]
    assert [cells[cost] for cells in printed] == [f"{row['totalCost']:.4f}" for row in rows]
    if "--limit" not in question:
        # Each printed to four places.
        assert float(total[-2 if "EFFICIENCY" in header else -1]) == pytest.approx(
            sum(row["totalCost"] for row in rows), abs=1e-4 * len(rows)
        )


def test_kubecosts_lists_of_what_to_show_are_flags_and_hold_together_with_a_filter(
    farthing: Farthing, demo: DemoStore
) -> None:
    asked = [
        "allocation",
        "--aggregate",
        "namespace,controller",
        "--no-idle",
        "--window",
        str(demo.window),
        *demo.flags,
    ]
    every = json.loads(farthing(*asked, "-o", "json").out)
    lists = [
        "--filter-namespaces",
        "shop,dat*",
        "--filter-controller-kinds",
        "deployment,stateful*",
        "--filter",
        'pod!:"none"',
    ]
    shown = json.loads(farthing(*asked, *lists, "-o", "json").out)
    assert {row["properties"]["namespace"] for row in shown} == {"shop", "data"}
    picked = [
        row
        for row in every
        if row["name"].startswith(("shop/deployment:", "shop/stateful", "data/deployment:", "data/stateful"))
    ]
    assert {row["name"]: row["totalCost"] for row in shown} == {
        row["name"]: pytest.approx(row["totalCost"]) for row in picked
    }
    done = farthing(*asked, "--filter-labels", "app")
    assert done.code == 2
    assert "filterLabels 'app' names no value: write key:value" in done.err


def test_a_limit_says_how_many_rows_are_left_out(farthing: Farthing, demo: DemoStore) -> None:
    asked = ["allocation", "--aggregate", "pod", "--window", str(demo.window), *demo.flags]
    every = json.loads(farthing(*asked, "-o", "json").out)
    done = farthing(*asked, "--limit", "3")
    assert done.out.strip().endswith(f", {len(every) - 4} more rows")


def test_a_window_that_is_not_all_there_exits_with_3_and_says_why(farthing: Farthing, demo: DemoStore) -> None:
    done = farthing("allocation", "--window", "7d", *demo.flags, "-o", "json")
    (line,) = done.err.splitlines()
    assert done.code == 3
    assert "is incomplete" in line
    assert line.endswith("costs are too low")
    # The answer is given all the same.
    assert json.loads(done.out)


def test_reports_of_a_folder_are_shown_as_kubectl_would(farthing: Farthing, demo: DemoStore) -> None:
    done = farthing("report", "-f", str(SAMPLES), *demo.flags)
    # Three samples ask for seven days, and there are three.
    assert done.code == 3
    costs, assets = done.out.strip().split("\n\n")
    assert re.split(r" {3,}", costs.splitlines()[0])[:6] == [
        "NAMESPACE",
        "NAME",
        "WINDOW",
        "AGGREGATE",
        "TOTAL",
        "IDLE",
    ]
    rows = {cells[1]: cells for text in (costs, assets) for cells in table(text)[1:]}
    assert set(rows) == {
        "costreport.farthing.dev/controllers-today",
        "costreport.farthing.dev/costs-by-namespace",
        "costreport.farthing.dev/idle-by-node",
        "costreport.farthing.dev/teams-monthly",
        "assetreport.farthing.dev/nodes",
    }
    assert rows["costreport.farthing.dev/costs-by-namespace"][:4] == [
        "farthing-system", "costreport.farthing.dev/costs-by-namespace", "7d", "namespace",
    ]  # fmt: skip


def test_a_report_answers_what_the_same_question_does(farthing: Farthing, demo: DemoStore, tmp_path: Path) -> None:
    spec = {"window": str(demo.window), "aggregate": ["namespace", "controller"], "formats": ["json", "csv"]}
    body = {"apiVersion": "farthing.dev/v1alpha1", "kind": "CostReport", "metadata": {"name": "x"}, "spec": spec}
    file = tmp_path / "x.yaml"
    file.write_text(yaml.safe_dump(body))
    asked = ["allocation", "--aggregate", "namespace,controller", "--window", str(demo.window), *demo.flags]
    for form in ("json", "csv"):
        done = farthing("report", "-f", str(file), *demo.flags, "-o", form)
        assert (done.code, done.err) == (0, "")
        assert done.out == farthing(*asked, "-o", form).out
    shown = yaml.safe_load(farthing("report", "-f", str(file), *demo.flags, "-o", "yaml").out)
    rows = json.loads(farthing(*asked, "-o", "json").out)
    assert shown["spec"]["window"] == str(demo.window)
    assert shown["status"]["rows"] == len(rows)
    total = float(shown["status"]["totals"]["totalCost"])
    assert total == pytest.approx(sum(row["totalCost"] for row in rows), abs=1e-3)
    assert {one["type"]: one["status"] for one in shown["status"]["conditions"]}["Ready"] == "True"


def test_rows_of_several_reports_are_not_printed_as_one(farthing: Farthing, demo: DemoStore, tmp_path: Path) -> None:
    body = {
        "apiVersion": "farthing.dev/v1alpha1",
        "kind": "CostReport",
        "metadata": {"name": "x"},
        "spec": {"window": "7d"},
    }
    file = tmp_path / "two.yaml"
    file.write_text(yaml.safe_dump_all([body, {**body, "metadata": {"name": "y"}}]))
    done = farthing("report", "-f", str(file), *demo.flags, "-o", "csv")
    assert (done.code, done.out) == (2, "")
    assert "prints the rows of one report, and 2 were given" in done.err


def test_a_report_that_cannot_be_meant_is_named(farthing: Farthing, demo: DemoStore, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    for text, sentence in (
        ("{", "is not YAML"),
        ("[1]", "holds something that is no Kubernetes object"),
        ("kind: Pod\napiVersion: v1", "is no report: use farthing.dev/v1alpha1 and CostReport or AssetReport"),
        ("apiVersion: farthing.dev/v1alpha1\nkind: CostReport\nmetadata: {name: x}\nspec: {window: 7x}", "'7x'"),
        (
            "apiVersion: farthing.dev/v1alpha1\nkind: CostReport\nmetadata: {name: x}\nspec: {window: 7d, windw: 7d}",
            "spec.windw",
        ),
    ):
        file.write_text(text)
        done = farthing("report", "-f", str(file), *demo.flags)
        (line,) = done.err.splitlines()
        assert (done.code, done.out) == (2, ""), text
        assert sentence in line


def test_the_demo_prints_what_kubectl_would_and_keeps_its_store(farthing: Farthing, tmp_path: Path) -> None:
    store = tmp_path / "kept"
    done = farthing("demo", "--days", "1", "--store", str(store))
    assert (done.code, done.err) == (0, "")
    get, describe = done.out.split("$ kubectl describe costreport ")
    assert get.startswith("$ kubectl get costreports,assetreports -A -o wide\n")
    header = re.split(r" {3,}", get.splitlines()[1])
    assert header == [
        "NAMESPACE", "NAME", "WINDOW", "AGGREGATE", "TOTAL", "IDLE", "EFFICIENCY", "READY", "LAST RUN", "BILLED", "CURRENCY",
        "ROWS", "COVERAGE", "DATA", "MESSAGE",
    ]  # fmt: skip
    rows = [re.split(r" {3,}", line) for line in get.splitlines() if "report.farthing.dev/" in line]
    assert len(rows) == 5
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    shown = [[line.split() for line in text.splitlines() if line.startswith("NAMESPACE ")] for text in (readme, get)]
    assert shown[0] == shown[1]
    by_name = {row[1].rpartition("/")[2]: row for row in rows}
    today = dict(zip(header, by_name["controllers-today"], strict=False))
    assert float(today["TOTAL"]) > float(today["IDLE"]) > 0
    assert (today["READY"], today["DATA"]) == ("True", "True")
    for title in ("Name:", "Kind:", "Spec:", "Status:", "Conditions:", "Top:"):
        assert title in describe
    # What it suggests works.
    (hint,) = re.findall(r"^  farthing (.*)$", describe, re.MULTILINE)
    asked = farthing(*hint.split())
    assert asked.code in {0, 3}
    assert "TOTAL" in asked.out
