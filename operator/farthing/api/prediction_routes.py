"""Predictions: what manifests would cost, by ``/model/prediction/speccost`` of Kubecost."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from farthing.api.asking import JSON, Asking
from farthing.api.bodies import body_of
from farthing.api.openapi import bare
from farthing.api.prediction_parameters import PredictionParameters
from farthing.api.warning import OF_THE_SEEN, warning_header, warning_of
from farthing.errors import InvalidInputError, ScopeDeniedError
from farthing.model.filters import Every
from farthing.model.prediction import among
from farthing.resources.workload_manifests import NUMBER_OF_PODS, workloads
from farthing.services.prediction import Months, Prediction, predictions
from farthing.services.scope import Scope

Json = dict[str, Any]

_NUMBERS: Final = (
    "totalMonthlyRate", "cpuMonthlyRate", "ramMonthlyRate", "gpuMonthlyRate", "monthlyCPUCoreHours",
    "monthlyRAMByteHours", "monthlyGPUHours",
)  # fmt: skip
_COSTS: Final[Json] = {
    "type": "object",
    "properties": {name: {"type": "number"} for name in _NUMBERS},
    "required": list(_NUMBERS),
}
_FIELDS: Final[Json] = {
    **{name: {"type": "string"} for name in ("namespace", "controllerKind", "controllerName")},
    **dict.fromkeys(("costBefore", "costAfter", "costChange"), _COSTS),
}
PREDICTIONS: Final[Json] = {
    "type": "array",
    "items": {"type": "object", "properties": _FIELDS, "required": list(_FIELDS)},
}

_EXAMPLE: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: main
        resources:
          requests: {cpu: 500m, memory: 1Gi}
"""
_MANIFESTS: Final[Json] = {
    "schema": {
        "type": "string",
        "description": f"Manifests of {', '.join(NUMBER_OF_PODS)}, or lists of them; other kinds are passed over.",
    },
    "example": _EXAMPLE,
}
_BODY: Final[Json] = {"requestBody": {"required": True, "content": {"application/yaml": _MANIFESTS}}}


def prediction_routes(asking: Asking) -> APIRouter:
    """The routes over what ``asking`` answers.

    Who sees some namespaces only is refused: rates are of the cluster.
    """
    router = APIRouter(tags=["Prediction"])

    @router.post(
        "/model/prediction/speccost",
        summary="What manifests would cost a month, beside what the workloads of their names cost now",
        responses={"200": bare(PREDICTIONS)["200"]},
        openapi_extra=_BODY,
    )
    def spec_cost(
        request: Request,
        asked: Annotated[PredictionParameters, Query()],
        body: Annotated[bytes, Depends(body_of)],
    ) -> Response:
        service = asking.service
        scope = asking.scope_of(request)
        _check(scope, asked, service.answerer.cluster)
        given = workloads(body, asked.default_namespace)
        costs = service.question(asked.costs(), Every(), scope)
        use = service.question(asked.use(), among(given), scope)
        found, seen = predictions(service, given, costs, use, with_use=not asked.no_usage)
        warning = warning_of(*zip((costs, use), seen, strict=True), so=OF_THE_SEEN)
        return Response(
            msgspec.json.encode([_told(one) for one in found]), headers=warning_header(warning), media_type=JSON
        )

    return router


def _check(scope: Scope, asked: PredictionParameters, cluster: str) -> None:
    """Raises ScopeDeniedError where not everything may be seen, and InvalidInputError for another cluster."""
    if not scope.everywhere:
        raise ScopeDeniedError(
            "a prediction tells what the cluster's nodes cost, which only who sees the whole cluster may: ask its "
            "administrators"
        )
    if asked.cluster_id not in ("", cluster):
        raise InvalidInputError(f"clusterID {asked.cluster_id!r} is not the cluster that answers: that is {cluster!r}")


def _told(prediction: Prediction) -> Json:
    workload = prediction.workload
    before, after = _costs(prediction.before), _costs(prediction.after)
    return {
        "namespace": workload.namespace,
        "controllerKind": workload.kind,
        "controllerName": workload.name,
        "costBefore": before,
        "costAfter": after,
        "costChange": {name: after[name] - before[name] for name in after},
    }


def _costs(months: Months) -> dict[str, float]:
    (cpu_hours, cpu), (byte_hours, ram), (gpu_hours, gpu) = months["cpu"], months["ram"], months["gpu"]
    return dict(zip(_NUMBERS, (cpu + ram + gpu, cpu, ram, gpu, cpu_hours, byte_hours, gpu_hours), strict=True))
