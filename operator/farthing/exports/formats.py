"""Rows as text."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

Rows = Sequence[Mapping[str, Any]]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (CWE-1236)."""


def as_json(rows: Rows) -> str:
    """A JSON array, one row a line."""
    return "[\n" + ",\n".join(msgspec.json.encode(row).decode() for row in rows) + "\n]\n"


def as_csv(rows: Rows) -> str:
    """RFC 4180, with a header; nested values have a column each, such as ``window.start``. Text is never a formula."""
    flat = [_flat(row) for row in rows]
    header = list(dict.fromkeys(name for row in flat for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(row.get(name, "")) for name in header] for row in flat)
    return out.getvalue()


FORMATS: dict[str, Callable[[Rows], str]] = {"json": as_json, "csv": as_csv}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{inner}": one for inner, one in value.items()})
        else:
            flat[name] = value
    return flat


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
