"""``/model/assets/diff``: which assets are new, gone, or cost otherwise in one window than in an earlier one."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from farthing.api.asking import Asking, enveloped
from farthing.api.asset_parameters import AssetParameters
from farthing.api.openapi import DIFFERENCES, answers, lists
from farthing.api.parameters import LONGEST, Given
from farthing.api.patterns import WINDOW, list_of
from farthing.api.recent import Body
from farthing.api.shapes import one_map
from farthing.api.warning import warning_of
from farthing.errors import InvalidWindowError
from farthing.model.question import ASSET_AGGREGATES
from farthing.resources.rules import ASSET_SPELLINGS

Row = dict[str, Any]


class DifferenceParameters(Given):
    """Parameters of ``/model/assets/diff``, with Kubecost's defaults."""

    before: str = Field(
        max_length=100,
        description="The earlier span of time, written as windows of assets are: yesterday, lastmonth, 1d offset 5d.",
        json_schema_extra=WINDOW,
    )
    after: str = Field(
        max_length=100, description="The later span of time, which begins after before does.", json_schema_extra=WINDOW
    )
    cost_change_ratio: float = Field(
        0.05,
        ge=0,
        le=1e12,
        allow_inf_nan=False,
        description="By what part of its earlier cost an asset's must change to be told as changed; 0.05 is 5 %.",
    )
    aggregate: str = Field(
        "",
        max_length=LONGEST,
        description="Properties that name what is compared, with commas between; none is each asset.",
        json_schema_extra=list_of((*ASSET_AGGREGATES, *ASSET_SPELLINGS)),
    )
    filter: str = Field("", max_length=LONGEST, description="Assets to compare in the filter language.")
    disable_adjustments: bool = Field(
        default=False, description="Whether costs are at list price, without what bills changed."
    )

    def of(self, window: str) -> AssetParameters:
        """The parameters of the assets of ``window``, in one set."""
        return AssetParameters.model_validate(
            {
                "window": window,
                "accumulate": "true",
                "aggregate": self.aggregate,
                "filter": self.filter,
                "disableAdjustments": self.disable_adjustments,
            }
        )


def difference_routes(asking: Asking) -> APIRouter:
    """The route over what ``asking`` answers."""
    router = APIRouter(tags=["Assets"])
    said: dict[str, Any] = {"responses": answers(DIFFERENCES), "openapi_extra": lists(assets=True, csv=False)}

    @router.get("/model/assets/diff", summary="Assets that are new, gone, or cost otherwise than before", **said)
    def differences(request: Request, asked: Annotated[DifferenceParameters, Query()]) -> Response:
        scope = asking.scope_of(request)
        before, after = (
            asking.question(request, one, scope, *asking.cut(one)) for one in map(asked.of, (asked.before, asked.after))
        )
        if before.window.start >= after.window.start:
            raise InvalidWindowError(
                f"before {asked.before!r} does not begin before after {asked.after!r} does: name the earlier span as before"
            )

        def made() -> Body:
            then, now = (asking.service.answer(one, detailed=True) for one in (before, after))
            found = differing(one_map(then), one_map(now), asked.cost_change_ratio)
            return enveloped(found, warning_of((before, then.seen), (after, now.seen)))

        return asking.sent(request, (scope, ("assets/diff", before, after, asked.cost_change_ratio)), made)

    return router


def differing(before: Mapping[str, Row], after: Mapping[str, Row], ratio: float) -> dict[str, Row]:
    """What is ``added``, ``removed`` or ``changed`` by ``ratio`` of its earlier cost or more, as it is, or was where it is gone."""
    found = {name: {"Entity": row, "Kind": "removed"} for name, row in before.items() if name not in after}
    for name, row in after.items():
        if name not in before:
            found[name] = {"Entity": row, "Kind": "added"}
            continue
        cost = before[name]["totalCost"]
        change = abs(row["totalCost"] - cost)
        if change > 0 and change >= ratio * abs(cost):
            found[name] = {"Entity": row, "Kind": "changed"}
    return found
