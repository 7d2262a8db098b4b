"""Equal questions are answered once, and other questions do not wait for them."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from farthing.errors import BusyError
from farthing.model.answer import Answer

LONGEST_WAIT: Final = 150.0
"""For an answer that another thread makes: longer than any statement takes. [s]"""
MOST_KEPT_ROWS: Final = 20_000
"""Of all answers that are kept: a row takes about a kilobyte."""


@dataclass(slots=True)
class SharedAnswers:
    """Answers by their question, kept until the store's version changes. Safe to use from several threads."""

    _answers: dict[Hashable, Future[Answer]] = field(default_factory=dict)
    _version: Hashable = None
    _lock: Lock = field(default_factory=Lock)

    def answer(self, question: Hashable, version: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The answer of ``question``, or what it is told apart by, by ``compute`` unless another thread computes it or has. Raises what it raises."""
        with self._lock:
            if version != self._version:
                self._answers, self._version = {}, version
            found = self._answers.get(question)
            if found is None:
                mine = self._answers[question] = Future[Answer]()
        if found is not None:
            try:
                return found.result(timeout=LONGEST_WAIT)
            except TimeoutError as error:
                raise BusyError("the same is being answered for somebody else and takes long: ask again") from error
        try:
            answer = compute()
        except BaseException as error:
            # Whoever waits fails alike; whoever asks next tries again.
            self._forget(question, mine)
            mine.set_exception(error)
            raise
        mine.set_result(answer)
        self._make_room(question)
        return answer

    def _forget(self, question: Hashable, future: Future[Answer]) -> None:
        with self._lock:
            if self._answers.get(question) is future:
                del self._answers[question]

    def _make_room(self, newest: Hashable) -> None:
        """Let the oldest answers go that are more rows together than are kept."""
        with self._lock:
            done = [(question, future.result()) for question, future in self._answers.items() if future.done()]
            rows = sum(answer.size for _, answer in done)
            for question, answer in done:
                if rows <= MOST_KEPT_ROWS:
                    break
                if question != newest or answer.size > MOST_KEPT_ROWS:
                    del self._answers[question]
                    rows -= answer.size
