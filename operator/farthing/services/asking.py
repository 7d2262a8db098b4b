"""Answers to questions that people and programs ask at once: equal ones are answered once, and not too many together."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from farthing.model.answer import Answer, Seen
from farthing.model.filters import Every, Filter
from farthing.model.question import LABELS_OF_ALIASES, Aliases, Question
from farthing.model.telling import Expression
from farthing.resources.parsing import Report
from farthing.services.answer import Answerer
from farthing.services.question import question_of
from farthing.services.scope import Scope
from farthing.services.shared import SharedAnswers
from farthing.services.turn import Turn

AT_ONCE = 4
"""Questions that are computed at a time: more would only wait for each other's processors and take memory."""


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
    _namespaces: tuple[Hashable, tuple[str, ...]] = (None, ())
    """Of which version of the store they are."""
    _turns: Turn = field(default_factory=lambda: Turn(AT_ONCE, "questions are being answered"))

    def question(self, report: Report, kept: Filter, scope: Scope) -> Question:
        """What ``report`` asks now, of rows that ``kept`` keeps besides its filter. Raises InvalidInputError."""
        scope.check(kept)
        asked = question_of(report, self.clock(), self.answerer.zone, scope, self.aliases)
        return replace(asked, shape=replace(asked.shape, kept=Every((asked.shape.kept, kept))))

    def answer(self, question: Question, *, detailed: bool, anew: bool = False) -> Answer:
        """The answer, which an equal question since the last change of the store may have had, unless it is to be found ``anew``.

        Raises as ``Answerer.answer``, and BusyError.
        """
        if anew:
            return self._compute(question, detailed=detailed)
        return self._answers.answer(
            (question, detailed), self.version(), lambda: self._compute(question, detailed=detailed)
        )

    def facts(self, question: Question, expression: Expression, most: int) -> tuple[list[dict[str, Any]], Seen]:
        """The rows of ``expression`` over the facts of ``question``. Raises as ``Answerer.facts``, and BusyError."""
        with self._turns.one():
            return self.answerer.facts(question, expression, int(self.clock()), most)

    def namespaces(self) -> Sequence[str]:
        """Those that costs are stored of, since the last change of the store. Raises StoreError."""
        version = self.version()
        known, found = self._namespaces
        if known != version:
            found = tuple(self.answerer.namespaces(int(self.clock())))
            self._namespaces = version, found
        return found

    def _compute(self, question: Question, *, detailed: bool) -> Answer:
        with self._turns.one():
            return self.answerer.answer(question, int(self.clock()), detailed=detailed)
