"""Bills beside the facts: one that comes again replaces itself, a late one is a revision, and what is damaged is told."""

from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace as with_fields

from farthing.errors import (
    InvalidBillError,
    InvalidInputError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreVersionError,
)
from farthing.model.zone import parse_timezone
from farthing.store.bill import Bill
from farthing.store.bills import Bills
from farthing.store.focus import reading
from tests.support.fact_rows import START
from tests.support.focus_files import as_csv, charge

DAY = 86400
ID = "AWS/111122223333/2026-11-01"


def imported(bills: Bills, *rows: dict[str, str], now: int = START) -> list[Bill]:
    path = as_csv(bills.root.parent / "bill.csv", rows)
    with bills.writing(), reading([path], "USD", parse_timezone(bills.timezone)) as found:
        return bills.keep(found, "USD", now)


@pytest.fixture
def bills(tmp_path: Path) -> Bills:
    return Bills(tmp_path / "store")


def cost_of(bills: Bills, start: int = START, end: int = START + DAY) -> float:
    paths = [one.path for one in bills.files(start, end)]
    return float(duckdb.sql("select sum(cost) from read_parquet($1)", params=[paths]).fetchall()[0][0])


def test_a_bill_tells_its_account_period_and_costs(bills: Bills) -> None:
    (bill,) = imported(bills, charge(cost=2.0), charge(cost=-0.5, ChargeCategory="Credit"))
    assert (bill.id, bill.cost, bill.credit, bill.rows, bill.revision) == (ID, 1.5, -0.5, 2, 0)
    assert bills.all() == [bill]
    assert cost_of(bills) == 1.5


def test_a_bill_that_comes_again_adds_nothing_and_is_no_revision(bills: Bills) -> None:
    (first,) = imported(bills, charge("i-a", 0.1), charge("i-b", 0.2))
    (again,) = imported(bills, charge("i-b", 0.2), charge("i-a", 0.1), now=START + DAY)
    assert again == with_fields(first, imported=START + DAY)
    assert cost_of(bills) == pytest.approx(0.3)


def test_a_bill_that_says_the_same_later_tells_more_of_its_period(bills: Bills) -> None:
    whole = {"ChargePeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodEnd": "2026-12-01T00:00:00Z"}
    december = START + 14 * DAY
    imported(bills, charge(cost=310.0, **whole), now=december + DAY)
    (early,) = bills.files(december - DAY, december)
    assert not early.settles(december - DAY, december)
    imported(bills, charge(cost=310.0, **whole), now=december + 2 * DAY)
    (late,) = bills.files(december - DAY, december)
    assert (late.settles(december - DAY, december), late.revision) == (True, 0)


def test_two_bills_of_one_id_are_refused(bills: Bills) -> None:
    with pytest.raises(InvalidBillError, match="two beginnings of its billing period"):
        imported(bills, charge(cost=1.0), charge(cost=100.0, BillingPeriodStart="2026-11-01T07:00:00Z"))
    assert bills.all() == []


def test_a_late_bill_replaces_the_one_before_and_is_counted(bills: Bills) -> None:
    imported(bills, charge(cost=1.0), now=START)
    imported(bills, charge(cost=1.0), charge("i-b", 2.0), now=START + DAY)
    (bill,) = imported(bills, charge(cost=5.0), now=START + 2 * DAY)
    assert (bill.revision, bill.earlier, bill.imported) == (2, (START, START + DAY), START + 2 * DAY)
    assert cost_of(bills) == 5.0
    assert len(list(bills.root.glob("bill/*/*.parquet"))) == 1


OTHER_DAY = {"ChargePeriodStart": "2026-11-18T00:00:00Z", "ChargePeriodEnd": "2026-11-19T00:00:00Z"}


@pytest.mark.parametrize(
    "part",
    [
        pytest.param([charge()], id="without-the-last-day"),
        pytest.param([charge(**OTHER_DAY)], id="without-the-first-day"),
        pytest.param([charge(), charge(**OTHER_DAY)], id="two-of-five-rows"),
    ],
)
def test_a_part_of_a_bill_does_not_take_the_place_of_the_whole(bills: Bills, part: list[dict[str, str]]) -> None:
    whole = [charge(f"i-{number}") for number in range(4)] + [charge(**OTHER_DAY)]
    (kept,) = imported(bills, *whole)
    with pytest.raises(
        InvalidBillError, match=f"only a part of the bill {ID}, of which 5 are kept: name all of its files"
    ):
        # Of another account that is whole nothing is kept either.
        imported(bills, charge(BillingAccountId="0"), *part)
    assert bills.all() == [kept]
    with bills.writing():
        bills.remove(ID)
    assert [one.rows for one in imported(bills, *part)] == [len(part)]


def test_a_provider_that_is_named_in_another_way_is_the_same(bills: Bills) -> None:
    imported(bills, charge(cost=1.0))
    (bill,) = imported(bills, charge(cost=5.0, ProviderName="Amazon Web Services"))
    assert (bill.id, bill.revision, cost_of(bills)) == (ID, 1, 5.0)


def test_accounts_and_periods_have_bills_of_their_own(bills: Bills) -> None:
    october = {"BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z"}
    imported(bills, charge(cost=1.0))
    imported(bills, charge(cost=2.0, BillingAccountId="../other"))
    imported(bills, charge(cost=4.0, **october))
    assert [one.id for one in bills.all()] == ["AWS/../other/2026-11-01", "AWS/111122223333/2026-10-01", ID]
    assert cost_of(bills) == 7.0
    assert {path.parent.parent for path in bills.root.rglob("bill.json")} == {bills.root / "bill"}


def test_only_bills_of_the_days_are_read(bills: Bills) -> None:
    imported(bills, charge())
    assert bills.files(START - DAY, START) == []
    assert len(bills.files(START, START + 1)) == 1
    assert bills.files(START + DAY, START + 2 * DAY) == []


OCTOBER, NOVEMBER, DECEMBER = START - 47 * DAY, START - 16 * DAY, START + 14 * DAY


def of_month(start: str, end: str) -> dict[str, str]:
    return charge(BillingPeriodStart=f"{start}T00:00:00Z", BillingPeriodEnd=f"{end}T00:00:00Z")


@pytest.mark.parametrize(
    ("came", "settled"),
    [
        pytest.param({"2026-11-01": START}, ((NOVEMBER, START - 2 * DAY),), id="what-was-over-for-two-days"),
        pytest.param({"2026-11-01": NOVEMBER + DAY}, (), id="nothing-yet"),
        pytest.param({"2026-11-01": DECEMBER + DAY}, ((NOVEMBER, DECEMBER - DAY),), id="all-but-the-last-day"),
        pytest.param({"2026-11-01": DECEMBER + 3 * DAY}, ((NOVEMBER, DECEMBER),), id="no-more-than-its-period"),
        pytest.param(
            {"2026-10-01": DECEMBER, "2026-11-01": DECEMBER},
            ((OCTOBER, DECEMBER - 2 * DAY),),
            id="one-after-the-other",
        ),
        pytest.param(
            {"2026-10-01": NOVEMBER - 5 * DAY, "2026-11-01": START},
            ((OCTOBER, NOVEMBER - 7 * DAY), (NOVEMBER, START - 2 * DAY)),
            id="what-came-too-early",
        ),
        pytest.param(
            {"2026-10-01": NOVEMBER + 2 * DAY - 3600, "2026-11-01": START},
            ((OCTOBER, NOVEMBER - 3600), (NOVEMBER, START - 2 * DAY)),
            id="an-hour-too-early",
        ),
    ],
)
def test_a_bill_settles_what_was_over_of_its_period_when_it_came(
    bills: Bills, came: dict[str, int], settled: tuple[tuple[int, int], ...]
) -> None:
    for start, now in came.items():
        end = {"2026-10-01": "2026-11-01", "2026-11-01": "2026-12-01"}[start]
        imported(bills, of_month(start, end), now=now)
    assert {one.settled for one in bills.files(START, START + DAY)} == {settled}


def test_google_ends_a_period_when_its_last_day_begins(bills: Bills) -> None:
    imported(bills, of_month("2026-10-01", "2026-10-31"), now=START)
    imported(bills, of_month("2026-11-01", "2026-11-30"), now=START)
    assert {one.settled for one in bills.files(START, START + DAY)} == {((OCTOBER, START - 2 * DAY),)}


def test_accounts_settle_for_themselves(bills: Bills) -> None:
    imported(bills, charge(), now=START)
    imported(bills, charge(BillingAccountId="other"), now=START + DAY)
    assert [one.settled[0][1] - START for one in bills.files(START, START + DAY)] == [-2 * DAY, -DAY]


def test_a_file_tells_when_it_came_and_how_often_it_was_revised(bills: Bills) -> None:
    imported(bills, charge(cost=1.0), now=START + DAY)
    imported(bills, charge(cost=2.0), now=START + 2 * DAY)
    assert [(one.imported, one.revision) for one in bills.files(START, START + DAY)] == [(START + 2 * DAY, 1)]


def test_a_bill_is_removed_by_its_id(bills: Bills) -> None:
    imported(bills, charge())
    with bills.writing():
        bills.remove(ID)
        with pytest.raises(InvalidInputError, match="no bill"):
            bills.remove(ID)
    assert bills.all() == []
    assert not list(bills.root.rglob("*.parquet"))


def test_bills_are_forgotten_with_the_days_they_tell_of(bills: Bills) -> None:
    (bill,) = imported(bills, charge())
    bills.prune(bill.end)
    assert bills.all() == [bill]
    bills.prune(bill.end + 1)
    assert bills.all() == []


def test_one_process_imports_at_a_time(bills: Bills) -> None:
    with bills.writing(), pytest.raises(StoreLockedError), Bills(bills.root).writing():
        pass


def test_the_version_is_another_one_when_a_bill_came_or_went(bills: Bills) -> None:
    versions = [bills.version()]
    for cost in (1.0, 1.0, 2.0):
        imported(bills, charge(cost=cost))
        versions.append(bills.version())
    with bills.writing():
        bills.remove(ID)
    versions.append(bills.version())
    empty, first, again, late, removed = versions
    assert (first == again, empty == removed, len({empty, first, late})) == (True, True, 3)


def test_a_damaged_bill_is_told_and_not_counted(bills: Bills) -> None:
    (bill,) = imported(bills, charge())
    path = bills.root / bill.file.path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreCorruptError, match="sha256 differs"):
        Bills(bills.root).files(START, START + DAY)
    path.unlink()
    with pytest.raises(StoreError, match="import it again"):
        Bills(bills.root).files(START, START + DAY)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b'"cost":1.0', b'"cost":9.0', StoreCorruptError),
        (b"{", b"[", StoreCorruptError),
        (b'"version":1', b'"version":9', StoreVersionError),
    ],
)
def test_a_damaged_or_newer_description_of_a_bill_is_told(
    bills: Bills, old: bytes, new: bytes, error: type[Exception]
) -> None:
    imported(bills, charge())
    (path,) = bills.root.rglob("bill.json")
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(error):
        bills.all()


def test_days_of_another_timezone_are_not_mixed(bills: Bills) -> None:
    imported(bills, charge())
    with pytest.raises(StoreError, match="imported by days of 'UTC'"):
        Bills(bills.root, "Asia/Kolkata").files(START, START + DAY)


def test_a_bill_can_be_imported_again_by_days_of_another_timezone(bills: Bills) -> None:
    imported(bills, charge())
    for timezone in ("Asia/Kolkata", "America/New_York", "UTC"):
        moved = Bills(bills.root, timezone)
        (bill,) = imported(moved, charge())
        assert (bill.timezone, len(moved.files(bill.first_day, bill.last_day + 1))) == (timezone, 1)


def test_what_a_killed_import_left_is_removed_by_the_next(bills: Bills) -> None:
    (bill,) = imported(bills, charge())
    left = (bills.root / bill.file.path).with_name(".4711.parquet")
    left.write_bytes(b"half")
    imported(bills, charge(cost=3.0))
    assert not left.exists()
