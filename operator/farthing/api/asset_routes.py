"""Assets: a list of maps by ``/model/assets`` of Kubecost, one map by ``/assets`` of OpenCost."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from farthing.api.asking import Asking
from farthing.api.asset_parameters import AssetParameters
from farthing.api.openapi import ASSET_TOPLINE, ROWS, SETS, answers, lists
from farthing.api.shapes import asset_topline, one_map, sets_of
from farthing.model.answer import Answer

Kubecost = Annotated[AssetParameters, Query()]


def asset_routes(asking: Asking) -> APIRouter:
    """The routes over what ``asking`` answers."""
    router = APIRouter(tags=["Assets"])
    filters: dict[str, Any] = {"openapi_extra": lists(assets=True)}

    @router.get(
        "/model/assets",
        summary="What assets cost, a map of rows by key for each set",
        responses=answers(SETS, csv=True),
        **filters,
    )
    def assets(request: Request, asked: Kubecost) -> Response:
        return asking.respond(request, asked, sets_of, route="assets")

    @router.get(
        "/model/assets/topline",
        summary="What all assets cost, and how many there are",
        responses=answers(ASSET_TOPLINE, csv=True),
        **filters,
    )
    def of_all(request: Request, asked: Kubecost) -> Response:
        joined = asked.model_copy(update={"accumulate": "true", "limit": 0, "offset": 0})
        return asking.respond(request, joined, _topline, route="assets/topline", detailed=False)

    @router.get(
        "/assets",
        summary="What assets cost, as one map, by OpenCost's windows",
        responses=answers(ROWS, csv=True),
        **filters,
    )
    def one(request: Request, asked: Kubecost) -> Response:
        joined = asked.model_copy(update={"accumulate": "true"})
        return asking.respond(request, joined, one_map, route="assets/map", opencost=True)

    return router


def _topline(answer: Answer, _offset: int, _limit: int) -> dict[str, Any]:
    return asset_topline(answer)
