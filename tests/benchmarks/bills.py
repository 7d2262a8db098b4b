"""A bill of ten million rows, against DuckDB alone counting its rows by resource, each in a process of its own."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from farthing.store.engine import text
from tests.support.focus_files import CONDITIONAL, MANDATORY

ROWS = 10_000_000
RESOURCES = 13_440
"""Each has a row for each of the 744 hours of a month, or nearly so."""
TURNS = 3
BILLS = ("bill.csv.gz", "bill.parquet")

MADE = {
    "BillingAccountId": "'111122223333'",
    "BillingAccountName": "'Shop'",
    "BillingCurrency": "'USD'",
    "BillingPeriodStart": "timestamp '2026-10-01'",
    "BillingPeriodEnd": "timestamp '2026-11-01'",
    "ChargeCategory": "case when i % 500 = 0 then 'Credit' else 'Usage' end",
    "ChargeDescription": "'$0.0456 per On Demand Linux m5.large Instance Hour ' || i % 40",
    "ChargePeriodStart": "timestamp '2026-10-01' + to_hours((i // resources)::bigint)",
    "ChargePeriodEnd": "timestamp '2026-10-01' + to_hours((i // resources + 1)::bigint)",
    "ResourceId": "case when r % 10 = 9 then null else 'arn:aws:ec2:eu-west-1:4444:instance/i-' || lpad(r::varchar, 17, '0') end",
    "SubAccountId": "'4444' || (r % 20)::varchar",
    "ServiceName": "['Amazon Elastic Compute Cloud', 'Amazon Simple Storage Service', 'AWS Lambda'][1 + r % 3]",
    "ServiceCategory": "['Compute', 'Storage', 'Other'][1 + r % 3]",
    "ProviderName": "'AWS'",
    "PublisherName": "'AWS'",
    "InvoiceIssuerName": "'Amazon Web Services, Inc.'",
    "PricingQuantity": "1.0",
    "PricingUnit": "'Hours'",
    "Tags": "'{\"app\":\"app-' || r % 300 || '\",\"kubernetes_namespace\":\"team-' || r % 40 || '\"}'",
    **{name: "((i * 7919) % 1000 + 1) / 10000.0" for name in MANDATORY if name.endswith("Cost")},
}  # fmt: skip

COUNT = """
import duckdb, sys, time
read = "read_parquet" if sys.argv[1].endswith("parquet") else "read_csv"
connection = duckdb.connect(config={"threads": 2})
connection.execute("set enable_progress_bar = false")
begun = time.perf_counter()
connection.execute(f"select ResourceId, count(*) from {read}(?) group by all", [sys.argv[1]]).fetchall()
"""

IMPORT = """
import sys, time
from datetime import UTC
from pathlib import Path
from farthing.store.bills import Bills
from farthing.store.focus import reading
begun = time.perf_counter()
bills = Bills(Path(sys.argv[2]))
with bills.writing(), reading([Path(sys.argv[1])], "USD", UTC) as found:
    (bill,) = bills.keep(found, "USD", 0)
"""

STARTED = "import subprocess, sys; subprocess.run(sys.argv[1:], check=True)"

TELL = """
import resource
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
"""


def bill_of(path: Path, rows: int = ROWS) -> Path:
    """A FOCUS file of ``rows`` rows, ordered by time as exports are."""
    columns = ", ".join(f"{MADE.get(name, 'null::varchar')} as {name}" for name in (*MANDATORY, *CONDITIONAL))
    # Of each hour the resources come in another order.
    number = f"(i * 7919 + i // {RESOURCES} * 31) % {RESOURCES}"
    select = f"select {columns} from (select i, {number} as r, {RESOURCES} as resources from range({rows:d}) t(i))"  # noqa: S608 - our own
    form = "parquet, compression snappy" if path.suffix == ".parquet" else "csv, compression gzip"
    with duckdb.connect(config={"threads": 2, "memory_limit": "400MB"}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy ({select}) to {text(str(path))} (format {form})")
    return path


def imported(folder: Path, name: str, rows: int = ROWS) -> dict[str, Any]:
    """How long an import of a bill takes, how much memory, and how that compares."""
    bill = bill_of(folder / name, rows)
    counts, imports = [], []
    for turn in range(TURNS):
        counts.append(_in_a_process(COUNT, str(bill)))
        imports.append(_in_a_process(IMPORT, str(bill), str(folder / f"{name}-{turn}")))
    counted, took = statistics.median(one[0] for one in counts), statistics.median(one[0] for one in imports)
    figures = {
        "rows": rows, "count_s": counted, "import_s": took, "times": took / counted,
        "peak_mb": max(one[1] for one in imports) * 1024 / 1e6,
    }  # fmt: skip
    print(
        f"{name} of {rows} rows    {took:.1f} s, {figures['times']:.1f} times a count, {figures['peak_mb']:.0f} MB",
        flush=True,
    )
    return figures


def _in_a_process(program: str, *arguments: str) -> tuple[float, float]:
    # A process counts the peak of the one that started it as its own: it is started by one that is small.
    command = [sys.executable, "-c", program + TELL, *arguments]
    done = subprocess.run([sys.executable, "-c", STARTED, *command], check=True, capture_output=True, text=True)
    seconds, peak = done.stdout.splitlines()[0].split()
    return float(seconds), float(peak)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps([imported(Path(place), name) for name in BILLS], indent=2))
