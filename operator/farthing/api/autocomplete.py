"""What may stand in a filter: the values of a property, as a person types them."""

from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from farthing.api.asking import Asking, enveloped
from farthing.api.filter_spelling import spelled_out
from farthing.api.openapi import NAMES, NAMES_WITHIN, answers
from farthing.api.opencost_windows import opencost_window
from farthing.api.parameters import LONGEST, Given, report_of
from farthing.api.patterns import WINDOW, field_of
from farthing.api.recent import Body
from farthing.api.warning import warning_of
from farthing.errors import InvalidQuestionError, NothingStoredError
from farthing.model.answer import nothing
from farthing.model.filters import Every
from farthing.model.question import ALLOCATION_AGGREGATES, ASSET_AGGREGATES
from farthing.model.telling import Expression
from farthing.model.values import annotation_keys, label_keys, values
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport

MOST_VALUES: Final = 100_000
"""That are looked through."""

SPELLED: Final = {
    "controllername": "controller", "services": "service", "provider": "providerID", "assettype": "type",
}  # fmt: skip
"""How filters and OpenCost's clients spell properties, in lower case; what a kind offers by the name itself goes first."""


class AutocompleteParameters(Given):
    """Which values are asked for."""

    KIND: ClassVar[str]
    """Of the report whose rows have them."""

    window: str = Field(
        max_length=100,
        description="Span of time in which the values are looked for, as of the costs.",
        json_schema_extra=WINDOW,
    )
    field: str = Field(max_length=330)
    search: str = Field("", max_length=300, description="What is to be in a value, in any case.")
    limit: int = Field(25, ge=1, le=1000, description="Values at most, the first in order.")
    filter: str = Field("", max_length=LONGEST, description="Where they are looked for, in the filter language.")


class AllocationFields(AutocompleteParameters):
    """Which values of properties of workloads."""

    KIND: ClassVar[str] = CostReport.KIND

    field: str = Field(
        max_length=330,
        description="A property, label:KEY or annotation:KEY; label or annotation is for the keys themselves.",
        json_schema_extra=field_of(ALLOCATION_AGGREGATES, "label", "annotation"),
    )


class AssetFields(AutocompleteParameters):
    """Which values of properties of assets."""

    KIND: ClassVar[str] = AssetReport.KIND

    field: str = Field(
        max_length=330,
        description="A property, or label:KEY; label is for the keys themselves.",
        json_schema_extra=field_of(ASSET_AGGREGATES, "label"),
    )


OfAllocations = Annotated[AllocationFields, Query()]
OfAssets = Annotated[AssetFields, Query()]


def autocomplete_routes(asking: Asking) -> APIRouter:
    """The routes over what ``asking`` answers: Kubecost's with a list in data, OpenCost's with one in data.data."""
    router = APIRouter(tags=["Autocomplete"])
    listed: dict[str, Any] = {"summary": "Values to filter by", "responses": answers(NAMES)}
    within: dict[str, Any] = {
        "summary": "Values to filter by, as OpenCost tells them",
        "responses": answers(NAMES_WITHIN),
    }

    @router.get("/model/allocation/autocomplete", **listed)
    def of_allocations(request: Request, asked: OfAllocations) -> Response:
        return _respond(asking, request, asked, opencost=False)

    @router.get("/model/assets/autocomplete", **listed)
    def of_assets(request: Request, asked: OfAssets) -> Response:
        return _respond(asking, request, asked, opencost=False)

    @router.get("/allocation/autocomplete", **within)
    def of_allocations_within(request: Request, asked: OfAllocations) -> Response:
        return _respond(asking, request, asked, opencost=True)

    @router.get("/assets/autocomplete", **within)
    def of_assets_within(request: Request, asked: OfAssets) -> Response:
        return _respond(asking, request, asked, opencost=True)

    return router


def _respond(asking: Asking, request: Request, asked: AutocompleteParameters, *, opencost: bool) -> Response:
    expression, aggregate = _property(asked.field, asked.KIND)
    zone = asking.service.answerer.zone
    spec = {
        "window": opencost_window(asked.window, asking.now, zone) if opencost else asked.window,
        "aggregate": aggregate,
        "accumulate": "true",
        "filter": spelled_out(asked.filter),
        # Nothing of the costs is told, so that none of these can matter.
        **({"idle": False, "shareTenancyCosts": False} if asked.KIND == CostReport.KIND else {}),
    }
    scope = asking.scope_of(request)
    question = asking.service.question(report_of(asked.KIND, spec), Every(), scope)

    def made() -> Body:
        try:
            rows, seen = asking.service.facts(question, expression, MOST_VALUES)
        except NothingStoredError:
            rows, seen = [], nothing(question, asking.service.clock()).seen
        searched = asked.search.strip().lower()
        found = sorted(row["value"] for row in rows if searched in row["value"].lower())[: asked.limit]
        warning = warning_of((question, seen), so="values may be missing")
        return enveloped({"data": found} if opencost else found, warning)

    key = ("autocomplete", opencost, question, expression, asked.search, asked.limit)
    return asking.sent(request, (scope, key), made)


def _property(field: str, kind: str) -> tuple[Expression, list[str]]:
    """What is asked of the facts for ``field``, and the aggregate that names it. Raises InvalidQuestionError."""
    offered = ALLOCATION_AGGREGATES if kind == CostReport.KIND else ASSET_AGGREGATES
    keyed = {"label": label_keys, "annotation": annotation_keys} if kind == CostReport.KIND else {"label": label_keys}
    written = field.strip()
    said, colon, key = written.partition(":")
    lowered = said.lower()
    if lowered in keyed:
        if not colon:
            return keyed[lowered], []
        if key.strip():
            return values, [f"{lowered}:{key.strip()}"]
    named = {one.lower(): one for one in offered}
    found = named.get(lowered) or named.get(SPELLED.get(lowered, "").lower())
    if colon or found is None:
        keys = ", ".join(f"{one}, {one}:KEY" for one in keyed)
        raise InvalidQuestionError(f"field {written!r} is not offered; allowed are {', '.join(offered)}, {keys}")
    return values, [found]
