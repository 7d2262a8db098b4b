"""Rows as text."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

Rows = Sequence[Mapping[str, Any]]

MANY = ("labels",)
"""Maps of as many keys as people make up: a column for each would be no table."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (CWE-1236)."""


class Format(Protocol):
    """Writes rows as text."""

    def __call__(self, rows: Rows, columns: Sequence[str] = ()) -> str:
        """``rows``, under ``columns`` where a form has such: those of ``columns_of`` by default."""
        ...


def as_json(rows: Rows, columns: Sequence[str] = ()) -> str:
    """A JSON array, one row a line; a row names its own columns."""
    del columns
    return "[\n" + ",\n".join(msgspec.json.encode(row).decode() for row in rows) + "\n]\n"


def as_csv(rows: Rows, columns: Sequence[str] = ()) -> str:
    """RFC 4180, with a header; nested values have a column each, such as ``window.start``; maps of maps, and lists, are JSON. Text is never a formula."""
    header = columns or columns_of(rows)
    if not header:
        return ""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(row.get(name, "")) for name in header] for row in map(_flat, rows))
    return out.getvalue()


def columns_of(rows: Rows) -> tuple[str, ...]:
    """The columns of ``rows`` in a table: all that any of them has, in order."""
    return tuple(dict.fromkeys(name for row in rows for name in _flat(row)))


FORMATS: dict[str, Format] = {"json": as_json, "csv": as_csv}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        nested = isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in value.values())
        if isinstance(value, Mapping) and not nested and name not in MANY:
            flat.update({f"{name}.{inner}": one for inner, one in value.items()})
        else:
            flat[name] = value
    return flat


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping | list):
        # As many columns as there are volumes, or labels, would be no table.
        return msgspec.json.encode(value).decode() if value else ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
