"""What the documents say of the code is so."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import duckdb
import msgspec
import pytest

from farthing.model.coverage import Coverage
from farthing.model.filters import ASSET_FIELDS, ASSET_LISTS
from farthing.model.focus import BILL
from farthing.model.question import ASSET_AGGREGATES
from farthing.model.tables import FACTS, RESOURCES
from farthing.resources.asset_report import AssetReportSpec
from farthing.store.manifest import File, Manifest, manifest_path, save

ROOT = Path(__file__).parents[1]
STORE = (ROOT / "docs" / "store.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def told(heading: str) -> set[str]:
    """The columns that docs/store.md tells of in the section that ``heading`` begins."""
    rows = STORE.partition(f"\n### {heading}")[2].partition("\n#")[0]
    names = [
        name for cells in re.findall(r"^\| (`[^|]+) \|", rows, re.MULTILINE) for name in re.findall("`(.+?)`", cells)
    ]
    return {name.replace("*", resource) for name in names for resource in RESOURCES}


TABLES = {**FACTS, "bill": BILL}


@pytest.mark.parametrize(("table", "columns"), TABLES.items(), ids=list(TABLES))
def test_the_columns_of_a_table_are_all_told(table: str, columns: dict[str, str]) -> None:
    assert told(table) == set(columns)


@pytest.mark.parametrize("name", [
    *(field.name for kind in (Manifest, File) for field in msgspec.structs.fields(kind)),
    *(field.name for field in fields(Coverage)),
])  # fmt: skip
def test_the_fields_of_a_manifest_are_all_told(name: str) -> None:
    manifest = STORE.partition("\n## Manifest")[2].partition("\n## ")[0]
    assert re.search(rf"`{name}(\[\])?`", manifest)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store of one day: 2 + 1 for shop, and a left-over file of 100 that no manifest names."""
    place = tmp_path / "farthing-store" / "allocation" / "grain=day" / "cluster=c" / "date=2026-11-21"
    place.mkdir(parents=True)
    for name, cost in (("named", 2.0), ("left-over", 100.0)):
        duckdb.execute(
            f"copy (select 'c' cluster, 'shop' namespace, {cost} cpu_cost, 1.0 ram_cost, 0.0 gpu_cost) "
            f"to '{place / name}.parquet' (format parquet)"
        )
    file = File("allocation", "day", str((place / "named.parquet").relative_to(tmp_path / "farthing-store")), 1, 0, "")
    day = Manifest("c", "UTC", "2026-11-21", 0, 86400, (file,), ())
    save(manifest_path(tmp_path / "farthing-store", "c", "2026-11-21"), day)
    return tmp_path


def test_the_example_of_another_reader_counts_what_manifests_name_and_nothing_else(folder: Path) -> None:
    (example,) = re.findall(r"^```python\n(.+?)^```", STORE, re.MULTILINE | re.DOTALL)
    said = subprocess.run([sys.executable, "-c", example], cwd=folder, check=True, capture_output=True, text=True)
    assert re.findall(r"shop\W+([\d.]+)", said.stdout) == ["3.0"]


def test_the_layout_has_the_version_that_is_told(folder: Path) -> None:
    (manifest,) = folder.rglob("date=*.json")
    assert f"that of this layout, {json.loads(manifest.read_bytes())['version']}:" in STORE


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_tree_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_a_document_names_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:tests|docs|manifests|crds|model|resources|services|prometheus|store|kube|handlers|exports|cli|demo)/[\w./-]*)`",
        document.read_text("utf-8"),
    )
    roots = (ROOT, ROOT / "operator" / "farthing")
    assert [path for path in named if not any((root / path).exists() for root in roots)] == []


def test_what_assets_may_be_asked_by_is_all_told() -> None:
    document = (ROOT / "docs" / "assets.md").read_text("utf-8")
    told = set(re.findall(r"`([\w*:]+)`", document))
    assert {*ASSET_FIELDS, *ASSET_LISTS, *ASSET_AGGREGATES} <= told
    fields = {
        "window", "step", "accumulate", "aggregate", "filter", "disableAdjustments", "sortBy", "sortOrder", "limit",
    }  # fmt: skip
    assert {*AssetReportSpec.model_json_schema()["properties"]} - {
        "formats", "history", "interval", "schedule", "suspend", "timezone",
    } == fields <= told  # fmt: skip
