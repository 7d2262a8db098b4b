"""The parts of a row, under Kubecost's names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farthing.exports.allocation_parts import Parts
from farthing.model.answer import Answer, Seen
from farthing.model.question import Question, Shape, Sharing
from farthing.model.window import Window

HOUR = Window(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=1))


def parts(shape: Shape, **details: list[dict[str, Any]]) -> Parts:
    return Parts(Answer(Question(shape, HOUR, ((HOUR,),)), [], {}, 0, Seen(()), details))


def test_the_breakdown_adds_up_also_where_a_namespace_is_called_as_the_overhead_is() -> None:
    shape = Shape("allocation", ("pod",), sharing=Sharing(namespaces=("overhead",), overhead=True))
    shared = [{"set": 0, "part": "overhead", "cost": 2.0}, {"set": 0, "part": "overhead", "cost": 0.5}]
    shared.append({"set": 1, "part": "overhead", "cost": 9.0})
    told = parts(shape, shared=shared).shared({"set": 0, "share": 0.5})
    assert told == {"overhead": {"name": "overhead", "totalCost": pytest.approx(1.25)}}
