"""Days of the store at other prices, each replaced whole as collecting replaces it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import duckdb
from msgspec.structs import replace as with_fields

from farthing.errors import StoreError
from farthing.model.prices import Prices
from farthing.model.repricing import REPRICED
from farthing.store.days import Store, write_hours
from farthing.store.engine import connect, parquet, quoted, repricing_sql, run, told
from farthing.store.files import ORDER, remove_others, write_ordered
from farthing.store.manifest import File, Manifest, load, manifest_path, save

DAYS_AT_ONCE = 30
"""Days without hours that one statement makes, at most: much of its time goes into planning it."""
ROWS_AT_ONCE = 200_000
"""Allocations that one statement makes, at most, but those of a day: about 100 MB."""
KEPT_IF_SAME = ("volume", "balancer")
"""Tables that rules of nodes do not change."""
WORKERS = 2
"""Each with a DuckDB of one thread: for so few rows, threads that share one cost more than they bring."""
MEMORY_LIMIT = "200MB"
"""What each worker may take, the rest goes to the temporary directory: the operator's 1 GiB is also for its reader's 512 MB."""
MORE = "512MB"
"""What a day may take that needs more at once, as some do from about 20,000 containers on: none other is made then."""
Failed = tuple[Manifest, StoreError]
"""A day that stays as it was, and why."""


def reprice(
    store: Store, cluster: str, since: str, prices: Prices, progress: Callable[[str, int, int], None]
) -> tuple[int, int]:
    """Give the days of ``cluster`` from the date ``since`` the costs they have at ``prices``; how many changed, of how many.

    A day is left as it is if each of its intervals was made with what ``prices`` say of its start. Raises StoreError, after
    which each day is as it was or done: a day that cannot be made keeps no other from it, and the first error tells how many
    changed.
    """
    with store.writing():
        found, unreadable = store.readable(cluster, since)
        changing = [day for day in found if any(one.prices != prices.identity_at(one.start) for one in day.coverage)]
        batches = list(_batches(changing))
        # Python compiles for one worker at a time, and keeps what it made.
        for by_day in {not days[0].has_hours for days in batches}:
            repricing_sql(cluster, prices, by_day=by_day)
        done = 0
        failed: list[Failed] = []
        with ThreadPoolExecutor(WORKERS, "farthing-reprice") as pool:
            made = pool.map(lambda days: _reprice(store, days, prices, MEMORY_LIMIT), batches)
            for days in batches:
                progress(days[0].date, done, len(changing))
                failed += next(made)
                done += len(days)
        poor = [day for day, error in failed if isinstance(error.__cause__, duckdb.OutOfMemoryException)]
        failed = [(day, error) for day, error in failed if day not in poor]
        failed += [one for day in poor for one in _reprice(store, [day], prices, MORE)]
        changed = len(changing) - len(failed)
        for error in (*unreadable, *(error for _, error in failed)):
            error.days_changed = changed
            raise error
        return changed, len(found)


def _batches(days: Sequence[Manifest]) -> Iterator[list[Manifest]]:
    """``days`` in those lots that are made at once."""
    batch: list[Manifest] = []
    rows = 0
    for day in days:
        file = day.file("allocation", "day")
        more = file.rows if file else 0
        full = len(batch) == DAYS_AT_ONCE or rows + more > ROWS_AT_ONCE
        if batch and (full or day.has_hours or batch[0].has_hours):
            yield batch
            batch, rows = [], 0
        batch.append(day)
        rows += more
    if batch:
        yield batch


def _reprice(store: Store, days: list[Manifest], prices: Prices, memory_limit: str) -> list[Failed]:
    """Give ``days`` their costs; returns those that stay as they were."""
    try:
        with _told(days[0]), connect(threads=1, memory_limit=memory_limit) as connection:
            return _Batch(connection, store, days, prices).reprice()
    except StoreError as error:
        if len(days) == 1:
            return [(days[0], error)]
    # One that cannot be read keeps those beside it from nothing.
    half = len(days) // 2
    return [one for lot in (days[:half], days[half:]) for one in _reprice(store, lot, prices, memory_limit)]


@contextmanager
def _told(day: Manifest) -> Iterator[None]:
    """Let what DuckDB cannot do be a StoreError."""
    try:
        yield
    except duckdb.Error as error:
        raise StoreError(
            f"the costs of {day.date} cannot be made anew ({told(error)}): check memory and the space of the temporary folder; "
            "what was stored stays"
        ) from error


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

    def reprice(self) -> list[Failed]:
        """Make the facts of all days, and put each day in its place; returns those that stay as they were.

        Raises StoreError and duckdb.Error, after which all of them do.
        """
        self._compute()
        changed = {table: self._changed(table) for table in KEPT_IF_SAME}
        failed: list[Failed] = []
        for day in self.days:
            same = {
                table for table, starts in changed.items() if not any(day.start <= start < day.end for start in starts)
            }
            try:
                self._put(day, same)
            except StoreError as error:
                failed.append((day, error))
        return failed

    def _changed(self, table: str) -> list[int]:
        """The starts of the rows that are other than what is stored. [unix s]"""
        others = f'select distinct "start" from (from {table} except from stored_{table})'  # noqa: S608 - of our own
        return [start for (start,) in run(self.connection, others)]

    def _compute(self) -> None:
        """Make the tables ``REPRICED``."""
        grain = "day" if self.by_day else "hour"
        grains = dict.fromkeys(REPRICED, grain)
        if self.prices.label_keys:
            grains["workload"] = "day"
        for table, kept in grains.items():
            files = [file for day in self.days if (file := day.file(table, kept)) is not None]
            # Of what is large each row is read once.
            kind = "table" if table in ("asset", *KEPT_IF_SAME) else "view"
            run(self.connection, f"create {kind} stored_{table} as from {parquet(map(self.store.verified, files))}")
        listed = ", ".join(f"({start:d}::bigint, {seconds!r}::double)" for start, seconds in self._intervals())
        named = f'(values {listed}) t("start", "seconds")'
        run(self.connection, f"create table intervals as from {named}")
        for name, select in repricing_sql(self.days[0].cluster, self.prices, by_day=self.by_day):
            order = f" order by {ORDER[name]}" if name in REPRICED else ""
            run(self.connection, f"create table {quoted(name)} as from ({select}){order}")

    def _intervals(self) -> list[tuple[int, float]]:
        if self.by_day:
            return [(day.start, sum(one.seconds for one in day.coverage)) for day in self.days]
        return [(one.start, one.seconds) for one in self.days[0].coverage]

    def _put(self, day: Manifest, same: Collection[str]) -> None:
        """Write a day but for the tables that are the ``same``, and replace its manifest."""
        store, path = self.store, manifest_path(self.store.root, day.cluster, day.date)
        seen = tuple(replace(one, prices=self.prices.identity_at(one.start)) for one in day.coverage)
        made = [table for table in REPRICED if table not in same]
        kept = tuple(file for file in day.files if file.table not in made)
        try:
            with _told(day):
                manifest = with_fields(day, files=(*self._files(day, made), *kept), coverage=seen)
            save(path, manifest)
        except StoreError:
            # A full disk must not be filled by what nobody will read.
            with suppress(StoreError):
                named = load(path)
                if isinstance(named, Manifest):
                    remove_others(store.root, named.files, day.cluster, day.date)
            raise
        remove_others(store.root, manifest.files, day.cluster, day.date)

    def _files(self, day: Manifest, made: Iterable[str]) -> Iterator[File]:
        for table in made:
            place = (table, day.cluster, day.date)
            if self.by_day:
                rows = f'from {table} where "start" = {day.start:d}'
                yield write_ordered(self.connection, self.store.root, (table, "day", *place[1:]), rows)
            else:
                yield from write_hours(self.connection, self.store.root, place, day.start, f"from {table}")
