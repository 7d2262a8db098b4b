from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from farthing.model.zone import parse_timezone
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport
from farthing.resources.crd import OBJECTS, Kind, crd, main
from farthing.resources.price_book import PriceBook
from farthing.resources.rules import zone_names

CRDS = Path(__file__).parents[2] / "crds"
# What apiextensions.k8s.io/v1 forbids in a structural schema, or reads in another sense than pydantic writes it.
FORBIDDEN = {"$ref", "$defs", "anyOf", "allOf", "oneOf", "title", "const", "uniqueItems", "additionalProperties"}


def schema_of(report: Kind) -> dict[str, Any]:
    schema: dict[str, Any] = crd(report)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, one in schema.get("properties", {}).items():
        yield from properties(one, f"{path}.{name}")
    if "items" in schema:
        yield from properties(schema["items"], f"{path}[]")


every_property = pytest.mark.parametrize(
    ("path", "schema"),
    [
        pytest.param(path, schema, id=f"{kind}{path}")
        for kind, report in OBJECTS.items()
        for path, schema in properties(schema_of(report))
        if path.startswith((".spec", ".status"))
    ],
)


def test_the_files_are_what_the_models_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(CRDS)]) == 0, capsys.readouterr().err


def test_a_file_that_is_not_what_the_models_say_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    stale = tmp_path / "costreports.yaml"
    stale.write_text("edited by hand", encoding="utf-8")
    assert main(["--check", str(tmp_path)]) == 1
    assert str(stale) in capsys.readouterr().err


def test_generating_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    main([str(tmp_path)])
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    for file in tmp_path.iterdir():
        file.unlink()
    main([str(tmp_path)])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == first


@every_property
def test_the_schema_is_structural(path: str, schema: dict[str, Any]) -> None:
    assert not FORBIDDEN & schema.keys(), path
    assert schema["type"] in {"string", "integer", "number", "boolean", "array", "object"}


@every_property
def test_nothing_may_grow_without_bound(path: str, schema: dict[str, Any]) -> None:
    if schema["type"] == "array":
        assert "maxItems" in schema, path
    if schema["type"] == "string":
        assert {"maxLength", "enum", "format"} & schema.keys(), path


@every_property
def test_kubectl_explain_has_a_sentence_for_everything(path: str, schema: dict[str, Any]) -> None:
    if not path.endswith("[]"):
        assert schema["description"].endswith("."), path


@pytest.mark.parametrize("report", OBJECTS.values(), ids=OBJECTS)
def test_every_optional_field_of_a_spec_says_its_default(report: Kind) -> None:
    spec = schema_of(report)["properties"]["spec"]
    for name, field in spec["properties"].items():
        if name not in spec.get("required", ()):
            assert "Default: " in field["description"], name


@pytest.mark.parametrize("report", OBJECTS.values(), ids=OBJECTS)
def test_the_api_server_writes_nothing_into_a_status(report: Kind) -> None:
    status = schema_of(report)["properties"]["status"]
    assert [path for path, schema in properties(status) if "default" in schema] == []


@pytest.mark.parametrize(
    ("report", "shown", "costs"),
    [
        (CostReport, ["Window", "Aggregate", "Total", "Idle", "Efficiency", "Ready", "Last Run", "Age"], []),
        (
            AssetReport,
            ["Window", "Aggregate", "Total", "Idle", "Ready", "Last Run", "Age"],
            ["Disk", "Network", "LoadBalancer", "Management", "Cloud"],
        ),
    ],
)
def test_kubectl_get_shows_these_columns_and_more_when_wide(report: Kind, shown: list[str], costs: list[str]) -> None:
    columns = crd(report)["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [column["name"] for column in columns if not column.get("priority")] == shown
    wide = [column["name"] for column in columns if column.get("priority") == 1]
    assert wide == [*costs, "Currency", "Rows", "Coverage", "Data", "Message"]
    # Each tells of a field that the status has.
    totals = crd(report)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"][
        "totals"
    ]
    told = [column["jsonPath"].rpartition(".")[2] for column in columns if ".totals." in column["jsonPath"]]
    assert set(told) <= set(totals["properties"])


@pytest.mark.parametrize("report", OBJECTS.values(), ids=OBJECTS)
def test_every_column_shows_a_field_that_exists(report: Kind) -> None:
    known = {path for path, _ in properties(schema_of(report))} | {".metadata.creationTimestamp"}
    for column in crd(report)["spec"]["versions"][0]["additionalPrinterColumns"]:
        start, _, field = column["jsonPath"].partition("[?(@.type==")
        assert (f"{start}[].{field.rsplit('.', 1)[-1]}" if field else start) in known, column


def test_kubectl_get_shows_a_price_book_with_its_rules_in_force_and_its_time() -> None:
    columns = crd(PriceBook)["spec"]["versions"][0]["additionalPrinterColumns"]
    shown = [column["name"] for column in columns if not column.get("priority")]
    assert shown == ["Currency", "Rules in Force", "Valid From", "Valid To", "Ready", "Age"]


def test_a_price_book_is_of_the_cluster_and_a_report_of_its_namespace() -> None:
    scopes = {kind: crd(report)["spec"]["scope"] for kind, report in OBJECTS.items()}
    assert scopes == {"CostReport": "Namespaced", "AssetReport": "Namespaced", "PriceBook": "Cluster"}


@pytest.mark.parametrize(
    "file", sorted({*CRDS.glob("*reports.yaml"), *CRDS.glob("*books.yaml")}), ids=lambda file: file.name
)
def test_client_side_apply_has_room_for_the_file(file: Path) -> None:
    assert len(str(yaml.safe_load(file.read_text(encoding="utf-8")))) < 262_144 / 2


def test_every_listed_timezone_is_one_that_we_know() -> None:
    for name in zone_names():
        parse_timezone(name)
