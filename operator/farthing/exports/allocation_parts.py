"""What a row of an allocation consists of beside its sums, under Kubecost's names."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from farthing.exports.asset_rows import is_private
from farthing.model.answer import Answer
from farthing.model.proportions import HELD
from farthing.model.provider_id import short_text
from farthing.model.tables import HOUR, RESOURCES

Row = dict[str, Any]

SAID = {
    "label": "labels",
    "annotation": "annotations",
    "namespace_label": "namespaceLabels",
    "namespace_annotation": "namespaceAnnotations",
}
"""The property that holds what is said of each kind."""


class Parts:
    """The details of an answer by row, so that each is found at once."""

    def __init__(self, answer: Answer) -> None:
        found = answer.details
        self._one_container = not answer.question.shape.aggregate
        self._windows = [len(windows) for windows in answer.question.sets]
        self._volumes = rows_by(found.get("volume", ()), "set", "name")
        self._balancers = rows_by(found.get("balancer", ()), "set", "name")
        self._shared = rows_by(found.get("shared", ()), "set")
        self._said = rows_by(found.get("said", ()), "cluster", "namespace", "pod")
        self._proportions = rows_by(found.get("proportion", ()), "set", "name")

    def volumes(self, row: Mapping[str, Any]) -> Row | None:
        """``pvs``: byte-hours, cost before ``adjustment`` by bills, and id of each volume, None for none."""
        return {
            f"cluster={one['cluster']}:name={one['volume_name']}": {
                "byteHours": one["byte_seconds"] / HOUR,
                "cost": one["cost"] - one.get("adjustment", 0.0),
                "providerID": short_text(one["provider_id"]) or one["volume_name"],
                "adjustment": one.get("adjustment", 0.0),
            }
            for one in self._volumes.get((row["set"], row["name"]), ())
        } or None

    def balancers(self, row: Mapping[str, Any]) -> Row | None:
        """``lbAllocations``: hours, address and cost before ``adjustment`` by bills of each load balancer, None for none."""
        return {
            f"{one['cluster']}/{one['namespace']}/{one['service']}": {
                "service": f"{one['namespace']}/{one['service']}",
                "cost": one["cost"] - one.get("adjustment", 0.0),
                "private": is_private(one["address"]),
                "ip": one["address"],
                "hours": one["run_seconds"] / HOUR,
                "adjustment": one.get("adjustment", 0.0),
            }
            for one in self._balancers.get((row["set"], row["name"]), ())
        } or None

    def shared(self, row: Mapping[str, Any]) -> Row:
        """``sharedCostBreakdown``: what of each shared part the row bears."""
        if not row["share"]:
            return {}
        costs: dict[str, float] = defaultdict(float)
        for one in self._shared.get((row["set"],), ()):
            # A namespace may be called as the overhead is.
            costs[one["part"]] += one["cost"] * row["share"]
        return {name: {"name": name, "totalCost": cost} for name, cost in costs.items()}

    def proportions(self, row: Mapping[str, Any]) -> Row:
        """``proportionalAssetResourceCosts``: the row's part of the assets of each cluster, or of each asset; of idle none."""
        return {
            ",".join(one[place] for place in ("cluster", "asset") if place in one): _proportion(one)
            for one in self._proportions.get((row["set"], row["name"]), ())
        }

    def raw(self, row: Mapping[str, Any]) -> Row | None:
        """``rawAllocationOnly``: the largest use, None where rows or sets are put together."""
        if not self._one_container or row["is_idle"] or self._windows[row["set"]] > 1:
            return None
        return {"cpuCoreUsageMax": row["cpu_used_max"], "ramByteUsageMax": row["ram_used_max"]}

    def said(self, row: Mapping[str, Any]) -> Row:
        """Labels, annotations and services of the row's pod, and what is said of its namespace, where it is one."""
        if not self._one_container or row["is_idle"]:
            return {}
        found: dict[str, Any] = defaultdict(dict)
        for one in self._said.get((row["cluster"], row["namespace"], row["pod"]), ()):
            if one["kind"] == "service":
                found.setdefault("services", []).append(one["key"])
            else:
                found[SAID[one["kind"]]][one["key"]] = one["value"]
        for one in self._said.get((row["cluster"], row["namespace"], ""), ()):
            found[SAID[one["kind"]]][one["key"]] = one["value"]
        if "services" in found:
            found["services"].sort()
        return {name: found[name] for name in ("services", *SAID.values()) if name in found}


def _proportion(one: Mapping[str, Any]) -> Row:
    """A row of ``model.proportions`` as parts; that of the node goes by what all its resources cost together."""
    parts = {name: one[f"{name}_cost"] / one[f"{name}_of_all"] if one[f"{name}_of_all"] > 0 else 0.0 for name in HELD}
    whole = sum(one[f"{name}_of_all"] for name in RESOURCES)
    of_node = sum(parts[name] * one[f"{name}_of_all"] for name in RESOURCES)
    return {
        "cluster": one["cluster"],
        **(_asset(one) if "asset" in one else {}),
        "cpuPercentage": parts["cpu"],
        "gpuPercentage": parts["gpu"],
        "ramPercentage": parts["ram"],
        "loadBalancerPercentage": parts["lb"],
        "pvPercentage": parts["pv"],
        "nodeResourceCostPercentage": of_node / whole if whole > 0 else 0.0,
    }


def _asset(one: Mapping[str, Any]) -> Row:
    """Which asset ``one`` is of, with OpenCost's word for a disk; the address of a load balancer is no provider's id."""
    provider_id = "" if one["type"] == "LoadBalancer" else short_text(one["provider_id"] or "")
    told = {"name": one["asset"], "type": "PV" if one["type"] == "Disk" else one["type"]}
    return told | ({"providerID": provider_id} if provider_id else {})


def rows_by(rows: Any, *columns: str) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
    """``rows`` by their values of ``columns``."""
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] for column in columns)].append(row)
    return found
