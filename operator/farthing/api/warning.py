"""What is missing of an answer, as a sentence and as a header."""

import re
from collections.abc import Iterator
from typing import Final

from farthing.model.answer import Seen
from farthing.model.question import Question

LONGEST: Final = 1_000
"""Characters of what a header tells: names in it come from outside."""

TOO_LOW: Final = "costs are too low"
OF_THE_SEEN: Final = "use and averages are of that alone"
"""What follows where something was not seen."""


def warning_of(*answers: tuple[Question, Seen], so: str = TOO_LOW, more: str = "") -> str:
    """What was not seen, or may not be told, of what ``answers`` are made of, and what follows from it; empty for nothing."""
    found = [sentence for question, seen in answers for sentence in _sentences(question, seen, so)]
    return "; ".join(dict.fromkeys([*found, more] if more else found))


def _sentences(question: Question, seen: Seen, so: str) -> Iterator[str]:
    if not seen.share:
        yield f"nothing is stored for {question.window}: that no costs are told does not say that there were none"
    elif not seen.complete:
        yield f"the data of {question.window} is incomplete: {seen.share:.1%} of it was seen; {so}"
    if so == TOO_LOW and question.shape.namespaces and question.shape.kind == "allocation":
        yield "idle costs and what the cluster costs itself are left out: you see the costs of your own namespaces"


def warning_header(warning: str) -> dict[str, str]:
    """The header of ``warning``, or none, as Kubernetes' API server writes it and kubectl prints it (RFC 7234, 5.5)."""
    if not warning:
        return {}
    shown = warning if len(warning) <= LONGEST else f"{warning[: LONGEST - 3]}..."
    quotable = re.sub(r"[^ -~]", "?", shown)
    return {"Warning": '299 farthing "' + re.sub(r'(["\\])', r"\\\1", quotable) + '"'}
