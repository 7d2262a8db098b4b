"""The manifest of a day: which files hold it, with their hashes, and how much of each hour was seen."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import msgspec

from farthing.errors import StoreCorruptError, StoreError, StoreVersionError
from farthing.model.coverage import Coverage
from farthing.model.tables import FACTS

VERSION = 3
TABLES = tuple(FACTS)

MOST_KEPT = 500
"""Manifests kept in memory, as they were read: a question over 120 days reads each, at 25 KB."""

FOLDER_LENGTH = 200
"""File systems take names of up to 255 bytes."""


class File(msgspec.Struct, frozen=True):
    """One Parquet file. ``path`` is relative to the store."""

    table: str
    grain: str
    path: str
    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """One local day of one cluster. ``start`` and ``end`` are its bounds [unix s]."""

    cluster: str
    timezone: str
    date: str
    start: int
    end: int
    files: tuple[File, ...]
    coverage: tuple[Coverage, ...]

    def file(self, table: str, grain: str) -> File | None:
        """The file of a table at a grain, if the day still has it."""
        return next((file for file in self.files if (file.table, file.grain) == (table, grain)), None)

    @property
    def has_hours(self) -> bool:
        """Whether the day is still kept by the hour."""
        return self.file("allocation", "hour") is not None


class Older(msgspec.Struct, frozen=True):
    """A day of an older layout, whose tables lack columns: its facts are not read, only what was seen of it."""

    coverage: tuple[Coverage, ...] = ()

    def may_give_way_to(self, seen: Iterable[Coverage]) -> bool:
        """Whether facts ``seen`` like this may replace the day: they tell of each hour that it tells of."""
        return {one.start for one in self.coverage if one.share > 0} <= {one.start for one in seen if one.share > 0}


class _Written(msgspec.Struct):
    version: int


class _Outdated(_Written):
    day: Older


class Sealed(_Written):
    """A manifest, or a bill, as it lies on disk: ``sha256`` is the hash of the bytes of ``day``."""

    sha256: str
    day: msgspec.Raw


def directory(cluster: str) -> str:
    """The hive folder of a cluster; its name may hold anything, the folder's only what paths may."""
    name = quote(cluster, safe="")
    if len(name) > FOLDER_LENGTH:
        name = f"{name[:FOLDER_LENGTH]}-{hashlib.sha256(cluster.encode()).hexdigest()[:16]}"
    return f"cluster={name}"


def manifest_path(root: Path, cluster: str, date: str) -> Path:
    """Where the manifest of a day lies."""
    return root / "manifest" / directory(cluster) / f"date={date}.json"


def load(path: Path) -> Manifest | Older | None:
    """The manifest at ``path``, if there is one. Raises StoreCorruptError, StoreVersionError, StoreError."""
    try:
        found = path.stat()
        # It is replaced whole: the file that was read is the file that is there.
        return _read(path, (found.st_ino, found.st_mtime_ns, found.st_size))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"the manifest {path} cannot be read ({error.strerror}): check its rights") from error


@lru_cache(maxsize=MOST_KEPT)
def _read(path: Path, _: tuple[int, int, int]) -> Manifest | Older:
    body = path.read_bytes()
    try:
        version = msgspec.json.decode(body, type=_Written).version
        if version > VERSION:
            raise StoreVersionError(
                f"{path} was written by a newer Farthing (store version {version}, this one reads up to {VERSION}): "
                "upgrade, or give this version a store of its own"
            )
        if version < VERSION:
            return msgspec.json.decode(body, type=_Outdated).day
        sealed = msgspec.json.decode(body, type=Sealed)
        if hashlib.sha256(sealed.day).hexdigest() != sealed.sha256:
            raise StoreCorruptError(_unreadable(path, "its sha256 differs"))
        return msgspec.json.decode(sealed.day, type=Manifest)
    # A byte that is no UTF-8 is a ValueError.
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreCorruptError(_unreadable(path, str(error))) from error


def save(path: Path, manifest: msgspec.Struct, version: int = VERSION) -> None:
    """Put ``manifest`` in the place of what is at ``path``, all of it or nothing. Raises StoreError."""
    day = msgspec.json.encode(manifest)
    sealed = Sealed(version, hashlib.sha256(day).hexdigest(), msgspec.Raw(day))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(sealed))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write {path} ({error.strerror}): check space and rights; what was stored stays"
        ) from error


def sync_directory(path: Path) -> None:
    """Make renames within ``path`` outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The hash of a file's bytes. Raises StoreError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise StoreError(f"{path} is gone: run 'farthing collect' for that day") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}): check its disk and rights") from error


def _unreadable(path: Path, why: str) -> str:
    return f"the manifest {path} cannot be read ({why}): delete it and run 'farthing collect' for that day"
