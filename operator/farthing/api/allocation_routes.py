"""Allocations: ``/model/allocation`` of Kubecost, ``/allocation`` of OpenCost, and their summaries."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from farthing.api.asking import Asking
from farthing.api.openapi import ALLOCATION_SETS, SUMMARIES, TOPLINE, answers, lists
from farthing.api.shapes import sets_of, summaries, topline
from farthing.api.workload_parameters import AllocationParameters, OpenCostParameters
from farthing.model.answer import Answer

Kubecost = Annotated[AllocationParameters, Query()]
OpenCost = Annotated[OpenCostParameters, Query()]


def allocation_routes(asking: Asking) -> APIRouter:
    """The routes over what ``asking`` answers."""
    router = APIRouter(tags=["Allocations"])
    rows: dict[str, Any] = {"responses": answers(ALLOCATION_SETS, csv=True), "openapi_extra": lists()}
    reduced: dict[str, Any] = {"responses": answers(SUMMARIES, csv=True), "openapi_extra": lists()}
    one_row: dict[str, Any] = {"responses": answers(TOPLINE, csv=True), "openapi_extra": lists()}

    @router.get("/model/allocation", summary="What workloads cost, a map of rows by name for each set", **rows)
    def allocation(request: Request, asked: Kubecost) -> Response:
        return asking.respond(request, asked, sets_of, route="allocation")

    @router.get("/model/allocation/summary", summary="The same in fewer fields", **reduced)
    def summary(request: Request, asked: Kubecost) -> Response:
        return asking.respond(request, asked, summaries, route="summary", detailed=False)

    @router.get("/model/allocation/summary/topline", summary="One row of all", **one_row)
    def of_all(request: Request, asked: Kubecost) -> Response:
        joined = asked.model_copy(update={"accumulate": "true", "limit": 0, "offset": 0})
        return asking.respond(request, joined, _topline, route="topline", detailed=False)

    @router.get("/allocation", summary="What workloads cost, by OpenCost's windows and defaults", **rows)
    @router.get("/allocation/compute", summary="What workloads cost, by OpenCost's windows and defaults", **rows)
    @router.get("/model/allocation/compute", summary="What workloads cost, by OpenCost's windows and defaults", **rows)
    def computed(request: Request, asked: OpenCost) -> Response:
        return asking.respond(request, asked, sets_of, route="allocation", opencost=True)

    @router.get("/allocation/summary", summary="The same in fewer fields", **reduced)
    @router.get("/allocation/compute/summary", summary="The same in fewer fields", **reduced)
    def computed_summary(request: Request, asked: OpenCost) -> Response:
        return asking.respond(request, asked, summaries, route="summary", opencost=True, detailed=False)

    return router


def _topline(answer: Answer, _offset: int, _limit: int) -> dict[str, Any]:
    return topline(answer)
