"""Costs of clouds and of plugins, as OpenCost's pages ask for them: there are none apart, and these answers say so in its shapes.

What bills tell beside the cluster is ``Cloud`` assets of ``/model/assets``.
"""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from farthing.api.asking import told
from farthing.api.openapi import ANYTHING, answers

CLOUD: Final = "Always empty: what bills tell of clouds is the assets of type Cloud at /model/assets"
CUSTOM: Final = "Always empty: costs of OpenCost's plugins are not read; what bills tell is at /model/assets"

EMPTY: Final[dict[str, tuple[str, Any]]] = {
    "/cloudCost": (CLOUD, {"sets": []}),
    "/cloudCost/view/table": (CLOUD, []),
    "/cloudCost/view/totals": (
        CLOUD,
        {"numResults": 0, "combined": {"name": "", "kubernetesPercent": 0.0, "cost": 0.0}},
    ),
    "/cloudCost/view/graph": (CLOUD, []),
    "/cloudCost/status": (CLOUD, []),
    "/customCost/total": (CUSTOM, {"totalCost": 0.0, "customCosts": []}),
    "/customCost/timeseries": (CUSTOM, {"timeseries": []}),
}
"""What each route says of itself, and what it answers."""


def cloud_routes() -> APIRouter:
    """The routes, at the root and under ``/model``."""
    router = APIRouter(tags=["Clouds"])
    for path, (summary, data) in EMPTY.items():
        schema = {"type": "array", "maxItems": 0} if isinstance(data, list) else ANYTHING
        for root in ("", "/model"):
            router.add_api_route(
                f"{root}{path}", _always(data), methods=["GET"], summary=summary, responses=answers(schema)
            )
    return router


def _always(data: Any) -> Any:
    def nothing() -> Response:
        return told(data)

    return nothing
