"""What clients ask before they ask for costs: the currency, the cluster, the version, and whether the server is well."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from farthing.api.asking import Asking, told
from farthing.api.openapi import ANYTHING, answers


def cluster_routes(asking: Asking, version: str) -> APIRouter:
    """The routes of the cluster of ``asking``."""
    router = APIRouter(tags=["Cluster"])
    service, told_of = asking.service, answers(ANYTHING)

    @router.get("/model/getConfigs", summary="The currency of every cost", responses=told_of)
    def configs() -> Response:
        return told({"currencyCode": service.currency})

    @router.get("/model/clusterInfo", summary="The cluster whose costs are told", responses=told_of)
    @router.get("/clusterInfo", summary="The cluster whose costs are told", responses=told_of)
    def cluster() -> Response:
        return told({"id": service.answerer.cluster, "name": service.answerer.cluster, "version": version})

    @router.get("/model/installInfo", summary="What answers here", responses=told_of)
    def install() -> Response:
        return told({"product": "farthing", "version": version})

    return router


def health_routes() -> APIRouter:
    """What a probe asks, whoever it is."""
    router = APIRouter(tags=["Health"])

    @router.get("/healthz", summary="Whether the server answers", response_class=PlainTextResponse)
    async def health() -> Response:
        return PlainTextResponse("ok\n")

    return router
