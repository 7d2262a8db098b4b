"""Bills, kept beside the facts: one file each, by provider, billing account and billing period; one that comes again replaces itself."""

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from os import stat_result
from pathlib import Path

import msgspec
from msgspec.structs import replace as with_fields

from farthing.errors import (
    InvalidBillError,
    InvalidInputError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreVersionError,
)
from farthing.model.plan import BillFile
from farthing.store.bill import Bill, id_of, is_part, settled
from farthing.store.engine import run
from farthing.store.files import write_into
from farthing.store.focus import FocusReader, Found
from farthing.store.lock import locked
from farthing.store.manifest import MOST_KEPT, File, Sealed, directory, save, sha256

VERSION = 1
MOST_REVISIONS = 24
"""Times of earlier versions of a bill that are told; they are all counted."""


@dataclass(slots=True)
class Bills:
    """The bills of the store at ``root``. Readers need no lock; one process writes at a time, also while facts are collected."""

    root: Path
    timezone: str = "UTC"
    _verified: set[File] = field(default_factory=set)

    @property
    def _folder(self) -> Path:
        return self.root / "bill"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write bills. Raises StoreLockedError, StoreError."""
        with locked(self._folder):
            yield

    def all(self) -> list[Bill]:
        """Each bill, by its id. Raises StoreError."""
        found = [_load(path) for path in sorted(self._folder.glob("*/bill.json"))]
        return sorted((one for one in found if one is not None), key=lambda one: one.id)

    def version(self) -> Hashable:
        """Another one when a bill came or went."""
        found = []
        for path in self._folder.glob("*/bill.json"):
            # What goes meanwhile is gone.
            with suppress(OSError):
                found.append((path, _stamp(path.stat())))
        return frozenset(found)

    def files(self, start: int, end: int) -> list[BillFile]:
        """The bills that have charges of the days from ``start`` to before ``end`` [unix s]. Raises StoreError."""
        kept = self.all()
        found = [one for one in kept if one.first_day < end and one.last_day >= start]
        for one in found:
            if one.timezone != self.timezone:
                raise StoreError(
                    f"the bill {one.id} was imported by days of {one.timezone!r}, and {self.timezone!r} is asked for: use "
                    f"--timezone {one.timezone}, or import it again"
                )
        times = settled(kept)
        return [
            BillFile(str(self.verified(one)), times[one.provider, one.account], one.imported, one.revision)
            for one in found
        ]

    def keep(self, read: FocusReader, currency: str, now: int) -> list[Bill]:
        """Put each bill that was ``read`` in the place of what is kept of it, at ``now`` [unix s]. Call within ``writing()``.

        Raises StoreError, and InvalidBillError, with nothing kept, where one is a part of what is kept of it.
        """
        again = [name for name, count in Counter(map(id_of, read.bills)).items() if count > 1]
        if again:
            raise InvalidBillError(
                f"{again[0]} is there with two beginnings of its billing period on one day: a period has one, export it again"
            )
        read_whole = []
        for found in read.bills:
            sums = 'min("start"), max("start"), sum(cost), sum(list_cost), sum(credit)'
            select = f"select {sums} from ({read.rows_of(found, ordered=False)})"  # noqa: S608 - of our own
            first, last, *costs = run(read.connection, select)[0]
            old = _load(self._place(found) / "bill.json")
            if old is not None and is_part(old, found.rows, first, last, self.timezone):
                raise InvalidBillError(
                    f"{found.rows} rows are only a part of the bill {old.id}, of which {old.rows} are kept: name all of its "
                    f"files, or forget it first by 'farthing bills remove {old.id}'"
                )
            read_whole.append((found, old, (first, last, *costs)))
        return [self._keep(read, found, old, sums, (currency, now)) for found, old, sums in read_whole]

    def _place(self, found: Found) -> Path:
        return self._folder / directory(id_of(found)).removeprefix("cluster=")

    def _keep(
        self,
        read: FocusReader,
        found: Found,
        old: Bill | None,
        sums: tuple[int, int, float, float, float],
        came: tuple[str, int],
    ) -> Bill:
        folder, (currency, now) = self._place(found), came
        file = write_into(read.connection, self.root, ("bill", "day", folder), read.rows_of(found))
        first, last, cost, list_cost, credit = sums
        if old is not None and (old.file, old.timezone, old.currency) == (file, self.timezone, currency):
            # It says the same, and more of its period is over by now.
            same = with_fields(old, end=found.end, imported=now)
            if same != old:
                save(folder / "bill.json", same, VERSION)
            return same
        bill = Bill(
            id_of(found), found.provider, found.account, found.start, found.end, currency, self.timezone, first, last, found.rows,
            cost, list_cost, credit, file, now,
            revision=old.revision + 1 if old else 0,
            earlier=(*old.earlier, old.imported)[-MOST_REVISIONS:] if old else (),
        )  # fmt: skip
        save(folder / "bill.json", bill, VERSION)
        _remove_others(folder, self.root / file.path)
        return bill

    def remove(self, name: str) -> Bill:
        """Forget the bill of that id. Call within ``writing()``. Raises InvalidInputError if there is none, StoreError."""
        for path in self._folder.glob("*/bill.json"):
            found = _load(path)
            if found is not None and found.id == name:
                self._forget(path)
                return found
        raise InvalidInputError(f"no bill {name!r} is kept in {self.root}: 'farthing bills list' names them")

    def prune(self, before: int) -> None:
        """Forget the bills of periods that ended before a time [unix s]; what cannot be read or deleted, or is written now, stays."""
        if not self._folder.is_dir():
            return
        with suppress(StoreLockedError), self.writing():
            for path in self._folder.glob("*/bill.json"):
                with suppress(StoreError):
                    found = _load(path)
                    if found is not None and max(found.last_day, found.end) < before:
                        self._forget(path)

    def verified(self, bill: Bill) -> Path:
        """The path of a bill's file, whose bytes are what they were. Raises StoreCorruptError, StoreError."""
        path = self.root / bill.file.path
        if bill.file not in self._verified:
            try:
                good = sha256(path) == bill.file.sha256
            except StoreError as error:
                raise StoreError(f"the bill {bill.id} cannot be read from {path}: import it again") from error
            if not good:
                raise StoreCorruptError(
                    f"{path} is not the file of the bill {bill.id} (sha256 differs): import it again"
                )
            self._verified.add(bill.file)
        return path

    def _forget(self, path: Path) -> None:
        try:
            path.unlink()
        except OSError as error:
            raise StoreError(f"{path} cannot be deleted ({error.strerror}): check its rights") from error
        _remove_others(path.parent, path)
        with suppress(OSError):
            path.parent.rmdir()


def _remove_others(folder: Path, kept: Path) -> None:
    """Delete the files of ``folder`` that no bill names any more; what cannot be deleted stays."""
    for path in (*folder.glob("*.parquet"), *folder.glob(".*")):
        if path != kept:
            with suppress(OSError):
                path.unlink()


def _load(path: Path) -> Bill | None:
    """The bill at ``path``, if there is one. Raises StoreCorruptError, StoreVersionError, StoreError."""
    try:
        # It is replaced whole: the file that was read is the file that is there.
        return _read(path, _stamp(path.stat()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"the bill {path} cannot be read ({error.strerror}): check its rights") from error


def _stamp(found: stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=MOST_KEPT)
def _read(path: Path, _: tuple[int, int, int]) -> Bill:
    broken = f"the bill {path} cannot be read"
    try:
        sealed = msgspec.json.decode(path.read_bytes(), type=Sealed)
        if sealed.version > VERSION:
            raise StoreVersionError(
                f"{path} was written by a newer Farthing: upgrade, or give this version a store of its own"
            )
        if hashlib.sha256(sealed.day).hexdigest() != sealed.sha256:
            raise StoreCorruptError(f"{broken} (its sha256 differs): delete its folder and import it again")
        return msgspec.json.decode(sealed.day, type=Bill)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreCorruptError(f"{broken} ({error}): delete its folder and import it again") from error
