"""Bills as files: rows with all mandatory columns of FOCUS, as CSV, gzip or Parquet."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from farthing.store.engine import text

MANDATORY = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
]
"""As the specification's column files list them, versions 1.0 to 1.2."""

CONDITIONAL = ("ResourceId", "SubAccountId", "Tags")


def charge(resource: str = "i-a", cost: float = 1.0, **values: str) -> dict[str, str]:
    """A charge of a machine of AWS for 2026-11-17, but for ``values``."""
    row = dict.fromkeys((*MANDATORY, *CONDITIONAL), "")
    return row | {
        "BilledCost": str(cost), "EffectiveCost": str(cost), "ListCost": str(cost), "ContractedCost": str(cost),
        "BillingAccountId": "111122223333", "BillingCurrency": "USD", "ProviderName": "AWS", "PublisherName": "AWS",
        "InvoiceIssuerName": "AWS", "SubAccountId": "444455556666", "ResourceId": resource, "ChargeCategory": "Usage",
        "BillingPeriodStart": "2026-11-01T00:00:00Z", "BillingPeriodEnd": "2026-12-01T00:00:00Z",
        "ChargePeriodStart": "2026-11-17T00:00:00Z", "ChargePeriodEnd": "2026-11-18T00:00:00Z",
        "ServiceName": "AmazonEC2", "ServiceCategory": "Compute",
    } | values  # fmt: skip


def as_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """``rows`` as a CSV file, compressed where the name ends in ``.gz``."""
    rows = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    body = out.getvalue().encode()
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


def as_parquet(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """``rows`` as a Parquet file of typed columns, as exports have them: instants, decimals, a map of tags."""
    source = as_csv(path.with_suffix(".csv"), rows)
    tags = "map_from_entries(list_transform(json_keys(Tags), lambda k: struct_pack(k := k, v := Tags::json->>k)))"
    typed = ", ".join(
        [f"cast({name} as timestamp) as {name}" for name in MANDATORY if name.endswith(("Start", "End"))]
        + [f"cast({name} as decimal(38, 9)) as {name}" for name in MANDATORY if name.endswith("Cost")]
        + [f"case when Tags is not null then {tags} end as Tags"]
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace ({typed}) from read_csv({text(str(source))}, all_varchar = true)) "  # noqa: S608
            f"to {text(str(path))} (format parquet)"
        )
    source.unlink()
    return path
