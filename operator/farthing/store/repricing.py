"""Days of the store at other prices, each replaced whole as collecting replaces it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import duckdb
from msgspec.structs import replace as with_fields

from farthing.errors import InvalidPricesError, StoreError
from farthing.model.prices import Prices
from farthing.model.repricing import REPRICED
from farthing.store.days import Store, write_hours
from farthing.store.engine import connect, parquet, quoted, repricing_sql, run
from farthing.store.files import remove_others, write
from farthing.store.manifest import File, Manifest, manifest_path, save


def reprice(
    store: Store, cluster: str, since: str, prices: Prices, progress: Callable[[str, int, int], None]
) -> tuple[int, int]:
    """Give the days of ``cluster`` from the date ``since`` the costs they have at ``prices``; how many changed, of how many.

    A day that ``prices`` were already applied to is left as it is. Raises StoreError, after which each day is as it was or
    done, and InvalidPricesError where rules need what is not kept.
    """
    if prices.label_keys:
        raise InvalidPricesError(
            f"rules select nodes by the labels {', '.join(prices.label_keys)}, which facts do not keep: use 'farthing collect "
            "--again', or select by something else"
        )
    with store.writing(), connect() as connection:
        found = [day for day in store.manifests(cluster) if day.date >= since]
        changed = 0
        for done, day in enumerate(found):
            progress(day.date, done, len(found))
            if any(one.prices != prices.identity for one in day.coverage):
                _reprice_day(connection, store, day, prices)
                changed += 1
        return changed, len(found)


def _reprice_day(connection: duckdb.DuckDBPyConnection, store: Store, day: Manifest, prices: Prices) -> None:
    try:
        files = list(_written(connection, store, day, prices))
        seen = tuple(replace(one, prices=prices.identity) for one in day.coverage)
        kept = tuple(file for file in day.files if file.table not in REPRICED)
        manifest = with_fields(day, files=(*files, *kept), coverage=seen)
        save(manifest_path(store.root, day.cluster, day.date), manifest)
    except StoreError:
        # A full disk must not be filled by what nobody will read.
        with suppress(StoreError):
            remove_others(store.root, day.files, day.cluster, day.date)
        raise
    remove_others(store.root, manifest.files, day.cluster, day.date)


def _written(connection: duckdb.DuckDBPyConnection, store: Store, day: Manifest, prices: Prices) -> Iterator[File]:
    """Files of the facts of ``day`` at ``prices``."""
    by_day = not day.has_hours
    files = store.files(day, "day" if by_day else "hour") or {}
    for table in REPRICED:
        run(connection, f"create or replace temp view stored_{table} as from {parquet([files[table]])}")
    intervals = (
        [(day.start, sum(one.seconds for one in day.coverage))]
        if by_day
        else [(one.start, one.seconds) for one in day.coverage]
    )
    listed = ", ".join(f"({start:d}::bigint, {seconds!r}::double)" for start, seconds in intervals)
    run(
        connection,
        "create or replace temp table intervals as select * from (values " + listed + ') t("start", "seconds")',  # noqa: S608 - numbers
    )
    for name, select in repricing_sql(day.cluster, prices, by_day=by_day):
        run(connection, f"create or replace temp table {quoted(name)} as {select}")
    for table in REPRICED:
        rows = f"select * from {table}"  # noqa: S608 - a name of our own
        if by_day:
            yield write(connection, store.root, (table, "day", day.cluster, day.date), rows)
        else:
            yield from write_hours(connection, store.root, (table, day.cluster, day.date), day.start, rows)
