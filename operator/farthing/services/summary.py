"""An answer in the words of a status: decimal strings under public names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from farthing.exports.rows import public_name
from farthing.model.answer import Answer
from farthing.model.tables import RESOURCES, TRAFFIC
from farthing.resources.status import MOST_TOP_ROWS
from farthing.resources.text import money_text, percent_text, ratio_text, residual_text

OF_ALLOCATIONS = {
    **{f"network_{kind}_cost": "networkCost" for kind in TRAFFIC},
    "pv_cost": "pvCost",
    "lb_cost": "loadBalancerCost",
    "shared_cost": "sharedCost",
    "external_cost": "externalCost",
}
OF_ASSETS = {
    "pv_cost": "diskCost",
    "local_cost": "diskCost",
    "network_cost": "networkCost",
    "lb_cost": "loadBalancerCost",
    "management_cost": "managementCost",
    "cloud_cost": "cloudCost",
}
"""The public name of each cost that is none of cpu, ram and gpu."""


def summary(answer: Answer, currency: str) -> dict[str, Any]:
    """Window, totals, rows, coverage, residual and the first rows of ``answer``."""
    seen, window = answer.seen, answer.question.window
    return {
        "window": {"start": window.start, "end": window.end},
        "currency": currency,
        "totals": _totals(answer),
        "rows": len(answer.rows),
        "rowsTotal": answer.rows_total,
        "coverage": percent_text(min(1.0, seen.share)),
        "coverageDetail": {
            "share": ratio_text(min(1.0, seen.share)),
            "hoursExpected": seen.hours_expected,
            "hoursSeen": seen.hours_seen,
            "missingMetrics": seen.missing,
            "absentMetrics": seen.absent,
        },
        "bills": _bills(answer),
        # What a tenant sees is a part of the nodes' costs: there is nothing to compare it with.
        "residual": None if answer.question.shape.namespaces else residual_text(answer.residual),
        "top": [_top(answer, row) for row in answer.rows[:MOST_TOP_ROWS]],
    }


def _bills(answer: Answer) -> dict[str, Any] | None:
    """Of which time the bills of ``answer`` are, and how often they were revised."""
    if not answer.bills:
        return None
    newest = max(one.imported for one in answer.bills)
    return {"asOf": datetime.fromtimestamp(newest, UTC), "revisions": sum(one.revision for one in answer.bills)}


def _totals(answer: Answer) -> dict[str, str]:
    totals = {
        "totalCost": money_text(answer.total_cost),
        **_costs(answer, answer.costs),
        "idleCost": money_text(answer.total("idle_cost")),
        "listCost": money_text(answer.total_cost - answer.billed_cost),
        "billedCost": money_text(answer.billed_cost),
        "adjustment": money_text(answer.adjustment),
    }
    if answer.question.shape.kind == "asset":
        return totals
    return {
        **totals,
        "overallocatedCost": money_text(answer.total("overallocated_cost")),
        "cpuEfficiency": ratio_text(answer.efficiency("cpu")),
        "ramEfficiency": ratio_text(answer.efficiency("ram")),
        "totalEfficiency": ratio_text(answer.total_efficiency),
    }


def _top(answer: Answer, row: Mapping[str, Any]) -> dict[str, str]:
    top = {"name": public_name(answer, row), "totalCost": money_text(row["total_cost"]), **_costs(answer, row)}
    if answer.question.shape.kind == "allocation":
        top["efficiency"] = ratio_text(row["total_efficiency"])
    return top


def _costs(answer: Answer, costs: Mapping[str, Any]) -> dict[str, str]:
    """The ``costs`` by column that make up a total, under their public names."""
    named = {f"{one}Cost": costs[f"{one}_cost"] for one in RESOURCES}
    for column, name in (OF_ASSETS if answer.question.shape.kind == "asset" else OF_ALLOCATIONS).items():
        named[name] = named.get(name, 0.0) + costs[column]
    return {name: money_text(cost) for name, cost in named.items()}
