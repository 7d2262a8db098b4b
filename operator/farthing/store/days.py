"""The store: days of facts, each replaced whole, never by facts that saw less."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from farthing.errors import StoreCorruptError, StoreError, StoreLockedError
from farthing.model.coverage import Coverage
from farthing.model.facts import rolled_up
from farthing.model.window import Window
from farthing.store.engine import run, sql, text
from farthing.store.files import remove_others, write
from farthing.store.manifest import (
    TABLES,
    VERSION,
    File,
    Manifest,
    directory,
    load,
    manifest_path,
    save,
    sha256,
)
from farthing.store.workbench import Workbench


@dataclass(slots=True)
class Store:
    """Facts on disk at ``root``, one manifest a day and cluster. Readers need no lock; one process writes at a time."""

    root: Path
    timezone: str = "UTC"
    _verified: set[str] = field(default_factory=set)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write. Raises StoreLockedError if another process has it, StoreError if nothing can."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / "lock").open("a+b")
        except OSError as error:
            raise StoreError(
                f"the store {self.root} cannot be written ({error.strerror}): check its path and rights"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreLockedError(
                    f"another process writes to the store {self.root}: one operator or collect at a time"
                ) from error
            yield

    def day(self, cluster: str, date: str) -> Manifest | None:
        """The manifest of a day, if it is stored. Raises StoreCorruptError, StoreVersionError."""
        path = manifest_path(self.root, cluster, date)
        return load(path) if path.exists() else None

    def manifests(self, cluster: str) -> list[Manifest]:
        """The manifests of all days of a cluster, oldest first."""
        paths = sorted((self.root / "manifest" / directory(cluster)).glob("date=*.json"))
        return [load(path) for path in paths]

    def file(self, cluster: str, date: str, table: str, grain: str) -> str | None:
        """The path of a table's file, if the day is kept at that grain. Raises StoreError."""
        manifest = self.day(cluster, date)
        file = manifest.file(table, grain) if manifest else None
        return str(self.verified(file)) if file else None

    def keep(self, bench: Workbench, place: tuple[str, str, Window], seen: Sequence[Coverage]) -> Manifest:
        """Put the facts of ``bench`` into the day of ``place`` (cluster, date, bounds); returns its manifest.

        An hour of the day keeps its stored rows unless ``seen`` is as good. Call within ``writing()``.
        Raises StoreError; then the old day is still there.
        """
        cluster, date, day = place
        connection = bench.connection
        stored = self.day(cluster, date)
        merged, new_starts = merge(stored, seen)
        if stored is not None and not new_starts:
            return stored
        files: list[File] = []
        for table in TABLES:
            rows = self._merged_rows(table, stored, new_starts)
            run(connection, f"create or replace temp table kept_{table} as {rows}")
            files.append(write(connection, self.root, (table, "hour", cluster, date), f"from kept_{table}"))
            select = sql(rolled_up(table, int(day.start.timestamp()))).replace(f'"{table}"', f'"kept_{table}"')
            files.append(write(connection, self.root, (table, "day", cluster, date), select))
        bounds = (int(day.start.timestamp()), int(day.end.timestamp()))
        manifest = Manifest(VERSION, cluster, self.timezone, date, *bounds, tuple(files), tuple(merged))
        save(manifest_path(self.root, cluster, date), manifest)
        remove_others(self.root, manifest.files, cluster, date)
        return manifest

    def _merged_rows(self, table: str, stored: Manifest | None, new_starts: Sequence[int]) -> str:
        starts = ", ".join(map(str, new_starts))
        rows = f'select * from {table} where "start" in ({starts})'  # noqa: S608 - numbers only
        old = stored.file(table, "hour") if stored else None
        if old is not None:
            path = text(str(self.verified(old)))
            rows += f' union all by name select * from read_parquet({path}) where "start" not in ({starts})'  # noqa: S608
        return rows

    def verified(self, file: File) -> Path:
        """The path of a file whose bytes are what its manifest says. Raises StoreCorruptError, StoreError."""
        path = self.root / file.path
        if file.sha256 not in self._verified:
            if sha256(path) != file.sha256:
                raise StoreCorruptError(
                    f"{path} is not the file its manifest names (sha256 differs): delete the day's manifest and run "
                    "'farthing collect' for it"
                )
            self._verified.add(file.sha256)
        return path

    def prune(self, cluster: str, hours_before: int, days_before: int) -> None:
        """Forget the hours of days that ended before one time, and whole days that ended before another. [unix s]"""
        for manifest in self.manifests(cluster):
            if manifest.end <= days_before:
                manifest_path(self.root, cluster, manifest.date).unlink(missing_ok=True)
                remove_others(self.root, (), cluster, manifest.date)
            elif manifest.end <= hours_before and manifest.file("allocation", "hour") is not None:
                files = tuple(file for file in manifest.files if file.grain == "day")
                slim = replace(manifest, files=files)
                save(manifest_path(self.root, cluster, manifest.date), slim)
                remove_others(self.root, files, cluster, manifest.date)


def merge(stored: Manifest | None, seen: Sequence[Coverage]) -> tuple[list[Coverage], list[int]]:
    """The coverage of the day's hours after ``seen``, and the starts of those hours that are to be replaced."""
    before = {one.start: one for one in stored.coverage} if stored else {}
    # Once its hours are forgotten, a day can only be replaced whole.
    if stored is not None and stored.file("allocation", "hour") is None:
        better = {one.start for one in seen if one.start not in before or one.as_good_as(before[one.start])}
        if not set(before) <= better:
            return list(stored.coverage), []
        before = {}
    new = [one for one in seen if one.start not in before or one.as_good_as(before[one.start])]
    merged = {**before, **{one.start: one for one in new}}
    return [merged[start] for start in sorted(merged)], [one.start for one in new]
