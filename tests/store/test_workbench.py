"""What a broken exporter shows is counted out, and never locks a day."""

from math import inf, isfinite, nan

import msgspec
import pytest

from farthing.model.coverage import Coverage
from farthing.model.tables import FACTS
from farthing.store.engine import run
from tests.support.sample_tables import GIB, SampleTables


def running(memory: float) -> SampleTables:
    """A node with one container that requests ``memory`` [B], all the hour."""
    tables = SampleTables()
    tables.node()
    tables.container("web", requests={"memory": memory})
    tables.usage("web", cpu={-1: 0.0, 0: 0.0})
    return tables


@pytest.mark.slow
@pytest.mark.parametrize("value", [nan, inf, -inf, -1.0, 1e306, 1.1e19])
def test_a_sample_that_is_no_amount_is_counted_and_costs_nothing(value: float) -> None:
    facts = running(value).facts()
    (seen,) = facts.coverage
    assert (seen.rejected, seen.complete) == (1, False)
    assert facts.container("web")["ram_cost"] == 0
    assert facts.node()["ram_idle_cost"] == facts.node()["ram_cost"] > 0
    # A number that JSON has no word for would be read as a broken manifest.
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Coverage) == seen


def test_the_largest_quantity_of_kubernetes_is_an_amount() -> None:
    """Whoever asks for it waits for ever, and makes no hour of the cluster incomplete."""
    tables = running(GIB)
    tables.container("pending", node="", seen={}, requests={"memory": 2.0**63})
    facts = tables.facts()
    assert [one.rejected for one in facts.coverage] == [0]
    assert facts.containers("pending") == []
    # 1 GiB for an hour at 0.004.
    assert facts.container("web")["ram_cost"] == pytest.approx(0.004, rel=1e-12)
    assert isfinite(facts.node()["ram_cost"])


def test_only_the_facts_and_how_they_were_seen_are_left() -> None:
    with running(GIB).bench() as bench:
        bench.compute()
        left = run(bench.connection, "select table_name from duckdb_tables() where temporary")
    assert {name for (name,) in left} == {*FACTS, "observed"}


def test_a_step_that_needs_more_memory_at_once_than_a_chunk_may_take_is_given_it() -> None:
    with running(GIB).bench() as bench:
        run(bench.connection, "set memory_limit = '2MB'")
        (seen,) = bench.compute()
        given = run(bench.connection, "select current_setting('memory_limit')")[0][0]
    assert (seen["containers"], seen["residual"]) == (1, 0)
    # 400 MB in DuckDB's words.
    assert given == "381.4 MiB"
