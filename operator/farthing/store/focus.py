"""Reading bills: FOCUS files as CSV or Parquet, however large, added up by DuckDB within its memory limit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis

from farthing.errors import InvalidBillError, StoreError
from farthing.model.focus import AMOUNTS, BILL, TAKEN, bill_rows, grouped, kinds, named, spans
from farthing.model.window import Window, days
from farthing.store.engine import connect, quoted, run, sql, text, told
from farthing.store.focus_files import all_rows

MEMORY_LIMIT = "400MB"
"""What is more goes to the temporary folder."""

MOST_DAYS = 1_100
"""Days of one charge period: three years, for which commitments are bought."""
SPANNED_DAYS = 3_660
"""Days from the first charge of an import to its last."""
MOST_BILLS = 1_000
MOST_COST = 1e15
"""Of one resource and day; a bill with more is no bill."""
LATEST = 4_102_444_800
"""2100-01-01. [unix s]"""

DAY = 86_400
INSTANTS = ("charge_start", "charge_end", "billing_start", "billing_end")
NEEDED = (*INSTANTS, "currency", "provider", "billing_account")


@dataclass(frozen=True, slots=True)
class Found:
    """A bill in the files that were read."""

    provider: str
    account: str
    start: int
    end: int
    """Bounds of the billing period. [unix s]"""
    rows: int


class FocusReader:
    """A DuckDB with the rows of files, checked and added up, as the table ``billed``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, bills: list[Found]) -> None:
        self.connection = connection
        self.bills = bills

    def rows_of(self, bill: Found, *, ordered: bool = True) -> str:
        """SQL of the rows of ``bill`` (``model.focus.BILL``), in order where that matters."""
        columns = ", ".join(map(quoted, BILL))
        order = 'order by "start", "number"' if ordered else ""
        return (
            f"select {columns} from billed where billing_provider = {text(bill.provider)} "  # noqa: S608 - quoted
            f"and billing_account = {text(bill.account)} and billing_start = {bill.start:d} {order}"
        )


@contextmanager
def reading(paths: Sequence[Path], currency: str, zone: tzinfo) -> Iterator[FocusReader]:
    """The bills in the files ``paths``, by local days of ``zone``. Raises InvalidBillError, StoreError."""
    with connect(memory_limit=MEMORY_LIMIT) as connection, TemporaryDirectory(prefix="farthing-") as folder:
        try:
            run(connection, "set timezone = 'UTC'")
            run(connection, "set preserve_insertion_order = false")
            # What takes seconds would draw one where the answer is printed.
            run(connection, "set enable_progress_bar = false")
            run(connection, f"create temp view focus as {all_rows(connection, paths, Path(folder))}")
            named = ", ".join(map(quoted, NEEDED))
            counts = ", ".join(f"count({one}) as {one}" for one in AMOUNTS)
            seen = f"select {named}, count(*) as rows, {counts} from focus group by all"  # noqa: S608 - names of our own
            run(connection, f"create temp table seen as {seen}")
            bills = _checked(connection, currency)
            _add_up(connection, zone)
        except duckdb.OutOfMemoryException as error:
            raise StoreError(
                f"{_named(paths)} needs more memory than there is: import a part of it at a time"
            ) from error
        except duckdb.IOException as error:
            raise StoreError(
                f"{_named(paths)} cannot be read ({told(error)}): check the files and the temporary folder"
            ) from error
        except duckdb.Error as error:
            raise InvalidBillError(f"{_named(paths)} cannot be read as a bill: {told(error)}") from error
        yield FocusReader(connection, bills)


def _named(paths: Sequence[Path]) -> str:
    return f"{paths[0]}" + (f" with {len(paths) - 1} more files" if len(paths) > 1 else "")


def _checked(connection: duckdb.DuckDBPyConnection, currency: str) -> list[Found]:
    """The bills that were seen, if their currency, periods and costs are sound. Raises InvalidBillError."""
    lacking = " or ".join(f"{one} is null" for one in NEEDED)
    empty, rows, *counts = run(
        connection,
        f"select count(*) filter (where {lacking}), coalesce(sum(rows), 0)::bigint, "  # noqa: S608 - names of our own
        f"{', '.join(f'coalesce(sum({one}), 0)::bigint' for one in AMOUNTS)} from seen",
    )[0]
    if not rows:
        raise InvalidBillError("the bill has no rows: export one with charges in it")
    lost = [name for (one, name), count in zip(AMOUNTS.items(), counts, strict=True) if count < rows]
    if empty or lost:
        named = lost or [TAKEN[one] for one in NEEDED]
        raise InvalidBillError(f"the bill has rows without a value of {' or '.join(named)}: export it again whole")
    currencies = [row[0] for row in run(connection, "select distinct currency from seen order by 1 limit 6")]
    if len(currencies) > 1:
        raise InvalidBillError(
            f"the bill is in several currencies ({', '.join(currencies)}): import those files that are in {currency} alone"
        )
    if currencies[0] != currency:
        raise InvalidBillError(
            f"the bill is in {currencies[0]} and the store in {currency}: nothing is converted; if the rates are in "
            f"{currencies[0]} too, say --currency {currencies[0]}"
        )
    instants = ", ".join(f"epoch(cast({one} as timestamptz)) as {one}" for one in INSTANTS)
    run(connection, f"create temp table dated as select * replace ({instants}) from seen")  # noqa: S608 - likewise
    first, last, backwards, longest = run(
        connection,
        "select least(min(charge_start), min(billing_start)), greatest(max(charge_end), max(billing_end)), "
        "coalesce(bool_or(charge_end < charge_start or billing_end <= billing_start), false), "
        "max(charge_end - charge_start) from dated",
    )[0]
    if backwards or first < 0 or last > LATEST or last - first > SPANNED_DAYS * DAY or longest > MOST_DAYS * DAY:
        raise InvalidBillError(
            f"the bill has periods that no bill has: they go from {_date(first)} to {_date(last)}, the longest for "
            f"{longest / DAY:.0f} days; allowed are {MOST_DAYS} days a charge, from 1970 to 2100, each with its end after its start"
        )
    found = run(
        connection,
        "select provider, billing_account, billing_start::bigint, max(billing_end)::bigint, sum(rows)::bigint from dated "
        "group by all order by all",
    )
    if len(found) > MOST_BILLS:
        raise InvalidBillError(f"the files hold more than {MOST_BILLS} bills: import fewer files at a time")
    return [Found(*row) for row in found]


def _date(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d}" if 0 <= unix <= LATEST else "outside of 1970 to 2100"


def _add_up(connection: duckdb.DuckDBPyConnection, zone: tzinfo) -> None:
    """Make the table ``billed``: rows of days and resources. Raises InvalidBillError."""
    run(
        connection,
        "create temp table period as select distinct charge_start, charge_end, epoch(cast(charge_start as timestamptz)) as "
        "began, epoch(cast(charge_end as timestamptz)) as ended from seen",
    )
    first, last = run(connection, "select min(began), max(greatest(ended, began + 1)) from period")[0]
    found = days(Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)), zone)
    bounds = [(int(day.start.timestamp()), int(day.end.timestamp())) for day in found]
    run(connection, 'create temp table "day" ("start" bigint, day_end bigint)')
    connection.executemany('insert into "day" values (?, ?)', bounds)
    instant = "epoch(cast(billing_start as timestamptz))::bigint"
    tags = "case when typeof(tags) = 'VARCHAR' then cast(tags as varchar) else cast(to_json(tags) as varchar) end"
    given = {"kind": f"* replace ({tags} as tags, {instant} as billing_start)"}
    for name, select in _steps():
        run(connection, f"create temp table {quoted(name)} as select {given.get(name, '*')} from ({select})")  # noqa: S608 - likewise
    sound = f"abs(cost) <= {MOST_COST} and abs(list_cost) <= {MOST_COST} and abs(billed_cost) <= {MOST_COST}"
    odd = run(connection, f"select count(*) from billed where not ({sound})")  # noqa: S608 - likewise
    if odd[0][0]:
        raise InvalidBillError(
            f"the bill has costs that are no number, or more than {MOST_COST:g} of one resource and day"
        )


@cache
def _steps() -> tuple[tuple[str, str], ...]:
    """Name and SQL of what is made of the files' rows, one after the other."""
    period = {"charge_start": "string", "charge_end": "string", "began": "float64", "ended": "float64"}
    span = spans(ibis.table(period, name="period"), ibis.table({"start": "int64", "day_end": "int64"}, name="day"))
    amounts = dict.fromkeys(AMOUNTS, "float64")
    rows = ibis.table({**dict.fromkeys(TAKEN, "string"), **amounts, "kind": "uint64"}, name="focus")
    found, known = kinds(rows), ibis.table(span.schema(), name="span")
    group = grouped(rows, known)
    # When a billing period began is a number by then.
    name = named(ibis.table({**dict(found.schema().items()), "billing_start": "int64"}, name="kind"))
    billed = bill_rows(
        *(ibis.table(one.schema(), name=said) for said, one in (("grouped", group), ("span", span), ("named", name)))
    )
    made = {"span": span, "kind": found, "named": name, "grouped": group, "billed": billed}
    return tuple((name, sql(step)) for name, step in made.items())
