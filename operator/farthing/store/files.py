"""Parquet files that are there whole or not at all, named after what is in them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import duckdb

from farthing.errors import StoreError
from farthing.model.tables import IDENTITY
from farthing.store.engine import quoted, run, text, told
from farthing.store.manifest import File, directory, sha256, sync_directory

FIRST = {"asset": ("start", "type", "name")}
ORDER = {
    table: ", ".join(
        quoted(column) for column in dict.fromkeys((*FIRST.get(table, ("start", "namespace", "pod", "uid")), *key))
    )
    for table, key in IDENTITY.items()
}
"""Rows lie in this order, so that the same facts give the same bytes."""


def write(connection: duckdb.DuckDBPyConnection, root: Path, place: tuple[str, str, str, str], relation: str) -> File:
    """Write ``relation`` (the SQL of a query) as a file of the store at ``root``. Raises StoreError.

    ``place`` is table, grain, cluster and date.
    """
    ordered = f"select * from ({relation}) order by {ORDER[place[0]]}"  # noqa: S608 - of our own
    return write_ordered(connection, root, place, ordered)


def write_ordered(
    connection: duckdb.DuckDBPyConnection, root: Path, place: tuple[str, str, str, str], rows: str
) -> File:
    """As ``write``, of ``rows`` that are in order."""
    table, grain, cluster, date = place
    folder = root / table / f"grain={grain}" / directory(cluster) / f"date={date}"
    return write_into(connection, root, (table, grain, folder), rows)


def write_into(connection: duckdb.DuckDBPyConnection, root: Path, place: tuple[str, str, Path], rows: str) -> File:
    """Write ``rows`` (the SQL of a query, in order) as a file into a folder of the store at ``root``. Raises StoreError.

    ``place`` is table, grain and folder.
    """
    table, grain, folder = place
    temporary = folder / f".{os.getpid()}.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        options = "format parquet, compression zstd, row_group_size 122880"
        copied = run(connection, f"copy ({rows}) to {text(str(temporary))} ({options})")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        digest = sha256(temporary)
        final = folder / f"{digest[:16]}.parquet"
        temporary.replace(final)
        sync_directory(folder)
    except (OSError, duckdb.IOException) as error:
        raise StoreError(
            f"cannot write to {folder} ({told(error)}): check space and rights; what was stored stays"
        ) from error
    return File(table, grain, str(final.relative_to(root)), copied[0][0], final.stat().st_size, digest)


def remove_others(
    root: Path, keep: Iterable[File], cluster: str, date: str = "*", *, spared: Iterable[str] = ()
) -> None:
    """Delete those files of a day, or of all days but ``spared``, that are not in ``keep``; what cannot be deleted stays.

    Also deletes what a process left that was killed while it wrote.
    """
    kept, left = {root / file.path for file in keep}, {f"date={one}" for one in spared}
    folder = directory(cluster)
    for path in (*root.glob(f"*/grain=*/{folder}/date={date}/*"), *root.glob(f"manifest/{folder}/.date={date}.json.*")):
        if path not in kept and path.parent.name not in left:
            with suppress(OSError):
                path.unlink()
    for day in root.glob(f"*/grain=*/{folder}/date={date}"):
        # Only an empty folder can be removed.
        with suppress(OSError):
            day.rmdir()
