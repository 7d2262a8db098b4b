"""From the parameters of a request to the bytes of its answer."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from farthing.api.opencost_windows import opencost_window
from farthing.api.parameters import STEPS, Asked, Paged, kept
from farthing.api.recent import RecentBodies
from farthing.exports.formats import as_csv
from farthing.exports.rows import public_rows
from farthing.model.answer import Answer
from farthing.model.question import Question
from farthing.model.window import SECONDS_PER_DAY, parse_window
from farthing.services.asking import AskService
from farthing.services.question import Scope

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
Shape = Callable[[Answer, int, int], Any]
"""Makes what stands under ``data`` of an answer, and of the offset and limit of its rows."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Answers requests for allocations and assets."""

    service: AskService
    scope_of: Callable[[Request], Scope]
    """What who asks may see. Raises FarthingError where that is nothing."""
    bodies: RecentBodies = field(default_factory=RecentBodies)

    def respond(  # noqa: PLR0913 - what tells one route from another
        self, request: Request, asked: Paged, shape: Shape, *, route: str, opencost: bool = False, detailed: bool = True
    ) -> Response:
        """The answer to ``asked``. ``route`` tells shapes apart; the windows are OpenCost's, or Kubecost's. Raises FarthingError."""
        as_table = request.query_params.get("format", "") == "csv"
        scope = self.scope_of(request)
        question = self.question(request, asked, scope, opencost=opencost, joined=as_table)
        key = (route, question, asked.offset, asked.limit, as_table)

        def made() -> bytes:
            answer = self.service.answer(question, detailed=detailed)
            if as_table:
                return as_csv(list(public_rows(answer))).encode()
            return enveloped(shape(answer, asked.offset, asked.limit), answer)

        return self.sent(request, (scope, key), made, CSV if as_table else JSON)

    def question(
        self, request: Request, asked: Asked, scope: Scope, *, opencost: bool = False, joined: bool = False
    ) -> Question:
        """What ``asked`` and the lists of filters of ``request`` ask within ``scope``; ``joined`` into one set. Raises InvalidInputError."""
        window, step = self.cut(asked, opencost=opencost, joined=joined)
        return self.service.question(asked.report(window, step), kept(request.query_params, asked), scope)

    @property
    def now(self) -> datetime:
        """The minute that windows go by."""
        return datetime.fromtimestamp(self.service.clock(), UTC).replace(second=0, microsecond=0)

    def sent(
        self, request: Request, key: Hashable, made: Callable[[], bytes], media_type: str = JSON, **headers: str
    ) -> Response:
        """The body that was kept of ``key``, or is ``made``; the scope of who asks must be in the key. Raises as ``made``."""
        body, tag = self.bodies.of(key, self.service.version(), made)
        return _sent(request, body, tag, media_type, headers)

    def cut(self, asked: Asked, *, opencost: bool = False, joined: bool = False) -> tuple[str, str]:
        """The window and the length of its sets, by the rules of whom the route is of. Raises InvalidWindowError."""
        zone = self.service.answerer.zone
        now = self.now
        window = opencost_window(asked.window, now, zone) if opencost else asked.window
        if asked.step or joined or asked.accumulate in {"true", "all"}:
            return window, asked.step
        if asked.accumulate in STEPS:
            return window, STEPS[asked.accumulate]
        # Kubecost keeps days, and answers with a set for each.
        daily = not opencost and parse_window(window, now, zone).seconds > SECONDS_PER_DAY
        return window, "1d" if daily else ""


def told(data: Any) -> Response:
    """An answer that is at hand."""
    return Response(
        msgspec.json.encode({"code": HTTPStatus.OK.value, "status": "success", "data": data}), media_type=JSON
    )


def enveloped(data: Any, *answers: Answer, warning: str = "") -> bytes:
    """The body of an answer of ``data``, with what is missing of the ``answers`` that it was made of, and a ``warning``."""
    body: dict[str, Any] = {"code": HTTPStatus.OK.value, "status": "success", "data": data}
    warnings = [
        f"the data of {one.question.window} is incomplete: {one.seen.share:.1%} of it was seen; costs are too low"
        for one in answers
        if not one.seen.complete
    ]
    warnings += [warning] if warning else []
    if warnings:
        body["warning"] = "; ".join(warnings)
    return msgspec.json.encode(body)


def _sent(request: Request, body: bytes, tag: str, media_type: str, more: Mapping[str, str]) -> Response:
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization", **more}
    if tag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
