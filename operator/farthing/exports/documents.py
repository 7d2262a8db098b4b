"""The ConfigMaps that hold a report: an index, with the rows in it if they fit, else parts of at most 768 KiB.

Nothing in them tells when they were made, so that the same answer is the same bytes.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from farthing.errors import AnswerTooLargeError
from farthing.exports.formats import FORMATS, Rows, columns_of

PART_BYTES = 768 << 10
"""The apiserver takes objects up to 1.5 MiB, and a ConfigMap's data up to 1 MiB."""

PLAIN_PARTS = 4
"""More parts than this are written compressed."""

NAME_LENGTH = 200
"""Characters of a report's name in those of its ConfigMaps, which may have 253."""

MOST_PARTS = 120
"""A status lists so many ConfigMaps and some."""


@dataclass(frozen=True, slots=True)
class Document:
    """One ConfigMap to publish."""

    name: str
    data: dict[str, str]
    binary_data: dict[str, bytes] = field(default_factory=dict)
    rows: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, in order."""
        return (*sorted(self.data), *sorted(self.binary_data))

    @property
    def bytes(self) -> int:
        """Size of the values. [B]"""
        return sum(len(text.encode()) for text in self.data.values()) + sum(map(len, self.binary_data.values()))

    @property
    def sha256(self) -> str:
        """Hash of keys and values."""
        digest = hashlib.sha256()
        for key in self.keys:
            value = self.data[key].encode() if key in self.data else self.binary_data[key]
            digest.update(f"{key}\0{len(value)}\0".encode() + value)
        return digest.hexdigest()


def documents(
    report: str, kind: str, head: Mapping[str, Any], rows: Rows, formats: Sequence[str]
) -> tuple[Document, ...]:
    """The ConfigMaps of a report, parts first and the index last. Raises AnswerTooLargeError for too many rows.

    ``head`` is what the index says of the report beside its parts.
    """
    base = f"{_short(report)}-{kind.lower()}"
    whole = {f"rows.{name}": FORMATS[name](rows) for name in formats}
    size = sum(len(text.encode()) for text in whole.values())
    if size <= PART_BYTES:
        return (Document(base, {"index.json": _index(head, ()), **whole}, rows=len(rows)),)
    compressed = size > PLAIN_PARTS * PART_BYTES
    parts = tuple(_parts(base, rows, formats, compressed=compressed))
    return (*parts, Document(base, {"index.json": _index(head, parts)}, rows=len(rows)))


def rows_text(kept: Sequence[Document], form: str) -> str:
    """All rows of a report's ConfigMaps as one text in ``form``, one of its formats."""
    key = f"rows.{form}"
    texts = [
        one.data[key] if key in one.data else gzip.decompress(one.binary_data[f"{key}.gz"]).decode()
        for one in kept
        if key in one.data or f"{key}.gz" in one.binary_data
    ]
    if form == "json":
        return FORMATS[form]([row for text in texts for row in msgspec.json.decode(text)])
    header, newline, _ = texts[0].partition("\r\n")
    return texts[0] + "".join(text.removeprefix(header + newline) for text in texts[1:])


def _parts(base: str, rows: Rows, formats: Sequence[str], *, compressed: bool) -> Iterator[Document]:
    """Rows in order, as many to a part as fit; a part that is too large is halved. Raises AnswerTooLargeError."""
    # Every part has the same columns, so that they can be put together again.
    columns = columns_of(rows)
    number = 0
    pending = [rows]
    while pending:
        some = pending.pop(0)
        document = _part(f"{base}-{number}", (some, columns), formats, compressed=compressed)
        if document.bytes > PART_BYTES and len(some) > 1:
            pending[:0] = [some[: len(some) // 2], some[len(some) // 2 :]]
            continue
        number += 1
        if number > MOST_PARTS:
            raise AnswerTooLargeError(
                f"{len(rows)} rows do not fit into {MOST_PARTS} ConfigMaps of {PART_BYTES >> 10} KiB: set a limit, a "
                "longer step, or an aggregate of fewer properties"
            )
        yield document


def _part(name: str, table: tuple[Rows, Sequence[str]], formats: Sequence[str], *, compressed: bool) -> Document:
    rows, columns = table
    texts = {f"rows.{one}": FORMATS[one](rows, columns) for one in formats}
    if not compressed:
        return Document(name, texts, rows=len(rows))
    packed = {f"{key}.gz": gzip.compress(text.encode(), mtime=0) for key, text in texts.items()}
    return Document(name, {}, packed, rows=len(rows))


def _index(head: Mapping[str, Any], parts: Sequence[Document]) -> str:
    listed = [{"name": one.name, "keys": one.keys, "rows": one.rows, "sha256": one.sha256} for one in parts]
    return msgspec.json.format(msgspec.json.encode({**head, "parts": listed}), indent=2).decode()


def _short(report: str) -> str:
    """The report's name, cut where the ConfigMaps' names would grow too long, and then told apart by a hash."""
    if len(report) <= NAME_LENGTH:
        return report
    # Before a dash, a name may not end in a dot.
    return f"{report[:NAME_LENGTH].rstrip('-.')}-{hashlib.sha256(report.encode()).hexdigest()[:8]}"
