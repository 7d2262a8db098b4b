"""What was asked for most lately, kept as tables in memory: opening and decoding files is most of a small question."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import RLock
from typing import TypeAlias

import duckdb

from farthing.store.engine import run

MOST_ROWS = 400_000
"""Kept at most, in all: some 120 MB. A question over more reads the files."""

Select: TypeAlias = Callable[[ExitStack], str]
"""Makes the SQL of some rows; what that selects from stays as long as the stack is held."""


@dataclass(slots=True)
class _Hot:
    table: str
    rows: int
    readers: int = 0


@dataclass(slots=True)
class HotTables:
    """Tables of one DuckDB, each with rows that come of some files; a file never changes under its name."""

    connection: duckdb.DuckDBPyConnection
    most_rows: int = MOST_ROWS
    _tables: "OrderedDict[Hashable, _Hot]" = field(default_factory=OrderedDict)
    _numbers: Iterator[int] = field(default_factory=count)
    _lock: RLock = field(default_factory=RLock)

    @contextmanager
    def reading(self, key: Hashable, select: Select, *, few: bool = False) -> Iterator[str]:
        """What to select from for the rows of ``select``: a table that stays while the context is held, or themselves.

        ``key`` tells the rows from all others; ``few`` says that there are not too many, so that they need not be counted
        before. Raises duckdb.IOException if a file cannot be read.
        """
        with self._lock:
            hot = self._held(key, select, few=few)
            if hot is not None:
                hot.readers += 1
        try:
            with ExitStack() as needed:
                yield hot.table if hot is not None else f"({select(needed)})"
        finally:
            if hot is not None:
                with self._lock:
                    hot.readers -= 1

    def _held(self, key: Hashable, select: Select, *, few: bool) -> _Hot | None:
        if key in self._tables:
            self._tables.move_to_end(key)
            return self._tables[key]
        table = f"hot_{next(self._numbers)}"
        with ExitStack() as needed:
            rows = select(needed)
            if not few and not self._make_room(self._count(f"({rows})")):
                return None
            run(self.connection, f"create table {table} as {rows}")
        number = self._count(table)
        if not self._make_room(number):
            run(self.connection, f"drop table {table}")
            return None
        self._tables[key] = hot = _Hot(table, number)
        return hot

    def _count(self, rows: str) -> int:
        number: int = run(self.connection, f"select count(*) from {rows}")[0][0]  # noqa: S608 - paths are quoted
        return number

    def _make_room(self, rows: int) -> bool:
        """Drop what was not asked for longest and nobody reads, until ``rows`` more fit; False if they never do."""
        kept = sum(hot.rows for hot in self._tables.values())
        for key, hot in list(self._tables.items()):
            if kept + rows <= self.most_rows:
                break
            if hot.readers == 0:
                run(self.connection, f"drop table {hot.table}")
                del self._tables[key]
                kept -= hot.rows
        return kept + rows <= self.most_rows
