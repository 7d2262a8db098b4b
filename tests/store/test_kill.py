"""A writer that is killed at any moment leaves the old day or the new one, and nothing that stays."""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import duckdb
import pytest

from farthing.store.days import Store
from farthing.store.engine import connect, parquet, run
from tests.support import doomed_writer
from tests.support.fact_rows import CLUSTER, DATE

pytestmark = pytest.mark.slow

FINISHED = 0


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Children that begin with the store's code loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([doomed_writer.__name__])
    # The server of forks does not know where pytest finds modules.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        yield context


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(threads=1) as connection:
        yield connection


def cost_of(store: Store, engine: duckdb.DuckDBPyConnection) -> float:
    """What the day costs by its four files, each of which is verified."""
    day = store.day(CLUSTER, DATE)
    assert day is not None
    costs = set()
    for grain in ("hour", "day"):
        files = store.files(day, grain)
        assert files is not None
        ((charged,),) = run(engine, f"select cpu_cost from {parquet([files['allocation']])}")  # noqa: S608
        ((idle,),) = run(engine, f"select cpu_idle_cost from {parquet([files['asset']])}")  # noqa: S608
        costs |= {charged, idle}
    (cost,) = costs
    return float(cost)


def is_tidy(store: Store) -> bool:
    """Whether there are no files but those the manifest names."""
    day = store.day(CLUSTER, DATE)
    assert day is not None
    found = {path for path in store.root.rglob("*") if path.is_file()}
    named = {store.root / file.path for file in day.files}
    return found == named | {store.root / "lock", *store.root.glob("manifest/*/date=*.json")}


def test_killed_at_any_line_of_the_stores_code_the_day_is_the_old_one_or_the_new_one(
    tmp_path: Path, processes: ForkServerContext, engine: duckdb.DuckDBPyConnection
) -> None:
    store, cost, kills, both = Store(tmp_path), 1.0, 0, set()
    doomed_writer.keep(tmp_path, cost)
    for line in range(1, 10_000, 5):
        child = processes.Process(target=doomed_writer.keep_until_line, args=(tmp_path, cost + 1, line))
        child.start()
        child.join()
        found = cost_of(store, engine)
        assert found in {cost, cost + 1}
        both.add(found - cost)
        cost = found
        if child.exitcode == FINISHED:
            break
        assert child.exitcode == -signal.SIGKILL
        kills += 1
    assert kills >= 60
    assert both == {0, 1}
    doomed_writer.keep(tmp_path, cost + 1)
    assert cost_of(store, engine) == cost + 1
    assert is_tidy(store)


def test_killed_at_any_moment_the_day_is_whole_and_the_next_writer_goes_on(
    tmp_path: Path, processes: ForkServerContext, engine: duckdb.DuckDBPyConnection
) -> None:
    store, dice = Store(tmp_path), random.Random(3)  # noqa: S311 - no secret
    doomed_writer.keep(tmp_path, 0.0)
    begun_at = time.monotonic()
    doomed_writer.keep(tmp_path, 0.0)
    round_seconds = time.monotonic() - begun_at
    cost, lengths = 0.0, set()
    for _ in range(40):
        begun = processes.Event()
        child = processes.Process(target=doomed_writer.keep_for_ever, args=(tmp_path, cost + 1, begun))
        child.start()
        assert begun.wait(30)
        # Moments within about two rounds of writing, however fast the machine.
        child.join(dice.uniform(0, 2 * round_seconds))
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        found = cost_of(store, engine)
        assert found >= cost
        lengths.add(found - cost)
        cost = found
    # Some were killed before they had kept anything, and some after.
    assert len(lengths) > 1
    doomed_writer.keep(tmp_path, cost + 1)
    assert cost_of(store, engine) == cost + 1
    assert is_tidy(store)
