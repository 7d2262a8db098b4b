"""Which hour is the newest, and what is told where there is none."""

from pathlib import Path

import pytest

from farthing import wiring
from farthing.services.newest_costs import NewestCosts, newest_costs
from farthing.settings import Settings
from farthing.store.days import Store
from tests.support.fact_rows import CLUSTER, DAY, HOUR, START, FactTables, container, keep, node, seen

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A day of which four hours were collected: in the third nothing was seen, and of the fourth half has passed."""
    facts = FactTables([container(hour) for hour in (0, 1, 3)], [node(hour, cpu_cost=10.0**hour) for hour in (0, 1, 3)])
    store = Store(tmp_path)
    keep(store, facts, [*seen(0), *seen(1, share=0.5), *seen(2, share=0.0), *seen(3, seconds=1800.0)])
    return store


def newest(store: Store) -> NewestCosts:
    return newest_costs(wiring.answerer(Settings(store=store.root, cluster=CLUSTER), None), 10)


def test_the_newest_hour_is_a_whole_one_of_which_something_was_seen(store: Store) -> None:
    found = newest(store)
    assert found.costs is not None
    assert (found.costs.start, found.costs.share) == (START + HOUR, 0.5)
    assert [row["cost"] for row in found.costs.rows["nodes"]] == [10.0]
    assert (found.seconds, found.filled_until) == (2.5 * HOUR, START + 3.5 * HOUR)


def test_a_store_whose_hours_are_gone_tells_no_costs_and_how_old_it_is(store: Store) -> None:
    end = int(DAY.end.timestamp())
    with store.writing():
        store.prune(CLUSTER, end + 1, 0)
    found = newest(store)
    assert found == NewestCosts(2.5 * HOUR, START + 3.5 * HOUR, None)


def test_an_empty_store_tells_nothing(tmp_path: Path) -> None:
    assert newest(Store(tmp_path)) == NewestCosts(0, None, None)
