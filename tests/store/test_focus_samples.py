"""A file in the shape of FOCUS' own samples: all columns of version 1.0 in their order, four providers, instants without a zone."""

import re
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
import pytest

from farthing.errors import InvalidBillError
from farthing.model.focus import BILL
from farthing.store.engine import run
from farthing.store.focus import reading
from tests.support.focus_files import MANDATORY, as_csv
from tests.support.focus_sample import COLUMNS, PLAN, sample_rows


def test_a_sample_has_every_column_of_version_1_0() -> None:
    rows = sample_rows()
    assert (len(COLUMNS), len(rows)) == (43, 10)
    assert set(MANDATORY) < set(COLUMNS)
    assert all(list(row) == list(COLUMNS) for row in rows)


def test_a_sample_is_imported(tmp_path: Path) -> None:
    with reading([as_csv(tmp_path / "focus_sample.csv", sample_rows())], "USD", UTC) as found:
        bills = {(bill.provider, bill.account): bill.rows for bill in found.bills}
        rows = [
            dict(zip(BILL, row, strict=True))
            for bill in found.bills
            for row in run(found.connection, found.rows_of(bill))
        ]
    assert bills == {
        ("AWS", "111122223333"): 7,
        ("Azure", "8611537"): 1,
        ("GCP", "019AB3-C4D5E6-F70809"): 1,
        ("Oracle", "ocid1.tenancy.oc1..a"): 1,
    }
    costs: dict[tuple[str, str, str], float] = {}
    for row in rows:
        key = row["provider"], row["resource_key"], row["charge_category"]
        costs[key] = round(costs.get(key, 0.0) + row["cost"], 9)
    azure = "/subscriptions/s-1/resourcegroups/mc_a/providers/microsoft.compute/virtualmachinescalesets/aks-pool"
    assert costs == {
        # 2.40 at list price, 1.60 out of the plan, less 0.15 for an hour of the 16th that was charged twice.
        ("AWS", "i-0a", "Usage"): 3.85,
        ("AWS", PLAN, "Purchase"): 0.0,
        ("AWS", PLAN, "Usage"): 0.8,
        ("AWS", "", "Tax"): 0.3,
        ("AWS", "", "Credit"): -0.1,
        ("Azure", azure, "Usage"): 4.25,
        ("GCP", "shop/europe-west1-b/node-a", "Usage"): 1.25,
        ("Oracle", "ocid1.instance.oc1..a", "Usage"): 0.75,
    }


@pytest.mark.parametrize("missing", MANDATORY)
def test_a_sample_without_a_mandatory_column_is_told_which(tmp_path: Path, missing: str) -> None:
    rows = [{name: value for name, value in row.items() if name != missing} for row in sample_rows()]
    path = as_csv(tmp_path / "focus_sample.csv", rows)
    with pytest.raises(InvalidBillError, match=f"mandatory column is missing: {missing};"), reading([path], "USD", UTC):
        pass


@pytest.mark.parametrize("missing", [name for name in COLUMNS if name not in MANDATORY])
def test_a_sample_without_another_column_is_imported(tmp_path: Path, missing: str) -> None:
    rows = [{name: value for name, value in row.items() if name != missing} for row in sample_rows()]
    with reading([as_csv(tmp_path / "focus_sample.csv", rows)], "USD", UTC) as found:
        assert sum(bill.rows for bill in found.bills) == 10


def test_null_is_written_as_a_word_in_samples(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "focus_sample.csv", sample_rows())
    words = "\n".join(re.sub(r"(?<=,)(?=,)|^(?=,)|(?<=,)$", "NULL", line) for line in path.read_text().splitlines())
    path.write_text(words + "\n")
    rows = rows_of(path)
    assert len(rows) == 10
    assert [row["resource_key"] for row in rows if row["charge_category"] in {"Tax", "Credit"}] == ["", ""]
    assert {row["tags"] for row in rows} == {"", '{"app": "web", "team": "shop"}'}


def test_oracles_names_from_before_version_1_0_are_known(tmp_path: Path) -> None:
    older = {"ProviderName": "Provider", "PublisherName": "Publisher", "InvoiceIssuerName": "InvoiceIssuer"}
    lacking = {"ChargeClass", "ContractedCost", "ContractedUnitPrice"}
    rows = [
        {older.get(name, name): value for name, value in row.items() if name not in lacking}
        for row in sample_rows()
        if row["ProviderName"] == "Oracle"
    ]
    (row,) = rows_of(as_csv(tmp_path / "oracle.csv", rows))
    assert (row["provider"], row["resource_key"], row["cost"]) == ("Oracle", "ocid1.instance.oc1..a", 0.75)
    for missing, told in (("Provider", "ProviderName"), ("EffectiveCost", "EffectiveCost")):
        cut = [{name: value for name, value in row.items() if name != missing} for row in rows]
        with pytest.raises(InvalidBillError, match=f"mandatory column is missing: {told};"):
            rows_of(as_csv(tmp_path / "oracle.csv", cut))


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ('{"app": "web"}', '{"app": "web"}'),
        ('"app": "web"', '{"app": "web"}'),
        ('[{"key":"app","value":"web","x_type":"label"},{"key":"e","value":null}]', '{"app":"web"}'),
        ("[broken", ""),
        ("NULL", ""),
    ],
)
def test_tags_become_an_object(tmp_path: Path, written: str, tags: str) -> None:
    rows = [{**row, "Tags": written} for row in sample_rows()[:1]]
    assert [row["tags"] for row in rows_of(as_csv(tmp_path / "a.csv", rows))] == [tags]


def test_googles_pairs_of_tags_are_read_from_parquet(tmp_path: Path) -> None:
    source = as_csv(tmp_path / "a.csv", sample_rows()[8:9])
    pairs = "[{'key': 'app', 'value': 'web', 'x_inherited': false}]"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace ({pairs} as Tags) from read_csv('{source}', all_varchar = true)) "  # noqa: S608 - of the test's own
            f"to '{tmp_path / 'a.parquet'}' (format parquet)"
        )
    assert [row["tags"] for row in rows_of(tmp_path / "a.parquet")] == ['{"app":"web"}']


def rows_of(path: Path) -> list[dict[str, Any]]:
    with reading([path], "USD", UTC) as found:
        return [
            dict(zip(BILL, row, strict=True))
            for bill in found.bills
            for row in run(found.connection, found.rows_of(bill))
        ]
