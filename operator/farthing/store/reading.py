"""Asking the store: the pieces of a window are read from their files, in one query."""

from collections.abc import Sequence
from functools import lru_cache
from threading import local
from typing import Any

import duckdb

from farthing.errors import StoreError
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.report import conservation, report, totals
from farthing.store.engine import connect, run, sql, text
from farthing.store.manifest import TABLES


@lru_cache(maxsize=256)
def _report_sql(shape: Shape) -> str:
    return sql(report(shape))


@lru_cache(maxsize=256)
def _sums_sql(shape: Shape) -> str:
    return f"select * from ({sql(totals(shape))}) cross join ({sql(conservation())})"  # noqa: S608 - our own SQL


class Reader:
    """Questions over files, from any thread: each has a connection of its own to one shared DuckDB."""

    def __init__(self) -> None:
        self._database = connect()
        # A day's file never changes under its name, so what was read of its footer stays true.
        run(self._database, "set parquet_metadata_cache = true")
        self._threads = local()

    def rows(self, shape: Shape, parts: Sequence[Part], limit: int = 0) -> list[dict[str, Any]]:
        """The rows of a report (``model.report.report``), at most ``limit`` a set besides the idle ones if it is not 0.

        Raises StoreError.
        """
        select = _report_sql(shape)
        if limit:
            select = f'select * from ({select}) where place <= {limit:d} or is_idle order by "set", place'  # noqa: S608
        return self._query(select, parts)

    def sums(self, shape: Shape, parts: Sequence[Part]) -> dict[str, float]:
        """What everything sums to (``model.report.totals``), and ``residual`` (``model.report.conservation``)."""
        (row,) = self._query(_sums_sql(Shape(shape.kind, idle=False, namespace=shape.namespace)), parts)
        return row

    def _query(self, select: str, parts: Sequence[Part]) -> list[dict[str, Any]]:
        sources = ", ".join(f"{table} as ({_source(table, parts)})" for table in TABLES)
        try:
            found = self._connection().execute(f"with {sources} select * from ({select})")  # noqa: S608
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise StoreError(f"the stored facts cannot be read ({error}): run 'farthing store verify'") from error

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if not hasattr(self._threads, "connection"):
            self._threads.connection = self._database.cursor()
        connection: duckdb.DuckDBPyConnection = self._threads.connection
        return connection


def _source(table: str, parts: Sequence[Part]) -> str:
    """SQL of the rows of ``table`` that belong to a set, with it."""
    selects = []
    for part in parts:
        paths = ", ".join(text(path) for path in part.files[table])
        rows = ", ".join(f"({start:d}, {index:d})" for start, index in part.sets.items())
        selects.append(
            f'select f.*, p."set" from read_parquet([{paths}]) f '  # noqa: S608 - paths are quoted, the rest are numbers
            f'join (values {rows}) p("start", "set") on f."start" = p."start"'
        )
    return " union all by name ".join(selects)
