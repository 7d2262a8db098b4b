"""A disk that is full, read-only or not ours leaves the old day, and says so in one sentence."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farthing.errors import StoreError
from farthing.store.days import Store
from farthing.store.engine import run
from tests.support.fact_rows import CLUSTER, DATE, DAY, FactTables, container, keep, one_hour, seen

PLACE = (CLUSTER, DATE, DAY)
SMALL = 256 << 10
"""Size of the disk. [B]"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk, and not in every container")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


def many() -> FactTables:
    """Facts that need more room than the disk has."""
    facts = FactTables([container(0, cpu_cost=1.0)])
    # Names that do not compress.
    others = "select a.* replace (sha256(range::varchar) as pod) from allocation a cross join range(20000)"
    run(facts.connection, f"insert into allocation {others}")
    return facts


def bytes_of(store: Store) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}


def test_a_full_disk_leaves_the_old_day_and_no_rest_of_the_new_one(disk: Path) -> None:
    store = Store(disk / "store")
    keep(store, one_hour(1.0), seen(0))
    before = bytes_of(store)
    with pytest.raises(StoreError, match=r"cannot write to .*: check space and rights; what was stored stays"):
        keep(store, many(), seen(0))
    assert bytes_of(store) == before
    # There is room again for a day that fits.
    keep(store, one_hour(2.0), seen(0))
    assert bytes_of(store) != before


def test_a_disk_that_is_full_when_the_manifest_is_written_leaves_the_old_day(disk: Path) -> None:
    store = Store(disk / "store")
    keep(store, one_hour(1.0), seen(0))
    before = bytes_of(store)
    ballast = disk / "ballast"
    failed = 0
    # Less and less room, until not even one file of four fits.
    for free in range(48 << 10, 0, -(4 << 10)):
        room = os.statvfs(disk)
        ballast.write_bytes(bytes(room.f_bavail * room.f_bsize - free))
        try:
            keep(store, one_hour(2.0 + free), seen(0))
        except StoreError as error:
            failed += 1
            assert "check space and rights; what was stored stays" in str(error)  # noqa: PT017 - some writes succeed
            assert bytes_of(store) == before
        else:
            before = bytes_of(store)
        ballast.unlink()
    assert failed > 2


def test_a_read_only_disk_is_read_and_not_written(disk: Path) -> None:
    store = Store(disk / "store")
    keep(store, one_hour(1.0), seen(0))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(StoreError, match=r"cannot be written \(Read-only file system\): check its path and rights"):
        keep(store, one_hour(2.0), seen(0))
    manifest = Store(disk / "store").day(CLUSTER, DATE)
    assert manifest is not None
    assert store.files(manifest, "day") is not None


def test_a_disk_that_turns_read_only_while_a_day_is_written_leaves_the_old_day(disk: Path) -> None:
    store = Store(disk / "store")
    keep(store, one_hour(1.0), seen(0))
    before = store.day(CLUSTER, DATE)
    # With no file open for writing, as a disk with errors is remounted.
    with one_hour(2.0) as bench:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(StoreError, match="check space and rights; what was stored stays"):
            store.keep(bench, PLACE, seen(0))  # type: ignore[arg-type]
    assert store.day(CLUSTER, DATE) == before


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(lambda path: path.write_text("x"), "File exists", id="a-file"),
        pytest.param(
            lambda path: path.parent.rmdir() or path.parent.write_text("x"), "Not a directory", id="below-a-file"
        ),
    ],
)
def test_a_store_that_cannot_be_is_refused_with_its_path(tmp_path: Path, make: object, sentence: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    root = folder / "store"
    make(root)  # type: ignore[operator]
    expected = rf"the store {root} cannot be written \({sentence}\): check its path and rights"
    with pytest.raises(StoreError, match=expected), Store(root).writing():
        pass


def test_a_manifest_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keep(store, one_hour(1.0), seen(0))
    (manifest,) = tmp_path.glob("manifest/*/*.json")
    manifest.unlink()
    # A folder in its place cannot be read by anybody, root included.
    manifest.mkdir()
    with pytest.raises(StoreError, match=rf"the manifest {manifest} cannot be read \(Is a directory\)"):
        store.day(CLUSTER, DATE)
