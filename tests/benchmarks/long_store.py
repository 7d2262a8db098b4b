"""A store of 120 days for the benchmarks: stored days of a week, again and again, each moved to its date."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from farthing.model.tables import FACTS
from farthing.store.days import Store
from farthing.store.engine import connect, parquet
from farthing.store.files import write
from farthing.store.manifest import TABLES, Manifest, manifest_path, save

DAY = 86400
INSTANTS = ("start", "run_start", "run_end")
"""Columns that hold a time. [unix s]"""


def long_store(week: Path, root: Path, cluster: str, days: int) -> tuple[int, int]:
    """Write ``days`` days of ``cluster`` to ``root``, up to the last day of the store at ``week``; their bounds [unix s]."""
    store = Store(week)
    originals = store.manifests(cluster)
    last = originals[-1]
    connection = connect()
    with Store(root).writing():
        for number in range(days):
            start = last.start - number * DAY
            original = originals[-1 - number % len(originals)]
            moved = start - original.start
            date = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d")
            files = []
            for table in TABLES:
                instants = [name for name in INSTANTS if name in FACTS[table]]
                shifted = ", ".join(f"{name} + {moved:d} as {name}" for name in instants)
                rows = f"select * replace ({shifted}) from {parquet([store.verified(original.file(table, 'day'))])}"  # noqa: S608
                files.append(write(connection, root, (table, "day", cluster, date), rows))
            coverage = tuple(replace(one, start=one.start + moved) for one in original.coverage)
            manifest = Manifest(cluster, "UTC", date, start, start + DAY, tuple(files), coverage)
            save(manifest_path(root, cluster, date), manifest)
    connection.close()
    return last.start - (days - 1) * DAY, last.end
