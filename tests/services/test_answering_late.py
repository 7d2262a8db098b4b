"""Questions to a store that has not got to the end of what is asked: Prometheus fills it in, or what lacks is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from farthing import wiring
from farthing.demo.cluster import Cluster
from farthing.demo.scenario import demo_cluster
from farthing.demo.source import DemoSource
from farthing.model.question import Question, Shape
from farthing.model.window import Window
from farthing.services.answer import Answerer
from farthing.settings import Settings
from farthing.store.days import Store
from farthing.store.reading import Reader
from farthing.store.workbench import Workbench
from tests.support.fact_rows import CLUSTER, DAY, START, keep, one_hour, seen

pytestmark = pytest.mark.slow


def asking(store: Store) -> Answerer:
    return Answerer(None, store, Reader(), Workbench, CLUSTER, UTC)


def whole_of(window: Window) -> Question:
    """What the nodes cost in ``window``."""
    return Question(Shape("asset", ("name",), idle=False), window, ((window,),))


def test_an_hour_that_was_collected_in_part_makes_its_day_incomplete(tmp_path: Path) -> None:
    store = Store(tmp_path)
    # Prometheus was lost at 23:20; nine hours after midnight it still is.
    keep(store, one_hour(1.0), [*seen(*range(23)), *seen(23, seconds=1200.0)])
    answer = asking(store).answer(whole_of(DAY), START + 33 * 3600)
    assert not answer.seen.complete
    # 23 h 20 min of 24 h: 1400 of 1440 minutes.
    assert answer.seen.share == pytest.approx(1400 / 1440)
    assert (answer.seen.hours_seen, answer.seen.hours_expected) == (24, 24)
    assert answer.seen.newest == START + 23 * 3600 + 1200


def source_until(seconds: int) -> DemoSource:
    """What a Prometheus knows of a few pods of the demo so many seconds after START."""
    made = demo_cluster(START, START + seconds)
    return DemoSource(Cluster(made.start, made.end, made.nodes, tuple(p for p in made.pods if p.namespace == "ml")))


@pytest.mark.parametrize("minutes", [15, 68, 248])
def test_what_a_late_store_lacks_at_a_ragged_end_comes_from_the_metrics(tmp_path: Path, minutes: int) -> None:
    late, source = source_until(12 * 3600 - 600), source_until(12 * 3600 + 480)
    # The store was refreshed at 11:50, and it is 12:08.
    where = Settings(store=tmp_path / "late", cluster=CLUSTER)
    wiring.collector(where, late).collect(DAY)
    now = START + 12 * 3600 + 480
    end = datetime.fromtimestamp(now, UTC)
    asked = Window(end - timedelta(minutes=minutes), end)
    answer = wiring.answerer(where, source).answer(whole_of(asked), now)
    assert answer.seen.complete
    assert sum(one.seconds for one in answer.seen.coverage) == minutes * 60
    # The nodes' bill does not change within these hours: what the store alone has of 08:00 to 11:00, by the minute.
    whole = Window(DAY.start + timedelta(hours=8), DAY.start + timedelta(hours=11))
    stored = wiring.answerer(where, None).answer(whole_of(whole), now)
    assert answer.total_cost == pytest.approx(stored.total_cost * minutes / 180, rel=0.005)


def test_without_metrics_whole_hours_are_answered_and_what_lacks_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keep(store, one_hour(1.0), [*seen(0), *seen(1, seconds=1800.0)])
    asked = Window(DAY.start, DAY.start + timedelta(hours=3))
    answer = asking(store).answer(whole_of(asked), START + 2 * 3600 + 900)
    # Stored until 01:30; it is 02:15.
    assert [str(one) for one in answer.seen.unseen] == [
        "2026-11-17T01:30:00Z,2026-11-17T02:00:00Z",
        "2026-11-17T02:00:00Z,2026-11-17T02:15:00Z",
    ]
    assert not answer.seen.complete
