"""Reading bills: FOCUS files as CSV or Parquet, however large, added up by DuckDB within its memory limit."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis
import ibis.expr.types as ir

from farthing.errors import InvalidBillError, StoreError
from farthing.model.focus import AMOUNTS, BILL, TAKEN, added_up, bill_rows, grouped, kinds, named, spans
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
"""Of one charge; a bill with more is no bill."""
LATEST = 4_102_444_800
"""2100-01-01. [unix s]"""

_WRITTEN = "case when typeof(tags) = 'VARCHAR' then cast(tags as varchar) else cast(to_json(tags) as varchar) end"
_PAIRS = """from_json(written, '[{"key":"VARCHAR","value":"VARCHAR"}]')"""
_OBJECT = (
    f"array_to_string(list_transform({_PAIRS}, lambda pair: to_json(pair.key) || ':' || to_json(pair.value)), ',')"
)
TAGS = (
    f"(select case when written like '[%' and json_valid(written) then '{{' || {_OBJECT} || '}}' "  # noqa: S608 - of our own
    f"when written like '\"%' then '{{' || written || '}}' else written end from (select {_WRITTEN} as written))"
)
"""Tags as a JSON object: Google lists pairs of key and value, and others leave the braces away."""

DAY = 86_400
NEEDED = ("billing_start", "billing_end", "currency", "provider", "billing_account")
_NUMBERS = {"billing_start", "billing_end"}
"""Instants that are numbers once kinds are made. [unix s]"""


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
    """A DuckDB with the rows of files, checked and added up, as ``billed``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, bills: list[Found]) -> None:
        self.connection = connection
        self.bills = bills

    def rows_of(self, bill: Found, *, ordered: bool = True) -> str:
        """SQL of the rows of ``bill`` (``model.focus.BILL``), in order where that matters."""
        columns = ", ".join(map(quoted, BILL))
        order = 'order by "start", "number"' if ordered else ""
        return (
            f"select {columns} from billed where provider = {text(bill.provider)} "  # noqa: S608 - quoted
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
            _add_up(connection, _days(connection, zone))
            _checked(connection, currency)
            bills = _bills(connection)
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


def _days(connection: duckdb.DuckDBPyConnection, zone: tzinfo) -> list[Window]:
    """The local days of the charges, whose periods and costs are whole; makes the table ``period``. Raises InvalidBillError."""
    counts = ", ".join(
        f"count({one})::bigint as {one}, coalesce(bool_and(abs({one}) <= {MOST_COST}), true) as sound_{one}"
        for one in AMOUNTS
    )
    run(
        connection,
        "create temp table period as select charge_start, charge_end, count(*) as rows, "  # noqa: S608 - names of our own
        f"{counts}, epoch(cast(charge_start as timestamptz)) as began, epoch(cast(charge_end as timestamptz)) as ended "
        "from focus group by charge_start, charge_end",
    )
    columns = (*AMOUNTS, "charge_start", "charge_end")
    rows, sound, *given = run(
        connection,
        f"select coalesce(sum(rows), 0)::bigint, bool_and({' and '.join(f'sound_{one}' for one in AMOUNTS)}), "  # noqa: S608 - names of our own
        f"{', '.join(f'coalesce(sum({one}), 0)::bigint' for one in AMOUNTS)}, "
        "coalesce(sum(rows) filter (where began is not null), 0)::bigint, "
        "coalesce(sum(rows) filter (where ended is not null), 0)::bigint from period",
    )[0]
    if not rows:
        raise InvalidBillError("the bill has no rows: export one with charges in it")
    _whole(one for one, count in zip(columns, given, strict=True) if count < rows)
    if not sound:
        raise InvalidBillError(f"the bill has costs that are no number, or more than {MOST_COST:g} of one charge")
    first, last = _bounds(connection, "period", "began", "ended", MOST_DAYS)
    # A charge of a moment, also of the last one, is of the day that begins with it.
    return days(Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last + 1, UTC)), zone)


def _whole(lost: Iterable[str]) -> None:
    if named := [AMOUNTS.get(one) or TAKEN[one] for one in lost]:
        raise InvalidBillError(f"the bill has rows without a value of {' or '.join(named)}: export it again whole")


def _bounds(connection: duckdb.DuckDBPyConnection, table: str, start: str, end: str, most: int) -> tuple[float, float]:
    """The first start and the last end of periods [unix s]. Raises InvalidBillError."""
    first, last, backwards, longest = run(
        connection,
        f"select min({start}), max({end}), bool_or({end} < {start}), max({end} - {start}) from {quoted(table)}",  # noqa: S608 - names of our own
    )[0]
    if backwards or first < 0 or last > LATEST or last - first > SPANNED_DAYS * DAY or longest > most * DAY:
        raise InvalidBillError(
            f"the bill has periods that no bill has: they go from {_date(first)} to {_date(last)}, the longest for "
            f"{longest / DAY:.0f} days; allowed are {most} days each, from 1970 to 2100, each with its end after its start"
        )
    return first, last


def _date(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d}" if 0 <= unix <= LATEST else "outside of 1970 to 2100"


def _add_up(connection: duckdb.DuckDBPyConnection, found: Sequence[Window]) -> None:
    """Make the tables ``span``, ``grouped`` and ``kind``: what the rows of files come to."""
    bounds = [(int(day.start.timestamp()), int(day.end.timestamp())) for day in found]
    run(connection, 'create temp table "day" ("start" bigint, day_end bigint)')
    connection.executemany('insert into "day" values (?, ?)', bounds)
    for name in ("span", "grouped"):
        _make(connection, name)
    instants = [f"epoch(cast({one} as timestamptz))::bigint as {one}" for one in ("billing_start", "billing_end")]
    _make(connection, "kind", f"* replace ({TAGS} as tags, {', '.join(instants)})")


def _checked(connection: duckdb.DuckDBPyConnection, currency: str) -> None:
    """See that what rows are told apart by is whole, and in ``currency``. Raises InvalidBillError."""
    counts = ", ".join(f"count(*) filter (where {one} is null)" for one in NEEDED)
    found = run(connection, f"select {counts} from kind")[0]  # noqa: S608 - names of our own
    _whole(one for one, count in zip(NEEDED, found, strict=True) if count)
    currencies = [row[0] for row in run(connection, "select distinct currency from kind order by 1 limit 6")]
    if len(currencies) > 1:
        raise InvalidBillError(
            f"the bill is in several currencies ({', '.join(currencies)}): import those files that are in {currency} alone"
        )
    if currencies[0] != currency:
        raise InvalidBillError(
            f"the bill is in {currencies[0]} and the store in {currency}: nothing is converted; if the rates are in "
            f"{currencies[0]} too, say --currency {currencies[0]}"
        )
    _bounds(connection, "kind", "billing_start", "billing_end", MOST_DAYS)


def _bills(connection: duckdb.DuckDBPyConnection) -> list[Found]:
    """Make ``billed``, rows of days and resources, and tell the bills in it. Raises InvalidBillError."""
    for name in ("named", "added"):
        _make(connection, name)
    # Texts take most of the room: they are put to the sums as these are written.
    run(connection, f"create temp view billed as {_steps()['billed']}")
    found = run(
        connection,
        "select provider, billing_account, billing_start, max(billing_end), sum(rows)::bigint from named "
        "group by all order by all",
    )
    if len(found) > MOST_BILLS:
        raise InvalidBillError(f"the files hold more than {MOST_BILLS} bills: import fewer files at a time")
    bills = [Found(*row) for row in found]
    read = run(connection, "select sum(rows)::bigint from period")[0][0]
    if (kept := sum(one.rows for one in bills)) != read:
        raise StoreError(f"of {read} rows of the bill {kept} were added up, which is a fault: nothing was imported")
    return bills


def _make(connection: duckdb.DuckDBPyConnection, name: str, columns: str = "*") -> None:
    run(connection, f"create temp table {quoted(name)} as select {columns} from ({_steps()[name]})")  # noqa: S608 - our own SQL


@cache
def _steps() -> dict[str, str]:
    """SQL of what is made of the files' rows, one after the other, by its name."""
    period = {"charge_start": "string", "charge_end": "string", "began": "float64", "ended": "float64"}
    span = spans(ibis.table(period, name="period"), ibis.table({"start": "int64", "day_end": "int64"}, name="day"))
    amounts = dict.fromkeys(AMOUNTS, "float64")
    rows = ibis.table({**dict.fromkeys(TAKEN, "string"), **amounts, "kind": "uint64", "row": "int64"}, name="focus")
    made = {"span": span, "grouped": grouped(rows, _made("span", span))}
    made["kind"] = kinds(_made("grouped", made["grouped"]), rows)
    made["named"] = named(_made("kind", made["kind"]))
    made["added"] = added_up(*(_made(one, made[one]) for one in ("grouped", "span", "named")))
    made["billed"] = bill_rows(_made("added", made["added"]), _made("named", made["named"]))
    return {name: sql(step) for name, step in made.items()}


def _made(name: str, step: ir.Table) -> ir.Table:
    """The table that ``step`` has become."""
    return ibis.table(dict(step.schema().items()) | dict.fromkeys(_NUMBERS & set(step.columns), "int64"), name=name)
