"""Asking the store: the pieces of a window are read from their files, by one query after the other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import fsum
from operator import itemgetter
from typing import Any

import duckdb

from farthing.errors import AnswerTooLargeError, StoreError
from farthing.model.answer import Found
from farthing.model.detail import details, of_rows
from farthing.model.external import with_external
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.report import completed, idle_report, report, report_with_last_resort
from farthing.model.sharing import overallocated
from farthing.model.spreading import TOLD, bearing, monthly_costs, shared_costs
from farthing.model.sums import OF_SETS, are_few
from farthing.model.telling import Expression
from farthing.store.adjusting import external_rows
from farthing.store.engine import LONGEST_SECONDS, connect, quoted, text, told
from farthing.store.hot import HotTables
from farthing.store.recent import FEW, MOST_DETAILS, RecentRows, Row, Wanted
from farthing.store.select import compiled, limited, of_sets, ordered, ordered_idle, reads
from farthing.store.sources import Sources

MOST_ROWS = 30_000
"""Of one answer. A row takes about 6 KiB on its way into ConfigMaps, and an operator answers a few questions at once."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as far as the engine must know it."""

    shape: Shape
    parts: Sequence[Part]
    of_sets: tuple[tuple[float, ...], ...]
    """``model.sums.OF_SETS``."""
    billed: tuple[tuple[float, ...], ...] = ()
    """What bills changed of what is spread in each set, and what of it they tell. [currency]"""

    def completed(self, rows: Iterable[Row]) -> list[Row]:
        """``rows`` of a report with what follows from them, and with what bills tell of the cost that was spread over each."""
        whole = [completed(row, self.shape, is_idle=False) for row in rows]
        for row in whole if self.billed else ():
            changed, of_bills = self.billed[row["set"]]
            row["shared_adjustment"] = row["share"] * changed
            row["billed_cost"] += row["share"] * of_bills
        return whole

    def values(self) -> str:
        """SQL of ``of_sets``, each with its set."""
        return ", ".join(
            f"({index:d}, {', '.join(f'{text(repr(value))}::double' for value in values)})"
            for index, values in enumerate(self.of_sets)
        )


class Reader:
    """Questions over files, from any thread: one DuckDB answers them."""

    def __init__(self) -> None:
        # One thread adds in one order: the same question has the same answer to the last digit. Small questions, which most
        # are, are no slower for it, and several at a time are answered on several cores.
        database = connect(threads=1)
        self.recent = RecentRows(database)
        self._hot = HotTables(database.cursor())
        self._sources = Sources(self._hot)

    def rows(self, shape: Shape, parts: Sequence[Part], limit: int = 0, passed: Sequence[float] = ()) -> list[Row]:
        """The rows of ``found``."""
        return self.found(shape, parts, limit, passed).rows

    def found(
        self,
        shape: Shape,
        parts: Sequence[Part],
        limit: int = 0,
        passed: Sequence[float] = (),
        *,
        detailed: bool = False,
    ) -> Found:
        """What is found for a question of ``shape``: ``limit`` rows a set at most besides the idle ones, if it is not 0.

        ``passed`` is how much of each set has passed [s], which a monthly amount goes by. Raises StoreError, and
        AnswerTooLargeError for more than ``MOST_ROWS`` rows or ``MOST_DETAILS`` details.
        """
        if not any(part.billing for part in parts):
            # What no bill adjusts is asked in fewer columns.
            shape = replace(shape, reconcile=False, external=False)
        sets = 1 + max(index for part in parts for index in part.sets.values())
        asked = _Asked(shape, parts, ((0.0,) * len(OF_SETS),) * max(sets, len(passed)))
        shared: list[Row] = []
        if shape.sharing.pools:
            asked, shared = self._spreading(asked, passed)
        rows, counted = self._rows_and_sums(asked, limit)
        return Found(rows, counted, {**self._details(asked, rows), "shared": shared} if detailed else {})

    def facts(self, shape: Shape, expression: Expression, parts: Sequence[Part], most: int) -> list[Row]:
        """The rows of ``expression`` over the facts of ``parts``. Raises StoreError, and AnswerTooLargeError for more than ``most``."""
        if not any(part.billing for part in parts):
            shape = replace(shape, reconcile=False, external=False)
        select = f"select * from ({compiled(expression, shape)}) limit {most + 1:d}"  # noqa: S608 - our own SQL
        rows = self._query(_Asked(shape, parts, ()), select)
        if len(rows) > most:
            raise AnswerTooLargeError(
                f"the answer has more than {most} rows: ask for a shorter window, or for one namespace"
            )
        return rows

    def _spreading(self, asked: _Asked, passed: Sequence[float]) -> tuple[_Asked, list[Row]]:
        """``asked`` with what is spread in each set, and the parts of that."""
        shape = asked.shape
        parts = monthly_costs(shape, passed)
        if shape.sharing.of_facts:
            parts = sorted([*self._query(asked, compiled(shared_costs, shape)), *parts], key=itemgetter("set", "part"))
        bears = {row["set"]: (row["weight"], row["bearers"]) for row in self._query(asked, compiled(bearing, shape))}
        costs: dict[int, list[Row]] = defaultdict(list)
        for one in parts:
            costs[one["set"]].append(one)
        of_all, billed = [], []
        for index in range(len(asked.of_sets)):
            spread, *of_bills = (fsum(one.get(name, 0.0) for one in costs[index]) for name in ("cost", *TOLD))
            weight, bearers = bears.get(index, (0.0, 0.0))
            unborne = not shape.filtered and not bearers and (spread > 0 or any(of_bills))
            of_all.append((spread, weight, bearers, float(unborne)))
            billed.append(tuple(of_bills))
        return replace(asked, of_sets=tuple(of_all), billed=tuple(billed) if shape.reconcile else ()), parts

    def _rows_and_sums(self, asked: _Asked, limit: int) -> tuple[list[Row], list[Row]]:
        """The rows, and what to add up for the sums of all."""
        if asked.shape.external:
            # What is added may change the order, so that a limit comes after it.
            try:
                rows, _ = self._rows_and_sums(replace(asked, shape=replace(asked.shape, external=False)), 0)
            except AnswerTooLargeError as error:
                how = "whatever the limit: set a longer step, or leave external out"
                raise AnswerTooLargeError(f"external costs go to at most {MOST_ROWS} rows, {how}") from error
            return with_external(rows, self._query(asked, external_rows(asked.shape, asked.parts)), asked.shape, limit)
        (rows, summed), idle = self._cut(asked, limit), self._idle_rows(asked)
        if len(rows) + len(idle) > MOST_ROWS:
            raise AnswerTooLargeError(
                f"the answer has more than {MOST_ROWS} rows: set a limit, a longer step, or an aggregate of fewer properties"
            )
        # A sort of Python's keeps the order of what is equal: idle rows come after the others of their set.
        both = sorted([*rows, *idle], key=itemgetter("set"))
        return both, [*summed, *idle] if limit else both

    def _cut(self, asked: _Asked, limit: int) -> tuple[list[Row], list[Row]]:
        """The rows of ``report`` that ``limit`` leaves, and rows with the sums of all, if it is not 0."""
        shape, sets = asked.shape, len(asked.of_sets)
        unborne = any(unborne for *_, unborne in asked.of_sets)
        select = compiled(report_with_last_resort if unborne else report, shape)
        if not limit:
            return asked.completed(self._query(asked, ordered(select, shape, MOST_ROWS + 1))), []
        if sets == 1 and are_few(shape):
            # Who asks the same with another limit has the same answer.
            found = self._query(asked, ordered(select, shape, FEW + 1))
            if len(found) <= FEW:
                rows = asked.completed(found)
                return rows[:limit], rows
        found = self._query(asked, ordered(limited(select, shape, limit, sets), shape, MOST_ROWS + sets + 1))
        rows = asked.completed(found)
        return [row for row in rows if not row["rows"]], [row for row in rows if row["rows"]]

    def _idle_rows(self, asked: _Asked) -> list[Row]:
        shape = asked.shape
        if shape.kind == "asset" or shape.namespaces:
            return []
        if shape.filtered and shape.sharing.idle and not self._query(asked, compiled(overallocated, shape)):
            # Their idle is the rows' that stay; only what is overallocated would be told.
            return []
        found = self._query(asked, ordered_idle(compiled(idle_report, shape), shape, MOST_ROWS + 1))
        return [completed(row, shape, is_idle=True) for row in found]

    def _details(self, asked: _Asked, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Row]]:
        """What ``rows`` have besides their sums (``model.detail.details``), by name."""
        found = {
            name: self._query(asked, compiled(make, asked.shape), of_rows(name, rows))
            for name, make in details(asked.shape).items()
        }
        if sum(map(len, found.values())) > MOST_DETAILS:
            raise AnswerTooLargeError(
                f"the rows have more than {MOST_DETAILS} labels, annotations, volumes, load balancers and parts of nodes: "
                "set a limit, or an aggregate of fewer properties"
            )
        return found

    def _query(self, asked: _Asked, select: str, wanted: Wanted = lambda _: True) -> list[Row]:
        shape, parts = asked.shape, asked.parts
        try:
            with ExitStack() as held:
                sources = self._sources.of(held, shape, select, parts)
                if reads(select, "sums"):
                    found = " union all by name ".join(
                        of_sets(self._sources.sums(held, shape, part), part) for part in parts
                    )
                    if reads(select, "spread"):
                        columns = ", ".join(map(quoted, ("set", *OF_SETS)))
                        sources.append(f'"sets"({columns}) as (values {asked.values()})')
                        found = f'select * from ({found}) join "sets" using ("set")'  # noqa: S608 - our own SQL
                    sources.append(f'"sums" as ({found})')
                common = f"with {', '.join(sources)} " if sources else ""
                return self.recent.of(f"{common}select * from ({select})", wanted)  # noqa: S608 - likewise
        except duckdb.OutOfMemoryException as error:
            self._hot.clear()
            raise AnswerTooLargeError(
                "the answer takes more memory than there is: set a longer step, a shorter window, or an aggregate of fewer "
                "properties"
            ) from error
        except duckdb.InterruptException as error:
            raise AnswerTooLargeError(
                f"the answer takes longer than {LONGEST_SECONDS:.0f} s: set a longer step, a shorter window, or an aggregate of "
                "fewer properties"
            ) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise StoreError(f"the stored facts cannot be read ({told(error)}): run 'farthing store verify'") from error
