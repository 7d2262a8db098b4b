"""Rows of statements, the latest of which are kept: the files that they read never change under their names."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import duckdb

from farthing.store.engine import in_time
from farthing.store.turns import Turns

Row = dict[str, Any]

MOST_DETAILS = 300_000
"""Of one answer: labels, annotations, volumes, load balancers and parts of nodes of its rows. Some 500 bytes each."""
FETCHED = 10_000
"""Rows taken from the engine at once."""
FEW = 1_000
"""Of a statement that is kept; it counts as a tenth of these at least."""

Wanted = Callable[[Row], bool]


@dataclass(slots=True)
class RecentRows:
    """The rows of the latest statements. Safe to use from several threads."""

    database: duckdb.DuckDBPyConnection
    most_rows: int = 20_000
    """Kept at most, in all: some 50 MB."""
    _kept: "OrderedDict[str, list[Row]]" = field(default_factory=OrderedDict)
    _rows: int = 0
    _running: Turns = field(default_factory=Turns)
    _lock: Lock = field(default_factory=Lock)
    """Held while nothing takes long."""

    def of(self, statement: str, wanted: Wanted) -> list[Row]:
        """The ``wanted`` rows of ``statement``, ``MOST_DETAILS`` and one at most, by column, not to be changed.

        Equal statements have equal rows: they name each file, and each table made of files. Raises duckdb.Error.
        """
        kept = self._found(statement)
        if kept is None:
            with self._running.of(statement):
                kept = self._found(statement)
                if kept is None:
                    return self._run(statement, wanted)
        return list(filter(wanted, kept))

    def _found(self, statement: str) -> list[Row] | None:
        with self._lock:
            kept = self._kept.get(statement)
            if kept is not None:
                self._kept.move_to_end(statement)
            return kept

    def _run(self, statement: str, wanted: Wanted) -> list[Row]:
        with self.database.cursor() as cursor, in_time(cursor):
            found = cursor.execute(statement)
            columns = [column[0] for column in found.description]
            first = _by_column(columns, found.fetchmany(FEW + 1))
            if len(first) <= FEW:
                self._keep(statement, first)
            rows = list(filter(wanted, first))
            while len(rows) <= MOST_DETAILS and (some := found.fetchmany(FETCHED)):
                rows += filter(wanted, _by_column(columns, some))
            return rows

    def forget(self) -> None:
        """Keep nothing of what was asked."""
        with self._lock:
            self._kept.clear()
            self._rows = 0

    def _keep(self, statement: str, rows: list[Row]) -> None:
        with self._lock:
            if statement not in self._kept:
                self._kept[statement] = rows
                self._rows += _size(rows)
            while self._rows > self.most_rows:
                self._rows -= _size(self._kept.popitem(last=False)[1])


def _by_column(columns: list[str], rows: list[tuple[Any, ...]]) -> list[Row]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _size(rows: list[Row]) -> int:
    return max(len(rows), FEW // 10)
