"""Answers to questions that people and programs ask at once: equal ones are answered once, and not too many together."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import BoundedSemaphore
from typing import Any

from farthing.errors import BusyError
from farthing.model.answer import Answer
from farthing.model.filters import Every, Filter
from farthing.model.question import LABELS_OF_ALIASES, Aliases, Question
from farthing.model.telling import Expression
from farthing.resources.parsing import Report
from farthing.services.answer import Answerer
from farthing.services.question import Scope, question_of
from farthing.services.shared import SharedAnswers

AT_ONCE = 4
"""Questions that are computed at a time: more would only wait for each other's processors and take memory."""
TURN_SECONDS = 10.0


@dataclass(slots=True)
class AskService:
    """Answers reports that are nobody's object. Blocking; safe to use from several threads."""

    answerer: Answerer
    clock: Callable[[], float]
    """Now. [unix s]"""
    currency: str = "USD"
    aliases: Aliases = LABELS_OF_ALIASES
    version: Callable[[], Hashable] = lambda: 0
    """Changes when the store or a bill does."""
    _answers: SharedAnswers = field(default_factory=SharedAnswers)
    _turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def question(self, report: Report, kept: Filter, scope: Scope) -> Question:
        """What ``report`` asks now, of rows that ``kept`` keeps besides its filter. Raises InvalidInputError."""
        asked = question_of(report, self.clock(), self.answerer.zone, scope, self.aliases)
        return replace(asked, shape=replace(asked.shape, kept=Every((asked.shape.kept, kept))))

    def answer(self, question: Question, *, detailed: bool) -> Answer:
        """The answer, which an equal question since the last change of the store may have had. Raises as ``Answerer.answer``."""
        return self._answers.answer(
            (question, detailed), self.version(), lambda: self._compute(question, detailed=detailed)
        )

    def facts(self, question: Question, expression: Expression, most: int) -> list[dict[str, Any]]:
        """The rows of ``expression`` over the facts of ``question``. Raises as ``Answerer.facts``."""
        with self._turn():
            return self.answerer.facts(question, expression, int(self.clock()), most)[0]

    def _compute(self, question: Question, *, detailed: bool) -> Answer:
        with self._turn():
            return self.answerer.answer(question, int(self.clock()), detailed=detailed)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A turn to compute. Raises BusyError if none comes free in time."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise BusyError(f"{AT_ONCE} other questions are being answered and take long: ask again in a moment")
        try:
            yield
        finally:
            self._turns.release()
