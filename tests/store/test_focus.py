"""Reading bills: FOCUS files in all their forms become the same rows of days and resources; what is no bill is refused in a sentence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from farthing.errors import InvalidBillError, StoreError
from farthing.model.focus import BILL
from farthing.store.engine import run
from farthing.store.focus import reading
from tests.support.fact_rows import START
from tests.support.focus_files import MANDATORY, as_csv, as_parquet, charge

DAY = 86400
Rows = Iterable[Mapping[str, str]]


def rows_of(*paths: Path, zone: Any = UTC, currency: str = "USD") -> list[dict[str, Any]]:
    with reading(paths, currency, zone) as found:
        return [
            dict(zip(BILL, row, strict=True))
            for bill in found.bills
            for row in run(found.connection, found.rows_of(bill))
        ]


def costs(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], float]:
    return {(row["resource_key"], (row["start"] - START) // DAY): row["cost"] for row in rows}


@pytest.mark.parametrize(("write", "name"), [(as_csv, "a.csv"), (as_csv, "a.csv.gz"), (as_parquet, "a.parquet")])
def test_csv_gzip_and_parquet_are_the_same_bill(tmp_path: Path, write: Callable[[Path, Rows], Path], name: str) -> None:
    rows = [
        charge("i-a", 1.5),
        charge("arn:aws:s3:::b", 0.25, ServiceName="AmazonS3", ServiceCategory="Storage", Tags='{"app":"x"}'),
    ]
    bucket, machine = rows_of(write(tmp_path / name, rows))
    assert machine == {
        "start": START, "resource_key": "i-a", "resource": "i-a", "provider": "AWS", "account": "444455556666", "project": "",
        "service": "AmazonEC2", "category": "Compute", "charge_category": "Usage", "tags": "",
        "cost": 1.5, "list_cost": 1.5, "billed_cost": 1.5, "credit": 0.0,
    }  # fmt: skip
    assert (bucket["resource_key"], bucket["category"], bucket["tags"]) == ("arn:aws:s3:::b", "Storage", '{"app":"x"}')


def test_files_of_several_kinds_are_one_bill(tmp_path: Path) -> None:
    tagged = {"Tags": '{"app":"x"}'}
    paths = [
        as_parquet(tmp_path / "a.parquet", [charge("i-a", 1.0, **tagged)]),
        as_csv(tmp_path / "b.csv.gz", [charge("i-a", 2.0, **tagged), charge("i-b", 4.0)]),
        as_csv(tmp_path / "c.csv", [charge("i-b", 8.0)]),
    ]
    found = rows_of(*paths)
    assert {(row["resource"], row["tags"], row["cost"]) for row in found} == {
        ("i-a", '{"app":"x"}', 3.0),
        ("i-b", "", 12.0),
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)])
def test_rows_of_any_order_come_to_the_same_to_the_last_digit(tmp_path: Path, order: Sequence[int]) -> None:
    # As doubles 9e14 + 0.3 - 9e14 is 0.25.
    rows = [charge("i-a", cost) for cost in (9e14, 0.3, -9e14)]
    (row,) = rows_of(as_csv(tmp_path / "a.csv", [rows[place] for place in order]))
    assert (row["cost"], row["list_cost"], row["billed_cost"]) == (0.3, 0.3, 0.3)


@pytest.mark.parametrize("missing", MANDATORY)
def test_a_file_without_a_mandatory_column_is_refused_and_told_which(tmp_path: Path, missing: str) -> None:
    row = charge()
    del row[missing]
    with pytest.raises(InvalidBillError, match=f"mandatory column is missing: {missing};"):
        rows_of(as_csv(tmp_path / "a.csv", [row]))


def test_each_file_of_several_has_all_columns(tmp_path: Path) -> None:
    whole, lacking = charge(), charge()
    del lacking["ListCost"]
    with pytest.raises(InvalidBillError, match=r"b\.csv is no bill.*: ListCost;"):
        rows_of(as_csv(tmp_path / "a.csv", [whole]), as_csv(tmp_path / "b.csv", [lacking]))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param([charge(), charge(BillingCurrency="EUR")], r"several currencies \(EUR, USD\)", id="currencies"),
        pytest.param([charge(BillingCurrency="EUR")], "in EUR and the store in USD", id="currency"),
        pytest.param([charge(EffectiveCost="")], "without a value of EffectiveCost", id="no-cost"),
        pytest.param([charge(EffectiveCost="1,50")], "cannot be read as a bill", id="no-number"),
        pytest.param([charge(EffectiveCost="nan")], "costs that are no number", id="nan"),
        pytest.param([charge(EffectiveCost="1e300")], "costs that are no number, or more than", id="absurd"),
        pytest.param([charge(ChargePeriodStart="")], "without a value of .*ChargePeriodStart", id="no-time"),
        pytest.param([charge(ChargePeriodStart="soon")], "cannot be read as a bill", id="no-instant"),
        pytest.param([charge(ChargePeriodEnd="2026-11-16T00:00:00Z")], "periods that no bill has", id="backwards"),
        pytest.param([charge(ChargePeriodEnd="9999-01-01T00:00:00Z")], "periods that no bill has", id="for-ever"),
        pytest.param([charge(ChargePeriodEnd="2031-01-01T00:00:00Z")], "periods that no bill has", id="too-long"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_in_a_sentence(tmp_path: Path, rows: Rows, sentence: str) -> None:
    with pytest.raises(InvalidBillError, match=sentence):
        rows_of(as_csv(tmp_path / "a.csv", rows))


@pytest.mark.parametrize("body", [b"", b"PAR1", b"\x1f\x8b\x08", b"\xff\xfe\x00", b"no,bill\n1,2\n", b'"'])
def test_what_is_no_bill_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a").write_bytes(body)
    with pytest.raises((InvalidBillError, StoreError), match=r"/a "):
        rows_of(tmp_path / "a")


def test_a_file_of_a_header_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(MANDATORY) + "\n")
    with pytest.raises(InvalidBillError, match="no rows"):
        rows_of(tmp_path / "a.csv")


def test_hours_of_a_day_are_added_up(tmp_path: Path) -> None:
    hours = [
        charge(
            cost=0.5, ChargePeriodStart=f"2026-11-17T{hour:02}:00:00Z", ChargePeriodEnd=f"2026-11-17T{hour:02}:59:59Z"
        )
        for hour in range(24)
    ]
    assert costs(rows_of(as_csv(tmp_path / "a.csv", hours))) == {("i-a", 0): 12.0}


def test_a_charge_of_several_days_is_spread_over_them_by_seconds(tmp_path: Path) -> None:
    # 36 h, 12 of them on the 16th: a third of 3.00; the other two thirds on the 17th.
    row = charge(cost=3.0, ChargePeriodStart="2026-11-16T12:00:00Z", ChargePeriodEnd="2026-11-18T00:00:00Z")
    assert costs(rows_of(as_csv(tmp_path / "a.csv", [row]))) == {("i-a", -1): 1.0, ("i-a", 0): 2.0}


def test_a_charge_of_a_moment_counts_also_at_the_end_of_the_others(tmp_path: Path) -> None:
    moment = {"ChargePeriodStart": "2026-11-18T00:00:00Z", "ChargePeriodEnd": "2026-11-18T00:00:00Z"}
    rows = [charge(cost=1.0), charge("ri-1", 500.0, ChargeCategory="Purchase", **moment)]
    assert costs(rows_of(as_csv(tmp_path / "a.csv", rows))) == {("i-a", 0): 1.0, ("ri-1", 1): 500.0}


def test_days_are_those_of_the_store(tmp_path: Path) -> None:
    # In Kolkata (+05:30) the UTC day of the 17th is 18.5 h of the 17th and 5.5 h of the 18th.
    rows = rows_of(as_csv(tmp_path / "a.csv", [charge(cost=24.0)]), zone=ZoneInfo("Asia/Kolkata"))
    midnight = START - 19_800
    assert {row["start"] - midnight: row["cost"] for row in rows} == {0: 18.5, DAY: 5.5}


def test_credits_count_and_are_kept_apart_too(tmp_path: Path) -> None:
    rows = [
        charge(cost=2.0),
        charge(cost=-0.5, ChargeCategory="Credit"),
        charge(cost=-0.25, ChargeClass="Correction"),
    ]
    found = rows_of(as_csv(tmp_path / "a.csv", rows))
    assert [(row["charge_category"], row["cost"], row["credit"]) for row in found] == [
        ("Credit", -0.5, -0.5),
        ("Usage", 1.75, 0.0),
    ]


def test_what_was_paid_in_advance_costs_where_it_is_used(tmp_path: Path) -> None:
    bought = charge("ri-1", 0.0, BilledCost="365", ChargeCategory="Purchase", ChargePeriodEnd="2027-11-17T00:00:00Z")
    used = charge(cost=1.0, BilledCost="0", ListCost="1.5")
    found = rows_of(as_csv(tmp_path / "a.csv", [bought, used]))
    assert sum(row["cost"] for row in found) == 1.0
    assert sum(row["billed_cost"] for row in found) == pytest.approx(365.0)
    assert {row["billed_cost"] for row in found if row["resource"] == "ri-1"} == {1.0}


@pytest.mark.parametrize(
    ("name", "provider", "account", "project"),
    [
        ("Amazon Web Services", "AWS", "sub", ""),
        ("Microsoft", "Azure", "sub", ""),
        ("Google Cloud", "GCP", "111122223333", "sub"),
        ("Oracle", "Oracle", "sub", ""),
        ("Hetzner", "Hetzner", "sub", ""),
    ],
)
def test_providers_have_the_names_of_assets(
    tmp_path: Path, name: str, provider: str, account: str, project: str
) -> None:
    (row,) = rows_of(as_csv(tmp_path / "a.csv", [charge(ProviderName=name, SubAccountId="sub")]))
    assert (row["provider"], row["account"], row["project"]) == (provider, account, project)


def test_a_service_is_called_by_its_code_where_the_bill_has_one(tmp_path: Path) -> None:
    row = charge(ServiceName="Amazon Simple Storage Service", x_ServiceCode="AmazonS3")
    assert rows_of(as_csv(tmp_path / "a.csv", [row]))[0]["service"] == "AmazonS3"


def test_long_texts_are_cut_and_long_tags_left_out(tmp_path: Path) -> None:
    row = charge("r" * 5000, Tags='{"a":"' + "x" * 9000 + '"}')
    (found,) = rows_of(as_csv(tmp_path / "a.csv", [row]))
    assert (len(found["resource"]), found["tags"]) == (1024, "")


def test_files_hold_several_bills(tmp_path: Path) -> None:
    october = {"BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z"}
    rows = [charge(), charge(BillingAccountId="other"), charge(**october)]
    with reading([as_csv(tmp_path / "a.csv", rows)], "USD", UTC) as found:
        assert [(bill.account, bill.rows) for bill in found.bills] == [
            ("111122223333", 1),
            ("111122223333", 1),
            ("other", 1),
        ]
