"""A file in the shape of FOCUS' own samples: all columns of version 1.0 in their order, four providers, instants without a zone."""

from datetime import UTC
from pathlib import Path

import pytest

from farthing.errors import InvalidBillError
from farthing.model.focus import BILL
from farthing.store.engine import run
from farthing.store.focus import reading
from tests.support.focus_files import MANDATORY, as_csv
from tests.support.focus_sample import COLUMNS, sample_rows


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
        ("Microsoft", "8611537"): 1,
        ("Google Cloud", "019AB3-C4D5E6-F70809"): 1,
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
        ("AWS", "sp-1", "Purchase"): 0.0,
        ("AWS", "sp-1", "Usage"): 0.8,
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
