"""Asking the store: the pieces of a window are read from their files, in one query."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from threading import local
from typing import Any

import duckdb

from farthing.errors import StoreError
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.report import ORDER_COLUMN, report, totals
from farthing.store.engine import connect, parquet, run, sql, told
from farthing.store.hot import HotFiles
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
        self._hot = HotFiles(self._database.cursor())
        self._threads = local()

    def rows(self, shape: Shape, parts: Sequence[Part], limit: int = 0) -> list[dict[str, Any]]:
        """The rows of a report (``model.report.report``), at most ``limit`` a set besides the idle ones if it is not 0.

        Raises StoreError.
        """
        select = _report_sql(shape)
        if limit:
            order = f"{ORDER_COLUMN[shape.sort_by]} {'asc' if shape.ascending else 'desc'}, name"
            place = f'row_number() over (partition by "set", is_idle order by {order})'
            select = (
                f"select * from ({select}) qualify {place} <= {limit:d} or is_idle "  # noqa: S608 - names of our own
                f'order by "set", is_idle, {order}'
            )
        return self._query(select, parts)

    def totals(self, shape: Shape, parts: Sequence[Part]) -> list[dict[str, Any]]:
        """The rows of a report added up (``model.report.totals``). Raises StoreError."""
        return self._query(_totals_sql(shape), parts)

    def _query(self, select: str, parts: Sequence[Part]) -> list[dict[str, Any]]:
        try:
            with ExitStack() as held:
                sources = ", ".join(f"{table} as ({self._source(held, table, parts)})" for table in TABLES)
                return self._prepared().rows(f"with {sources} select * from ({select})")  # noqa: S608
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise StoreError(f"the stored facts cannot be read ({told(error)}): run 'farthing store verify'") from error

    def _source(self, held: ExitStack, table: str, parts: Sequence[Part]) -> str:
        """SQL of the rows of ``table`` that belong to a set, with it; what it selects from stays as long as ``held``."""
        selects = []
        for part in parts:
            paths = part.files[table]
            source = held.enter_context(self._hot.reading(paths)) if part.lasting else parquet(paths)
            rows = ", ".join(f"({start:d}, {index:d})" for start, index in part.sets.items())
            selects.append(
                f'select f.*, p."set" from {source} f '  # noqa: S608 - paths are quoted, the rest are numbers
                f'join (values {rows}) p("start", "set") on f."start" = p."start"'
            )
        return " union all by name ".join(selects)

    def _prepared(self) -> "Prepared":
        if not hasattr(self._threads, "prepared"):
            self._threads.prepared = Prepared(self._database.cursor())
        prepared: Prepared = self._threads.prepared
        return prepared


@dataclass(slots=True)
class Prepared:
    """One connection and the statements that were lately run on it: planning them is a third of a small question."""

    connection: duckdb.DuckDBPyConnection
    most: int = 16
    _names: "OrderedDict[str, str]" = field(default_factory=OrderedDict)
    _numbers: Iterator[int] = field(default_factory=count)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """The rows of ``statement`` by column. Raises duckdb.Error."""
        if statement not in self._names:
            name = f"statement_{next(self._numbers)}"
            run(self.connection, f"prepare {name} as {statement}")
            self._names[statement] = name
            if len(self._names) > self.most:
                run(self.connection, f"deallocate {self._names.popitem(last=False)[1]}")
        self._names.move_to_end(statement)
        found = self.connection.execute(f"execute {self._names[statement]}")
        columns = [column[0] for column in found.description]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
