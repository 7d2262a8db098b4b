"""``/model/allocation/trends``: by how much costs changed since the window before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from farthing.api.asking import Asking, enveloped
from farthing.api.openapi import TRENDS, answers, lists
from farthing.api.parameters import LONGEST, Accumulate, listed
from farthing.api.recent import Body
from farthing.api.shapes import sets_of, step_of, summary, windows_of
from farthing.api.warning import warning_of
from farthing.api.workload_parameters import WorkloadParameters
from farthing.errors import InvalidQuestionError, NoDataError
from farthing.model.answer import Answer
from farthing.model.window import preceding
from farthing.services.question import cut

COSTS: Final = (
    "totalCost", "cpuCost", "gpuCost", "ramCost", "pvCost", "networkCost", "loadBalancerCost", "sharedCost", "externalCost",
)  # fmt: skip
"""Whose changes are told."""


class TrendParameters(WorkloadParameters):
    """Parameters of ``/model/allocation/trends``, with Kubecost's defaults."""

    names: str = Field(
        max_length=LONGEST,
        description="Rows whose changes are asked for, by the names that the aggregate gives them, with commas between.",
        examples=["shop,data"],
    )
    accumulate: Accumulate = Field(
        "true", description="Whether sets are joined; each is compared with the one at its place in the window before."
    )


def trend_routes(asking: Asking) -> APIRouter:
    """The route over what ``asking`` answers."""
    router = APIRouter(tags=["Allocations"])
    said: dict[str, Any] = {"responses": answers(TRENDS), "openapi_extra": lists(csv=False)}

    @router.get("/model/allocation/trends", summary="By how much costs changed since the window before", **said)
    def trends(request: Request, asked: Annotated[TrendParameters, Query()]) -> Response:
        names = listed(asked.names)
        if not names:
            raise InvalidQuestionError(
                "names is empty: name the rows whose changes are asked for, such as names=shop,data"
            )
        scope = asking.scope_of(request)
        window, step = asking.cut(asked)
        question = asking.question(request, asked, scope, window, step)
        zone = asking.service.answerer.zone
        earlier = preceding(question.window, zone)
        before = replace(question, window=earlier, sets=cut(earlier, step, asked.accumulate, zone))

        def made() -> Body:
            now = asking.service.answer(question, detailed=False)
            try:
                then = asking.service.answer(before, detailed=False)
            except NoDataError as error:
                # What cannot be known to have been there is told as what was not.
                return enveloped(_trends(names, now, None), warning_of((question, now.seen), more=str(error)))
            return enveloped(_trends(names, now, then), warning_of((question, now.seen), (before, then.seen)))

        return asking.sent(request, (scope, ("trends", question, before, tuple(names))), made)

    return router


def _trends(names: Sequence[str], now: Answer, then: Answer | None) -> dict[str, Any]:
    earlier = sets_of(then) if then is not None else []
    sets = [
        {
            "allocationTrends": {
                name: _trend(rows, earlier[place] if place < len(earlier) else {}, name) for name in names
            },
            "window": window,
        }
        for place, (rows, window) in enumerate(zip(sets_of(now), windows_of(now), strict=True))
    ]
    return {"step": step_of(now), "sets": sets}


def _trend(now: Mapping[str, Any], then: Mapping[str, Any], name: str) -> dict[str, Any]:
    current = summary(now[name]) if name in now else {}
    previous = summary(then[name]) if name in then else {}
    changes = {one: {"relativeChange": relative_change(current.get(one, 0.0), previous.get(one, 0.0))} for one in COSTS}
    return {"trends": {"costs": changes}}


def relative_change(current: float, previous: float) -> dict[str, Any]:
    """``current`` over ``previous``, less 1; what is no number is 0 and said so, as JSON knows neither infinity nor NaN."""
    value = current / previous - 1 if previous else 0.0
    infinite = not isfinite(value) or (not previous and current != 0)
    return {"isInfinite": infinite, "isNaN": not previous and not current, "value": value if isfinite(value) else 0.0}
