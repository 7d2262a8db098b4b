"""The ConfigMaps of a report: an index, and parts that fit, with names the API server takes."""

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import AnswerTooLargeError
from farthing.exports import documents as module
from farthing.exports.documents import PART_BYTES, Document, documents, rows_text
from farthing.exports.formats import FORMATS

pytestmark = pytest.mark.slow

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""DNS-1123, which names of ConfigMaps follow, up to 253 characters."""
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
HEAD = {"report": {"kind": "CostReport", "name": "costs"}, "currency": "USD"}


def rows(count: int, width: int = 400) -> list[dict[str, Any]]:
    """Rows of about ``width`` bytes that compress to about half of it; every third has one property more."""
    found = []
    for number in range(count):
        noise = hashlib.shake_256(str(number).encode()).hexdigest(width // 2)
        extra = {"properties": {"node": "n"}} if number % 3 == 0 else {}
        found.append({"name": f"pod-{number}", "noise": noise, "totalCost": number / 7, **extra})
    return found


def made(count: int, formats: Sequence[str] = ("json",), width: int = 400) -> tuple[Document, ...]:
    return documents("costs", "CostReport", HEAD, rows(count, width), formats)


def index_of(found: tuple[Document, ...]) -> dict[str, Any]:
    index: dict[str, Any] = json.loads(found[-1].data["index.json"])
    return index


def text_of(document: Document, form: str) -> str:
    if f"rows.{form}" in document.data:
        return document.data[f"rows.{form}"]
    return gzip.decompress(document.binary_data[f"rows.{form}.gz"]).decode()


def test_few_rows_are_in_the_index_itself() -> None:
    (only,) = made(10, ("json", "csv"))
    assert (only.name, only.keys, only.rows) == ("costs-costreport", ("index.json", "rows.csv", "rows.json"), 10)
    assert json.loads(only.data["rows.json"]) == rows(10)
    assert index_of((only,)) == {**HEAD, "parts": []}


def test_no_rows_are_one_config_map_too() -> None:
    (only,) = made(0, ("json", "csv"))
    assert (json.loads(only.data["rows.json"]), only.data["rows.csv"], only.rows) == ([], "", 0)


@pytest.mark.parametrize(
    ("count", "plain"),
    [
        # Rows of about 440 bytes: 1.3 MB in parts of at most 0.75, and 5 MB.
        pytest.param(3_000, True, id="plain-first"),
        pytest.param(12_000, False, id="compressed-when-many"),
    ],
)
def test_many_rows_are_in_parts_that_fit_and_the_index_comes_last(count: int, plain: bool) -> None:
    found = made(count)
    *parts, index = found
    assert [one.name for one in parts] == [f"costs-costreport-{number}" for number in range(len(parts))]
    assert (index.name, index.keys, index.rows) == ("costs-costreport", ("index.json",), count)
    assert all(one.bytes <= PART_BYTES for one in found)
    assert all(bool(one.data) is plain and bool(one.binary_data) is not plain for one in parts)
    # In order, each row once.
    assert [row for one in parts for row in json.loads(text_of(one, "json"))] == rows(count)
    assert [one.rows for one in parts] == [len(json.loads(text_of(one, "json"))) for one in parts]


def test_the_index_lists_each_part_with_its_hash() -> None:
    *parts, _ = found = made(3_000, ("json", "csv"))
    listed = index_of(found)["parts"]
    assert [one["name"] for one in listed] == [one.name for one in parts]
    for one, part in zip(listed, parts, strict=True):
        assert one["keys"] == ["rows.csv", "rows.json"]
        assert (one["rows"], one["sha256"]) == (part.rows, part.sha256)
        # Over key, length and value of each key in order.
        digest = hashlib.sha256()
        for key in one["keys"]:
            value = part.data[key].encode()
            digest.update(f"{key}\0{len(value)}\0".encode() + value)
        assert digest.hexdigest() == one["sha256"]


def test_csv_parts_can_be_put_together() -> None:
    *parts, _ = made(3_000, ("csv",))
    tables = [list(csv.reader(io.StringIO(text_of(one, "csv"), newline=""))) for one in parts]
    assert len(tables) > 1
    assert {tuple(table[0]) for table in tables} == {("name", "noise", "totalCost", "properties.node")}
    assert [line[0] for table in tables for line in table[1:]] == [f"pod-{number}" for number in range(3_000)]


@pytest.mark.parametrize("count", [5, 3_000, 8_000])
def test_the_same_answer_is_the_same_bytes(count: int) -> None:
    first, second = made(count), made(count)
    assert first == second
    assert [one.sha256 for one in first] == [one.sha256 for one in second]


@pytest.mark.parametrize("count", [0, 3, 3000, 12000], ids=["none", "few", "in-parts", "compressed"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_rows_read_back_from_all_parts_are_the_rows(count: int, form: str) -> None:
    assert rows_text(made(count, [form]), form) == FORMATS[form](rows(count))


def test_other_rows_have_another_hash() -> None:
    assert made(10)[0].sha256 != made(11)[0].sha256


def test_bytes_are_those_of_the_values_in_utf_8() -> None:
    document = Document("x", {"a": "雲"}, {"b": b"12345"})
    assert (document.bytes, document.keys) == (3 + 5, ("a", "b"))


def test_too_many_rows_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PARTS", 2)
    assert len(made(2_500)) == 3
    with pytest.raises(
        AnswerTooLargeError, match=r"^6000 rows do not fit into 2 ConfigMaps of 768 KiB: set a limit, a"
    ):
        made(6_000)


labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=6).map(".".join).filter(lambda name: len(name) <= 253)


@given(names | st.sampled_from([f"{'a' * 199}.b", f"{'a' * 199}.{'b' * 50}", "a" * 253, f"{'a' * 199}--{'b' * 50}"]))
def test_names_of_config_maps_are_valid_whatever_the_report_is_called(report: str) -> None:
    for document in (*documents(report, "AssetReport", HEAD, [], ("json",)), _part_of(report)):
        assert SUBDOMAIN.fullmatch(document.name), document.name
        assert len(document.name) <= 253
        assert all(KEY.fullmatch(key) for key in document.keys)


def _part_of(report: str) -> Document:
    """The last part a report may have."""
    (only,) = documents(report, "AssetReport", HEAD, [], ("json",))
    return Document(f"{only.name}-{module.MOST_PARTS - 1}", {})


def test_long_names_that_begin_alike_are_told_apart() -> None:
    alike = [documents("a" * 220 + end, "CostReport", HEAD, [], ("json",))[0].name for end in "bc"]
    assert alike[0] != alike[1]


def test_the_kinds_of_one_name_have_config_maps_of_their_own() -> None:
    both = {documents("nodes", kind, HEAD, [], ("json",))[0].name for kind in ("CostReport", "AssetReport")}
    assert both == {"nodes-costreport", "nodes-assetreport"}
