"""Statements of questions are compiled once, whatever the values that a filter compares with."""

from dataclasses import replace
from pathlib import Path

import pytest

from farthing.model.filter_parser import parse_filter
from farthing.model.plan import Part
from farthing.model.question import Shape
from farthing.store import select
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, container, node

HOSTILE = "sh'op\\%_<0>"
ASKED = {
    'namespace:"{}"': {"shop": {"shop"}, "data": {"data"}, HOSTILE: {HOSTILE}, "nobody": set()},
    'namespace:"{}","data"': {"shop": {"shop", "data"}, "data": {"data"}},
    'namespace~:"{}"': {"op": {"shop", HOSTILE}, "h'": {HOSTILE}, "%": {HOSTILE}, "_": {HOSTILE}},
    'namespace<~:"{}"': {"sh": {"shop", HOSTILE}, "da": {"data"}, "%": set()},
    'namespace!:"{}"': {"shop": {"data", HOSTILE}, HOSTILE: {"shop", "data"}},
    'namespace!~>:"{}"': {"op": {"data", HOSTILE}, "0>": {"shop", "data"}},
}


def names(shape: Shape, part: Part) -> set[str]:
    return {row["name"] for row in Reader().rows(shape, [part]) if not row["is_idle"]}


@pytest.mark.parametrize("written", ASKED)
def test_another_value_is_no_other_statement_and_keeps_other_rows(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    sql = select.sql
    monkeypatch.setattr(select, "sql", lambda expression: made.append("") or sql(expression))
    select._kept.cache_clear()
    rows = [container(pod=name, namespace=name, cpu_cost=1.0) for name in ("shop", "data", HOSTILE)]
    compiled = set()
    with FactTables(rows, [node(cpu_cost=3.0, cpu_allocated_cost=3.0)]) as facts:
        part: Part = facts.part(tmp_path, {0: 0})
        for value, expected in ASKED[written].items():
            shape = Shape("allocation", ("namespace",), idle=False, kept=parse_filter(written.format(value)))
            assert names(shape, part) == expected
            compiled.add(len(made))
    assert len(compiled) == 1


def test_what_is_found_by_the_name_of_nothing_is_another_statement(tmp_path: Path) -> None:
    shape = Shape("allocation", ("namespace",), idle=False)
    rows = [container(pod="web", namespace="shop", cpu_cost=1.0), container(pod="free", namespace="", cpu_cost=1.0)]
    with FactTables(rows, [node(cpu_cost=2.0, cpu_allocated_cost=2.0)]) as facts:
        part = facts.part(tmp_path, {0: 0})
        for value, expected in (("shop", {"shop"}), ("__unallocated__", {"__unallocated__"})):
            asked = replace(shape, kept=parse_filter(f'namespace:"{value}"'))
            assert names(asked, part) == expected
