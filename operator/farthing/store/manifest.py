"""The manifest of a day: which files hold it, with their hashes, and how much of each hour was seen."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

import msgspec

from farthing.errors import StoreCorruptError, StoreError, StoreVersionError
from farthing.model.coverage import Coverage

VERSION = 1
TABLES = ("allocation", "asset")
GRAINS = ("hour", "day")


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

    version: int
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


def directory(cluster: str) -> str:
    """The hive folder of a cluster; its name may hold anything, the folder's only what paths may."""
    return f"cluster={quote(cluster, safe='')}"


def manifest_path(root: Path, cluster: str, date: str) -> Path:
    """Where the manifest of a day lies."""
    return root / "manifest" / directory(cluster) / f"date={date}.json"


def load(path: Path) -> Manifest:
    """The manifest at ``path``. Raises StoreCorruptError, StoreVersionError."""
    try:
        body = path.read_bytes()
        version = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get("version", msgspec.Raw(b"0"))
        if int(bytes(version)) > VERSION:
            raise StoreVersionError(
                f"{path} was written by a newer Farthing (store version {bytes(version).decode()}, this one reads up to "
                f"{VERSION}): upgrade, or give this version a store of its own"
            )
        return msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreCorruptError(
            f"the manifest {path} cannot be read ({error}): delete it and run 'farthing collect' for that day"
        ) from error


def save(path: Path, manifest: Manifest) -> None:
    """Put ``manifest`` in the place of what is at ``path``, all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(msgspec.json.encode(manifest))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames within ``path`` outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The hash of a file's bytes. Raises StoreError if it is gone."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise StoreError(f"{path} is gone: run 'farthing collect' for that day") from error
