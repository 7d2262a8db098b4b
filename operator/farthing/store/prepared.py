"""Statements that are asked again, and their rows."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import duckdb

from farthing.store.engine import run

Row = dict[str, Any]

MOST_DETAILS = 300_000
"""Of one answer: labels, annotations, volumes and load balancers of its rows. Some 500 bytes each."""
FETCHED = 10_000
"""Rows taken from the engine at once."""

Wanted = Callable[[Row], bool]


@dataclass(slots=True)
class Prepared:
    """One connection and the statements that were lately run on it: planning them is a third of a small question."""

    connection: duckdb.DuckDBPyConnection
    most: int = 16
    _names: "OrderedDict[str, str]" = field(default_factory=OrderedDict)
    _numbers: Iterator[int] = field(default_factory=count)

    def rows(self, statement: str, wanted: Wanted) -> list[Row]:
        """The ``wanted`` rows of ``statement``, ``MOST_DETAILS`` and one at most, by column. Raises duckdb.Error."""
        if statement not in self._names:
            name = f"statement_{next(self._numbers)}"
            run(self.connection, f"prepare {name} as {statement}")
            self._names[statement] = name
            if len(self._names) > self.most:
                run(self.connection, f"deallocate {self._names.popitem(last=False)[1]}")
        self._names.move_to_end(statement)
        found = self.connection.execute(f"execute {self._names[statement]}")
        columns = [column[0] for column in found.description]
        rows: list[Row] = []
        while len(rows) <= MOST_DETAILS and (some := found.fetchmany(FETCHED)):
            rows += filter(wanted, (dict(zip(columns, row, strict=True)) for row in some))
        return rows
