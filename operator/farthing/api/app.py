"""The HTTP APIs: every route, under the names and in the shapes of Kubecost and of OpenCost."""

from functools import cache
from http import HTTPStatus

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from farthing.api.allocation_routes import allocation_routes
from farthing.api.asking import Asking
from farthing.api.asset_differences import difference_routes
from farthing.api.asset_routes import asset_routes
from farthing.api.autocomplete import autocomplete_routes
from farthing.api.cloud_routes import cloud_routes
from farthing.api.cluster_routes import cluster_routes, health_routes
from farthing.api.deprecated_routes import DEPRECATION, deprecated_routes
from farthing.api.failing import code_of, failure, tellable
from farthing.api.heads import READ, Heads
from farthing.api.metrics import Measured, Metrics, metrics_routes
from farthing.api.openapi import described
from farthing.api.prediction_routes import prediction_routes
from farthing.api.recent import QUICK, SMALLEST_ZIPPED
from farthing.api.savings_routes import savings_routes
from farthing.api.trends import trend_routes
from farthing.errors import FarthingError
from farthing.resources.parsing import sentence
from farthing.settings import MOST_SERIES


def create_app(
    asking: Asking, version: str, cors_origins: tuple[str, ...] = (), most_series: int = MOST_SERIES
) -> FastAPI:
    """The APIs over what ``asking`` answers; pages of ``cors_origins`` may read them. ``most_series`` is that of ``Metrics``."""
    # The pages that show an OpenAPI load their programs from elsewhere.
    app = FastAPI(
        title="Farthing",
        version=version,
        summary="What Kubernetes workloads and assets cost, as Kubecost and OpenCost tell it.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(health_routes())
    metrics = Metrics(asking, version, most_series)

    def seen(request: Request) -> None:
        request.state.scope = asking.scope_of(request)

    # Of every other route, so that none can forget it.
    known = APIRouter(dependencies=[Depends(seen)])
    for routes in (
        allocation_routes, trend_routes, asset_routes, difference_routes, autocomplete_routes, savings_routes,
        prediction_routes, deprecated_routes,
    ):  # fmt: skip
        known.include_router(routes(asking))
    known.include_router(cloud_routes())
    known.include_router(cluster_routes(asking, version))
    known.include_router(metrics_routes(asking, metrics))
    app.include_router(known)
    # Bodies that are kept are zipped already.
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_ZIPPED, compresslevel=QUICK)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "HEAD"],
            allow_headers=["Authorization", "If-None-Match"],
            expose_headers=["ETag", "Deprecation", "Retry-After", "Warning"],
        )
    # What the others answer by themselves is measured too.
    app.add_middleware(Measured, requests=metrics.requests)
    # Around it, since the route is told in the copy.
    app.add_middleware(Heads)
    app.openapi = cache(lambda: described(app))  # type: ignore[method-assign] # FastAPI's way to have another document
    app.add_exception_handler(FarthingError, _failed)
    app.add_exception_handler(Exception, _fault)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    return app


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, FarthingError)  # noqa: S101 - what the handler is registered for
    return _failure(request, code_of(error), tellable(error, getattr(request.state, "scope", None)))


def _fault(request: Request, error: Exception) -> Response:
    name = type(error).__name__
    return _failure(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, f"a fault of Farthing's ({name}), which its log tells more of"
    )


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - likewise
    first = error.errors()[0]
    return _failure(request, HTTPStatus.BAD_REQUEST, sentence({**first, "loc": first["loc"][1:]}))


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - likewise
    code = HTTPStatus(error.status_code)
    answer = _failure(request, code, f"{error.detail}: see /openapi.json for what is served")
    # A 405 says which methods are allowed.
    headers = error.headers or {}
    answer.headers.update({**headers, "Allow": READ} if headers.get("Allow") == "GET" else headers)
    return answer


def _failure(request: Request, code: HTTPStatus, message: str) -> Response:
    answer = failure(code, message)
    # What is deprecated is so for who asks in vain, too.
    if getattr(request.scope.get("route"), "deprecated", False):
        answer.headers.update(DEPRECATION)
    return answer
