"""What clients in Go and TypeScript do with an answer: they read fields as one type, and fail on any other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Any

Row = Mapping[str, Any]

INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
COSTS = ("cpu", "gpu", "ram", "network", "loadBalancer")
"""Costs of an allocation that have an adjustment, volumes aside."""


def number(row: Row, *names: str) -> float:
    """The JSON number at ``names``, one in the other."""
    value: Any = row
    for name in names:
        value = value[name]
    assert type(value) in {int, float}, (names, value)
    assert isfinite(value), (names, value)
    return float(value)


def numbers(row: Row, names: Iterable[str]) -> None:
    """Read each of ``names``."""
    for name in names:
        number(row, name)


def instant(text: Any) -> datetime:
    """An instant of RFC 3339, as Go's time.Time and pandas read it."""
    assert isinstance(text, str), text
    assert INSTANT.fullmatch(text), text
    return datetime.fromisoformat(text)


def rows_of(data: Any) -> Iterator[tuple[str, Row]]:
    """The rows of a list of maps: every set is a map, and there is one at least, as kubectl-cost takes the first unseen."""
    assert isinstance(data, list), type(data)
    assert data
    for one in data:
        assert isinstance(one, dict), type(one)
        yield from one.items()


def lived(row: Row) -> float:
    """The minutes between start and end, which clients divide by."""
    start, end = instant(row["start"]), instant(row["end"])
    assert start < end, row["name"]
    minutes = (end - start).total_seconds() / 60
    # Both are told to the second.
    assert abs(number(row, "minutes") - minutes) <= 1 / 60 + 1e-9, row["name"]
    return minutes


def parts_of(row: Row) -> float:
    """The total as OpenCost's own library adds it up: volumes one by one, and every adjustment."""
    volumes = row["pvs"]
    assert volumes is None or all(key.startswith("cluster=") and ":name=" in key for key in volumes)
    own = sum(number(row, f"{one}Cost") + number(row, f"{one}CostAdjustment") for one in COSTS)
    of_volumes = sum(number(one, "cost") for one in (volumes or {}).values()) + number(row, "pvCostAdjustment")
    return own + of_volumes + number(row, "sharedCost") + number(row, "externalCost")
