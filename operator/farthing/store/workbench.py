"""Where samples become facts: a DuckDB of its own for each chunk of intervals."""

from array import array
from pathlib import Path
from typing import Self

from arro3.core import Array, DataType, Table

from farthing.model.intervals import Chunk
from farthing.model.samples import Samples
from farthing.model.tables import HOURS, SAMPLES
from farthing.store.engine import connect, facts_sql, quoted, run, text
from farthing.store.manifest import TABLES

CREATE = "create or replace temp table {name} as {select}"


class Workbench:
    """The tables of one chunk: first its intervals, then the samples of each query, then the facts."""

    def __init__(self, chunk: Chunk, cluster: str) -> None:
        self.chunk = chunk
        self.cluster = cluster
        self.connection = connect()
        self.rejected: dict[str, int] = {}
        """How many samples of each query were no number, infinite or negative."""
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
        """Keep ``samples`` as the table of their name; those that are no number, infinite or negative are counted out."""
        cursor = self.connection
        series = Table.from_pydict(
            {
                "series": _column(array("i", range(samples.series_count)), DataType.int32()),
                **{label: Array(values, DataType.string()) for label, values in samples.labels.items()},
            }
        )
        values = Table.from_pydict(
            {
                "series": _column(samples.index, DataType.int32()),
                "time": _column(samples.times, DataType.float64()),
                "value": _column(samples.values, DataType.float64()),
            }
        )
        labels = "".join(f"s.{quoted(label)}, " for label in SAMPLES[samples.name])
        cursor.register("farthing_series", series)
        cursor.register("farthing_values", values)
        # A value is dated one millisecond before its interval ends.
        select = f"""
            select cast(round(v.time + 0.001) as bigint) - {self.chunk.step} as "start", {labels} v.value
            from farthing_values v join farthing_series s using (series)
            where isfinite(v.value) and v.value >= 0
        """  # noqa: S608 - names come from the catalogue
        run(cursor, CREATE.format(name=quoted(samples.name), select=select))
        kept = run(cursor, f"select count(*) from {quoted(samples.name)}")[0][0]  # noqa: S608 - likewise
        cursor.unregister("farthing_series")
        cursor.unregister("farthing_values")
        if kept < len(samples.values):
            self.rejected[samples.name] = len(samples.values) - kept

    def compute(self) -> list[dict[str, float]]:
        """Make the tables ``allocation`` and ``asset``; returns what was seen in each interval (``observations``)."""
        for name, select in facts_sql(self.cluster):
            run(self.connection, CREATE.format(name=quoted(name), select=select))
        found = self.connection.execute('select * from observed order by "start"')
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def save(self, folder: Path) -> dict[str, str]:
        """Write the facts as files into ``folder``; returns the path of each by its table."""
        paths = {table: str(folder / f"{table}.parquet") for table in TABLES}
        for table, path in paths.items():
            run(self.connection, f"copy {table} to {text(path)} (format parquet)")
        return paths


def _column(values: "array[int] | array[float]", kind: DataType) -> Array:
    # An empty array has no buffer to share.
    return Array.from_buffer(values).cast(kind) if values else Array([], kind)
