"""What the newest hour of the store cost, and until when the store is filled: what ``/metrics`` tells of costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from farthing.model.metric_rows import ROWS, Largest
from farthing.model.question import Question
from farthing.model.window import Window, hours_of_day
from farthing.services.answer import Answerer
from farthing.services.ports import StoredDay


@dataclass(frozen=True, slots=True)
class CostsOfHour:
    """What is told of one hour."""

    start: int
    """When it begins. [unix s]"""
    share: float
    """How much of it was seen. [0 to 1]"""
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    """By the names of ``model.metric_rows.ROWS``."""
    left_out: Mapping[str, int]
    """How many rows more there are, by the same names."""


@dataclass(frozen=True, slots=True)
class NewestCosts:
    """What the store holds."""

    seconds: float
    """How much time it holds facts of. [s]"""
    filled_until: float | None
    """The end of what is newest, None for nothing. [unix s]"""
    costs: CostsOfHour | None
    """Of the newest whole hour of which anything was seen, if it is still kept by the hour."""


def newest_costs(answerer: Answerer, most: int) -> NewestCosts:
    """What the store holds now, and of its newest hour ``most`` rows of each kind. Asks no Prometheus. Raises StoreError, NoDataError."""
    days = answerer.store.manifests(answerer.cluster)
    seen = [one for day in days for one in day.coverage if one.share > 0]
    hour = newest_hour(days)
    return NewestCosts(
        sum(one.seconds for one in seen),
        max((one.start + one.seconds for one in seen), default=None),
        None if hour is None else _costs(answerer, hour, most),
    )


def newest_hour(days: Sequence[StoredDay]) -> Window | None:
    """The newest whole hour of ``days`` of which anything was seen, None if the newest such day is kept by the day alone."""
    for day in reversed(days):
        seen = {one.start: one.seconds for one in day.coverage if one.share > 0}
        hours = hours_of_day(Window(datetime.fromtimestamp(day.start, UTC), datetime.fromtimestamp(day.end, UTC)))
        whole = [one for one in hours if seen.get(int(one.start.timestamp()), 0.0) >= one.seconds]
        if whole:
            return whole[-1] if day.has_hours else None
    return None


def _costs(answerer: Answerer, hour: Window, most: int) -> CostsOfHour:
    found, left_out, share = {}, {}, 0.0
    for name, (rows, shape) in ROWS.items():
        question = Question(shape, hour, ((hour,),))
        found[name], seen = answerer.facts(question, Largest(rows, most), int(hour.end.timestamp()), most)
        left_out[name] = found[name][0]["found"] - len(found[name]) if found[name] else 0
        share = seen.share
    return CostsOfHour(int(hour.start.timestamp()), share, found, left_out)
