"""Days of the store at other prices, each replaced whole as collecting replaces it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby

import duckdb
from msgspec.structs import replace as with_fields

from farthing.errors import StoreError
from farthing.model.prices import Prices
from farthing.model.repricing import REPRICED
from farthing.model.tables import FACTS
from farthing.store.days import Store, write_hours
from farthing.store.engine import connect, parquet, quoted, repricing_sql, run
from farthing.store.files import remove_others, write
from farthing.store.manifest import File, Manifest, manifest_path, save

DAYS_AT_ONCE = 20
"""Days without hours that one statement makes: what costs time is reading SQL, not rows."""
WRITERS = 3
"""More than one, since a file waits for the disk."""


def reprice(
    store: Store, cluster: str, since: str, prices: Prices, progress: Callable[[str, int, int], None]
) -> tuple[int, int]:
    """Give the days of ``cluster`` from the date ``since`` the costs they have at ``prices``; how many changed, of how many.

    A day that ``prices`` were already applied to is left as it is. Raises StoreError, after which each day is as it was or
    done.
    """
    with store.writing(), connect() as connection:
        found = [day for day in store.manifests(cluster) if day.date >= since]
        changing = [day for day in found if any(one.prices != prices.identity for one in day.coverage)]
        done = 0
        for days in _batches(changing):
            progress(days[0].date, done, len(changing))
            _Batch(connection, store, days, prices).reprice()
            done += len(days)
        return len(changing), len(found)


def _batches(days: Sequence[Manifest]) -> Iterator[list[Manifest]]:
    """``days`` in those lots that are made at once."""
    for has_hours, group in groupby(days, key=lambda day: day.has_hours):
        listed, most = list(group), 1 if has_hours else DAYS_AT_ONCE
        yield from (listed[first : first + most] for first in range(0, len(listed), most))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Days of one cluster, either one with hours or several without."""

    connection: duckdb.DuckDBPyConnection
    store: Store
    days: list[Manifest]
    prices: Prices

    @property
    def by_day(self) -> bool:
        """Whether the hours are gone."""
        return not self.days[0].has_hours

    def reprice(self) -> None:
        """Make the facts of all days, and put each day in its place. Raises StoreError."""
        self._compute()
        if self.by_day:
            with ThreadPoolExecutor(WRITERS, "farthing-reprice") as pool:
                for _ in pool.map(self._put, self.days):
                    pass
        else:
            self._put(self.days[0])

    def _compute(self) -> None:
        """Make the tables ``REPRICED``."""
        grain = "day" if self.by_day else "hour"
        files = [self.store.files(day, grain) or {} for day in self.days]
        for table in FACTS:
            stored = parquet(one[table] for one in files)
            run(self.connection, f"create or replace view stored_{table} as from {stored}")
        listed = ", ".join(f"({start:d}::bigint, {seconds!r}::double)" for start, seconds in self._intervals())
        named = f'(values {listed}) t("start", "seconds")'
        run(self.connection, f"create or replace table intervals as from {named}")
        for name, select in repricing_sql(self.days[0].cluster, self.prices, by_day=self.by_day):
            run(self.connection, f"create or replace table {quoted(name)} as {select}")

    def _intervals(self) -> list[tuple[int, float]]:
        if self.by_day:
            return [(day.start, sum(one.seconds for one in day.coverage)) for day in self.days]
        return [(one.start, one.seconds) for one in self.days[0].coverage]

    def _put(self, day: Manifest) -> None:
        """Write a day, and replace its manifest."""
        store = self.store
        try:
            seen = tuple(replace(one, prices=self.prices.identity) for one in day.coverage)
            kept = tuple(file for file in day.files if file.table not in REPRICED)
            manifest = with_fields(day, files=(*self._files(day), *kept), coverage=seen)
            save(manifest_path(store.root, day.cluster, day.date), manifest)
        except StoreError:
            # A full disk must not be filled by what nobody will read.
            with suppress(StoreError):
                remove_others(store.root, day.files, day.cluster, day.date)
            raise
        remove_others(store.root, manifest.files, day.cluster, day.date)

    def _files(self, day: Manifest) -> Iterator[File]:
        with self.connection.cursor() as cursor:
            for table in REPRICED:
                place = (table, day.cluster, day.date)
                if self.by_day:
                    rows = f'select * from {table} where "start" = {day.start:d}'  # noqa: S608 - of our own
                    yield write(cursor, self.store.root, (table, "day", *place[1:]), rows)
                else:
                    rows = f"select * from {table}"  # noqa: S608 - likewise
                    yield from write_hours(cursor, self.store.root, place, day.start, rows)
