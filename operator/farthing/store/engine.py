"""DuckDB, and the model's expressions as its SQL."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from farthing.model.facts import steps
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.repricing import repricing_steps
from farthing.model.tables import FACTS

MEMORY_LIMIT = "512MB"

LONGEST_SECONDS = 120.0
"""Of one statement of a question. Others wait for its turn to end."""

ANY_CLUSTER = "<cluster>"
"""Stands for the cluster's name while the steps to its facts are compiled, once for all."""


def connect(threads: int = 2, memory_limit: str = MEMORY_LIMIT) -> duckdb.DuckDBPyConnection:
    """An empty DuckDB in memory, which downloads nothing and reads no file but those it is given."""
    return duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": memory_limit,
            # What does not fit into memory goes there: the working directory may be read-only.
            "temp_directory": tempfile.gettempdir(),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


def sql(expression: ir.Table) -> str:
    """The SQL of an expression. Compiling takes 7 to 300 ms: keep what is asked often."""
    return str(ibis.to_sql(expression, dialect="duckdb"))


def facts_sql(cluster: str, prices: Prices = NO_PRICES) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name and SQL of each step from samples to facts, and the tables but the facts that no later step reads."""
    return [(name, select.replace(text(ANY_CLUSTER), text(cluster)), read) for name, select, read in _facts_sql(prices)]


@lru_cache(maxsize=4)
def _facts_sql(prices: Prices) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return _compiled(steps(ANY_CLUSTER, prices))


def repricing_sql(cluster: str, prices: Prices, *, by_day: bool) -> list[tuple[str, str]]:
    """Name and SQL of each step of ``model.repricing``."""
    found = _repricing_sql(prices, by_day=by_day)
    return [(name, select.replace(text(ANY_CLUSTER), text(cluster))) for name, select, _ in found]


@lru_cache(maxsize=4)
def _repricing_sql(prices: Prices, *, by_day: bool) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return _compiled(repricing_steps(ANY_CLUSTER, prices, by_day=by_day))


def _compiled(found: dict[str, ir.Table]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    last = {read.name: name for name, step in found.items() for read in step.op().find(ops.UnboundTable)}
    return tuple(
        (name, sql(step), tuple(read for read, by in last.items() if by == name and read not in FACTS))
        for name, step in found.items()
    )


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """``value`` as an SQL string."""
    return "'" + value.replace("'", "''") + "'"


def parquet(paths: Iterable[str | Path]) -> str:
    """SQL of the rows of Parquet files: what is in them, and nothing that their folders' names say."""
    listed = ", ".join(text(str(path)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def run(connection: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[Any, ...]]:
    """All rows of ``statement``, so that the connection is free for the next."""
    rows: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
    return rows


@contextmanager
def in_time(connection: duckdb.DuckDBPyConnection, seconds: float = LONGEST_SECONDS) -> Iterator[None]:
    """End what ``connection`` does within, by duckdb.InterruptException, where it takes longer than ``seconds``."""
    timer = Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def told(error: Exception) -> str:
    """What ``error`` says, on one line: DuckDB repeats the statement below it."""
    return str(error).split("\n", 1)[0]
