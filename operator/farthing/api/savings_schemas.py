"""What the OpenAPI document says of recommendations."""

from typing import Any, Final

Json = dict[str, Any]


def _object(kind: str, *names: str) -> Json:
    return {"type": "object", "properties": {name: {"type": kind} for name in names}, "required": list(names)}


_QUANTITIES: Final[Json] = _object("string", "cpu", "memory")
_NUMBERS: Final[Json] = _object("number", "cpuInMilliCores", "memoryInMiB")
_SHARES: Final[Json] = _object("number", "cpu", "memory", "total")
_NAMES: Final = ("clusterID", "namespace", "controllerKind", "controllerName", "containerName")
_FIELDS: Final[Json] = {
    **{name: {"type": "string"} for name in _NAMES},
    **dict.fromkeys(("recommendedRequest", "latestKnownRequest"), _QUANTITIES),
    "monthlySavings": {
        **_SHARES,
        "description": (
            "What the latest request costs in 730 h less what the recommended one does, of as many containers as ran on "
            "average since the first of the workload in the window; less than 0 where more should be requested. [currency]"
        ),
    },
    "currentEfficiency": _SHARES,
    **dict.fromkeys(
        (
            "normalizedRecommendedRequest",
            "normalizedLatestKnownRequest",
            "normalizedAverageUsage",
            "normalizedMaxUsage",
        ),
        _NUMBERS,
    ),
}
_LIST: Final[Json] = {
    "type": "array",
    "items": {"type": "object", "properties": _FIELDS, "required": list(_FIELDS)},
}

RECOMMENDATIONS: Final[Json] = {
    "oneOf": [
        _LIST,
        {
            "type": "object",
            "properties": {
                "TotalMonthlySavings": {"type": "number"},
                "Count": {"type": "integer"},
                "Recommendations": _LIST,
            },
            "required": ["TotalMonthlySavings", "Count", "Recommendations"],
        },
    ],
    "description": "A list; where a limit is asked for, a page of it.",
}
