"""Where samples become facts: a DuckDB of its own for each chunk of intervals."""

from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import duckdb
from arro3.core import Array, DataType, Table

from farthing.errors import StoreError
from farthing.model.intervals import Chunk
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.sampled import NUMBERED, numbered
from farthing.model.samples import Samples
from farthing.model.tables import HOURS
from farthing.store.engine import connect, facts_sql, quoted, run, text, told
from farthing.store.manifest import TABLES

MEMORY_LIMIT = "80MB"
"""What a chunk may take; more goes to the temporary directory."""

MORE = "400MB"
"""What it may take once a step needs more than ``MEMORY_LIMIT`` at once, as some do from about 4,000 containers on."""

MOST = 1e19
"""The largest sample that is taken for an amount: Kubernetes' own quantities end at 2**63 - 1, about 9.2e18.

A day's seconds times that, times a rate, is far from where doubles end; what a broken exporter shows need not be.
"""

CREATE = "create or replace temp table {name} as {select}"


class Workbench:
    """The tables of one chunk: first its intervals, then the samples of each query, then the facts."""

    def __init__(self, chunk: Chunk, cluster: str, prices: Prices = NO_PRICES) -> None:
        self.chunk = chunk
        self.cluster = cluster
        self.prices = prices
        self.connection = connect(memory_limit=MEMORY_LIMIT)
        self._rejected: Counter[int] = Counter()
        """How many samples of each interval were no number, negative or above ``MOST``."""
        self._identities: dict[str, dict[tuple[str, ...], int]] = {number: {} for number in NUMBERED}
        rows = [(start, seconds, start - chunk.step) for start, seconds in chunk.intervals]
        columns = ", ".join(
            f"{quoted(name)} {'bigint' if kind == 'int64' else 'double'}" for name, kind in HOURS.items()
        )
        run(self.connection, f"create temp table hours ({columns})")
        self.connection.executemany("insert into hours values (?, ?, ?)", rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def load(self, samples: Samples) -> None:
        """Keep ``samples`` as the table of their name; those that are no number, negative or above ``MOST`` are counted out."""
        number, labels = numbered(samples.name)
        # In the order of ``tables.samples``: a union goes by it.
        columns = {number: _column(self._numbers(number, samples), DataType.int32())} if number else {}
        columns |= {label: Array(samples.labels[label], DataType.string()) for label in labels}
        series = Table.from_pydict(
            {"series": _column(array("i", range(samples.series_count)), DataType.int32()), **columns}
        )
        values = Table.from_pydict(
            {
                "series": _column(samples.index, DataType.int32()),
                "time": _column(samples.times, DataType.float64()),
                "value": _column(samples.values, DataType.float64()),
            }
        )
        with self._registered(farthing_series=series, farthing_values=values) as cursor:
            kept = "".join(f"s.{quoted(label)}, " for label in columns)
            # A value is dated one millisecond before its interval ends.
            start, good = f"cast(round(time + 0.001) as bigint) - {self.chunk.step}", f"value between 0 and {MOST}"
            select = f"""
                select {start} as "start", {kept} value
                from farthing_values v join farthing_series s using (series) where {good}
            """  # noqa: S608 - names come from the catalogue
            made = run(cursor, CREATE.format(name=quoted(samples.name), select=select))
            if made[0][0] < len(samples.values):
                bad = f"select {start}, count(*) from farthing_values where not ({good}) group by all"  # noqa: S608 - likewise
                self._rejected.update(dict(run(cursor, bad)))

    def _numbers(self, number: str, samples: Samples) -> "array[int]":
        """The number of each series' identity, a new one where it was not met before."""
        met = self._identities[number]
        keys = zip(*(samples.labels[label] for label in NUMBERED[number][1]), strict=True)
        return array("i", (met.setdefault(key, len(met)) for key in keys))

    @contextmanager
    def _registered(self, **tables: Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection, with Arrow tables under their names."""
        for name, table in tables.items():
            self.connection.register(name, table)
        yield self.connection
        for name in tables:
            self.connection.unregister(name)

    def _keep_identities(self) -> None:
        for number, (name, key) in NUMBERED.items():
            met = self._identities[number]
            labels = zip(*met, strict=True) if met else ((),) * len(key)
            columns = {label: Array(list(values), DataType.string()) for label, values in zip(key, labels, strict=True)}
            numbers = {number: _column(array("i", range(len(met))), DataType.int32())}
            with self._registered(farthing_identities=Table.from_pydict({**numbers, **columns})) as cursor:
                run(cursor, CREATE.format(name=quoted(name), select="select * from farthing_identities"))

    def compute(self) -> list[dict[str, float]]:
        """Make the tables ``allocation`` and ``asset``; returns what was seen in each interval (``observations``).

        Each also tells how many samples were ``rejected``. What led to the facts is let go, so compute once.
        """
        self._keep_identities()
        for name, select, read in facts_sql(self.cluster, self.prices):
            self._make(name, select)
            for each in read:
                run(self.connection, f"drop table {quoted(each)}")
        found = self.connection.execute('select * from observed order by "start"')
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return [{**row, "rejected": self._rejected[row["start"]]} for row in rows]

    def _make(self, name: str, select: str) -> None:
        create = CREATE.format(name=quoted(name), select=select)
        try:
            run(self.connection, create)
        except duckdb.OutOfMemoryException:
            run(self.connection, f"set memory_limit = {text(MORE)}")
            run(self.connection, create)

    def save(self, folder: Path, day: int) -> dict[str, str]:
        """Write the facts as files into ``folder``; returns the path of each by its table. Raises StoreError.

        ``day`` is the ``start`` that what is said of pods gets.
        """
        paths = {table: str(folder / f"{table}.parquet") for table in TABLES}
        try:
            for table, path in paths.items():
                of_day = f' replace ({day:d}::bigint as "start")' if table == "workload" else ""
                run(self.connection, f"copy (select *{of_day} from {table}) to {text(path)} (format parquet)")  # noqa: S608 - of our own
        except duckdb.IOException as error:
            raise StoreError(
                f"cannot write to {folder} ({told(error)}): check the space of the temporary folder"
            ) from error
        return paths


def _column(values: "array[int] | array[float]", kind: DataType) -> Array:
    # An empty array has no buffer to share.
    return Array.from_buffer(values).cast(kind) if values else Array([], kind)
