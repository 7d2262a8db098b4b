"""From the parameters of a request to the bytes of its answer."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from farthing.api.asset_parameters import AssetParameters
from farthing.api.opencost_windows import opencost_window
from farthing.api.parameters import STEPS, kept
from farthing.api.recent import Body, RecentBodies, tagged
from farthing.api.seen import ScopeOf
from farthing.api.shapes import paged
from farthing.api.warning import warning_header, warning_of
from farthing.api.workload_parameters import AllocationParameters, WorkloadParameters
from farthing.errors import InvalidQuestionError, NothingStoredError
from farthing.exports.formats import as_csv
from farthing.model.answer import Answer, nothing
from farthing.model.question import Question
from farthing.model.window import SECONDS_PER_DAY, parse_window
from farthing.model.zone import quoted
from farthing.services.asking import AskService
from farthing.services.scope import Scope
from farthing.services.turn import Turn

Asked: TypeAlias = WorkloadParameters | AssetParameters
Paged: TypeAlias = AllocationParameters | AssetParameters
BODIES_AT_ONCE: Final = 4
"""Rows take ten times the room of what they are read from."""
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
Shape = Callable[[Answer, int, int], Any]
"""Makes what stands under ``data`` of an answer, and of the offset and limit of its rows."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Answers requests for allocations and assets."""

    service: AskService
    scope_of: ScopeOf
    bodies: RecentBodies = field(default_factory=RecentBodies)
    turns: Turn = field(default_factory=lambda: Turn(BODIES_AT_ONCE, "answers are being written"))

    def respond(  # noqa: PLR0913 - what tells one route from another
        self, request: Request, asked: Paged, shape: Shape, *, route: str, opencost: bool = False, detailed: bool = True
    ) -> Response:
        """The answer to ``asked``. ``route`` tells shapes apart; the windows are OpenCost's, or Kubecost's. Raises FarthingError.

        Only ``detailed`` rows tell their parts of clusters and nodes.
        """
        as_table = _form(request) == "csv"
        scope = self.scope_of(request)
        window, step = self.cut(asked, opencost=opencost, joined=as_table)
        question = self.question(request, asked, scope, window, step)
        if detailed and isinstance(asked, AllocationParameters):
            question = asked.with_proportions(question, scope)
        key = (route, question, asked.offset, asked.limit, as_table)

        def made() -> Body:
            answer = self.answer(question, detailed=detailed)
            warning = warning_of((question, answer.seen))
            if as_table:
                rows = [row for _, row in paged(answer, asked.offset, asked.limit)]
                return tagged(as_csv(rows).encode(), warning)
            return enveloped(shape(answer, asked.offset, asked.limit), warning)

        return self.sent(request, (scope, key), made, CSV if as_table else JSON)

    def question(self, request: Request, asked: Asked, scope: Scope, window: str, step: str) -> Question:
        """What ``asked`` and the lists of filters of ``request`` ask within ``scope``, over what ``cut`` gives. Raises InvalidInputError."""
        return self.service.question(
            asked.report(window, step, cluster=scope.everywhere), kept(request.query_params, asked), scope
        )

    def answer(self, question: Question, *, detailed: bool) -> Answer:
        """The answer; where nothing is stored, one without rows, since clients take an error for a server that failed.

        Raises as ``AskService.answer``.
        """
        try:
            return self.service.answer(question, detailed=detailed)
        except NothingStoredError:
            return nothing(question, self.service.clock())

    @property
    def now(self) -> datetime:
        """The minute that windows go by."""
        return datetime.fromtimestamp(self.service.clock(), UTC).replace(second=0, microsecond=0)

    def sent(
        self, request: Request, key: Hashable, made: Callable[[], Body], media_type: str = JSON, **headers: str
    ) -> Response:
        """The body that was kept of ``key``, or is ``made``; the scope of who asks must be in the key. Raises as ``made``.

        Without a key, which is None, it is made and not kept. BusyError where too many are being made.
        """

        def turn() -> Body:
            with self.turns.one():
                return made()

        body = self.bodies.of(key, self.service.version(), turn) if key is not None else turn()
        return _sent(request, body, media_type, headers)

    def cut(self, asked: Asked, *, opencost: bool = False, joined: bool = False) -> tuple[str, str]:
        """The window and the length of its sets, by the rules of whom the route is of; ``joined`` into one set. Raises InvalidWindowError."""
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


def _form(request: Request) -> str:
    """The ``format`` that is asked for. Raises InvalidQuestionError."""
    form = request.query_params.get("format") or "json"
    if form not in {"json", "csv"}:
        raise InvalidQuestionError(f"format {quoted(form)} is not offered; allowed are json and csv")
    return form


def told(data: Any) -> Response:
    """An answer that is at hand."""
    return Response(
        msgspec.json.encode({"code": HTTPStatus.OK.value, "status": "success", "data": data}), media_type=JSON
    )


def enveloped(data: Any, warning: str = "") -> Body:
    """The body of an answer of ``data``, with a ``warning`` of what is missing if anything is."""
    body: dict[str, Any] = {"code": HTTPStatus.OK.value, "status": "success", "data": data}
    if warning:
        body["warning"] = warning
    return tagged(msgspec.json.encode(body), warning)


def _sent(request: Request, body: Body, media_type: str, more: Mapping[str, str]) -> Response:
    headers = {"ETag": body.tag, "Cache-Control": "private, no-cache", "Vary": "Authorization", **more}
    headers |= warning_header(body.warning)
    by_encoding = {"Vary": "Authorization, Accept-Encoding"} if body.zipped else {}
    # A proxy that zips makes tags weak.
    held = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if held & {body.tag, "*"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers | by_encoding)
    if not body.zipped:
        return Response(body.sent, headers=headers, media_type=media_type)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return StreamingResponse(body.pieces(), headers=headers, media_type=media_type)
    return Response(body.sent, headers=headers | by_encoding | {"Content-Encoding": "gzip"}, media_type=media_type)
