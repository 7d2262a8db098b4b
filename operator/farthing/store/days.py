"""The store: days of facts, each replaced whole, never by facts that saw less."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import duckdb
from msgspec.structs import replace

from farthing.errors import StoreCorruptError, StoreError
from farthing.model.coverage import Coverage
from farthing.model.facts import rolled_up
from farthing.model.window import Window
from farthing.store.bills import Bills
from farthing.store.engine import parquet, run, sql
from farthing.store.files import remove_others, write
from farthing.store.lock import locked
from farthing.store.manifest import TABLES, File, Manifest, Older, directory, load, manifest_path, save, sha256
from farthing.store.merging import merge, names_sql, told_anew
from farthing.store.workbench import Workbench

ANY_START = 1_234_567_890_123
"""Stands for the start of a day while the way to its sums is compiled, once for all days."""


@dataclass(slots=True)
class Store:
    """Facts on disk at ``root``, one manifest a day and cluster. Readers need no lock; one process writes at a time."""

    root: Path
    timezone: str = "UTC"
    _verified: dict[File, Path] = field(default_factory=dict)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write. Raises StoreLockedError if another process has it, StoreError if nothing can."""
        with locked(self.root):
            yield

    def day(self, cluster: str, date: str) -> Manifest | None:
        """The manifest of a day, if it is stored; one of an older layout is not. Raises StoreError."""
        found = self._found(cluster, date)
        return None if isinstance(found, Older) else found

    def _found(self, cluster: str, date: str) -> Manifest | Older | None:
        """What is stored of a day. Raises StoreError."""
        found = load(manifest_path(self.root, cluster, date))
        if isinstance(found, Manifest) and found.timezone != self.timezone:
            raise StoreError(
                f"the store {self.root} keeps days of timezone {found.timezone!r}, and {self.timezone!r} is asked for: "
                f"use --timezone {found.timezone}, or give {self.timezone} a store of its own"
            )
        return found

    def version(self, cluster: str) -> Hashable:
        """Another one when a day of a cluster came, went or was replaced."""
        found = []
        for date, path in self._paths(cluster).items():
            # What goes meanwhile is gone.
            with suppress(OSError):
                at = path.stat()
                found.append((date, at.st_ino, at.st_mtime_ns))
        return tuple(found)

    def manifests(self, cluster: str) -> list[Manifest]:
        """The manifests of all days of a cluster but those of an older layout, oldest first. Raises StoreError."""
        return [found for found in self._all(cluster).values() if isinstance(found, Manifest)]

    def readable(self, cluster: str, since: str) -> tuple[list[Manifest], list[StoreError]]:
        """``manifests`` of the days from the date ``since`` as far as they can be read, and why the others cannot."""
        found: list[Manifest | Older | None] = []
        failed: list[StoreError] = []
        for date, path in self._paths(cluster).items():
            try:
                found += [load(path)] if date >= since else []
            except StoreError as error:
                failed.append(error)
        return [one for one in found if isinstance(one, Manifest)], failed

    def older(self, cluster: str) -> list[str]:
        """The dates of a cluster that are stored in an older layout, oldest first: they are not read. Raises StoreError."""
        return [date for date, found in self._all(cluster).items() if isinstance(found, Older)]

    def _all(self, cluster: str) -> dict[str, Manifest | Older]:
        """What is stored of a cluster by its date, oldest first. Raises StoreError."""
        return {date: found for date, path in self._paths(cluster).items() if (found := load(path)) is not None}

    def _paths(self, cluster: str) -> dict[str, Path]:
        """The manifests' paths by their date, oldest first."""
        paths = sorted((self.root / "manifest" / directory(cluster)).glob("date=*.json"))
        return {path.stem.removeprefix("date="): path for path in paths}

    def files(self, day: Manifest, grain: str) -> dict[str, str] | None:
        """The path of each table's file, if ``day`` is kept at that grain. Raises StoreError, also if it was replaced."""
        if grain == "hour" and not day.has_hours:
            return None
        return {
            file.table: str(self.verified(file))
            for file in day.files
            if file.grain == grain or file.table == "workload"
        }

    def asset_days(self, date: str) -> list[str]:
        """The paths of the assets of a day, summed up, of all clusters. Raises StoreError, also if one was replaced."""
        found = [load(path) for path in sorted(self.root.glob(f"manifest/cluster=*/date={date}.json"))]
        days = [one for one in found if isinstance(one, Manifest) and one.timezone == self.timezone]
        files = [file for day in days if (file := day.file("asset", "day")) is not None]
        return [str(self.verified(file)) for file in files]

    def keep(self, bench: Workbench, place: tuple[str, str, Window], seen: Sequence[Coverage]) -> Manifest | None:
        """Put the facts of ``bench`` into the day of ``place`` (cluster, date, bounds); returns its manifest.

        An hour of the day keeps its stored rows unless ``seen`` is as good. A day of an older layout is replaced whole, by
        facts that tell of each of its hours; else it stays, and None is returned. Call within ``writing()``. Raises
        StoreError; then the old day is still there.
        """
        cluster, date, day = place
        stored = self._found(cluster, date)
        if isinstance(stored, Older):
            if not stored.may_give_way_to(seen):
                return None
            stored = None
        merged, new_starts = merge(stored, seen)
        if stored is not None and not new_starts:
            return stored
        says = told_anew(stored, seen, max(new_starts, default=0))
        bounds = (int(day.start.timestamp()), int(day.end.timestamp()))
        try:
            files = [
                file
                for table in TABLES
                for file in self._write(bench.connection, (table, cluster, date), bounds[0], (stored, new_starts, says))
            ]
            manifest = Manifest(cluster, self.timezone, date, *bounds, tuple(files), tuple(merged))
            save(manifest_path(self.root, cluster, date), manifest)
        except StoreError:
            # A full disk must not be filled by what nobody will read.
            with suppress(StoreError):
                named = self._found(cluster, date)
                if not isinstance(named, Older):
                    remove_others(self.root, named.files if named else (), cluster, date)
            raise
        remove_others(self.root, manifest.files, cluster, date)
        return manifest

    def _write(
        self,
        connection: duckdb.DuckDBPyConnection,
        place: tuple[str, str, str],
        start: int,
        merging: tuple[Manifest | None, Sequence[int], Sequence[str]],
    ) -> Iterator[File]:
        """Write the merged rows of a table, by the hour and summed into a day that begins at ``start`` [unix s]."""
        table, cluster, date = place
        stored, new_starts, says = merging
        if table == "workload":
            old = stored.file(table, "day") if stored else None
            names = names_sql(start, self.verified(old) if old else None, says)
            yield write(connection, self.root, (table, "day", cluster, date), names)
            return
        yield from write_hours(connection, self.root, place, start, self._merged_rows(table, stored, new_starts))

    def _merged_rows(self, table: str, stored: Manifest | None, new_starts: Sequence[int]) -> str:
        starts = ", ".join(map(str, new_starts))
        rows = f'select * from {table} where "start" in ({starts})'  # noqa: S608 - numbers only
        old = stored.file(table, "hour") if stored else None
        if old is not None:
            rows += f' union all by name select * from {parquet([self.verified(old)])} where "start" not in ({starts})'  # noqa: S608
        return rows

    def verified(self, file: File) -> Path:
        """The path of a file whose bytes are what its manifest says. Raises StoreCorruptError, StoreError."""
        path = self._verified.get(file)
        if path is None:
            path = self.root / file.path
            if sha256(path) != file.sha256:
                raise StoreCorruptError(
                    f"{path} is not the file its manifest names (sha256 differs): delete the day's manifest and run "
                    "'farthing collect' for it"
                )
            self._verified[file] = path
        return path

    def prune(self, cluster: str, hours_before: int, days_before: int) -> None:
        """Forget the hours of days that ended before one time, and whole days that ended before another. [unix s]

        Days of an older layout stay as they are; bills go with their days. Call within ``writing()``. Raises StoreError.
        """
        Bills(self.root).prune(days_before)
        kept: list[File] = []
        found = self._all(cluster)
        for date, manifest in found.items():
            if isinstance(manifest, Older):
                continue
            path = manifest_path(self.root, cluster, date)
            files = manifest.files
            if manifest.end <= days_before:
                path.unlink(missing_ok=True)
                continue
            if manifest.end <= hours_before and manifest.has_hours:
                files = tuple(file for file in manifest.files if file.grain == "day")
                save(path, replace(manifest, files=files))
            kept.extend(files)
        remove_others(self.root, kept, cluster, spared=[date for date in found if isinstance(found[date], Older)])


def write_hours(
    connection: duckdb.DuckDBPyConnection, root: Path, place: tuple[str, str, str], start: int, rows: str
) -> Iterator[File]:
    """Write ``rows`` (the SQL of a query) of a table by the hour, and summed into a day that begins at ``start`` [unix s].

    ``place`` is table, cluster and date. Raises StoreError.
    """
    table, cluster, date = place
    hours = write(connection, root, (table, "hour", cluster, date), rows)
    yield hours
    # Sums are the same to the last digit only where one thread adds them in one order: that of the file.
    threads = run(connection, "select current_setting('threads')")[0][0]
    run(connection, "set threads = 1")
    run(connection, f"create or replace temp view kept as from {parquet([root / hours.path])}")
    yield write(connection, root, (table, "day", cluster, date), _roll_up_sql(table, start))
    run(connection, f"set threads = {threads:d}")


def _roll_up_sql(table: str, start: int) -> str:
    return _roll_up_to(table).replace(str(ANY_START), str(start))


@lru_cache
def _roll_up_to(table: str) -> str:
    return sql(rolled_up(table, ANY_START)).replace(f'"{table}"', '"kept"')
