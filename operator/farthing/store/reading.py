"""Asking the store: the pieces of a window are read from their files, in one query."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from threading import local
from typing import Any

import duckdb
import ibis.expr.types as ir

from farthing.errors import AnswerTooLargeError, StoreError
from farthing.model.detail import details, of_rows
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.report import completed, idle_report, report, summed
from farthing.model.said import INHERITED, OWN, column_of
from farthing.model.sharing import overallocated
from farthing.model.sums import are_few, sums
from farthing.model.telling import ORDER_COLUMN
from farthing.store.engine import connect, parquet, quoted, sql, text, told
from farthing.store.hot import HotTables
from farthing.store.manifest import TABLES
from farthing.store.prepared import MOST_DETAILS, Prepared, Row, Wanted

MOST_ROWS = 30_000
"""Of one answer. A row takes about 6 KiB on its way into ConfigMaps, and an operator answers a few questions at once."""

ANY_NAMESPACE = "<namespace>"
"""Stands for the one namespace of a shape while it is compiled: each tenant asks the same, but for its name."""


@lru_cache(maxsize=2048)
def _compiled(expression: Callable[[Shape], ir.Table], shape: Shape) -> str:
    return sql(expression(shape))


def _sql(expression: Callable[[Shape], ir.Table], shape: Shape) -> str:
    if not shape.namespace:
        return _compiled(expression, shape)
    return _compiled(expression, replace(shape, namespace=ANY_NAMESPACE)).replace(
        text(ANY_NAMESPACE), text(shape.namespace)
    )


class Reader:
    """Questions over files, from any thread: each has a connection of its own to one shared DuckDB."""

    def __init__(self) -> None:
        # One thread adds in one order: the same question has the same answer to the last digit. Small questions, which most
        # are, are no slower for it, and several at a time are answered on several cores.
        self._database = connect(threads=1)
        self._hot = HotTables(self._database.cursor())
        self._threads = local()

    def rows(self, shape: Shape, parts: Sequence[Part], limit: int = 0, passed: Sequence[float] = ()) -> list[Row]:
        """The rows of a report (``model.report.report``), at most ``limit`` a set besides the idle ones if it is not 0.

        Raises StoreError, and AnswerTooLargeError for more than ``MOST_ROWS`` rows.
        """
        return self.rows_and_sums(shape, parts, limit, passed)[0]

    def rows_and_sums(
        self, shape: Shape, parts: Sequence[Part], limit: int = 0, passed: Sequence[float] = ()
    ) -> tuple[list[Row], list[Row]]:
        """``rows``, and rows to add up for their sums (``model.answer.added``), where what the limit cuts off counts too.

        Those also tell how many ``rows`` they stand for. ``passed`` is how much of each set has passed [s]. Raises StoreError, and AnswerTooLargeError for more than
        ``MOST_ROWS`` rows.
        """
        select = _sql(report, shape)
        if limit:
            select = _limited(shape, select, limit)
        sets = len({index for part in parts for index in part.sets.values()})
        found = self._query(shape, f"select * from ({select}) limit {MOST_ROWS + sets + 1:d}", parts, passed)  # noqa: S608 - our own SQL
        rest = [completed(row, shape, is_idle=False) for row in found if row.get("rows")]
        rows = [completed(row, shape, is_idle=False) for row in found if not row.get("rows")]
        idle = self._idle_rows(shape, parts, passed)
        if len(rows) + len(idle) > MOST_ROWS:
            raise AnswerTooLargeError(
                f"the answer has more than {MOST_ROWS} rows: set a limit, a longer step, or an aggregate of fewer properties"
            )
        # A sort of Python's keeps the order of what is equal: idle rows come after the others of their set.
        both = sorted([*rows, *idle], key=itemgetter("set"))
        return both, [*rest, *({**row, "rows": 1} for row in (idle if limit else both))]

    def _idle_rows(self, shape: Shape, parts: Sequence[Part], passed: Sequence[float]) -> list[Row]:
        if shape.kind == "asset" or shape.namespace:
            return []
        if shape.filtered and shape.sharing.idle and not self._query(shape, _sql(overallocated, shape), parts, passed):
            # Their idle is the rows' that stay; only what is overallocated would be told.
            return []
        found = self._query(shape, _sql(idle_report, shape), parts, passed)
        return [completed(row, shape, is_idle=True) for row in found]

    def details(
        self, shape: Shape, parts: Sequence[Part], passed: Sequence[float], rows: Sequence[Mapping[str, Any]]
    ) -> dict[str, list[Row]]:
        """What ``rows`` have besides their sums (``model.detail.details``), by name.

        Raises StoreError, and AnswerTooLargeError for more than ``MOST_DETAILS``.
        """
        if shape.kind == "asset":
            return {}
        found = {
            name: self._query(shape, _sql(make, shape), parts, passed, of_rows(name, rows))
            for name, make in details(shape).items()
        }
        if sum(map(len, found.values())) > MOST_DETAILS:
            raise AnswerTooLargeError(
                f"the rows have more than {MOST_DETAILS} labels, annotations, volumes and load balancers: set a limit, or "
                "an aggregate of fewer properties"
            )
        return found

    def _query(
        self,
        shape: Shape,
        select: str,
        parts: Sequence[Part],
        passed: Sequence[float],
        wanted: Wanted = lambda _: True,
    ) -> list[Row]:
        try:
            with ExitStack() as held:
                sources = []
                if quoted("sums") in select:
                    found = [_of_sets(self._sums(held, shape, part), part) for part in parts]
                    sources.append(f'"sums" as ({" union all by name ".join(found)})')
                sources += self._sources(held, shape, select, parts)
                if quoted("sets") in select:
                    sets = ", ".join(f"({index:d}, {seconds:f}::double)" for index, seconds in enumerate(passed))
                    sources.append(f'"sets"("set", "passed") as (values {sets})')
                return self._prepared().rows(f"with {', '.join(sources)} select * from ({select})", wanted)  # noqa: S608
        except duckdb.OutOfMemoryException as error:
            self._hot.clear()
            raise AnswerTooLargeError(
                "the answer takes more memory than there is: set a longer step, a shorter window, or an aggregate of fewer "
                "properties"
            ) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise StoreError(f"the stored facts cannot be read ({told(error)}): run 'farthing store verify'") from error

    def _sums(self, held: ExitStack, shape: Shape, part: Part) -> str:
        """SQL of the ``model.sums.sums`` of ``part``: of stored days they are kept."""
        select = _sql(sums, shape)

        def made(needed: ExitStack) -> str:
            return f"with {', '.join(self._sources(needed, shape, select, [part]))} {select}"

        if part.lasting and part.whole and are_few(shape):
            files = [
                path for table in TABLES if quoted(table) in select or table == "workload" for path in part.files[table]
            ]
            return held.enter_context(self._hot.reading((select, *files), made, few=True))
        return f"({made(held)})"

    def _sources(self, held: ExitStack, shape: Shape, select: str, parts: Sequence[Part]) -> list[str]:
        """What ``select`` reads of the files of ``parts``, as SQL of common tables."""
        sources = [
            f"{table} as ({' union all by name '.join(self._rows(held, table, part) for part in parts)})"
            for table in TABLES
            if quoted(table) in select
        ]
        for kind, key in shape.lookups:
            for whose, columns in ((kind, OWN), (f"namespace_{kind}", INHERITED)):
                name = quoted(column_of((whose, key)))
                if name in select:
                    found = (self._looked_up(held, (whose, key), columns, part) for part in parts)
                    sources.append(f"{name} as ({' union all by name '.join(found)})")
        return sources

    def _rows(self, held: ExitStack, table: str, part: Part) -> str:
        """SQL of the rows of ``table`` that belong to a set; what it selects from stays as long as ``held``."""
        files = f"select * from {parquet(part.files[table])}"  # noqa: S608 - paths are quoted
        source = held.enter_context(self._hot.reading(files, lambda _: files)) if part.lasting else f"({files})"
        if table == "workload":
            return f"select * from {source} where {_of_days(part, 'start')}"  # noqa: S608 - likewise
        return _of_sets(source, part)

    def _looked_up(self, held: ExitStack, lookup: tuple[str, str], columns: Iterable[str], part: Part) -> str:
        """SQL of the values of one label or annotation, of pods or of namespaces (``model.said``)."""
        named = ", ".join('"start" as "day"' if column == "day" else quoted(column) for column in columns)
        where = f"kind = {text(lookup[0])} and key = {text(lookup[1])}"
        rows = f"select {named} from {parquet(part.files['workload'])} where {where}"  # noqa: S608 - quoted
        source = held.enter_context(self._hot.reading(rows, lambda _: rows)) if part.lasting else f"({rows})"
        return f"select * from {source} where {_of_days(part, 'day')}"  # noqa: S608 - likewise

    def _prepared(self) -> Prepared:
        if not hasattr(self._threads, "prepared"):
            self._threads.prepared = Prepared(self._database.cursor())
        prepared: Prepared = self._threads.prepared
        return prepared


def _of_sets(source: str, part: Part) -> str:
    """SQL of the rows of ``source`` that belong to a set of ``part``, with it and their day."""
    (index, *others) = sorted(set(part.sets.values()))
    if not others and all(part.days.get(start, start) == start for start in part.sets):
        # One set of whole days is asked for most: no join tells each row what is the same for all.
        starts = "" if part.whole else f' where f."start" in ({", ".join(f"{start:d}" for start in sorted(part.sets))})'
        return f'select f.*, {index:d}::bigint as "set", f."start" as "day" from {source} f{starts}'  # noqa: S608
    rows = ", ".join(f"({start:d}, {index:d}, {part.days.get(start, start):d})" for start, index in part.sets.items())
    return (
        f'select f.*, p."set", p."day" from {source} f '  # noqa: S608 - paths are quoted, the rest are numbers
        f'join (values {rows}) p("start", "set", "day") on f."start" = p."start"'
    )


def _of_days(part: Part, column: str) -> str:
    """SQL that holds of the rows of the days of ``part``."""
    days = sorted({part.days.get(start, start) for start in part.sets})
    return "true" if part.whole else f"{quoted(column)} in ({', '.join(f'{day:d}' for day in days)})"


def _limited(shape: Shape, select: str, limit: int) -> str:
    """SQL of the first rows of each set, and of one more for the sums of all, which tells how many ``rows`` they are."""
    order = f"{ORDER_COLUMN[shape.sort_by]} {'asc' if shape.ascending else 'desc'}, name"
    sums = ", ".join(f"coalesce(sum({quoted(column)}), 0) as {quoted(column)}" for column in summed(shape))
    return f"""
        with report as materialized ({select})
        select * from (
            (select * from report qualify row_number() over (partition by "set" order by {order}) <= {limit:d})
            union all by name
            (select "set", count(*) as "rows", {sums} from report group by "set")
        ) order by "set", {order}
    """  # noqa: S608 - names of our own and numbers
