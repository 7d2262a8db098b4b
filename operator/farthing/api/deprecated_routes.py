"""``/model/costDataModel`` and ``/model/aggregatedCostModel``, which Kubecost deprecated: as seeds 001 and 003 show them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from farthing.api.aggregated_parameters import AggregatedParameters, denied
from farthing.api.asking import Asking, enveloped
from farthing.api.cost_data_parameters import CostDataParameters
from farthing.api.deprecated_openapi import AGGREGATED, COST_DATA
from farthing.api.deprecated_shapes import Containers, aggregated, cost_data
from farthing.api.openapi import answers
from farthing.api.recent import Body
from farthing.api.warning import warning_of
from farthing.errors import ScopeDeniedError
from farthing.model.tables import HOUR
from farthing.model.vectors import container_hours, node_sums, said_of_containers, volume_hours
from farthing.model.window import Window

MOST_ROWS: Final = 60_000
"""Of one answer, an hour of a container each: a day of 2,500 containers."""
MOST_SAID: Final = 200_000
"""Labels, annotations and services of its pods."""

SINCE: Final = int(datetime(2023, 1, 16, tzinfo=UTC).timestamp())
"""By when Kubecost's documentation had both among its deprecated APIs."""
DEPRECATION: Final = {
    "Deprecation": f"@{SINCE}",
    "Link": '</model/allocation>; rel="successor-version", </openapi.json>; rel="deprecation"',
}
"""RFC 9745."""
INSTEAD: Final = "Deprecated: ask /model/allocation, which tells the same costs of the same facts"


def deprecated_routes(asking: Asking) -> APIRouter:
    """The routes over what ``asking`` answers."""
    router = APIRouter(tags=["Deprecated"])
    service = asking.service
    containers: dict[str, Any] = {
        "deprecated": True,
        "responses": answers(COST_DATA),
        "summary": "What each container held hour by hour, and the prices of its node",
        "description": f"{INSTEAD}, hour by hour with step=1h. Who sees only some namespaces is told nothing of nodes.",
    }
    rows: dict[str, Any] = {
        "deprecated": True,
        "responses": answers(AGGREGATED),
        "summary": "What workloads cost, a row for each value of one property",
        "description": f"{INSTEAD}, with accumulate=true.",
    }

    @router.get("/model/costDataModel", **containers)
    @router.get("/costDataModel", **containers)
    def by_container(request: Request, asked: Annotated[CostDataParameters, Query()]) -> Response:
        hours, left_out = asked.hours(asking.now, service.answerer.zone), asked.left_out
        span = Window(hours[0].start, hours[-1].end)
        scope = asking.scope_of(request)
        question = service.question(asked.report(span), asked.kept, scope)
        # Hours alone: whole days would be told in one.
        question = replace(question, sets=tuple((hour,) for hour in hours))

        def made() -> Body:
            found, seen = service.facts(question, container_hours, MOST_ROWS)
            volumes, _ = service.facts(question, volume_hours, MOST_ROWS)
            nodes, _ = service.facts(question, node_sums, MOST_ROWS)
            said, _ = service.facts(question, said_of_containers, MOST_SAID)
            data = cost_data(Containers(found, volumes, nodes, said), left_out)
            return enveloped(data, warning_of((question, seen)))

        return asking.sent(request, (scope, "costDataModel", question, left_out), made, **DEPRECATION)

    @router.get("/model/aggregatedCostModel", **rows)
    @router.get("/aggregatedCostModel", **rows)
    def by_property(request: Request, asked: Annotated[AggregatedParameters, Query()]) -> Response:
        span = asked.span(asking.now, service.answerer.zone)
        scope, subfields = asking.scope_of(request), tuple(asked.subfields)
        try:
            question = service.question(asked.report(span), asked.kept, scope)
        except ScopeDeniedError as error:
            raise denied(error) from error

        def made() -> Body:
            answer = service.answer(question, detailed=False, anew=asked.anew)
            hours = sum(question.passed(service.clock())) / HOUR
            data = aggregated(answer, asked.aggregation, subfields, hours)
            return enveloped(data, warning_of((question, answer.seen)))

        key = None if asked.anew else (scope, "aggregatedCostModel", question, asked.aggregation, subfields)
        return asking.sent(request, key, made, **DEPRECATION)

    return router
