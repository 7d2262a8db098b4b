"""The keys and JSON types of real answers of OpenCost: each is in ours, under the same path and of the same type.

Keys that the data makes up (labels, volumes, load balancers) are written as *.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.api_server import ApiServer

pytestmark = pytest.mark.slow

MADE_UP = ("labels", "namespaceLabels", "pvs", "lbAllocations")

BREAKDOWN = "{0}.idle {0}.other {0}.system {0}.user"


def told(**names: str) -> dict[str, str]:
    """The JSON type of each of the names that stand under it, with blanks between."""
    return {name: kind for kind, some in names.items() for name in some.split()}


ALLOCATION = told(
    number="minutes cpuCores cpuCoreRequestAverage cpuCoreUsageAverage cpuCoreHours cpuCost cpuCostAdjustment cpuCostIdle "
    "cpuEfficiency gpuCount gpuRequestAverage gpuUsageAverage gpuHours gpuCost gpuCostAdjustment gpuCostIdle gpuEfficiency "
    "networkTransferBytes networkReceiveBytes networkCost networkCrossZoneCost networkCrossRegionCost networkInternetCost "
    "networkCostAdjustment loadBalancerCost loadBalancerCostAdjustment pvBytes pvByteHours pvCost pvCostAdjustment ramBytes "
    "ramByteRequestAverage ramByteUsageAverage ramByteHours ramCost ramCostAdjustment ramCostIdle ramEfficiency externalCost "
    "sharedCost totalCost totalEfficiency pvs.*.byteHours pvs.*.cost pvs.*.adjustment lbAllocations.*.cost "
    "lbAllocations.*.hours lbAllocations.*.adjustment rawAllocationOnly.cpuCoreUsageMax rawAllocationOnly.ramByteUsageMax",
    string="name window.start window.end start end properties.cluster properties.node properties.container "
    "properties.controller properties.controllerKind properties.namespace properties.pod properties.services[] "
    "properties.providerID properties.labels.* properties.namespaceLabels.* pvs.*.providerID lbAllocations.*.service "
    "lbAllocations.*.ip",
    boolean="lbAllocations.*.private",
    object="proportionalAssetResourceCosts sharedCostBreakdown",
)
NULLS = told(null="pvs lbAllocations")
"""Of rows that have none."""

SUMMARY = told(
    number="cpuCoreRequestAverage cpuCoreUsageAverage cpuCost cpuCostIdle gpuRequestAverage gpuUsageAverage gpuCost "
    "gpuCostIdle networkCost loadBalancerCost pvCost ramByteRequestAverage ramByteUsageAverage ramCost ramCostIdle "
    "sharedCost externalCost efficiency",
    string="name start end",
)

ASSET = told(
    number="minutes adjustment totalCost",
    string="type properties.category properties.provider properties.service properties.cluster properties.name "
    "properties.providerID window.start window.end start end",
)
OF_TYPES = {
    "Node": told(
        number="cpuCores ramBytes cpuCoreHours ramByteHours GPUHours preemptible discount cpuCost gpuCost gpuCount ramCost "
        "overhead.CpuOverheadFraction overhead.RamOverheadFraction overhead.OverheadCostFraction "
        f"{BREAKDOWN.format('cpuBreakdown')} {BREAKDOWN.format('ramBreakdown')}",
        string="nodeType labels.*",
    ),
    "LoadBalancer": told(object="labels", boolean="private", string="ip"),
    "Disk": told(
        number=f"byteHours bytes byteHoursUsed byteUsageMax {BREAKDOWN.format('breakdown')}",
        string="storageClass volumeName claimName claimNamespace",
        object="labels",
    ),
}


def kinds(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The paths within ``value``, each with its JSON type; of maps and lists those within, and their own if they are empty."""
    if isinstance(value, Mapping):
        if not value:
            yield path, "object"
        made_up = path.rpartition(".")[2] in MADE_UP
        for key, one in value.items():
            yield from kinds(one, ".".join(filter(None, (path, "*" if made_up else key))))
    elif isinstance(value, list):
        for one in value:
            yield from kinds(one, f"{path}[]")
    else:
        yield path, {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}[type(value)]


def found_in(rows: Mapping[str, Any]) -> set[tuple[str, str]]:
    assert rows
    return {one for row in rows.values() for one in kinds(row)}


def test_an_allocation_has_every_key_of_a_recorded_one(api: ApiServer) -> None:
    (rows,) = api.data("/allocation/compute", window="yesterday", includeIdle="true")
    found = found_in(rows)
    assert {*ALLOCATION.items(), *NULLS.items()} - found == set()
    # What is a number there is one in each of our rows.
    for row in rows.values():
        own = dict(kinds(row))
        plain = [path for path, kind in ALLOCATION.items() if kind == "number" and "." not in path]
        assert [path for path in plain if own[path] != "number"] == []


def test_a_summary_has_every_key_of_a_recorded_one(api: ApiServer) -> None:
    data = api.data("/allocation/summary", window="yesterday", aggregate="namespace")
    assert data["step"] == 86_400_000_000_000
    assert set(data) >= {"step", "sets", "window"}
    (one,) = data["sets"]
    assert set(one) >= {"allocations", "window"}
    for row in one["allocations"].values():
        assert set(SUMMARY.items()) - set(kinds(row)) == set()


@pytest.mark.parametrize("kind", OF_TYPES)
def test_an_asset_has_every_key_of_a_recorded_one_of_its_type(api: ApiServer, kind: str) -> None:
    rows = {name: row for name, row in api.data("/assets", window="2d").items() if row["type"] == kind}
    assert set({**ASSET, **OF_TYPES[kind]}.items()) - found_in(rows) == set()
