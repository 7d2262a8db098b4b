"""Facts made from a source of metrics, as rows that a test can look into."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from farthing.model.coverage import Coverage
from farthing.model.intervals import Chunk, chunks
from farthing.model.window import Window, hours_of_day
from farthing.prometheus.client import Prometheus
from farthing.prometheus.connection import Connection
from farthing.prometheus.source import CatalogueSource, Fetcher
from farthing.services.gather import gathered
from farthing.store.engine import run
from farthing.store.workbench import Workbench

DAY = 86_400
CLUSTER = "made-up"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of the tables, and the coverage of each hour."""

    allocation: list[Row]
    asset: list[Row]
    coverage: list[Coverage]
    volume: list[Row] = field(default_factory=list)

    def total(self, column: str) -> float:
        """Sum of a column of the allocations."""
        return float(sum(row[column] for row in self.allocation))


@contextmanager
def asking(url: str, **settings: Any) -> Iterator[Prometheus]:
    """A client of the Prometheus at ``url``, closed at the end."""
    client = Prometheus(Connection(url, **settings))
    try:
        yield client
    finally:
        client.close()


def facts_of(fetcher: Fetcher, start: int, end: int, now: int | None = None) -> Facts:
    """The facts of ``[start, end)`` [unix s], made day by day as the collector does."""
    facts = Facts([], [], [])
    for begin in range(start, end, DAY):
        day = Window(moment(begin), moment(min(begin + DAY, end)))
        for chunk in chunks(hours_of_day(day), end if now is None else now):
            _add(facts, fetcher, chunk)
    return facts


def moment(unix: int) -> datetime:
    """An instant of UTC."""
    return datetime.fromtimestamp(unix, UTC)


def _add(facts: Facts, fetcher: Fetcher, chunk: Chunk) -> None:
    with gathered(CatalogueSource(fetcher), Workbench, chunk, CLUSTER) as (bench, seen):
        facts.allocation.extend(_rows(bench, "allocation"))
        facts.asset.extend(_rows(bench, "asset"))
        facts.volume.extend(_rows(bench, "volume"))
        facts.coverage.extend(seen)


def _rows(bench: Any, table: str) -> list[Row]:
    columns = [name for name, *_ in run(bench.connection, f"describe {table}")]
    return [dict(zip(columns, row, strict=True)) for row in run(bench.connection, f"from {table}")]
