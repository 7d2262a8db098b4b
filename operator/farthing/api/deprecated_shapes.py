"""What stands under ``data`` of the two APIs that Kubecost deprecated, as seeds 001 and 003 show it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec

from farthing.api.shapes import one_map
from farthing.exports.allocation_parts import rows_by
from farthing.model.allocation import UNIT
from farthing.model.answer import Answer
from farthing.model.filters import label_key
from farthing.model.tables import GIB, HOUR, RESOURCES
from farthing.model.telling import FINEST

Row = dict[str, Any]
Found = Sequence[Mapping[str, Any]]

VECTORS: Final = {
    "cpuallocated": "cpu_allocated", "cpureq": "cpu_requested", "cpuused": "cpu_used",
    "ramallocated": "ram_allocated", "ramreq": "ram_requested", "ramused": "ram_used",
    "gpuallocated": "gpu_allocated", "gpureq": "gpu_requested", "gpuused": "gpu_used",
    "network": "network_cost",
}  # fmt: skip
"""The column of each vector of a container: averages of an hour [cores, B, GPUs], and of the network what it cost."""

KINDS: Final = {
    "deployments": ("deployment",),
    "daemonsets": ("daemonset",),
    "statefulsets": ("statefulset",),
    "jobs": ("job", "cronjob"),
}
"""Kinds of controllers by the field that names them."""

SAID: Final = {"labels": "label", "annotations": "annotation", "namespaceLabels": "namespace_label"}
FIELDS: Final = (
    "name", "podName", "nodeName", "node", "namespace", "clusterId", "clusterName", *VECTORS, "pvcData", "services", *KINDS, *SAID,
)  # fmt: skip
"""Fields of a container."""

COSTS: Final = ("cpu", "gpu", "ram", "pv", "network", "loadBalancer")
"""What the total of a row is made of, what is shared aside."""
_POD: Final = ("cluster", "namespace", "pod")


class Point(msgspec.Struct, frozen=True, gc=False):
    """A value and the start of the hour that it is of [unix s]."""

    timestamp: int
    value: float


@dataclass(frozen=True, slots=True)
class Containers:
    """Rows of ``model.vectors``: of container_hours, volume_hours, node_sums and said_of_containers."""

    hours: Found
    volumes: Found
    nodes: Found
    said: Found


def cost_data(found: Containers, left_out: Collection[str]) -> dict[str, Row]:
    """Each container by ``namespace,pod,container,node,cluster``, without the fields that are ``left_out``."""
    nodes = {(one["cluster"], one["node"], one["provider_id"]): _node(one) for one in found.nodes}
    volumes, said = rows_by(found.volumes, *FINEST), rows_by(found.said, *_POD)
    told: dict[str, Row] = {}
    for (cluster, node, namespace, pod, container), rows in groupby(found.hours, itemgetter(*FINEST)):
        hours = list(rows)
        newest = hours[-1]
        of_pod = said.get((cluster, namespace, pod), [])
        of_both = [*of_pod, *said.get((cluster, namespace, ""), [])]
        fields = {
            "name": container,
            "podName": pod,
            "nodeName": node,
            "node": nodes.get((cluster, node, newest["provider_id"])),
            "namespace": namespace,
            "clusterId": cluster,
            "clusterName": cluster,
            **{name: _points(hours, column) for name, column in VECTORS.items() if name not in left_out},
            "pvcData": _claims(volumes.get((cluster, node, namespace, pod, container), [])),
            "services": sorted(one["key"] for one in of_pod if one["kind"] == "service"),
            **{
                name: [newest["controller"]] if newest["controller_kind"] in kinds else []
                for name, kinds in KINDS.items()
            },
            **{
                name: {one["key"]: one["value"] for one in of_both if one["kind"] == kind}
                for name, kind in SAID.items()
            },
        }
        kept = {name: value for name, value in fields.items() if name not in left_out}
        told[f"{namespace},{pod},{container},{node},{cluster}"] = kept
    return told


def _points(rows: Iterable[Mapping[str, Any]], column: str) -> list[Point]:
    return [Point(row["start"], row[column]) for row in rows]


def _claims(rows: Found) -> list[Row]:
    """Each volume of a container: what it holds of it [B], and what a GiB-hour costs."""
    claims = []
    for (volume, claim, storage_class), hours in rows_by(rows, "volume_name", "claim", "storage_class").items():
        held, cost = (sum(hour[column] for hour in hours) for column in ("byte_seconds", "cost"))
        claims.append(
            {
                "class": storage_class,
                "claim": claim,
                "namespace": hours[0]["namespace"],
                "clusterId": hours[0]["cluster"],
                "volumeName": volume,
                "persistentVolume": {
                    "hourlyCost": _text(_ratio(cost, held / GIB / HOUR)),
                    "storageClass": storage_class,
                },
                "values": _points(hours, "held"),
            }
        )
    return claims


def _node(row: Mapping[str, Any]) -> Row:
    """A node as OpenCost tells it: all of it in strings."""
    cores, ram, gpus = (_ratio(row[f"{name}_quantity"], row["run_seconds"]) for name in RESOURCES)
    rates = {name: _text(_ratio(row[f"{name}_cost"], row[f"{name}_quantity"] / UNIT[name])) for name in RESOURCES}
    whole = sum(row[f"{name}_cost"] for name in RESOURCES)
    return {
        "hourlyCost": _text(_ratio(whole, row["run_seconds"] / HOUR)),
        "CPU": _text(cores),
        "CPUHourlyCost": rates["cpu"],
        "RAM": f"{ram / 1024:.0f}Ki",
        "RAMBytes": f"{ram:.0f}",
        "RAMGBHourlyCost": rates["ram"],
        "gpu": _text(gpus),
        "gpuCost": rates["gpu"],
        "usageType": "preemptible" if row["spot"] else "ondemand",
        "instanceType": row["instance_type"],
        "region": row["region"],
        "providerID": row["provider_id"],
    }


def aggregated(answer: Answer, aggregation: str, subfields: Sequence[str], hours: float) -> dict[str, Row]:
    """The rows of ``answer`` by their environment, with averages over the ``hours`` of the window that have passed.

    An environment is what names the row in ``/model/allocation``; of one label, or annotation, its value alone. Costs have
    what bills changed, and come to ``totalCost`` with that of load balancers, which Kubecost did not tell of.
    """
    prefix = f"{label_key(subfields[0])}=" if len(subfields) == 1 else ""
    told = {}
    for name, row in one_map(answer).items():
        costs = {f"{part}Cost": row[f"{part}Cost"] + row[f"{part}CostAdjustment"] for part in COSTS}
        environment = name.removeprefix(prefix)
        told[environment] = {
            "aggregation": aggregation,
            "subfields": list(subfields),
            "environment": environment,
            "cluster": row["properties"].get("cluster", ""),
            "cpuAllocationAverage": row["cpuCoreHours"] / hours,
            "gpuAllocationAverage": row["gpuHours"] / hours,
            "ramAllocationAverage": row["ramByteHours"] / GIB / hours,
            "pvAllocationAverage": row["pvByteHours"] / GIB / hours,
            **costs,
            "sharedCost": row["sharedCost"],
            "totalCost": row["totalCost"],
            "cpuEfficiency": row["cpuEfficiency"],
            "ramEfficiency": row["ramEfficiency"],
            "efficiency": row["totalEfficiency"],
        }
    return told


def _ratio(amount: float, of: float) -> float:
    return amount / of if of > 0 else 0.0


def _text(number: float) -> str:
    """``number`` to as many digits as a price has."""
    return f"{number:.10g}"
