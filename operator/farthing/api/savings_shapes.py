"""Recommendations in Kubecost's shapes: a list, and the page of one with the sums of all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from farthing.api.quantities import KIB, MILLICORES, bytes_text, cores_text

Row = dict[str, Any]

ORDERS: Final[Mapping[str, str]] = {
    "totalSavings": "monthly_saving",
    "currentEfficiency": "total_efficiency",
    "cpuRecommended": "cpu_recommended",
    "cpuLatest": "cpu_latest",
    "memoryRecommended": "ram_recommended",
    "memoryLatest": "ram_latest",
}
"""The column of ``model.sizing.sized`` that each ``sortBy`` looks at."""


def ordered(rows: Sequence[Row], sort_by: str, *, ascending: bool) -> list[Row]:
    """``rows`` in one of ``ORDERS``; equal ones by their names."""
    named = sorted(
        rows, key=lambda row: tuple(row[name] for name in ("cluster", "namespace", "controller", "container"))
    )
    return sorted(named, key=lambda row: row[ORDERS[sort_by]], reverse=not ascending)


def page(rows: Sequence[Row], offset: int, limit: int) -> Row:
    """The rows from the ``offset``-th on, ``limit`` at most, with how many there are and what all of them save."""
    return {
        "TotalMonthlySavings": sum(row["monthly_saving"] for row in rows),
        "Count": len(rows),
        "Recommendations": [recommendation(row) for row in rows[offset : offset + limit]],
    }


def recommendation(row: Mapping[str, Any]) -> Row:
    """One row of ``model.sizing.sized``: requests as Kubernetes' quantities, and in millicores and MiB."""
    return {
        "clusterID": row["cluster"],
        "namespace": row["namespace"],
        "controllerKind": row["controller_kind"],
        "controllerName": row["controller"],
        "containerName": row["container"],
        "recommendedRequest": _quantities(row, "recommended"),
        "monthlySavings": {
            "cpu": row["cpu_monthly_saving"],
            "memory": row["ram_monthly_saving"],
            "total": row["monthly_saving"],
        },
        "latestKnownRequest": _quantities(row, "latest"),
        "currentEfficiency": {
            "cpu": row["cpu_efficiency"],
            "memory": row["ram_efficiency"],
            "total": row["total_efficiency"],
        },
        "normalizedRecommendedRequest": _numbers(row, "recommended"),
        "normalizedLatestKnownRequest": _numbers(row, "latest"),
        "normalizedAverageUsage": _numbers(row, "used", per=row["run_seconds"]),
        "normalizedMaxUsage": _numbers(row, "used_max"),
    }


def _quantities(row: Mapping[str, Any], part: str) -> dict[str, str]:
    return {"cpu": cores_text(row[f"cpu_{part}"]), "memory": bytes_text(row[f"ram_{part}"])}


def _numbers(row: Mapping[str, Any], part: str, per: float = 1.0) -> dict[str, float]:
    return {
        "cpuInMilliCores": row[f"cpu_{part}"] / per * MILLICORES,
        "memoryInMiB": row[f"ram_{part}"] / per / (KIB * KIB),
    }
