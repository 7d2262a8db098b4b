"""What the containers of workloads should request."""

from dataclasses import replace
from typing import Any, Final

from farthing.model.answer import Seen
from farthing.model.question import Question
from farthing.model.sizing import Sizing, sized
from farthing.model.window import Window, days, hours_of_day
from farthing.model.zone import date_of
from farthing.services.answer import Answerer
from farthing.services.asking import AskService
from farthing.services.elapsed import Elapsed

MOST_ROWS: Final = 30_000
"""Containers of workloads of one answer. A row takes about 2 KiB."""


def sizes(service: AskService, question: Question, sizing: Sizing) -> tuple[list[dict[str, Any]], Seen]:
    """The rows of ``model.sizing.sized`` of each container of each workload that ``question`` may see, and what was seen.

    Savings are of as many containers as ran on average since the first of a workload in the window. Raises as
    ``Answerer.facts``, and BusyError.
    """
    asked = by_hours(question, service.answerer)
    rows, seen = service.facts(asked, sizing.use, MOST_ROWS)
    elapsed = Elapsed.of(seen.coverage)
    return [sized(row, sizing, elapsed.since(row["first_start"]), question.shape) for row in rows], seen


def by_hours(question: Question, answerer: Answerer) -> Question:
    """``question`` with a set for each hour; a whole day stays one where the store has none of its hours. Raises StoreError."""
    sets = [piece for day in days(question.window, answerer.zone) for piece in _pieces(day, question.window, answerer)]
    return replace(question, sets=tuple((one,) for one in sets))


def _pieces(day: Window, window: Window, answerer: Answerer) -> list[Window]:
    """The parts of ``day`` that are in ``window``."""
    if window.start <= day.start and day.end <= window.end:
        stored = answerer.store.day(answerer.cluster, str(date_of(day.start, answerer.zone)))
        if stored is None or not stored.has_hours:
            return [day]
    overlapping = ((max(hour.start, window.start), min(hour.end, window.end)) for hour in hours_of_day(day))
    return [Window(start, end) for start, end in overlapping if start < end]
