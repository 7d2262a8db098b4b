"""What is damaged, missing or from another version is noticed, named, and never read as good."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farthing.errors import StoreCorruptError, StoreError, StoreVersionError
from farthing.model.coverage import Coverage
from farthing.model.window import Window
from farthing.store.days import Store
from farthing.store.manifest import VERSION, manifest_path
from tests.support.fact_rows import CLUSTER, DATE, DAY, HOUR, START, FactTables, files_of, keep, one_hour, seen


def flip(path: Path, at: int) -> None:
    body = bytearray(path.read_bytes())
    body[at] ^= 1 << (at % 8)
    path.write_bytes(body)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
def test_a_flipped_bit_of_a_file_is_noticed(store: Store, share: float) -> None:
    manifest = keep(store, one_hour(1.0), seen(0))
    for file in manifest.files:
        path = store.root / file.path
        flip(path, int(share * path.stat().st_size))
        with pytest.raises(StoreCorruptError, match=r"sha256 differs.*delete the day's manifest"):
            Store(store.root).verified(file)


def test_a_file_is_checked_even_if_another_of_the_same_bytes_was(store: Store) -> None:
    # Two clusters' empty tables of a day are the same bytes.
    first = keep(store, FactTables(), seen(0), ("one", DATE, DAY)).files[0]
    second = keep(store, FactTables(), seen(0), ("two", DATE, DAY)).files[0]
    assert first.sha256 == second.sha256
    reader = Store(store.root)
    reader.verified(first)
    flip(store.root / second.path, 50)
    with pytest.raises(StoreCorruptError):
        reader.verified(second)


def test_a_flipped_bit_of_a_manifest_is_noticed(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    path = manifest_path(store.root, CLUSTER, DATE)
    good = path.read_bytes()
    for at in range(0, len(good), 7):
        flip(path, at)
        with pytest.raises((StoreCorruptError, StoreVersionError)):
            store.day(CLUSTER, DATE)
        path.write_bytes(good)
    assert store.day(CLUSTER, DATE) is not None


def test_a_missing_file_is_named(store: Store) -> None:
    manifest = keep(store, one_hour(1.0), seen(0))
    (store.root / manifest.files[0].path).unlink()
    with pytest.raises(StoreError, match=r"[0-9a-f]+\.parquet is gone: run 'farthing collect' for that day"):
        Store(store.root).files(manifest, "hour")


@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_a_truncated_manifest_is_corrupt(store: Store, length: int) -> None:
    keep(store, one_hour(1.0), seen(0))
    path = manifest_path(store.root, CLUSTER, DATE)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StoreCorruptError, match=r"manifest .* cannot be read .*: delete it and run 'farthing collect'"):
        store.day(CLUSTER, DATE)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'{"version": "x"}', b"{}", b'{"version": 2}', b"\xff\xfe", b"<html>"]
)
def test_what_is_no_manifest_is_corrupt(store: Store, body: bytes) -> None:
    path = manifest_path(store.root, CLUSTER, DATE)
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    with pytest.raises(StoreCorruptError):
        store.day(CLUSTER, DATE)


def test_a_newer_manifest_is_refused_and_left_alone(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    path = manifest_path(store.root, CLUSTER, DATE)
    body: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    newer = msgspec.json.encode({"version": VERSION + 1, "what": "we cannot know"})
    assert body["version"] == VERSION
    path.write_bytes(newer)
    with pytest.raises(
        StoreVersionError,
        match=rf"newer Farthing \(store version {VERSION + 1}, this one reads up to {VERSION}\): upgrade",
    ):
        keep(store, one_hour(2.0), seen(0))
    assert path.read_bytes() == newer


def test_a_day_of_an_older_layout_is_as_if_it_were_not_there(store: Store) -> None:
    path = manifest_path(store.root, CLUSTER, DATE)
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"version": 1, "day": {}}')
    assert store.day(CLUSTER, DATE) is None
    keep(store, one_hour(1.0), seen(0))
    assert store.day(CLUSTER, DATE) is not None


def age(store: Store, date: str = DATE) -> bytes:
    """Let a day be of the layout before this one; returns its manifest."""
    path = manifest_path(store.root, CLUSTER, date)
    path.write_bytes(path.read_bytes().replace(f'"version":{VERSION}'.encode(), b'"version":1', 1))
    return path.read_bytes()


def test_days_of_an_older_layout_outlive_pruning_beside_those_that_are_too_old(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    old = files_of(store)
    age(store)
    yesterday = Window(DAY.start - timedelta(days=1), DAY.start)
    keep(store, one_hour(1.0, -24), seen(-24), (CLUSTER, "2026-11-16", yesterday))
    with store.writing():
        store.prune(CLUSTER, hours_before=START + 48 * HOUR, days_before=START + 48 * HOUR)
    assert files_of(store) == old
    assert (store.older(CLUSTER), store.manifests(CLUSTER)) == ([DATE], [])


@pytest.mark.parametrize(
    ("new", "replaces"),
    [
        pytest.param(seen(0, 1, 2, share=0.4), True, id="each-of-its-hours"),
        pytest.param(seen(0, 1), False, id="an-hour-less"),
        pytest.param([*seen(0, 1), *seen(2, share=0)], False, id="an-hour-that-prometheus-no-longer-has"),
    ],
)
def test_a_day_of_an_older_layout_gives_way_only_to_facts_of_each_hour_that_it_saw(
    store: Store, new: list[Coverage], replaces: bool
) -> None:
    # Of its fourth hour it saw nothing.
    keep(store, one_hour(1.0), [*seen(0, 1, 2), *seen(3, share=0)])
    old, files = age(store), files_of(store)
    with one_hour(2.0) as bench, store.writing():
        kept = store.keep(bench, (CLUSTER, DATE, DAY), new)  # type: ignore[arg-type]
    assert (kept is not None, store.day(CLUSTER, DATE)) == (replaces, kept)
    if not replaces:
        assert files_of(store) == files
        assert manifest_path(store.root, CLUSTER, DATE).read_bytes() == old


def test_nothing_is_pruned_while_a_manifest_cannot_be_read(store: Store) -> None:
    keep(store, one_hour(1.0), seen(0))
    files = files_of(store)
    manifest_path(store.root, CLUSTER, "2026-11-18").write_bytes(b"half")
    with pytest.raises(StoreCorruptError), store.writing():
        store.prune(CLUSTER, hours_before=START + 48 * HOUR, days_before=START + 48 * HOUR)
    assert files <= files_of(store)
