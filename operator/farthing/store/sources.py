"""What a question reads of files, as SQL: of days that last, what was read before is at hand."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain

from farthing.model.bills import ADDED
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.model.said import column_of, tables_of
from farthing.model.sums import are_few, sums
from farthing.store.adjusting import adjusted_rows
from farthing.store.engine import parquet, quoted, text
from farthing.store.hot import HotTables
from farthing.store.manifest import TABLES
from farthing.store.select import compiled, of_days, of_sets, reads


@dataclass(frozen=True, slots=True)
class Sources:
    """Common tables over files; what they select from stays as long as what is given as ``held``."""

    hot: HotTables

    def sums(self, held: ExitStack, shape: Shape, part: Part) -> str:
        """SQL of the ``model.sums.sums`` of ``part``: of stored days they are kept."""
        select = compiled(sums, shape)

        def made(needed: ExitStack) -> str:
            return f"with {', '.join(self.of(needed, shape, select, [part]))} {select}"

        if part.lasting and part.whole and are_few(shape):
            files = [
                path for table in TABLES if reads(select, table) or table == "workload" for path in part.files[table]
            ]
            files += [repr(part.billing)] if shape.reconcile else []
            return held.enter_context(self.hot.reading((select, *files), made, few=True))
        return f"({made(held)})"

    def of(self, held: ExitStack, shape: Shape, select: str, parts: Sequence[Part]) -> list[str]:
        """What ``select`` reads of the files of ``parts``, as SQL of common tables."""
        sources = [
            f"{table} as ({' union all by name '.join(self._rows(held, table, part, shape) for part in parts)})"
            for table in TABLES
            if reads(select, table)
        ]
        for lookup, columns in chain.from_iterable(map(tables_of, shape.lookups)):
            name = quoted(column_of(lookup))
            if reads(select, column_of(lookup)):
                found = (self._looked_up(held, lookup, columns, part) for part in parts)
                sources.append(f"{name} as ({' union all by name '.join(found)})")
        return sources

    def _rows(self, held: ExitStack, table: str, part: Part, shape: Shape) -> str:
        """SQL of the rows of ``table`` that belong to a set; what it selects from stays as long as ``held``."""
        files = f"select * from {parquet(part.files[table])}"  # noqa: S608 - paths are quoted
        if shape.reconcile and table in ADDED:
            files = adjusted_rows(table, part)
        source = held.enter_context(self.hot.reading(files, lambda _: files)) if part.lasting else f"({files})"
        if table == "workload":
            return f"select * from {source} where {of_days('start', part)}"  # noqa: S608 - likewise
        return of_sets(source, part)

    def _looked_up(self, held: ExitStack, lookup: tuple[str, str], columns: Iterable[str], part: Part) -> str:
        """SQL of the values of one label or annotation, of pods or of namespaces (``model.said``)."""
        named = ", ".join('"start" as "day"' if column == "day" else quoted(column) for column in columns)
        where = f"kind = {text(lookup[0])} and key = {text(lookup[1])}"
        rows = f"select {named} from {parquet(part.files['workload'])} where {where}"  # noqa: S608 - quoted
        source = held.enter_context(self.hot.reading(rows, lambda _: rows)) if part.lasting else f"({rows})"
        return f"select * from {source} where {of_days('day', part)}"  # noqa: S608 - likewise
