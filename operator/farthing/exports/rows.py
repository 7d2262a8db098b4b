"""The rows of an answer under their public names, spelled as Kubecost spells them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from farthing.model.answer import Answer
from farthing.model.question import ALLOCATION_PROPERTIES, ASSET_PROPERTIES
from farthing.model.tables import HOUR
from farthing.model.telling import COLUMN
from farthing.model.window import rfc3339

MINUTE = 60.0

Row = dict[str, Any]


def public_rows(answer: Answer) -> Iterator[Row]:
    """Each row of ``answer``, in order: its window, name, properties, times, resource-hours, averages and costs."""
    make = _allocation_row if answer.question.shape.kind == "allocation" else _asset_row
    for row in answer.rows:
        windows = answer.question.sets[row["set"]]
        window = {"start": rfc3339(windows[0].start), "end": rfc3339(windows[-1].end)}
        yield {"name": row["name"], "window": window, **make(row)}


def _times(row: Mapping[str, Any]) -> Row:
    """When the row's first run began and its last ended, within the window."""
    return {
        "start": _instant(row["run_start"]),
        "end": _instant(row["run_end"]),
        "minutes": (row["run_end"] - row["run_start"]) / MINUTE,
    }


def _allocation_row(row: Mapping[str, Any]) -> Row:
    hours = (row["run_end"] - row["run_start"]) / HOUR

    def averages(resource: str, names: tuple[str, str, str]) -> Row:
        """Allocated, requested and used, over the time from the row's start to its end."""
        parts = ("allocated", "requested", "used")
        return {
            name: row[f"{resource}_{part}"] / HOUR / hours if hours > 0 else 0.0
            for name, part in zip(names, parts, strict=True)
        }

    return {
        "properties": _properties(row, ALLOCATION_PROPERTIES),
        **_times(row),
        **averages("cpu", ("cpuCores", "cpuCoreRequestAverage", "cpuCoreUsageAverage")),
        "cpuCoreHours": row["cpu_allocated"] / HOUR,
        "cpuCost": row["cpu_cost"],
        "cpuEfficiency": row["cpu_efficiency"],
        **averages("gpu", ("gpuCount", "gpuRequestAverage", "gpuUsageAverage")),
        "gpuHours": row["gpu_allocated"] / HOUR,
        "gpuCost": row["gpu_cost"],
        **averages("ram", ("ramBytes", "ramByteRequestAverage", "ramByteUsageAverage")),
        "ramByteHours": row["ram_allocated"] / HOUR,
        "ramCost": row["ram_cost"],
        "ramEfficiency": row["ram_efficiency"],
        "totalCost": row["total_cost"],
        "totalEfficiency": row["total_efficiency"],
    }


def _asset_row(row: Mapping[str, Any]) -> Row:
    hours = (row["run_end"] - row["run_start"]) / HOUR
    quantities = {name: row[f"{name}_quantity"] / HOUR for name in ("cpu", "ram", "gpu")}
    averages = {name: hour / hours if hours > 0 else 0.0 for name, hour in quantities.items()}
    return {
        "type": row["type"],
        "properties": _properties(row, ASSET_PROPERTIES),
        **_times(row),
        "cpuCores": averages["cpu"],
        "ramBytes": averages["ram"],
        "gpuCount": averages["gpu"],
        "cpuCoreHours": quantities["cpu"],
        "ramByteHours": quantities["ram"],
        "GPUHours": quantities["gpu"],
        "cpuCost": row["cpu_cost"],
        "gpuCost": row["gpu_cost"],
        "ramCost": row["ram_cost"],
        "idleCost": sum(row[f"{name}_idle_cost"] for name in ("cpu", "ram", "gpu")),
        "overallocatedCost": sum(row[f"{name}_overallocated_cost"] for name in ("cpu", "ram", "gpu")),
        "totalCost": row["total_cost"],
    }


def _properties(row: Mapping[str, Any], names: tuple[str, ...]) -> Row:
    """The properties that all of the row's facts share."""
    values = {name: row[COLUMN.get(name, name)] for name in names}
    return {name: value for name, value in values.items() if value}


def _instant(unix: float) -> str:
    return rfc3339(datetime.fromtimestamp(round(unix), UTC))
