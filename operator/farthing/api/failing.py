"""Errors as HTTP: one table of codes, and a body that clients of both servers can read."""

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from farthing.errors import (
    AnswerTooLargeError,
    FarthingError,
    InvalidInputError,
    KubernetesError,
    MetricsBusyError,
    MetricsError,
    NoDataError,
    ScopeDeniedError,
    StoreError,
)

CODES: Final[tuple[tuple[type[FarthingError], HTTPStatus], ...]] = (
    (ScopeDeniedError, HTTPStatus.FORBIDDEN),
    (InvalidInputError, HTTPStatus.BAD_REQUEST),
    (NoDataError, HTTPStatus.NOT_FOUND),
    (AnswerTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (MetricsBusyError, HTTPStatus.TOO_MANY_REQUESTS),
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


def failure(code: HTTPStatus, message: str) -> Response:
    """An answer that says what went wrong: OpenCost's clients read message, others error."""
    body = {"code": code.value, "status": "error", "data": None, "message": message, "error": message}
    headers = {"Retry-After": str(RETRY_SECONDS)} if code in AGAIN else {}
    return Response(msgspec.json.encode(body), code, headers, "application/json")
