"""The rows of an answer under their public names, spelled as Kubecost spells them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from farthing.exports.allocation_parts import Parts
from farthing.exports.asset_rows import AssetParts, asset_row
from farthing.model.answer import Answer
from farthing.model.provider_id import short_text
from farthing.model.question import ALLOCATION_PROPERTIES
from farthing.model.tables import HOUR
from farthing.model.telling import COLUMN
from farthing.model.window import rfc3339

MINUTE = 60.0
NAMES_OF_TRAFFIC = {
    "zone": "networkCrossZoneCost",
    "region": "networkCrossRegionCost",
    "internet": "networkInternetCost",
}
Row = dict[str, Any]


def public_rows(answer: Answer) -> Iterator[Row]:
    """Each row of ``answer``, in order: its window, name, properties, times, resource-hours, averages and costs."""
    of_assets = answer.question.shape.kind == "asset"
    parts, asset_parts = Parts(answer), AssetParts(answer)
    windows = [{"start": rfc3339(one[0].start), "end": rfc3339(one[-1].end)} for one in answer.question.sets]
    for row in answer.rows:
        head = {"name": public_name(answer, row), "window": windows[row["set"]]}
        told = asset_row(row, asset_parts, _times(row)) if of_assets else _allocation_row(row, parts)
        if answer.question.shape.proportions:
            told["proportionalAssetResourceCosts"] = parts.proportions(row)
        yield {**head, **told}


def public_name(answer: Answer, row: Mapping[str, Any]) -> str:
    """What ``row`` of ``answer`` is called: of assets ids of clouds are told short."""
    name = str(row["name"])
    if answer.question.shape.kind != "asset":
        return name
    return name.replace(row["provider_id"], short_text(row["provider_id"]))


def _times(row: Mapping[str, Any]) -> Row:
    """When the row's first run began and its last ended, within the window, in seconds of which there is one at least."""
    start = round(row["run_start"])
    # Clients divide by the time between (kubectl-cost).
    end = max(round(row["run_end"]), start + 1)
    return {"start": _instant(start), "end": _instant(end), "minutes": (row["run_end"] - row["run_start"]) / MINUTE}


def _allocation_row(row: Mapping[str, Any], parts: Parts) -> Row:
    hours = (row["run_end"] - row["run_start"]) / HOUR

    def averages(resource: str, names: tuple[str, str, str]) -> Row:
        """Allocated, requested and used, over the time from the row's start to its end."""
        asked = ("allocated", "requested", "used")
        return {
            name: row[f"{resource}_{part}"] / HOUR / hours if hours > 0 else 0.0
            for name, part in zip(names, asked, strict=True)
        }

    return {
        "properties": {**_properties(row, ALLOCATION_PROPERTIES), **parts.said(row)},
        **_times(row),
        **averages("cpu", ("cpuCores", "cpuCoreRequestAverage", "cpuCoreUsageAverage")),
        "cpuCoreHours": row["cpu_allocated"] / HOUR,
        "cpuCost": row["cpu_cost"] - row["cpu_adjustment"],
        "cpuCostAdjustment": row["cpu_adjustment"],
        "cpuCostIdle": row["cpu_idle_cost"],
        "cpuEfficiency": row["cpu_efficiency"],
        **averages("gpu", ("gpuCount", "gpuRequestAverage", "gpuUsageAverage")),
        "gpuHours": row["gpu_allocated"] / HOUR,
        "gpuCost": row["gpu_cost"] - row["gpu_adjustment"],
        "gpuCostAdjustment": row["gpu_adjustment"],
        "gpuCostIdle": row["gpu_idle_cost"],
        "gpuEfficiency": row["gpu_efficiency"],
        "networkTransferBytes": row["network_transfer_bytes"],
        "networkReceiveBytes": row["network_receive_bytes"],
        "networkCost": row["network_cost"],
        **{name: row[f"network_{kind}_cost"] for kind, name in NAMES_OF_TRAFFIC.items()},
        "networkCostAdjustment": 0.0,
        "loadBalancerCost": row["lb_cost"] - row["lb_adjustment"],
        "loadBalancerCostAdjustment": row["lb_adjustment"],
        "pvBytes": row["pv_byte_seconds"] / HOUR / hours if hours > 0 else 0.0,
        "pvByteHours": row["pv_byte_seconds"] / HOUR,
        "pvCost": row["pv_cost"] - row["pv_adjustment"],
        "pvs": parts.volumes(row),
        "pvCostAdjustment": row["pv_adjustment"],
        **averages("ram", ("ramBytes", "ramByteRequestAverage", "ramByteUsageAverage")),
        "ramByteHours": row["ram_allocated"] / HOUR,
        "ramCost": row["ram_cost"] - row["ram_adjustment"],
        "ramCostAdjustment": row["ram_adjustment"],
        "ramCostIdle": row["ram_idle_cost"],
        "ramEfficiency": row["ram_efficiency"],
        "externalCost": row["external_cost"],
        "sharedCost": row["shared_cost"],
        "sharedCostBreakdown": parts.shared(row),
        "totalCost": row["total_cost"],
        "totalEfficiency": row["total_efficiency"],
        "rawAllocationOnly": parts.raw(row),
        "lbAllocations": parts.balancers(row),
    }


def _properties(row: Mapping[str, Any], names: tuple[str, ...]) -> Row:
    """The properties that all of the row's facts share."""
    values = {name: row[COLUMN.get(name, name)] for name in names}
    values["providerID"] = short_text(values["providerID"])
    return {name: value for name, value in values.items() if value}


@lru_cache(10_000)
def _instant(unix: int) -> str:
    return rfc3339(datetime.fromtimestamp(unix, UTC))
