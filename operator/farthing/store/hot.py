"""What was asked for most lately, kept as tables in memory: opening and decoding files is most of a small question."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import TypeAlias

import duckdb

from farthing.store.engine import in_time, run
from farthing.store.turns import Turns

MOST_ROWS = 400_000
"""Kept at most, in all: some 120 MB. A question over more reads the files."""
OF_A_TABLE = 1_000
"""A table takes as much as these many rows, however few it has: some 100 KB."""

Select: TypeAlias = Callable[[ExitStack], str]
"""Makes the SQL of some rows; what that selects from stays as long as the stack is held."""


@dataclass(slots=True)
class _Hot:
    table: str
    rows: int
    """With ``OF_A_TABLE``."""
    readers: int = 0


@dataclass(slots=True)
class HotTables:
    """Tables of one DuckDB, each with rows that come of some files; a file never changes under its name."""

    connection: duckdb.DuckDBPyConnection
    most_rows: int = MOST_ROWS
    _tables: "OrderedDict[Hashable, _Hot]" = field(default_factory=OrderedDict)
    _making: Turns = field(default_factory=Turns)
    _numbers: Iterator[int] = field(default_factory=count)
    _lock: Lock = field(default_factory=Lock)
    """Held while nothing takes long."""

    @contextmanager
    def reading(self, key: Hashable, select: Select, *, few: bool = False) -> Iterator[str]:
        """What to select from for the rows of ``select``: a table that stays while the context is held, or themselves.

        ``key`` tells the rows from all others; ``few`` says that there are not too many, so that they need not be counted
        before. Raises duckdb.IOException if a file cannot be read.
        """
        hot = self._held(key) or self._made(key, select, few=few)
        try:
            with ExitStack() as needed:
                yield hot.table if hot is not None else f"({select(needed)})"
        finally:
            if hot is not None:
                with self._lock:
                    hot.readers -= 1

    def _held(self, key: Hashable) -> _Hot | None:
        """The table of ``key``, with one reader more."""
        with self._lock:
            hot = self._tables.get(key)
            if hot is not None:
                self._tables.move_to_end(key)
                hot.readers += 1
            return hot

    def _made(self, key: Hashable, select: Select, *, few: bool) -> _Hot | None:
        """The table of ``key``, made if nobody else did meanwhile; None where it is too large."""
        with self._making.of(key):
            hot = self._held(key)
            if hot is not None:
                return hot
            connection, table = self.connection.cursor(), f"hot_{next(self._numbers)}"
            try:
                with ExitStack() as needed:
                    rows = select(needed)
                    if not few and not self._make_room(OF_A_TABLE + _count(connection, f"({rows})")):
                        return None
                    with in_time(connection):
                        run(connection, f"create table {table} as {rows}")
                hot = _Hot(table, OF_A_TABLE + _count(connection, table), readers=1)
                if self._make_room(hot.rows) and self._tables.setdefault(key, hot) is hot:
                    return hot
                run(connection, f"drop table {table}")
            finally:
                connection.close()
        return None

    def clear(self) -> None:
        """Drop what nobody reads."""
        with self._lock:
            for key, hot in list(self._tables.items()):
                if hot.readers == 0:
                    run(self.connection, f"drop table {hot.table}")
                    del self._tables[key]

    def _make_room(self, rows: int) -> bool:
        """Drop what was not asked for longest and nobody reads, until ``rows`` more fit; False if they never do."""
        if rows > self.most_rows:
            return False
        with self._lock:
            kept = sum(hot.rows for hot in self._tables.values())
            for key, hot in list(self._tables.items()):
                if kept + rows <= self.most_rows:
                    break
                if hot.readers == 0:
                    run(self.connection, f"drop table {hot.table}")
                    del self._tables[key]
                    kept -= hot.rows
            return kept + rows <= self.most_rows


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    number: int = run(connection, f"select count(*) from {rows}")[0][0]  # noqa: S608 - names of our own, and quoted paths
    return number
