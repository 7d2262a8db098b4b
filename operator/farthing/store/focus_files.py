"""The rows of FOCUS files as SQL: CSV, compressed or not, and Parquet."""

from collections.abc import Container, Sequence
from pathlib import Path

import duckdb

from farthing.errors import InvalidBillError
from farthing.model.focus import AMOUNTS, KIND, MANDATORY, OLDER, SINCE_1_0, TAKEN
from farthing.store.engine import parquet, quoted, run, text

_KIND = f"hash({', '.join(KIND)}, md5_number(resource), md5_number(cast(tags as varchar)))"
"""SQL of a number that rows of one kind share, which takes a tenth of the time of their texts to group by. That two kinds share
one of 2 ** 64 will not be met by chance, nor be made on purpose with what anyone may write, names and tags of resources."""


def all_rows(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], folder: Path) -> str:
    """SQL of the rows of all files, with the columns ``TAKEN``, ``AMOUNTS``, ``kind`` and ``row``, a number of its own.

    What is not Parquet becomes it in ``folder``. Raises InvalidBillError.
    """
    # What is read at once has tags of one type.
    alike: dict[tuple[str, str], tuple[list[Path], dict[str, str]]] = {}
    for path in paths:
        kind = _kind_of(path)
        found = _columns(connection, kind, path)
        missing = _missing(found)
        if missing:
            are = "columns are" if len(missing) > 1 else "column is"
            raise InvalidBillError(
                f"{path} is no bill in FOCUS 1.0 to 1.2: its mandatory {are} missing: {', '.join(missing)}; export it "
                "again with all columns"
            )
        files, types = alike.setdefault((kind, found.get("tags", "")), ([], {}))
        files.append(path)
        types |= found
    selects = []
    for place, ((kind, _), (files, types)) in enumerate(alike.items()):
        texts = len(alike) > 1
        taken = [f"{_taken(name, types, tags_as_text=texts)} as {alias}" for alias, name in TAKEN.items()]
        taken += [f'cast("{name}" as double) as {alias}' for alias, name in AMOUNTS.items()]
        columns, source = ", ".join(taken), _scan(kind, files)
        if kind != "parquet":
            # Rows are looked at several times, and text takes longest to read.
            staged = folder / f"{place}.parquet"
            run(connection, f"copy (select {columns} from {source}) to {text(str(staged))} (format parquet)")  # noqa: S608 - names of our own
            columns, source = "*", parquet([staged])
        row = f"{place << 60:d} + (file_index::bigint << 40) + file_row_number"
        selects.append(f"select {columns}, {row} as row from {source}")  # noqa: S608 - likewise
    return f"select *, {_KIND} as kind from ({' union all '.join(selects)})"  # noqa: S608 - likewise


def _missing(found: Container[str]) -> list[str]:
    """The mandatory columns that a file with the columns ``found``, in lower case, lacks."""
    missing = [name for name in MANDATORY if name.lower() not in found and OLDER.get(name, name).lower() not in found]
    older = any(name.lower() in found for name in OLDER.values())
    return [name for name in missing if not (older and name in SINCE_1_0)]


def _taken(name: str, types: dict[str, str], *, tags_as_text: bool) -> str:
    """SQL of a column as text, null where the files do not have it; a map or list of tags stays one unless it is to be JSON.

    Instants that are typed stay so: to compare them takes less than to compare texts.
    """
    names = [one for one in (name, OLDER.get(name, "")) if one.lower() in types]
    if not names:
        return "null::varchar"
    if names != [name]:
        return f"coalesce({', '.join(f'cast({quoted(one)} as varchar)' for one in names)})"
    kind = types[name.lower()]
    if name.endswith(("Start", "End")) and kind.startswith(("VARCHAR", "TIMESTAMP", "DATE")):
        return quoted(name)
    if name == "Tags" and kind != "VARCHAR":
        return f"cast(to_json({quoted(name)}) as varchar)" if tags_as_text else quoted(name)
    return f"cast({quoted(name)} as varchar)"


def _kind_of(path: Path) -> str:
    """How the file is written, by its first bytes. Raises InvalidBillError."""
    try:
        with path.open("rb") as file:
            first = file.read(4)
    except OSError as error:
        raise InvalidBillError(
            f"the bill {str(path)!r} cannot be read ({error.strerror}): is it a readable file?"
        ) from error
    if first == b"PAR1":
        return "parquet"
    return "gzip" if first.startswith(b"\x1f\x8b") else "none"


def _scan(kind: str, paths: Sequence[Path]) -> str:
    listed = ", ".join(text(str(path)) for path in paths)
    if kind == "parquet":
        return f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    return (
        f"read_csv([{listed}], header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', "
        # The samples of the specification write NULL.
        f"nullstr = ['', 'NULL'], compression = '{kind}', hive_partitioning = false, union_by_name = true)"
    )


def _columns(connection: duckdb.DuckDBPyConnection, kind: str, path: Path) -> dict[str, str]:
    """The type of each column of a file, by its name in lower case."""
    return {row[0].lower(): row[1] for row in run(connection, f"describe select * from {_scan(kind, [path])}")}  # noqa: S608
