"""Rows of statements that were just asked."""

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from farthing.store import recent
from farthing.store.engine import connect
from farthing.store.recent import FEW, RecentRows, Row


def everything(_: Row) -> bool:
    return True


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    connection = connect()
    connection.execute("create sequence asked")
    return connection


def test_who_asks_again_has_the_same_rows(database: duckdb.DuckDBPyConnection) -> None:
    rows = RecentRows(database)
    first = rows.of("select nextval('asked') as number", everything)
    assert first == [{"number": 1}]
    assert rows.of("select nextval('asked') as number", everything) == first
    rows.forget()
    assert rows.of("select nextval('asked') as number", everything) == [{"number": 2}]


def test_others_ask_for_other_rows_of_a_statement(database: duckdb.DuckDBPyConnection) -> None:
    rows, numbers = RecentRows(database), "select range as number from range(5)"
    assert [row["number"] for row in rows.of(numbers, lambda row: row["number"] % 2 == 0)] == [0, 2, 4]
    assert [row["number"] for row in rows.of(numbers, lambda row: row["number"] > 2)] == [3, 4]


def test_who_asks_at_the_same_time_waits_for_one(database: duckdb.DuckDBPyConnection) -> None:
    rows = RecentRows(database)
    slow = "select nextval('asked') as number, (select sum(i) from range(3000000) t(i)) as work"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: rows.of(slow, everything), range(8)))
    assert {answer[0]["number"] for answer in answers} == {1}


def test_many_rows_are_not_kept(database: duckdb.DuckDBPyConnection) -> None:
    rows = RecentRows(database)
    many = f"select nextval('asked') as number from range({FEW + 1})"  # noqa: S608 - a number of our own
    assert (len(rows.of(many, everything)), rows.of(many, everything)[0]["number"]) == (FEW + 1, FEW + 2)


def test_what_was_not_asked_for_longest_goes_first(database: duckdb.DuckDBPyConnection) -> None:
    rows = RecentRows(database, most_rows=2 * FEW // 10)

    def ask(name: str) -> int:
        (row,) = rows.of(f"select nextval('asked') as number, '{name}' as name", everything)
        return int(row["number"])

    assert (ask("a"), ask("b"), ask("a"), ask("c")) == (1, 2, 1, 3)
    assert (ask("a"), ask("b")) == (1, 4)


def test_no_more_details_than_allowed_are_fetched(
    database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST_DETAILS", 1_500)
    monkeypatch.setattr(recent, "FETCHED", 100)
    found = RecentRows(database).of("select range as number from range(100000)", everything)
    # One chunk more, and the row by which the first is known to be many.
    assert 1_500 < len(found) <= 1_601


def test_a_statement_that_fails_is_asked_again(database: duckdb.DuckDBPyConnection) -> None:
    rows = RecentRows(database)
    with pytest.raises(duckdb.CatalogException):
        rows.of("select * from late", everything)
    database.execute("create table late as select 1 as number")
    assert rows.of("select * from late", everything) == [{"number": 1}]
