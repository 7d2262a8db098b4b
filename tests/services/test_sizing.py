"""Which pieces of a window the use of containers is taken from, and how much of it was seen."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from farthing.model.coverage import Coverage
from farthing.model.question import Question, Shape
from farthing.model.window import Window
from farthing.services.elapsed import Elapsed
from farthing.services.sizing import by_hours

MIDNIGHT = datetime(2026, 11, 17, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def answerer(**has_hours: bool) -> Any:
    """One whose store has these days of November 2026."""
    stored = {f"2026-11-{day[1:]}": SimpleNamespace(has_hours=kept) for day, kept in has_hours.items()}
    return SimpleNamespace(zone=UTC, cluster="one", store=SimpleNamespace(day=lambda _, date: stored.get(date)))


def lengths(window: Window, **has_hours: bool) -> list[timedelta]:
    whole = Question(Shape("allocation"), window, ((window,),))
    cut = by_hours(whole, answerer(**has_hours))
    pieces = [piece for (piece,) in cut.sets]
    assert (pieces[0].start, pieces[-1].end) == (window.start, window.end)
    return [piece.end - piece.start for piece in pieces]


def test_days_are_cut_into_hours_where_the_store_has_them() -> None:
    window = Window(MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert lengths(window, d17=True, d18=False) == [*[HOUR] * 24, DAY, DAY]


def test_a_window_within_a_day_is_cut_at_the_hours_of_the_clock() -> None:
    half = timedelta(minutes=30)
    window = Window(MIDNIGHT + half, MIDNIGHT + 2 * HOUR + half)
    assert lengths(window, d17=True) == [half, HOUR, half]


@pytest.mark.parametrize(
    ("since", "seen"),
    [(0.0, 9000.0), (3600.0, 9000.0), (5400.0, 7200.0), (7200.0, 5400.0), (9000.0, 5400.0), (12600.0, 3600.0), (99999.0, 0.0)],
)  # fmt: skip
def test_what_was_seen_since_a_moment_leaves_out_what_was_not(since: float, seen: float) -> None:
    # From one to two, and from three to half past four; nothing was seen of the hour between.
    told = [(3600, 3600.0, 1.0), (7200, 3600.0, 0.0), (10800, 3600.0, 0.5), (14400, 1800.0, 1.0)]
    coverage = [Coverage(start, seconds, share, 60.0, 60.0, (), collected=0) for start, seconds, share in told]
    elapsed = Elapsed.of(coverage)
    assert (elapsed.since(since), elapsed.total) == (seen, 9000.0)
