"""Rows as text that any program reads back, and no spreadsheet runs."""

import csv
import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.exports.formats import as_csv, as_json, columns_of

ROWS: list[dict[str, Any]] = [
    {"name": "shop", "window": {"start": "2026-11-17T00:00:00Z", "end": "2026-11-18T00:00:00Z"}, "totalCost": 12.5},
    {"name": 'a,"b"\nc', "window": {"start": "", "end": ""}, "totalCost": -1e-9, "properties": {"node": "n"}},
]


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_csv_is_rfc_4180_with_a_header_and_a_column_for_each_nested_value() -> None:
    assert as_csv(ROWS) == (
        "name,window.start,window.end,totalCost,properties.node\r\n"
        "shop,2026-11-17T00:00:00Z,2026-11-18T00:00:00Z,12.5,\r\n"
        '"a,""b""\nc",,,-1e-09,n\r\n'
    )


def test_parts_of_a_table_have_the_same_columns() -> None:
    columns = columns_of(ROWS)
    parts = [as_csv([row], columns) for row in ROWS]
    headers = {part.split("\r\n", 1)[0] for part in parts}
    assert headers == {as_csv(ROWS).split("\r\n", 1)[0]}
    assert "".join(part.split("\r\n", 1)[1] for part in parts) == as_csv(ROWS).split("\r\n", 1)[1]


@pytest.mark.parametrize("text", ["=1+2", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x","y")', "-"])
def test_text_is_never_a_formula(text: str) -> None:
    (_, (name, nested)) = read_csv(as_csv([{"name": text, "properties": {"pod": text}}]))
    assert (name, nested) == (f"'{text}", f"'{text}")


@pytest.mark.parametrize("text", ["shop", "a=b", "1-2", " =1", "'quoted", "", "雲"])
def test_other_text_is_left_alone(text: str) -> None:
    assert read_csv(as_csv([{"name": text, "x": 1}]))[1][0] == text


@pytest.mark.parametrize("number", [-1.5, -7, 0.1 + 0.2, 1e-300, 1e21, 0])
def test_numbers_stay_numbers_to_the_last_digit(number: float) -> None:
    ((_,), (text,)) = read_csv(as_csv([{"totalCost": number}]))
    assert float(text) == number


def test_no_rows_are_no_lines_of_csv_and_an_empty_list_of_json() -> None:
    assert as_csv([]) == ""
    assert json.loads(as_json([])) == []


def test_json_has_one_row_a_line() -> None:
    lines = as_json(ROWS).splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("[", "]", 2 + len(ROWS))
    assert [json.loads(line.rstrip(",")) for line in lines[1:-1]] == ROWS
    assert as_json(ROWS).endswith("]\n")


texts = st.text(st.characters(exclude_categories=["Cs"]))
values = texts | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
columns = st.sampled_from(["name", "start", "totalCost", "cpuCost"])
rows = st.lists(
    st.fixed_dictionaries({"name": texts, "window": st.fixed_dictionaries({"start": texts})}, optional={"x": values}),
    max_size=5,
)


@given(rows)
def test_json_reads_back_what_was_written(some: list[dict[str, Any]]) -> None:
    assert json.loads(as_json(some)) == some


@given(rows)
def test_csv_reads_back_what_was_written_but_for_the_guard_against_formulas(some: list[dict[str, Any]]) -> None:
    found = read_csv(as_csv(some))
    assert len(found) == (len(some) + 1 if some else 0)
    for row, cells in zip(some, found[1:], strict=True):
        named = dict(zip(found[0], cells, strict=True))
        assert named["name"].removeprefix("'") == row["name"].removeprefix("'")
        assert not named["name"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert named["window.start"].removeprefix("'") == row["window"]["start"].removeprefix("'")


def test_what_is_no_number_is_null_in_json() -> None:
    assert json.loads(as_json([{"x": math.nan}])) == [{"x": None}]
