"""What is said of pods is kept once a day: under each key what was said of it last."""

import random
from pathlib import Path

import pytest

from farthing.model.coverage import judged
from farthing.model.window import day_of
from farthing.model.workload import LONGEST, MOST_TEXT
from farthing.model.zone import parse_timezone
from farthing.store.days import Store
from farthing.store.engine import connect, parquet
from tests.support.fact_rows import (
    CLUSTER,
    DATE,
    DAY,
    HOUR,
    START,
    FactTables,
    Row,
    container,
    files_of,
    keep,
    said,
    seen,
)
from tests.support.sample_tables import SampleTables, uid_of

pytestmark = pytest.mark.slow


def rows_of(store: Store, cluster: str = CLUSTER, grain: str = "hour") -> list[Row]:
    """The table as a reader of hours or of days is given it."""
    day = store.day(cluster, DATE)
    assert day is not None
    files = store.files(day, grain)
    assert files is not None
    with connect(threads=1) as connection:
        found = connection.execute(f"select * from {parquet([files['workload']])}")  # noqa: S608
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def spoken(store: Store) -> list[tuple[str, str, str, str]]:
    return [(row["pod"], row["kind"], row["key"], row["value"]) for row in rows_of(store)]


def tables(hour: int, *rows: Row) -> FactTables:
    """An hour of a container, and what is said; who makes facts knows no day."""
    return FactTables([container(hour)], workload=[{**row, "start": 0} for row in rows])


def test_a_pod_that_is_gone_stays_as_it_was_said_of(store: Store) -> None:
    keep(store, tables(0, said("label", "team", "a", pod="gone"), said("service", "front", pod="gone")), seen(0))
    keep(store, tables(1, said("label", "team", "b", pod="new")), seen(1))
    assert spoken(store) == [
        ("gone", "label", "team", "a"),
        ("gone", "service", "front", ""),
        ("new", "label", "team", "b"),
    ]


def test_of_a_pod_that_is_seen_again_each_key_has_what_was_said_last(store: Store) -> None:
    keep(
        store, tables(0, said("label", "team", "a"), said("label", "tier", "x"), said("annotation", "n", "1")), seen(0)
    )
    keep(store, tables(1, said("label", "team", "b")), seen(1))
    # A key that is not said again may have been taken away, or its source was silent: it stays for the day.
    assert spoken(store) == [
        ("web", "annotation", "n", "1"),
        ("web", "label", "team", "b"),
        ("web", "label", "tier", "x"),
    ]


def test_an_earlier_hour_that_is_collected_again_changes_nothing_said_later(store: Store) -> None:
    keep(store, tables(0, said("label", "team", "a")), seen(0))
    keep(store, tables(1, said("label", "team", "b")), seen(1))
    earlier = (said("label", "team", "a"), said("label", "tier", "x"), said("label", "team", "a", pod="gone"))
    keep(store, tables(0, *earlier), seen(0))
    assert spoken(store) == [
        ("gone", "label", "team", "a"),
        ("web", "label", "team", "b"),
        ("web", "label", "tier", "x"),
    ]


@pytest.mark.parametrize("namespace_says", [False, True])
def test_an_hour_in_which_the_source_of_labels_was_silent_erases_none(store: Store, namespace_says: bool) -> None:
    for hour in (0, 1):
        samples = SampleTables(hours=hour + 1)
        samples.node()
        samples.container("web", started=-9000)
        samples.give("namespace_labels", 1, namespace="shop", key="tier", label_value=f"of-hour-{hour}")
        if namespace_says:
            samples.give("namespace_labels", 1, namespace="shop", key="team", label_value="of-the-namespace")
        if hour == 0:
            samples.give(
                "pod_labels", 1, namespace="shop", pod="web", uid=uid_of("web"), key="team", label_value="of-the-pod"
            )
        with samples.bench() as bench, store.writing():
            store.keep(bench, (CLUSTER, DATE, DAY), judged(bench.compute())[-1:])
    told = [(key, value) for pod, kind, key, value in spoken(store) if (pod, kind) == ("web", "label")]
    # What else is inherited in the silent hour is not told from what the pod says itself, and stays as it was.
    assert told == [("team", "of-the-pod"), ("tier", "of-hour-0")]


def test_ever_new_keys_do_not_add_up(store: Store) -> None:
    for hour in range(12):
        rows = [said("annotation", f"k{hour}-{key}", "x" * LONGEST) for key in range(MOST_TEXT // LONGEST)]
        keep(store, tables(hour, *rows), seen(hour))
    # 16 of this hour, and of those before twice as many: a pod has its own and its namespace's.
    assert len(spoken(store)) == 16 + 32


def test_a_pod_of_the_same_name_is_another(store: Store) -> None:
    keep(store, tables(0, said("label", "team", "a")), seen(0))
    keep(store, tables(1, {**said("label", "team", "b"), "uid": "another"}), seen(1))
    assert [(row["uid"], row["value"]) for row in rows_of(store)] == [("another", "b"), ("uid-web", "a")]


def test_what_a_namespace_says_is_kept_beside_what_its_pods_say(store: Store) -> None:
    other = said("namespace_label", "team", "c", namespace="other")
    keep(store, tables(0, said("label", "team", "a"), said("namespace_label", "old", "x"), other), seen(0))
    keep(store, tables(1, said("namespace_label", "team", "b")), seen(1))
    assert [(row["namespace"], row["pod"], row["key"], row["value"]) for row in rows_of(store)] == [
        ("other", "", "team", "c"),
        ("shop", "", "old", "x"),
        ("shop", "", "team", "b"),
        ("shop", "web", "team", "a"),
    ]


def test_the_start_is_that_of_the_day(store: Store, tmp_path: Path) -> None:
    keep(store, tables(5, said("label", "team", "a")), seen(5))
    keep(store, tables(6, said("label", "team", "a", pod="api")), seen(6))
    assert {row["start"] for row in rows_of(store)} == {START}
    zone = parse_timezone("+05:30")
    local, day = Store(tmp_path / "local", "+05:30"), day_of(DAY.start, zone)
    keep(local, tables(0, said("label", "team", "a")), seen(0), (CLUSTER, DATE, day))
    assert {row["start"] for row in rows_of(local)} == {START - int(5.5 * HOUR)}


def test_days_and_hours_read_the_same_file_and_it_outlives_the_hours(store: Store) -> None:
    keep(store, tables(0, said("label", "team", "a")), seen(0))
    assert rows_of(store, grain="day") == rows_of(store)
    with store.writing():
        store.prune(CLUSTER, hours_before=START + 24 * HOUR, days_before=0)
    assert [row["value"] for row in rows_of(store, grain="day")] == ["a"]
    assert len([path for path in files_of(store) if "workload" in path.parts]) == 1


def test_what_saw_less_changes_nothing_that_is_said(store: Store) -> None:
    keep(store, tables(0, said("label", "team", "a")), seen(0))
    keep(store, tables(0, said("label", "team", "b")), seen(0, share=0.5))
    assert spoken(store) == [("web", "label", "team", "a")]


def test_any_text_is_read_back(store: Store) -> None:
    texts = ["a\x00b", "line\nline", 'say "hi"', "it's", "\x1b[31m", "é 雲 \U0001f600", "x" * LONGEST, ""]
    keep(store, tables(0, *(said("annotation", f"k{place}", text) for place, text in enumerate(texts))), seen(0))
    assert [row["value"] for row in rows_of(store)] == texts


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    dice = random.Random(3)  # noqa: S311 - no secret
    rows = [said("label", f"k{key}", f"v{pod}", pod=f"pod-{pod}") for pod in range(50) for key in range(5)]
    digests = set()
    for number in range(3):
        manifest = keep(Store(tmp_path / str(number)), tables(0, *dice.sample(rows, len(rows))), seen(0))
        digests |= {file.sha256 for file in manifest.files if file.table == "workload"}
    assert len(digests) == 1


def test_a_namespace_that_says_as_much_as_it_may_of_many_pods_locks_no_day(store: Store) -> None:
    samples = SampleTables()
    samples.node()
    for number in range(5000):
        samples.give("pod_node", 1, namespace="shop", pod=f"pod-{number}", uid=uid_of(f"{number}"), node="node-a")
    for key in range(MOST_TEXT // LONGEST):
        text = f"{key:0{LONGEST}}"
        samples.give("namespace_annotations", 1, namespace="shop", key=f"k{key}", label_value=text)
    with samples.bench() as bench, store.writing():
        manifest = store.keep(bench, (CLUSTER, DATE, DAY), judged(bench.compute()))
    assert manifest is not None
    # 16 of each pod and of the namespace itself.
    file = manifest.file("workload", "day")
    assert file is not None
    assert file.rows == 16 * 5001
