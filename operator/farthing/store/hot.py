"""What was asked for most lately, kept as tables in memory: opening and decoding files is most of a small question."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Lock

import duckdb

from farthing.store.engine import parquet, run

MOST_ROWS = 400_000
"""Kept at most, in all: some 120 MB. A question over more reads the files."""


ALL = "from {}"


def part_of(paths: Sequence[str], select: str = ALL) -> str:
    """SQL of the rows of ``paths`` that ``select`` takes, with ``{}`` for where they come from."""
    return select.replace("{}", parquet(paths), 1)


@dataclass(slots=True)
class _Hot:
    table: str
    rows: int
    readers: int = 0


@dataclass(slots=True)
class HotFiles:
    """Tables of one DuckDB, each with the rows of some files; a file never changes under its name."""

    connection: duckdb.DuckDBPyConnection
    most_rows: int = MOST_ROWS
    _tables: "OrderedDict[tuple[str, ...], _Hot]" = field(default_factory=OrderedDict)
    _numbers: Iterator[int] = field(default_factory=count)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def reading(self, paths: Sequence[str], select: str = ALL) -> Iterator[str]:
        """What to select from for the rows of ``paths``: a table that stays while the context is held, or the files.

        ``select`` takes a part of them (``part_of``).

        Raises duckdb.IOException if a file cannot be read.
        """
        with self._lock:
            hot = self._held(tuple(paths), select)
            if hot is not None:
                hot.readers += 1
        try:
            yield hot.table if hot is not None else f"({select.replace('{}', parquet(paths), 1)})"
        finally:
            if hot is not None:
                with self._lock:
                    hot.readers -= 1

    def _held(self, paths: tuple[str, ...], select: str) -> _Hot | None:
        key = (*paths, select)
        if key in self._tables:
            self._tables.move_to_end(key)
            return self._tables[key]
        part = part_of(paths, select)
        rows = run(self.connection, f"select count(*) from ({part})")[0][0]  # noqa: S608 - paths are quoted
        if not self._make_room(rows):
            return None
        hot = _Hot(f"hot_{next(self._numbers)}", rows)
        run(self.connection, f"create table {hot.table} as {part}")
        self._tables[key] = hot
        return hot

    def _make_room(self, rows: int) -> bool:
        """Drop what was not asked for longest and nobody reads, until ``rows`` more fit; False if they never do."""
        kept = sum(hot.rows for hot in self._tables.values())
        for paths, hot in list(self._tables.items()):
            if kept + rows <= self.most_rows:
                break
            if hot.readers == 0:
                run(self.connection, f"drop table {hot.table}")
                del self._tables[paths]
                kept -= hot.rows
        return kept + rows <= self.most_rows
