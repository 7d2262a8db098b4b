"""The rows of assets under their public names, spelled as Kubecost spells them."""

from collections import defaultdict
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from farthing.model.allocation import UNIT
from farthing.model.answer import Answer
from farthing.model.keeping import UNDEFINED
from farthing.model.provider_id import short_text
from farthing.model.question import ASSET_PROPERTIES
from farthing.model.tables import DISCOUNTED, HOUR, LOCAL, RESOURCES, USERS
from farthing.model.telling import COLUMN

NAMES_OF_ASSETS = {
    "diskCost": (("pv_cost", "local_cost"), "disk_adjustment"),
    "networkCost": (("network_cost",), "network_adjustment"),
    "loadBalancerCost": (("lb_cost",), "lb_adjustment"),
    "managementCost": (("management_cost",), "management_adjustment"),
}
"""The public names of the costs that are none of cpu, ram and gpu, the columns that each adds up, and what bills changed of them."""

ANY = "Any"
"""The type of a row whose assets are of several."""

PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Addresses that the internet does not reach (RFC 1918, RFC 4193)."""

Row = dict[str, Any]


class AssetParts:
    """The details of an answer about assets by row, so that each is found at once."""

    def __init__(self, answer: Answer) -> None:
        self._parts = {(one["set"], one["name"]): one for one in answer.details.get("asset_part", ())}
        self._labels: dict[str, dict[str, str]] = defaultdict(dict)
        for one in answer.details.get("node_label", ()):
            self._labels[one["name"]][one["key"]] = one["value"]

    def part(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is told of ``row`` beside its sums, ``model.asset_detail.part_rows``; nothing where nobody asked."""
        return self._parts.get((row["set"], row["name"]), {})

    def labels(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The labels that all assets of ``row`` have."""
        return self._labels.get(row["name"], {})


def asset_row(row: Mapping[str, Any], parts: AssetParts, times: Row) -> Row:
    """A row of ``model.asset_report`` with its parts; what only one type has is there in rows of that type alone."""
    hours = (row["run_end"] - row["run_start"]) / HOUR
    quantities = {name: row[f"{name}_quantity"] / HOUR for name in (*RESOURCES, "pv")}
    averages = {name: hour / hours if hours > 0 else 0.0 for name, hour in quantities.items()}
    told = parts.part(row)
    known = {name: row[column] or told.get(column, "") for name, column in COLUMNS.items()}
    known["providerID"] = short_text(known["providerID"])
    properties = {name: value for name, value in known.items() if value not in {"", UNDEFINED}}
    of_type = OF_TYPES.get(properties.get("type", ""))
    return {
        "type": properties.get("type", ANY),
        "properties": properties,
        "labels": parts.labels(row),
        **times,
        "cpuCores": averages["cpu"],
        "ramBytes": averages["ram"],
        "gpuCount": averages["gpu"],
        "bytes": averages["pv"],
        "cpuCoreHours": quantities["cpu"],
        "ramByteHours": quantities["ram"],
        "GPUHours": quantities["gpu"],
        "byteHours": quantities["pv"],
        **({"rateSource": told["rate_source"]} if told else {}),
        **(of_type(row, told) if of_type and told else {}),
        **{f"{name}Cost": _list_cost(row, name) for name in RESOURCES},
        **{
            name: sum(row[column] for column in columns) - row[adjustment]
            for name, (columns, adjustment) in NAMES_OF_ASSETS.items()
        },
        "idleCost": sum(row[f"{name}_idle_cost"] for name in RESOURCES),
        "overallocatedCost": sum(row[f"{name}_overallocated_cost"] for name in RESOURCES),
        "cloudCost": row["cloud_cost"],
        "adjustment": row["adjustment"],
        "credit": row["credit"],
        "totalCost": row["total_cost"],
    }


def _of_node(row: Mapping[str, Any], told: Mapping[str, Any]) -> Row:
    return {
        "nodeType": told["instance_type"],
        "pool": told["pool"],
        "cpuBreakdown": _breakdown(row["cpu_quantity"], {user: told[f"cpu_{user}"] for user in USERS}),
        "ramBreakdown": _breakdown(row["ram_quantity"], {user: told[f"ram_{user}"] for user in USERS}),
        "preemptible": told["spot_seconds"] / told["node_seconds"] if told["node_seconds"] else 0.0,
        "discount": _discount(row),
        "rates": {
            name: _list_cost(row, name) / (row[f"{name}_quantity"] / UNIT[name])
            for name in RESOURCES
            if row[f"{name}_quantity"] > 0
        },
        "overhead": _overhead(row, told),
    }


def _overhead(row: Mapping[str, Any], told: Mapping[str, Any]) -> Row:
    """What nodes keep from pods, as parts of their cores, their memory and their cost. [0 to 1] OpenCost spells them so."""
    parts = {
        name: told[f"{name}_overhead"] / row[f"{name}_quantity"] if row[f"{name}_quantity"] > 0 else 0.0
        for name in ("cpu", "ram")
    }
    whole = sum(row[f"{name}_cost"] for name in RESOURCES)
    cost = sum(part * row[f"{name}_cost"] for name, part in parts.items())
    return {
        **{f"{name.capitalize()}OverheadFraction": part for name, part in parts.items()},
        "OverheadCostFraction": cost / whole if whole > 0 else 0.0,
    }


def _of_disk(row: Mapping[str, Any], told: Mapping[str, Any]) -> Row:
    alone = told["number"] == 1
    return {
        "byteHoursUsed": told["pv_used"] / HOUR,
        # Of several, each was largest at a time of its own; none was seen where the kubelet told of none.
        "byteUsageMax": (told["pv_used_max"] or None) if alone else None,
        # What is on the disk of a node is the system's: images, logs and what pods keep there.
        "breakdown": _breakdown(
            row["pv_quantity"], {"user": told["pv_used"] - told["local_used"], "system": told["local_used"]}
        ),
        "storageClass": told["storage_class"],
        "volumeName": told["asset_name"] if alone and told["storage_class"] != LOCAL else "",
        "claimName": told["claim"],
        "claimNamespace": told["claim_namespace"],
        "local": told["local_quantity"] / row["pv_quantity"] if row["pv_quantity"] else 0.0,
    }


def _of_balancer(_row: Mapping[str, Any], told: Mapping[str, Any]) -> Row:
    address = told["provider_id"] if told["number"] == 1 else ""
    return {"private": is_private(address), "ip": address}


def _list_cost(row: Mapping[str, Any], resource: str) -> float:
    """What ``resource`` of the row costs before discounts and bills. [currency]"""
    cost: float = row[f"{resource}_cost"] - row[f"{resource}_adjustment"]
    return cost + (row[f"{resource}_discount"] if resource in DISCOUNTED else 0.0)


def _discount(row: Mapping[str, Any]) -> float:
    """What price books take off the row's cpu and memory. [0 to 1]"""
    listed = sum(_list_cost(row, name) for name in DISCOUNTED)
    return sum(row[f"{name}_discount"] for name in DISCOUNTED) / listed if listed > 0 else 0.0


def _breakdown(quantity: float, used: Mapping[str, float]) -> Row:
    """The shares of ``quantity`` that were ``used``, by whom, and that were idle. [0 to 1]"""
    shares = {user: used.get(user, 0.0) / quantity if quantity > 0 else 0.0 for user in USERS}
    return {"idle": max(0.0, 1.0 - sum(shares.values())), **{user: shares[user] for user in sorted(USERS)}}


def is_private(address: str) -> bool:
    """Whether ``address`` is one that only private networks reach; names may be anybody's."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in PRIVATE)


COLUMNS = {name: COLUMN.get(name, name) for name in ASSET_PROPERTIES}
OF_TYPES = {"Node": _of_node, "Disk": _of_disk, "LoadBalancer": _of_balancer}
"""What only assets of a type have."""
