"""SQL of questions: the model's expressions, each compiled once, and what is put around them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from secrets import token_hex
from threading import Lock

from farthing.model.filters import CASELESS, KEYED, Comparison, Filter
from farthing.model.keeping import LACKING
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.report import summed
from farthing.model.tables import RESOURCES
from farthing.model.telling import ORDER_COLUMN, Expression
from farthing.store.engine import quoted, sql, text

ORDERS_OF_IDLE = ("totalCost", *(f"{name}Cost" for name in RESOURCES), "name")
"""Those that idle rows have something to be ordered by."""

_TOKEN = token_hex(8)
"""In each mark, so that nobody can write one."""


@dataclass(slots=True)
class _Compiled:
    shape: Shape
    sql: str = ""
    lock: Lock = field(default_factory=Lock)
    """Held by who makes the SQL: who asks for the same waits."""


@lru_cache(maxsize=2048)
def _kept(_expression: Expression, shape: Shape) -> _Compiled:
    return _Compiled(shape)


def compiled(expression: Expression, shape: Shape) -> str:
    """The SQL of ``expression`` of ``shape``. Making it takes 7 to 300 ms: it is kept, for whatever namespaces and values."""
    marks: dict[str, str] = {}
    namespaces = (_mark(shape.namespaces, marks),) if shape.namespaces else ()
    kept = _kept(expression, replace(shape, namespaces=namespaces, kept=_marked(shape.kept, shape.kind, marks)))
    with kept.lock:
        kept.sql = kept.sql or sql(expression(kept.shape))
    found = kept.sql
    for mark, values in marks.items():
        found = found.replace(text(mark), values)
    return found


def _marked(part: Filter, kind: str, marks: dict[str, str]) -> Filter:
    """``part`` with marks for the values that it compares with: whoever filters by another value asks the same."""
    if not isinstance(part, Comparison):
        return replace(part, parts=tuple(_marked(one, kind, marks) for one in part.parts))
    if LACKING[kind] in part.values or (part.field in KEYED and not part.key):
        # What these are makes another expression.
        return part
    values = part.lowered.values if part.field in CASELESS else part.values
    if part.sign == "equals":
        return replace(part, values=(_mark(values, marks),))
    return replace(part, values=tuple(_mark((one,), marks) for one in values))


def _mark(values: Sequence[str], marks: dict[str, str]) -> str:
    """What stands for ``values`` while a shape is compiled; of several, in a list of which it is the only one."""
    mark = f"<{_TOKEN} {len(marks)}>"
    marks[mark] = ", ".join(map(text, values))
    return mark


def reads(select: str, table: str) -> bool:
    """Whether ``select`` reads ``table``: what it compares with may be called so, too."""
    return quoted(table) in _without_texts(select)


@lru_cache(maxsize=2048)
def _without_texts(select: str) -> str:
    return re.sub("'(?:[^']|'')*'", "''", select)


def ordered(select: str, shape: Shape, most: int) -> str:
    """SQL of the ``most`` first rows, set by set, in the order that ``shape`` asks for."""
    return f'select * from ({select}) order by "set", {_order(shape)} limit {most:d}'  # noqa: S608 - our own SQL


def ordered_idle(select: str, shape: Shape, most: int) -> str:
    """``ordered`` for rows of idle cost: by total cost where they lack what ``shape`` orders by."""
    return ordered(select, shape if shape.sort_by in ORDERS_OF_IDLE else replace(shape, sort_by="totalCost"), most)


def limited(select: str, shape: Shape, limit: int, sets: int) -> str:
    """SQL of the ``limit`` first rows of each set, and of one more for the sums of all, which tells how many ``rows`` they are."""
    sums = ", ".join(f"coalesce(sum({quoted(column)}), 0) as {quoted(column)}" for column in summed(shape))
    order = _order(shape)
    # Of one set not all rows need be sorted.
    several = f'qualify row_number() over (partition by "set" order by {order}) <= {limit:d}'
    first = f"order by {order} limit {limit:d}" if sets == 1 else several
    return f"""
        with report as materialized ({select})
        select * from (
            (select * from report {first})
            union all by name
            (select "set", count(*) as "rows", {sums} from report group by "set")
        )
    """  # noqa: S608 - likewise


def of_sets(source: str, part: Part) -> str:
    """SQL of the rows of ``source`` that belong to a set of ``part``, with it and their day."""
    (index, *others) = sorted(set(part.sets.values()))
    if not others and all(part.days.get(start, start) == start for start in part.sets):
        # One set of whole days is asked for most: no join tells each row what is the same for all.
        starts = "" if part.whole else f' where f."start" in ({", ".join(f"{start:d}" for start in sorted(part.sets))})'
        return f'select f.*, {index:d}::bigint as "set", f."start" as "day" from {source} f{starts}'  # noqa: S608 - likewise
    rows = ", ".join(f"({start:d}, {index:d}, {part.days.get(start, start):d})" for start, index in part.sets.items())
    return (
        f'select f.*, p."set", p."day" from {source} f '  # noqa: S608 - likewise
        f'join (values {rows}) p("start", "set", "day") on f."start" = p."start"'
    )


def of_days(column: str, part: Part) -> str:
    """SQL that holds of the rows of the days of ``part``."""
    days = sorted({part.days.get(start, start) for start in part.sets})
    return "true" if part.whole else f"{quoted(column)} in ({', '.join(f'{day:d}' for day in days)})"


def _order(shape: Shape) -> str:
    return f"{ORDER_COLUMN[shape.sort_by]} {'asc' if shape.ascending else 'desc'}, name"
