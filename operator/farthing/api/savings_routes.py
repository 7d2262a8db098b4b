"""Savings: what the containers of workloads should request, by ``/model/savings/requestSizingV2`` of Kubecost."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from farthing.api.asking import Asking
from farthing.api.openapi import bare, lists
from farthing.api.parameters import kept
from farthing.api.recent import Body, tagged
from farthing.api.savings_schemas import RECOMMENDATIONS
from farthing.api.savings_shapes import ordered, page, recommendation
from farthing.api.sizing_parameters import SizingParameters
from farthing.api.warning import OF_THE_SEEN, warning_of
from farthing.services.sizing import sizes


def savings_routes(asking: Asking) -> APIRouter:
    """The routes over what ``asking`` answers."""
    router = APIRouter(tags=["Savings"])

    @router.get(
        "/model/savings/requestSizingV2",
        summary="What the containers of each workload should request, and what that saves a month",
        responses=bare(RECOMMENDATIONS),
        openapi_extra=lists(csv=False),
    )
    def request_sizing(request: Request, asked: Annotated[SizingParameters, Query()]) -> Response:
        scope = asking.scope_of(request)
        question = asking.service.question(asked.report(), kept(request.query_params, asked), scope)

        def made() -> Body:
            rows, seen = sizes(asking.service, question, asked.sizing)
            warning = warning_of((question, seen), so=OF_THE_SEEN)
            rows = ordered(rows, asked.sort_by, ascending=asked.ascending)
            if asked.limit:
                # kubectl-cost reads a list and asks for all of it; mcp-kubecost reads a page and asks for one.
                return tagged(msgspec.json.encode(page(rows, asked.offset, asked.limit)), warning)
            return tagged(msgspec.json.encode([recommendation(row) for row in rows[asked.offset :]]), warning)

        return asking.sent(request, (scope, "requestSizingV2", question, asked), made)

    return router
