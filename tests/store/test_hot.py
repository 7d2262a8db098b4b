"""What is kept in memory between questions: the same answers as from the files, within bounds, and nobody waits for another."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farthing.model.filter_parser import parse_filter
from farthing.model.plan import Part
from farthing.model.question import Shape, Sharing
from farthing.store.engine import connect, run
from farthing.store.hot import OF_A_TABLE, HotTables
from farthing.store.reading import Reader
from tests.support.fact_rows import START, FactTables, container, node, said

DAY = 86400
TENANT = Shape("allocation", ("controller",), idle=False, namespaces=("shop",))
SHAPES = [
    Shape("allocation", ("namespace",)),
    Shape("allocation", ("label:app",), sharing=Sharing(idle=True), kept=parse_filter('namespace:"shop"')),
    Shape("allocation", ("service",), idle_by_node=True, split_idle=True, kept=parse_filter('services:"front"')),
    Shape("allocation", ("namespace",), sharing=Sharing(idle=True, namespaces=("data",), monthly_cost=730, overhead=True)),
    Shape("allocation", (), sharing=Sharing(labels=(("app", "db"),), even=True)),
    TENANT,
    replace(TENANT, namespaces=("data",)),
]  # fmt: skip


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Part:
    """Two days of two namespaces: a row of facts stands for a day."""
    files: dict[str, list[str]] = {}
    for number in (0, 1):
        start, hour = START + number * DAY, 24 * number
        rows = [
            container(hour, pod="web-1", controller="web", cpu_cost=1.0 + number, cpu_requested=3600, cpu_used=1800),
            container(hour, pod="db-1", controller="db", namespace="data", ram_cost=2.0, node="node-b"),
        ]
        nodes = [node(hour, name="node-a", cpu_idle_cost=3.0), node(hour, name="node-b", ram_idle_cost=0.5)]
        names = [
            said("label", "app", f"web{number}", start=start, pod="web-1"),
            said("label", "app", "db", start=start, pod="db-1", namespace="data"),
            said("service", "front", start=start, pod="web-1"),
            said("service", "inside", start=start, pod="web-1"),
        ]
        with FactTables(rows, nodes, workload=names) as facts:
            part = facts.part(tmp_path_factory.mktemp(f"day-{number}"), {})
        for table, (path,) in part.files.items():
            files.setdefault(table, []).append(path)
    return Part(files, {START: 0, START + DAY: 0})


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sets", [{START: 0, START + DAY: 0}, {START: 0, START + DAY: 1}], ids=["one set", "two sets"])
def test_kept_sums_give_the_answer_of_the_files_the_first_time_and_later(
    days: Part, shape: Shape, sets: dict[int, int]
) -> None:
    passed = [float(DAY)] * len(set(sets.values()))
    plain, kept = replace(days, sets=sets), replace(days, sets=sets, lasting=True, whole=True)
    reader = Reader()
    expected = reader.rows(shape, [plain], passed=passed)
    assert [reader.rows(shape, [kept], passed=passed) for _ in range(2)] == [expected, expected]
    assert sum(row["total_cost"] for row in expected) > 0


def test_tenants_share_sums_and_see_their_own_rows(days: Part) -> None:
    kept, reader = replace(days, lasting=True, whole=True), Reader()
    # 1 and 2 for web in shop; 2 and 2 for db in data.
    for tenant, expected in (("shop", {"deployment:web": 3.0}), ("data", {"deployment:db": 4.0}), ("else", {})):
        rows = reader.rows(replace(TENANT, namespaces=(tenant,)), [kept])
        assert {row["name"]: row["total_cost"] for row in rows} == expected
        assert all(row["cluster"] == row["node"] == row["provider_id"] == "" for row in rows)


@pytest.fixture
def hot() -> Iterator[HotTables]:
    with connect() as connection:
        yield HotTables(connection, most_rows=3 * OF_A_TABLE + 100)


def numbers(count: int) -> Any:
    return lambda _: f"select range as number from range({count})"  # noqa: S608 - a number


def sum_of(hot: HotTables, key: str, count: int, **options: bool) -> int:
    with hot.reading(key, numbers(count), **options) as table, hot.connection.cursor() as connection:
        total: int = run(connection, f"select sum(number) from {table}")[0][0]  # noqa: S608 - of our own
        return total


def kept_rows(hot: HotTables) -> int:
    found: int = run(hot.connection, "select sum(estimated_size)::bigint from duckdb_tables()")[0][0] or 0
    return found


@pytest.mark.parametrize("few", [False, True])
def test_what_was_asked_longest_ago_makes_room_and_what_never_fits_is_read_each_time(hot: HotTables, few: bool) -> None:
    assert sum_of(hot, "first", 60, few=few) == 1770
    assert sum_of(hot, "second", 30, few=few) == 435
    assert kept_rows(hot) == 90
    # Each table counts for 1,000 rows more than it has: 1,060, 1,030 and 1,050 are more than 3,100.
    assert sum_of(hot, "third", 50, few=few) == 1225
    assert kept_rows(hot) == 80
    assert sum_of(hot, "large", 2101, few=few) == 2206050
    assert kept_rows(hot) == 80


def test_tables_without_rows_are_let_go_too(hot: HotTables) -> None:
    for number in range(10):
        with hot.reading(number, numbers(0)):
            pass
    assert run(hot.connection, "select count(*) from duckdb_tables()") == [(3,)]


def test_what_nobody_reads_can_be_let_go_at_once(hot: HotTables) -> None:
    sum_of(hot, "first", 60)
    with hot.reading("held", numbers(7)):
        hot.clear()
        assert kept_rows(hot) == 7
    assert sum_of(hot, "first", 60) == 1770


def test_a_table_that_is_read_stays_whatever_else_is_asked(hot: HotTables) -> None:
    with hot.reading("held", numbers(60)) as table:
        assert sum_of(hot, "other", 2000) == 1999000
        assert sum_of(hot, "another", 90) == 4005
        assert run(hot.connection, f"select count(*) from {table}") == [(60,)]  # noqa: S608 - of our own


def test_many_who_ask_the_same_at_once_make_it_once(hot: HotTables) -> None:
    made, together = [], threading.Barrier(8)

    def select(_: ExitStack) -> str:
        made.append(1)
        return "select range as number from range(10)"

    def ask(_: int) -> int:
        together.wait()
        with hot.reading("same", select) as table, hot.connection.cursor() as connection:
            found: int = run(connection, f"select sum(number) from {table}")[0][0]  # noqa: S608 - of our own
            return found

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [45] * 8
    assert made == [1]


def test_nobody_waits_for_a_table_that_another_makes(hot: HotTables) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(_: ExitStack) -> str:
        begun.set()
        assert finish.wait(60)
        return "select range as number from range(10)"

    def ask() -> str:
        with hot.reading("slow", slow) as table:
            return table

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask)
        try:
            assert begun.wait(60)
            assert sum_of(hot, "quick", 10) == 45
            assert not waiting.done()
        finally:
            finish.set()
        assert waiting.result(60).startswith("hot_")


def test_what_cannot_be_made_is_tried_again(hot: HotTables, tmp_path: Path) -> None:
    path = tmp_path / "later.parquet"
    select = lambda _: f"select * from read_parquet('{path}')"  # noqa: E731, S608 - of our own
    with pytest.raises(Exception, match="No files found"), hot.reading("later", select):
        pass
    run(hot.connection, f"copy (select 7 as number) to '{path}' (format parquet)")
    with hot.reading("later", select) as table:
        assert run(hot.connection, f"select number from {table}") == [(7,)]  # noqa: S608 - of our own
