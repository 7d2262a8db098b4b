"""Errors as HTTP: one table of codes, and a body that clients of both servers can read."""

import logging
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from farthing.errors import (
    AnswerTooLargeError,
    BodyTooLargeError,
    BusyError,
    FarthingError,
    InvalidInputError,
    KubernetesError,
    MetricsError,
    NoDataError,
    ScopeDeniedError,
    StoreError,
    UnauthenticatedError,
)
from farthing.services.scope import TOLD_TENANTS, Scope

log = logging.getLogger("farthing.api")

CODES: Final[tuple[tuple[type[FarthingError], HTTPStatus], ...]] = (
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (ScopeDeniedError, HTTPStatus.FORBIDDEN),
    (BodyTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidInputError, HTTPStatus.BAD_REQUEST),
    (NoDataError, HTTPStatus.NOT_FOUND),
    (AnswerTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (BusyError, HTTPStatus.TOO_MANY_REQUESTS),
    (MetricsError, HTTPStatus.BAD_GATEWAY),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (KubernetesError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first that fits."""

RETRY_SECONDS: Final = 10
AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""Codes that ask to try again."""


def code_of(error: FarthingError) -> HTTPStatus:
    """The HTTP status of ``error``."""
    return next((code for kind, code in CODES if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def tellable(error: FarthingError, scope: Scope | None) -> str:
    """What of ``error`` who has ``scope`` is told, None before that is known: what other systems answered is the cluster's."""
    if (scope is not None and scope.everywhere) or not isinstance(error, StoreError | MetricsError | KubernetesError):
        return str(error)
    log.warning("%s", error)
    if isinstance(error, KubernetesError):
        return "Kubernetes does not say who you are and what you may see: ask again in a moment, or look into Farthing's log"
    return TOLD_TENANTS


def failure(code: HTTPStatus, message: str) -> Response:
    """An answer that says what went wrong: OpenCost's clients read message, others error."""
    body = {"code": code.value, "status": "error", "data": None, "message": message, "error": message}
    headers = {"Retry-After": str(RETRY_SECONDS)} if code in AGAIN else {}
    if code == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(body), code, headers, "application/json")
