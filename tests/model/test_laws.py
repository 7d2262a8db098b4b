"""Laws that hold for whatever samples a cluster shows."""

import math
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.model.answer import added
from farthing.model.coverage import judged
from farthing.model.plan import Part
from farthing.model.question import ALLOCATION_PROPERTIES, ASSET_PROPERTIES, Shape
from farthing.model.tables import RESOURCES
from farthing.model.window import day_of
from farthing.store.days import Store
from farthing.store.reading import Reader
from tests.support.sample_tables import CLUSTER, GIB, HOUR, START, Facts, SampleTables, uid_of

pytestmark = pytest.mark.slow

few = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
some = settings(few, max_examples=12)
HOURS = 2

seconds = st.integers(-2 * HOUR, HOURS * HOUR - 1)
scrapes = st.integers(0, 60)
amounts = st.sampled_from([0.0, 0.001, 0.1, 0.5, 1.0, 3.7, 64.0])
requests = st.fixed_dictionaries(
    {},
    optional={
        "cpu": amounts,
        "memory": st.sampled_from([0.0, 1.0, GIB / 3, 7 * GIB]),
        "nvidia_com_gpu": st.integers(1, 3).map(float),
        "nvidia_com_mig_1g_5gb": st.just(1.0),
    },
)
rates = st.none() | st.tuples(*(st.floats(0.0001, 10) for _ in RESOURCES))


@st.composite
def clusters(draw: st.DrawFn) -> SampleTables:
    """Nodes and containers whose times, counts and amounts need not fit together, as those of real metrics do not."""
    tables = SampleTables(hours=HOURS, seconds=draw(st.sampled_from([3600.0, 1500.0])))
    nodes = [f"node-{letter}" for letter in "abc"[: draw(st.integers(0, 3))]]
    for name in nodes:
        tables.node(
            name,
            draw(st.sampled_from(["", f"aws:///a/{name}", f"azure:///{name}"])),
            cores=draw(st.integers(0, 8)),
            gib=draw(st.integers(0, 16)),
            gpus=draw(st.sampled_from([None, {"nvidia_com_gpu": 2.0}])),
            seen={hour: draw(st.integers(1, 60)) for hour in range(draw(st.integers(1, HOURS)))},
            created=draw(st.none() | seconds),
            rates=draw(rates),
        )
    for number in range(draw(st.integers(0, 5))):
        # Two of them may be pods of one name.
        pod = f"pod-{number // 2}"
        started = draw(st.none() | seconds)
        ended = draw(st.none() | st.integers(0, HOURS * HOUR - 1))
        tables.container(
            pod,
            container=draw(st.sampled_from(["main", "side"])),
            node=draw(st.sampled_from([*nodes, "", "unknown"])),
            uid=uid_of(f"{pod} {number}"),
            seen={hour: draw(scrapes) for hour in range(HOURS)},
            started=started,
            completed=None if ended is None else dict.fromkeys(range(ended // HOUR, HOURS), ended),
            requests=draw(requests),
        )
        if draw(st.booleans()):
            grown = sorted(draw(st.lists(st.floats(0, 1e6), min_size=3, max_size=3)))
            tables.usage(
                pod,
                cgroup_id=draw(st.sampled_from(["", f"/kubepods/pod{uid_of(f'{pod} {number}')}/run-{number}"])),
                cpu=dict(zip((-1, 0, 1), grown, strict=True)),
                ram=draw(st.floats(0, 1e10)),
                ram_scrapes={hour: draw(scrapes) for hour in range(HOURS)},
                scraped={0: draw(st.integers(HOUR - 60, HOUR - 1))},
            )
    # A container has one row of each table; those drawn twice are left out.
    for table, rows in tables.rows.items():
        tables.rows[table] = list({(key, end): (key, end, value) for key, end, value in rows}.values())
    return tables


@some
@given(clusters())
def test_what_is_allocated_and_idle_is_what_a_node_costs(tables: SampleTables) -> None:
    made = tables.facts()
    for row in made.asset:
        held = [
            one
            for one in made.allocation
            if (one["start"], one["node"], one["provider_id"]) == (row["start"], row["name"], row["provider_id"])
        ]
        for name in RESOURCES:
            cost, idle, over = (row[f"{name}_{part}"] for part in ("cost", "idle_cost", "overallocated_cost"))
            charged = math.fsum(one[f"{name}_cost"] for one in held)
            assert charged + idle - over == pytest.approx(cost, rel=1e-9, abs=1e-12)
            assert row[f"{name}_allocated_cost"] == pytest.approx(charged, rel=1e-9, abs=1e-12)
            assert min(idle, over) == 0
    assert all(one.residual <= 1e-9 for one in made.coverage)
    numbers = [value for row in (*made.allocation, *made.asset) for value in row.values() if isinstance(value, float)]
    assert all(math.isfinite(value) and value >= 0 for value in numbers)
    _nothing_runs_out_of_its_hour(made)


def _nothing_runs_out_of_its_hour(made: Facts) -> None:
    for row in (*made.allocation, *made.asset):
        assert row["start"] <= row["run_start"] <= row["run_end"] <= row["start"] + row["seconds"] + 1e-6
        assert 0 < row["run_seconds"] <= row["seconds"] + 1e-6
    keys = [(row["start"], row["namespace"], row["pod"], row["uid"], row["container"]) for row in made.allocation]
    assert len(set(keys)) == len(keys)
    for row in made.allocation:
        for name in RESOURCES:
            assert row[f"{name}_allocated"] == max(row[f"{name}_requested"], row[f"{name}_used"])


@few
@given(clusters(), st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order_of_samples_or_series(tables: SampleTables, dice: random.Random) -> None:
    straight, shuffled = tables.facts(), tables.facts(dice)
    for rows, others in ((straight.allocation, shuffled.allocation), (straight.asset, shuffled.asset)):
        assert len(rows) == len(others)
        for row, other in zip(rows, others, strict=True):
            # Sums of other orders differ in their last digits.
            assert row == {name: _near(value) for name, value in other.items()}


def _near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-12, abs=1e-12) if isinstance(value, float) else value


BY_CONTAINER = Shape("allocation")
BY_ASSET = Shape("asset", idle=False)
SHAPES = [
    *(Shape("allocation", aggregate) for aggregate in (("cluster",), ("namespace", "controller"), ("controllerKind",))),
    Shape("allocation", ALLOCATION_PROPERTIES),
    Shape("allocation", ("node",), split_idle=True),
    Shape("allocation", ("cluster",), split_idle=True, idle_by_node=True),
    Shape("allocation", ("pod",), idle=False, sort_by="efficiency", ascending=True),
]
ASSET_SHAPES = [Shape("asset", aggregate, idle=False) for aggregate in (("type",), ASSET_PROPERTIES)]
READER = Reader()


def _sums(shape: Shape, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: _near(value) for name, value in sorted(added(shape, rows).items())}


def _parts(hours: Part, *splits: dict[int, int]) -> Iterator[list[Part]]:
    for sets in splits:
        yield [Part(hours.files, {START + hour * HOUR: index for hour, index in sets.items()})]


@few
@given(clusters(), st.sampled_from(SHAPES), st.sampled_from(ASSET_SHAPES))
def test_however_rows_are_formed_and_limited_they_come_to_the_same(
    tables: SampleTables, by_workload: Shape, by_asset: Shape
) -> None:
    day = day_of(datetime.fromtimestamp(START, UTC), UTC)
    with tempfile.TemporaryDirectory() as folder, tables.bench() as bench:
        seen = judged(bench.compute())
        hours = Part({table: [path] for table, path in bench.save(Path(folder), START).items()}, {})
        store = Store(Path(folder, "store"))
        with store.writing():
            kept = store.keep(bench, (CLUSTER, "2026-11-17", day), seen)
        assert kept is not None
        rolled_up = store.files(kept, "day")
        assert rolled_up is not None
        whole = Part({table: [path] for table, path in rolled_up.items()}, {START: 0})
        # The two hours in one set, each in its own, the day they roll up to, and that day with its sums kept.
        ways = [*_parts(hours, {0: 0, 1: 0}, {0: 0, 1: 1}), [whole], [replace(whole, lasting=True, whole=True)]]
        for finest, shape in ((BY_CONTAINER, by_workload), (BY_ASSET, by_asset)):
            expected = _sums(finest, READER.rows(finest, ways[0]))
            for parts in ways:
                rows = READER.rows(shape, parts)
                assert added(shape, rows) == expected
                found = READER.found(shape, parts, 1)
                assert added(shape, found.counted) == expected
                assert found.rows_total == len(rows)
                assert [row["name"] for row in found.rows] == [row["name"] for row in _first_of_each_set(rows)]
                for row in rows:
                    assert all(math.isfinite(value) for value in row.values() if isinstance(value, float))


def _first_of_each_set(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    met = set()
    for row in rows:
        if row["is_idle"] or row["set"] not in met:
            yield row
        if not row["is_idle"]:
            met.add(row["set"])
