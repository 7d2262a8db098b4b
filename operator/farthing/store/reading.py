"""Asking the store: the pieces of a window are read from their files, in one query."""

from collections.abc import Sequence
from functools import lru_cache
from threading import local
from typing import Any

import duckdb

from farthing.errors import StoreError
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.report import report, totals
from farthing.store.engine import connect, parquet, run, sql
from farthing.store.manifest import TABLES


@lru_cache(maxsize=256)
def _report_sql(shape: Shape) -> str:
    return sql(report(shape))


@lru_cache(maxsize=256)
def _totals_sql(shape: Shape) -> str:
    return sql(totals(shape))


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

    def totals(self, shape: Shape, parts: Sequence[Part]) -> list[dict[str, Any]]:
        """The rows of a report added up (``model.report.totals``). Raises StoreError."""
        return self._query(_totals_sql(shape), parts)

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
        rows = ", ".join(f"({start:d}, {index:d})" for start, index in part.sets.items())
        selects.append(
            f'select f.*, p."set" from {parquet(part.files[table])} f '  # noqa: S608 - paths are quoted, the rest are numbers
            f'join (values {rows}) p("start", "set") on f."start" = p."start"'
        )
    return " union all by name ".join(selects)
