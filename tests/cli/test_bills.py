"""``farthing bills``: import, list and remove, and what reports say of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from farthing.store.days import Store
from tests.support.command import Farthing
from tests.support.fact_rows import FactTables, container, keep, node, seen
from tests.support.focus_files import as_csv, as_parquet, charge
from tests.support.s3_server import S3Server

pytestmark = pytest.mark.slow

ID = "AWS/111122223333/2026-11-01"
DAY = "2026-11-17T00:00:00Z,2026-11-18T00:00:00Z"


@pytest.fixture(autouse=True)
def december(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bills of November are settled, whatever the clock says."""
    monkeypatch.setattr("farthing.cli.bills.time.time", lambda: datetime(2026, 12, 5, tzinfo=UTC).timestamp())


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A day of a store: web holds half of node-a, which costs 4."""
    root = tmp_path / "store"
    facts = FactTables([container(cpu_cost=2.0)], [node(cpu_cost=4.0, cpu_allocated_cost=2.0, cpu_idle_cost=2.0)])
    keep(Store(root), facts, seen(*range(24)))
    return str(root)


def test_a_bill_is_imported_listed_and_removed(farthing: Farthing, store: str, tmp_path: Path) -> None:
    first = as_csv(tmp_path / "part-1.csv.gz", [charge("i-a", 5.0)])
    as_csv(tmp_path / "part-2.csv.gz", [charge("i-a", 1.0), charge("b", 0.5, ServiceCategory="Storage")])
    done = farthing("bills", "import", str(tmp_path / "part-*.gz"), str(first), "--store", store)
    assert (done.code, done.err) == (0, "")
    told = json.loads(farthing("bills", "list", "--store", store, "-o", "json").out)
    assert [(one["id"], one["cost"], one["rows"], one["revision"], one["file"]) for one in told] == [
        (ID, 6.5, 3, 0, "good")
    ]
    assert [one["settledUntil"] for one in told] == ["2026-12-01T00:00:00Z"]
    assert ID in farthing("store", "verify", "--store", store).out
    assert farthing("bills", "remove", ID, "--store", store).out == f"bill {ID} of 6.5000 USD is forgotten\n"
    assert json.loads(farthing("bills", "list", "--store", store, "-o", "json").out) == []
    assert farthing("bills", "remove", ID, "--store", store).code == 2


def test_a_file_that_is_named_twice_counts_once(
    farthing: Farthing, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = as_csv(tmp_path / "bill.csv", [charge("i-a", 5.0)])
    monkeypatch.chdir(tmp_path)
    done = farthing("bills", "import", "bill.csv", str(file), "*.csv", "--store", store)
    assert (done.code, done.err) == (0, "")
    (row,) = (line for line in done.out.splitlines() if line.startswith(ID))
    assert row.split()[1] == "5.0000"


def test_a_bill_in_a_bucket_is_imported(
    farthing: Farthing, store: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    month = s3_server.folder / "bills" / "exports" / "BILLING_PERIOD=2026-11"
    month.mkdir(parents=True)
    as_parquet(month / "part-1.parquet", [charge("i-a", 5.0)])
    as_csv(month / "part-2.csv.gz", [charge("i-a", 1.5)])
    (month / "manifest.json").write_text("{}")
    folder = "s3://bills/exports/BILLING_PERIOD=2026-11"
    # What two addresses mean counts once.
    done = farthing("bills", "import", f"{folder}/part-*", f"{folder}/part-1.parquet", "--store", store)
    assert (done.code, done.err) == (0, "")
    (row,) = (line for line in done.out.splitlines() if line.startswith(ID))
    assert row.split()[1] == "6.5000"


def test_too_many_files_are_refused_before_all_are_copied(
    farthing: Farthing, store: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("farthing.cli.bills.MOST_FILES", 2)
    place = s3_server.folder / "many"
    place.mkdir()
    for number in range(3):
        as_csv(place / f"{number}.csv", [charge()])
    done = farthing("bills", "import", "s3://many/*.csv", "--store", store)
    assert (done.code, "3 files are more than 2" in done.err) == (2, True), done.err


def test_reports_tell_what_the_bill_changed(farthing: Farthing, store: str, tmp_path: Path) -> None:
    farthing("bills", "import", str(as_csv(tmp_path / "a.csv", [charge("i-a", 6.0)])), "--store", store)
    question = ("allocation", "--window", DAY, "--store", store, "-o", "json")
    rows = {row["name"]: row for row in json.loads(farthing(*question).out)}
    # 6 for what is 4 by list: half as much again.
    assert (rows["shop"]["cpuCost"], rows["shop"]["cpuCostAdjustment"], rows["shop"]["totalCost"]) == (2.0, 1.0, 3.0)
    assert (rows["__idle__"]["cpuCost"], rows["__idle__"]["cpuCostAdjustment"], rows["__idle__"]["totalCost"]) == (
        2.0,
        1.0,
        3.0,
    )
    (plain,) = (row for row in json.loads(farthing(*question, "--no-reconcile", "--no-idle").out))
    assert (plain["cpuCostAdjustment"], plain["totalCost"]) == (0.0, 2.0)
    assets = ("assets", "--window", DAY, "--store", store)
    (asset,) = json.loads(farthing(*assets, "-o", "json").out)
    assert (asset["adjustment"], asset["totalCost"]) == (2.0, 6.0)
    (listed,) = json.loads(farthing(*assets, "-o", "json", "--disable-adjustments").out)
    assert (listed["adjustment"], listed["totalCost"]) == (0.0, 4.0)
    assert farthing(*assets, "--disable-adjustments").out.rstrip().endswith(", all at list price")
    assert farthing(*assets).out.rstrip().endswith("0.0000 of it at list price, adjusted by bills by 2.0000")


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("ftp://host/bill.parquet", "'ftp://host/bill.parquet' names no objects: write s3://, gs:// or az://"),
        ("nothing-*.csv", "no file is meant by 'nothing-*.csv'"),
    ],
)
def test_what_is_no_file_is_bad_usage(farthing: Farthing, store: str, named: str, sentence: str) -> None:
    done = farthing("bills", "import", named, "--store", store)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_damaged_bill_is_a_failure_of_list_and_verify(farthing: Farthing, store: str, tmp_path: Path) -> None:
    farthing("bills", "import", str(as_csv(tmp_path / "a.csv", [charge()])), "--store", store)
    for path in Path(store).rglob("bill/*/*.parquet"):
        path.write_bytes(b"PAR1")
    for command in (("bills", "list"), ("store", "verify")):
        done = farthing(*command, "--store", store)
        assert (done.code, "sha256 differs" in done.out) == (1, True)
