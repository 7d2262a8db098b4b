"""An answer in the words of a status: decimal strings under public names."""

from collections.abc import Mapping
from typing import Any

from farthing.model.answer import Answer
from farthing.model.tables import RESOURCES, TRAFFIC
from farthing.resources.status import MOST_TOP_ROWS
from farthing.resources.text import money_text, percent_text, ratio_text, residual_text

OF_ALLOCATIONS = {
    **{f"network_{kind}_cost": "networkCost" for kind in TRAFFIC},
    "pv_cost": "pvCost",
    "lb_cost": "loadBalancerCost",
    "shared_cost": "sharedCost",
}
OF_ASSETS = {
    "pv_cost": "diskCost",
    "network_cost": "networkCost",
    "lb_cost": "loadBalancerCost",
    "management_cost": "managementCost",
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
        # What a tenant sees is a part of the nodes' costs: there is nothing to compare it with.
        "residual": None if answer.question.shape.namespace else residual_text(answer.residual),
        "top": [_top(answer, row) for row in answer.rows[:MOST_TOP_ROWS]],
    }


def _totals(answer: Answer) -> dict[str, str]:
    names = OF_ASSETS if answer.question.shape.kind == "asset" else OF_ALLOCATIONS
    others = dict.fromkeys(names.values(), 0.0)
    for column, cost in answer.other_costs.items():
        others[names[column]] += cost
    totals = {
        "totalCost": money_text(answer.total_cost),
        **{f"{name}Cost": money_text(answer.cost(name)) for name in RESOURCES},
        **{name: money_text(cost) for name, cost in others.items()},
        "idleCost": money_text(answer.total("idle_cost")),
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
    costs = {f"{name}Cost": money_text(row[f"{name}_cost"]) for name in RESOURCES}
    top = {"name": row["name"], "totalCost": money_text(row["total_cost"]), **costs}
    if answer.question.shape.kind == "allocation":
        top["efficiency"] = ratio_text(row["total_efficiency"])
    return top
