"""SQL of facts as bills change them: the model's expressions over the files of a piece."""

from collections.abc import Sequence
from functools import cache

from farthing.model.bills import INTERVAL, adjusted, columns_added, ratios
from farthing.model.external import external
from farthing.model.plan import Billing, Part
from farthing.model.question import Shape
from farthing.store.engine import parquet, quoted, sql
from farthing.store.select import compiled, of_sets

READ_TOO = {"allocation": ("volume", "balancer")}
"""What is needed of the same piece to adjust a table."""


def adjusted_rows(table: str, part: Part) -> str:
    """SQL of the facts ``table`` of the files of ``part``, with ``model.bills.columns_added``."""
    files = f"select * from {parquet(part.files[table])}"  # noqa: S608 - paths are quoted
    if part.billing is None:
        empty = {"float64": "0::double", "string": "''"}
        nothing = ", ".join(f"{empty[kind]} as {quoted(column)}" for column, kind in columns_added(table).items())
        return f"select *, {nothing} from ({files})"  # noqa: S608 - likewise
    sources = [f'"fact" as ({files})', *_of_bills(part.billing)]
    others = READ_TOO.get(table, ())
    sources += [f"{one}_fact as (select * from {parquet(part.files[one])})" for one in others]  # noqa: S608 - likewise
    return f"with {', '.join(sources)} select * from ({_sql(table)})"  # noqa: S608 - of our own


def external_rows(shape: Shape, parts: Sequence[Part]) -> str:
    """SQL of ``model.external.external`` over the bills of ``parts``, each row with its set."""
    select = compiled(external, shape)
    told = [
        (part, f"with {', '.join(_of_bills(part.billing))} select * from ({select})")  # noqa: S608 - of our own
        for part in parts
        if part.billing is not None
    ]
    return " union all ".join(of_sets(f"({rows})", part) for part, rows in told)


def _of_bills(billing: Billing) -> list[str]:
    """SQL of the common tables that tell how bills change assets."""
    intervals = ", ".join(
        f"({start:d}, {day:d}, {seconds!r}::double, {part!r}::double)"
        for start, day, seconds, part in billing.intervals
    )
    days = ", ".join(f"{day:d}" for day in sorted({day for _, day, _, _ in billing.intervals}))
    columns = ", ".join(map(quoted, INTERVAL))
    of_days = f'where "start" in ({days})'
    return [
        f"part_of_day({columns}) as (values {intervals})",
        f"bill as ({_bills(billing, of_days)})",
        f"asset_of_day as (select * from {parquet(billing.assets)} {of_days})",  # noqa: S608 - likewise
        f"ratio as materialized ({_sql('ratio')})",
    ]


def _bills(billing: Billing, of_days: str) -> str:
    """SQL of the rows of bills ``of_days``, each with whether it is settled."""
    waiting = dict(billing.waiting)
    settled = [path for path in billing.bills if path not in waiting]
    rows = [f"select *, true as settled from {parquet(settled)} {of_days}"] if settled else []  # noqa: S608 - numbers and quoted paths
    rows += [
        f'select *, "start" not in ({", ".join(map(str, days))}) as settled from {parquet([path])} {of_days}'  # noqa: S608 - likewise
        for path, days in waiting.items()
    ]
    return " union all ".join(rows)


@cache
def _sql(name: str) -> str:
    return sql(ratios() if name == "ratio" else adjusted(name))
