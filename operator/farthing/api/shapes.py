"""Answers in the shapes of Kubecost and OpenCost: what stands under ``data``."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from farthing.exports.rows import public_rows
from farthing.model.answer import Answer
from farthing.model.window import rfc3339

Row = dict[str, Any]
NANOSECONDS: Final = 1_000_000_000

KEPT_IN_SUMMARIES: Final = (
    "name", "start", "end", "cpuCoreRequestAverage", "cpuCoreUsageAverage", "cpuCost", "cpuCostIdle", "gpuRequestAverage",
    "gpuUsageAverage", "gpuCost", "gpuCostIdle", "networkCost", "loadBalancerCost", "pvCost", "ramByteRequestAverage",
    "ramByteUsageAverage", "ramCost", "ramCostIdle", "sharedCost", "externalCost",
)  # fmt: skip
"""What of a row a summary has; what bills changed is in its costs."""


def paged(answer: Answer, offset: int = 0, limit: int = 0) -> Iterator[tuple[int, Row]]:
    """Each row with the number of its set, from the ``offset``-th of a set on; ``limit`` of a set at most, if it is not 0.

    Rows of idle cost come in addition, as paging clients of Kubecost expect.
    """
    counts = [0] * len(answer.question.sets)
    for found, row in zip(answer.rows, public_rows(answer), strict=True):
        place = found["set"]
        if not found["is_idle"]:
            counts[place] += 1
            if counts[place] <= offset or (limit and counts[place] > offset + limit):
                continue
        yield place, row


def sets_of(answer: Answer, offset: int = 0, limit: int = 0) -> list[dict[str, Row]]:
    """``paged`` rows of each set by their name, also of sets without rows."""
    found: list[dict[str, Row]] = [{} for _ in answer.question.sets]
    for place, row in paged(answer, offset, limit):
        if answer.question.shape.kind == "allocation":
            # OpenCost tells the parts of nodes only where they are asked for, and else that there are none.
            row.setdefault("proportionalAssetResourceCosts", {})
        found[place][row["name"]] = row
    return found


def one_map(answer: Answer, offset: int = 0, limit: int = 0) -> dict[str, Row]:
    """All rows by their name, of an answer with one set: OpenCost's ``/assets``."""
    return {row["name"]: row for _, row in paged(answer, offset, limit)}


def summaries(answer: Answer, offset: int = 0, limit: int = 0) -> Row:
    """Reduced rows by set, with the length of a set [ns]."""
    sets = [
        {"allocations": {name: summary(row) for name, row in rows.items()}, "window": window}
        for rows, window in zip(sets_of(answer, offset, limit), windows_of(answer), strict=True)
    ]
    return {"step": step_of(answer), "sets": sets, "window": _window(answer)}


def summary(row: Mapping[str, Any]) -> Row:
    """A row reduced to what a summary has."""
    kept = {name: _with_adjustment(row, name) for name in KEPT_IN_SUMMARIES}
    return {
        **kept,
        "efficiency": row["totalEfficiency"],
        "totalCost": row["totalCost"],
        "totalEfficiency": row["totalEfficiency"],
    }


def topline(answer: Answer) -> Row:
    """One row of all, and how many rows there are."""
    (rows,) = sets_of(answer)
    return {
        "numResults": answer.rows_total,
        "combined": {
            "allocations": {"total": {**_total(rows.values(), answer), "name": "total"}},
            "window": _window(answer),
        },
    }


AVERAGED: Final = {
    f"{spelled}{of}Average": f"{name}_{column}"
    for spelled, name in (("cpuCore", "cpu"), ("ramByte", "ram"), ("gpu", "gpu"))
    for of, column in (("Request", "requested"), ("Usage", "used"))
}
"""What all rows held on average, and what it is the mean of: rows that lasted longer count for more."""


def _total(rows: Iterable[Row], answer: Answer) -> Row:
    """The sums of ``rows``; averages and efficiency are those of all."""
    summed = [summary(row) for row in rows]
    numbers = {
        name: sum(row[name] for row in summed) for name in KEPT_IN_SUMMARIES if name not in {"name", "start", "end"}
    }
    window = _window(answer)
    efficiency = answer.total_efficiency
    begun = min((one["run_start"] for one in answer.rows), default=0.0)
    lasted = max((one["run_end"] for one in answer.rows), default=0.0) - begun
    averages = {name: answer.sums[column] / lasted if lasted > 0 else 0.0 for name, column in AVERAGED.items()}
    return {
        "start": min((row["start"] for row in summed), default=window["start"]),
        "end": max((row["end"] for row in summed), default=window["end"]),
        **numbers,
        **averages,
        "efficiency": efficiency,
        "totalCost": sum(row["totalCost"] for row in summed),
        "totalEfficiency": efficiency,
    }


def asset_topline(answer: Answer) -> Row:
    """What all assets cost, and how many there are."""
    return {"totalCost": answer.total_cost, "adjustment": answer.adjustment, "numResults": answer.rows_total}


def _with_adjustment(row: Mapping[str, Any], name: str) -> Any:
    value = row[name]
    return value + row[f"{name}Adjustment"] if f"{name}Adjustment" in row else value


def _window(answer: Answer) -> dict[str, str]:
    window = answer.question.window
    return {"start": rfc3339(window.start), "end": rfc3339(window.end)}


def step_of(answer: Answer) -> int:
    """The length of the first set. [ns]"""
    windows = answer.question.sets[0]
    return int((windows[-1].end - windows[0].start).total_seconds()) * NANOSECONDS


def windows_of(answer: Answer) -> list[dict[str, str]]:
    """From when to when each set is."""
    return [{"start": rfc3339(windows[0].start), "end": rfc3339(windows[-1].end)} for windows in answer.question.sets]
