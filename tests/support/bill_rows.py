"""Rows of bills as literals, and parts of a question that know of them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from farthing.model.focus import BILL
from farthing.model.plan import Billing, Part
from farthing.store.engine import connect, quoted, run, text
from tests.support.fact_rows import HOUR, START, TYPES

DAY = 86400
Row = dict[str, Any]


def billed(key: str = "i-a", cost: float = 1.0, *, day: int = 0, **values: Any) -> Row:
    """What a bill says of a resource on a day, of a machine of AWS but for ``values``."""
    named = {
        "start": START + day * DAY, "resource_key": key, "resource": key, "provider": "AWS", "account": "444455556666",
        "project": "", "service": "AmazonEC2", "category": "Compute", "charge_category": "Usage", "tags": "", "cost": cost,
        "list_cost": cost, "billed_cost": cost, "credit": 0.0,
    }  # fmt: skip
    return named | values


def bill_file(path: Path, rows: Iterable[Row]) -> str:
    """``rows`` as a file of the store."""
    typed = ", ".join(f"{quoted(name)} {TYPES[kind]}" for name, kind in BILL.items())
    with connect(threads=1) as connection:
        run(connection, f"create temp table bill ({typed})")
        connection.executemany(
            f"insert into bill values ({', '.join('?' * len(BILL))})",  # noqa: S608 - question marks only
            [[row[name] for name in BILL] for row in rows],
        )
        run(connection, f"copy bill to {text(str(path))} (format parquet)")
    return str(path)


def with_bill(part: Part, path: Path, rows: Iterable[Row], seconds: float = HOUR) -> Part:
    """``part``, each interval of which is all that is known of 2026-11-17, with a bill of ``rows``."""
    intervals = tuple((start, START, seconds, seconds / DAY) for start in part.sets)
    return replace(part, billing=Billing((bill_file(path, rows),), tuple(part.files["asset"]), intervals))
