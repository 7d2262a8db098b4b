"""Facts as literals: rows of containers and nodes, where the store expects a workbench and the reader files."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from farthing.model.coverage import Coverage
from farthing.model.plan import Part
from farthing.model.tables import ALLOCATION, ASSET, FACTS, GIB
from farthing.model.window import Window
from farthing.store.days import Store
from farthing.store.engine import connect, quoted, run, text
from farthing.store.manifest import Manifest

START = 1_794_873_600
"""2026-11-17 00:00 UTC."""
DATE = "2026-11-17"
HOUR = 3600
DAY = Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(START, UTC) + timedelta(days=1))
CLUSTER = "cluster-one"
TYPES = {"int64": "bigint", "float64": "double", "string": "varchar", "boolean": "boolean"}

NOTHING = {"string": "", "float64": 0.0, "int64": 0, "boolean": False}
"""What a row has in a column that it says nothing of."""

Row = dict[str, Any]


def container(hour: float = 0, *, pod: str = "web", seconds: float = 3600, **values: Any) -> Row:
    """What a container of namespace ``shop`` on node-a is charged in an hour, zero but for ``values``."""
    start = int(START + hour * HOUR)
    named: Mapping[str, Any] = {
        "start": start, "seconds": 3600.0, "cluster": CLUSTER, "node": "node-a", "provider_id": "aws:///a/i-a",
        "namespace": "shop", "pod": pod, "uid": f"uid-{pod}", "container": "main", "controller_kind": "deployment",
        "controller": pod, "run_seconds": seconds, "run_start": float(start), "run_end": start + seconds,
    }  # fmt: skip
    return _complete(ALLOCATION, named, values)


def node(hour: float = 0, *, name: str = "node-a", **values: Any) -> Row:
    """What a node costs in an hour, zero but for ``values``."""
    start = int(START + hour * HOUR)
    named: Mapping[str, Any] = {
        "start": start, "seconds": 3600.0, "cluster": CLUSTER, "type": "Node", "category": "Compute", "provider": "AWS",
        "name": name, "provider_id": f"aws:///a/i-{name[-1:]}", "instance_type": "m5.large", "region": "eu-west-1",
        "zone": "a", "spot": False, "rate_source": "metrics", "service": "Kubernetes", "run_seconds": 3600.0, "run_start": float(start),
        "run_end": start + 3600.0,
    }  # fmt: skip
    return _complete(ASSET, named, values)


def said(kind: str, key: str, value: str = "", *, pod: str = "web", namespace: str = "shop", start: int = START) -> Row:
    """What is said of a pod, of a namespace, or, as ``node_label``, of the node whose name ``pod`` is."""
    whose = {"pod": "", "uid": ""} if kind.startswith("namespace_") else {"pod": pod, "uid": f"uid-{pod}"}
    if kind == "node_label":
        whose, namespace = {"pod": pod, "uid": ""}, ""
    return {
        "start": start,
        "cluster": CLUSTER,
        "namespace": namespace,
        **whose,
        "kind": kind,
        "key": key,
        "value": value,
    }


def _complete(columns: Mapping[str, str], named: Mapping[str, Any], values: Mapping[str, Any]) -> Row:
    unknown = set(values) - set(columns)
    if unknown:
        raise ValueError(f"no such columns: {sorted(unknown)}")
    nothing = {name: NOTHING[kind] for name, kind in columns.items()}
    return {**nothing, **named, **values}


def seen(*hours: int, seconds: float = 3600.0, share: float = 1.0, missing: tuple[str, ...] = ()) -> list[Coverage]:
    """Coverage of hours."""
    return [Coverage(START + hour * HOUR, seconds, share, 60.0, 60.0, missing, collected=START) for hour in hours]


class FactTables:
    """The tables of facts in a DuckDB, from rows."""

    def __init__(self, allocation: Iterable[Row] = (), asset: Iterable[Row] = (), **others: Iterable[Row]) -> None:
        self.connection = connect(threads=1)
        given = {"allocation": allocation, "asset": asset, **others}
        for table, columns in FACTS.items():
            rows = list(given.get(table, ()))
            typed = ", ".join(f"{quoted(name)} {TYPES[kind]}" for name, kind in columns.items())
            run(self.connection, f"create temp table {table} ({typed})")
            if rows:
                marks = ", ".join("?" * len(columns))
                values = [[row.get(name, NOTHING[kind]) for name, kind in columns.items()] for row in rows]
                self.connection.executemany(f"insert into {table} values ({marks})", values)  # noqa: S608

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def part(self, folder: Path, sets: Mapping[int, int]) -> Part:
        """Files of these facts in ``folder``, of which the hours in ``sets`` belong to a set each."""
        for table in FACTS:
            run(self.connection, f"copy {table} to {text(str(folder / table))} (format parquet)")
        files = {table: [str(folder / table)] for table in FACTS}
        return Part(
            files,
            {START + hour * HOUR: index for hour, index in sets.items()},
            {START + hour * HOUR: START for hour in sets},
        )


def one_hour(cost: float, hour: int = 0) -> FactTables:
    """A node that costs twice ``cost``, half of it held by one container."""
    held = container(hour, cpu_cost=cost, cpu_allocated=3600.0, ram_used=GIB)
    whole = node(hour, cpu_cost=2 * cost, cpu_allocated_cost=cost, cpu_idle_cost=cost, cpu_quantity=7200.0)
    return FactTables([held], [whole])


def keep(
    store: Store, facts: FactTables, coverage: list[Coverage], place: tuple[str, str, Window] = (CLUSTER, DATE, DAY)
) -> Manifest:
    """Keep ``facts`` in a day of ``store``, seen as ``coverage`` says, and close them."""
    with facts as bench, store.writing():
        kept = store.keep(bench, place, coverage)  # type: ignore[arg-type]
        assert kept is not None
        return kept


def files_of(store: Store) -> set[Path]:
    """All files of ``store`` but its lock."""
    return {path for path in store.root.rglob("*") if path.is_file() and path.name != "lock"}
