"""C5: a volume costs bytes x rate x time, shared at each moment over the pods that mount it."""

import math
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.model.tables import UNMOUNTED
from tests.support.network_tables import give_pod_start
from tests.support.sample_tables import GIB, HOUR, START, Facts, SampleTables, uid_of

pytestmark = pytest.mark.slow

HALF = HOUR // 2


def cluster(hours: int = 1, seconds: float = 3600.0) -> SampleTables:
    """A node, and volumes of 100 GiB at 0.02 a GiB-hour where a test says no more: 2 an hour."""
    tables = SampleTables(hours=hours, seconds=seconds)
    tables.node()
    return tables


def run(tables: SampleTables, pod: str, begin: float, end: float, *claims: str, container: str = "main") -> None:
    """A pod that runs from ``begin`` to ``end`` [s after ``START``], seen by each scrape of a full minute, and its claims."""
    seen = {
        hour: float(sum(1 for minute in range(60) if begin <= hour * HOUR + minute * 60 < end))
        for hour in range(tables.hours)
    }
    ended = {hour: end for hour in range(tables.hours) if end < (hour + 1) * HOUR}
    tables.container(pod, container, seen=seen, started=begin, completed=ended)
    for claim in claims:
        tables.mount(pod, claim)


def paid(made: Facts, hour: int | None = None) -> dict[str, float]:
    """What each pod is charged for volumes, in one hour or in all."""
    costs: defaultdict[str, float] = defaultdict(float)
    for row in made.volume:
        if hour is None or row["start"] == START + hour * HOUR:
            costs[row["pod"]] += row["cost"]
    return dict(costs)


def disk(made: Facts, name: str = "pv-1", hour: int = 0) -> dict[str, object]:
    (row,) = [
        row for row in made.asset if (row["type"], row["name"], row["start"]) == ("Disk", name, START + hour * HOUR)
    ]
    return row


def test_a_claim_of_two_hours_at_2_of_a_pod_of_two_hours_and_one_of_the_second_costs_them_3_and_1() -> None:
    tables = cluster(hours=2)
    tables.volume(claim="data")
    run(tables, "a", -10, 2 * HOUR, "data")
    run(tables, "b", HOUR, 2 * HOUR, "data")
    made = tables.facts()
    # The first hour is a's, 2; of the second each has half, 1 and 1.
    assert paid(made) == pytest.approx({"a": 3.0, "b": 1.0}, rel=1e-12)


def test_the_same_within_one_hour_goes_by_the_exact_times() -> None:
    tables = cluster()
    tables.volume(claim="data", rate=0.04)
    run(tables, "a", -10, HOUR, "data")
    run(tables, "b", 1799, HOUR, "data")
    # 4 for the hour: a alone for 1799 s, then 1801 s by two.
    assert paid(tables.facts()) == pytest.approx(
        {"a": 4 * (1799 + 1801 / 2) / 3600, "b": 4 * 1801 / 2 / 3600}, rel=1e-12
    )


def test_two_pods_that_overlap_share_only_while_both_are_there() -> None:
    tables = cluster()
    tables.volume(claim="data")
    run(tables, "a", -10, 3000, "data")
    run(tables, "b", 1200, HOUR, "data")
    # 20 minutes of a, 30 of both, 10 of b: (20 + 15) / 60 of 2, and (15 + 10) / 60.
    assert paid(tables.facts()) == pytest.approx({"a": 2 * 35 / 60, "b": 2 * 25 / 60}, rel=1e-12)


def test_three_pods_that_come_and_go_share_each_moment_equally() -> None:
    tables = cluster()
    tables.volume(claim="data", rate=0.036)
    run(tables, "a", 0, 1800, "data")
    run(tables, "b", 600, 2400, "data")
    run(tables, "c", 1200, 3000, "data")
    # 0.001 a second: a has 600 + 600/2 + 600/3 s, b 600/2 + 600/3 + 600/2, c 600/3 + 600/2 + 600, nobody the last 600.
    assert paid(tables.facts()) == pytest.approx({"a": 1.1, "b": 0.8, "c": 1.1, UNMOUNTED: 0.6}, rel=1e-12)


def test_the_time_before_between_and_after_pods_is_unmounted_in_the_namespace_of_the_claim() -> None:
    tables = cluster()
    tables.volume(claim="data", storageclass="gp3")
    run(tables, "a", 600, 1200, "data")
    run(tables, "b", 1800, 3000, "data")
    made = tables.facts()
    (row,) = [row for row in made.volume if row["pod"] == UNMOUNTED]
    assert (row["namespace"], row["container"], row["uid"], row["node"]) == ("shop", UNMOUNTED, "", "")
    assert (row["claim"], row["volume_name"], row["storage_class"]) == ("data", "pv-1", "gp3")
    # 600 s before, 600 s between and 600 s after the pods: half of 2.
    assert row["run_seconds"] == 1800
    assert (row["run_start"] - START, row["run_end"] - START) == (0, 3600)
    assert row["cost"] == pytest.approx(1.0, rel=1e-12)
    assert row["byte_seconds"] == pytest.approx(100 * GIB * 1800, rel=1e-12)
    (kept,) = made.containers(UNMOUNTED)
    assert (kept["pv_cost"], kept["cpu_cost"], kept["namespace"]) == (pytest.approx(1.0), 0, "shop")


@pytest.mark.parametrize(
    ("pod_start", "unmounted"),
    [
        # It ran from 0 to 1200 s and from 3000 s on: 1800 s, of which only the last start is known.
        pytest.param(-90_000, 0, id="there-before-the-hour"),
        # From 600 s on, with a container from then to 1800 s: in between it has the volume too.
        pytest.param(600, 600, id="begun-in-the-hour"),
        pytest.param(None, 1800, id="begun-nobody-knows-when"),
    ],
)
def test_a_pod_keeps_its_volume_while_its_container_is_down(pod_start: float | None, unmounted: float) -> None:
    tables = cluster()
    tables.volume(claim="data")
    tables.container("db", started=3000, seen=30)
    tables.mount("db", "data")
    if pod_start is not None:
        give_pod_start(tables, "db", pod_start)
    found = paid(tables.facts())
    # 100 GiB at 0.02 for an hour are 2.
    assert found.get(UNMOUNTED, 0.0) == pytest.approx(2 * unmounted / 3600, rel=1e-12)
    assert found["db"] == pytest.approx(2 * (3600 - unmounted) / 3600, rel=1e-12)


def test_a_pod_that_is_older_than_its_first_container_mounts_from_the_containers_start() -> None:
    tables = cluster()
    tables.volume(claim="data", seen=39, created=1234)
    run(tables, "a", 1260, HOUR, "data")
    give_pod_start(tables, "a", 1000)
    # The volume is there from 1234 s on, the container from 1260 s.
    assert paid(tables.facts()) == pytest.approx({"a": 2 * (3600 - 1260) / 3600, UNMOUNTED: 2 * 26 / 3600}, rel=1e-12)


def test_a_claim_without_pods_is_unmounted_all_the_time() -> None:
    tables = cluster()
    tables.volume(claim="data")
    # It mounts the claim, but never runs.
    tables.container("waits", seen=0)
    tables.mount("waits", "data")
    made = tables.facts()
    assert paid(made) == pytest.approx({UNMOUNTED: 2.0})
    assert [(row["namespace"], row["run_seconds"]) for row in made.volume] == [("shop", 3600)]


def test_a_volume_without_claim_is_in_no_namespace() -> None:
    tables = cluster()
    tables.volume()
    run(tables, "a", -10, HOUR, "data")
    made = tables.facts()
    assert [(row["namespace"], row["pod"], row["claim"]) for row in made.volume] == [(UNMOUNTED, UNMOUNTED, "")]
    assert paid(made) == pytest.approx({UNMOUNTED: 2.0})


def test_a_volume_that_is_mounted_all_the_time_has_no_unmounted_row() -> None:
    tables = cluster()
    tables.volume(claim="data")
    run(tables, "a", -10, HOUR, "data")
    assert list(paid(tables.facts())) == ["a"]


def test_a_volume_created_within_the_hour_costs_from_then_on() -> None:
    tables = cluster()
    # Created at 1234 s; the scrapes of minutes 21 to 59 saw it. Its pod starts 26 s later.
    tables.volume(claim="data", seen=39, created=1234)
    run(tables, "a", 1260, HOUR, "data")
    made = tables.facts()
    row = disk(made)
    assert (row["run_seconds"], row["run_start"] - START, row["run_end"] - START) == (2366, 1234, 3600)  # type: ignore[operator]
    assert row["pv_quantity"] == 100 * GIB * 2366
    assert paid(made) == pytest.approx({"a": 2 * 2340 / 3600, UNMOUNTED: 2 * 26 / 3600}, rel=1e-12)


def test_a_volume_that_came_at_an_unknown_time_stays_to_the_end_of_the_hour() -> None:
    tables = cluster()
    tables.volume(claim="data", seen=30)
    tables.rows["pv_scrapes"] = [row for row in tables.rows["pv_scrapes"] if row[1] > START]
    run(tables, "a", 1800, HOUR, "data")
    # Nobody tells when it was created; the hour before did not see it: the last 1800 s are its time, and all the pod's.
    assert paid(tables.facts()) == pytest.approx({"a": 1.0})


def test_a_volume_deleted_within_the_hour_costs_until_then() -> None:
    tables = cluster(hours=2)
    tables.volume(claim="data", seen={0: 20})
    run(tables, "a", -10, HOUR, "data")
    made = tables.facts()
    # 20 scrapes: 1200 s, and of the pod's time only that much.
    assert paid(made) == pytest.approx({"a": 2 * 1200 / 3600})
    assert {row["start"] for row in made.volume} == {START}


def test_a_volume_made_larger_within_the_hour_costs_its_mean_size() -> None:
    tables = cluster(hours=2)
    # 100 GiB for 15 minutes, then 300: on the mean 250.
    tables.volume(claim="data", gib={0: 250, 1: 300})
    run(tables, "a", -10, 2 * HOUR, "data")
    made = tables.facts()
    assert (paid(made, 0), paid(made, 1)) == (pytest.approx({"a": 5.0}), pytest.approx({"a": 6.0}))
    assert disk(made)["pv_quantity"] == 250 * GIB * HOUR


def test_a_pod_that_mounts_one_claim_twice_counts_once() -> None:
    tables = cluster()
    tables.volume(claim="data")
    run(tables, "a", -10, HOUR, "data", "data")
    run(tables, "b", -10, HOUR, "data")
    assert paid(tables.facts()) == pytest.approx({"a": 1.0, "b": 1.0})


def test_a_claim_of_the_same_name_in_another_namespace_is_another() -> None:
    tables = cluster()
    tables.volume(claim="data")
    run(tables, "a", -10, HOUR)
    tables.give("pod_claims", 1, namespace="bank", pod="a", uid=uid_of("a"), persistentvolumeclaim="data")
    assert paid(tables.facts()) == pytest.approx({UNMOUNTED: 2.0})


def test_a_pods_part_is_split_over_its_containers_by_their_run_time() -> None:
    tables = cluster()
    tables.volume(claim="data")
    run(tables, "a", 0, HOUR, "data")
    tables.container("a", "side", seen=20, started=2400)
    made = tables.facts()
    # 3600 s and 1200 s: three quarters and one.
    assert {row["container"]: row["cost"] for row in made.volume} == pytest.approx({"main": 1.5, "side": 0.5})
    assert [row["pv_cost"] for row in made.containers("a")] == pytest.approx([1.5, 0.5])
    assert sum(row["pv_byte_seconds"] for row in made.containers("a")) == pytest.approx(100 * GIB * HOUR)


def test_two_pods_of_one_name_are_told_apart() -> None:
    tables = cluster()
    tables.volume(claim="data")
    old, new = uid_of("old"), uid_of("new")
    for uid, begin, seen in ((old, -10, 20), (new, 1200, 40)):
        tables.container("db-0", uid=uid, seen=seen, started=begin, completed={0: 1200} if uid == old else None)
        tables.give("pod_claims", 1, namespace="shop", pod="db-0", uid=uid, persistentvolumeclaim="data")
    made = tables.facts()
    assert {row["uid"]: row["cost"] for row in made.volume} == pytest.approx({old: 2 / 3, new: 4 / 3})


@pytest.mark.parametrize(
    ("rate", "source", "cost"),
    [
        pytest.param(0.02, "metrics", 2.0, id="told"),
        # 0.04 a GiB and month of 730 hours: 100 of them for an hour are 4 / 730.
        pytest.param(None, "default", 4 / 730, id="not-told"),
        pytest.param(0.0, "default", 4 / 730, id="told-to-be-free"),
    ],
)
def test_the_rate_is_what_the_exporter_tells_or_the_default(rate: float | None, source: str, cost: float) -> None:
    tables = cluster()
    tables.volume(rate=rate)
    row = disk(tables.facts())
    assert (row["rate_source"], row["pv_cost"]) == (source, pytest.approx(cost, rel=1e-12))


@pytest.mark.parametrize("label", ["persistentvolume", "volumename"])
def test_a_rate_counts_by_whichever_label_names_the_volume(label: str) -> None:
    tables = cluster()
    tables.volume(rate=None)
    tables.give("pv_rate", 0.07, **{label: "pv-1"}, provider_id="vol-7")
    row = disk(tables.facts())
    assert (row["pv_cost"], row["provider_id"]) == (pytest.approx(7.0), "vol-7")


def test_rows_of_one_volume_that_differ_in_labels_do_not_double_it() -> None:
    tables = cluster()
    tables.volume(claim="data", storageclass="gp3")
    run(tables, "a", -10, HOUR, "data")
    # Two versions of the exporter, two of the claim's storage class, two of what is said of the volume.
    tables.give("pv_rate", 0.02, volumename="pv-1", provider_id="vol-1")
    tables.give("claim_scrapes", 3, namespace="shop", persistentvolumeclaim="data", volumename="pv-1")
    tables.give("pv_info", 1, persistentvolume="pv-1", csi_driver="ebs.csi.aws.com")
    made = tables.facts()
    assert len(made.volume) == len([row for row in made.asset if row["type"] == "Disk"]) == 1
    assert paid(made) == pytest.approx({"a": 2.0})


def test_of_two_claims_bound_in_one_hour_the_one_seen_longer_has_the_volume() -> None:
    tables = cluster()
    tables.volume(claim="short", seen=60)
    tables.rows["claim_scrapes"].clear()
    for claim, seen in (("a-short", 20), ("long", 39)):
        tables.give(
            "claim_scrapes",
            seen,
            namespace="shop",
            persistentvolumeclaim=claim,
            volumename="pv-1",
            storageclass="<none>",
        )
    (row,) = tables.facts().volume
    assert (row["claim"], row["storage_class"]) == ("long", "")


@pytest.mark.parametrize(
    ("info", "provider", "provider_id"),
    [
        ({"csi_driver": "ebs.csi.aws.com", "csi_volume_handle": "vol-0a"}, "AWS", "vol-0a"),
        (
            {"csi_driver": "pd.csi.storage.gke.io", "csi_volume_handle": "projects/p/disks/d"},
            "GCP",
            "projects/p/disks/d",
        ),
        ({"csi_driver": "disk.csi.azure.com", "csi_volume_handle": "/subscriptions/s"}, "Azure", "/subscriptions/s"),
        ({"csi_driver": "other.example", "csi_volume_handle": "ocid1.volume.x"}, "Oracle", "ocid1.volume.x"),
        ({"ebs_volume_id": "aws://us-east-1a/vol-0b"}, "AWS", "aws://us-east-1a/vol-0b"),
        ({"gce_persistent_disk_name": "disk-1"}, "GCP", "disk-1"),
        ({"azure_disk_name": "disk-2"}, "Azure", "disk-2"),
        # What nobody tells of is where the nodes are.
        ({}, "AWS", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_disk_says_whose_it_is(info: dict[str, str], provider: str, provider_id: str) -> None:
    tables = cluster()
    tables.volume(**info)
    row = disk(tables.facts())
    assert (row["provider"], row["provider_id"], row["category"]) == (provider, provider_id, "Storage")


def test_metrics_of_volumes_may_be_absent() -> None:
    tables = cluster()
    tables.container("a", started=-10, requests={"cpu": 1})
    tables.usage("a", cpu={-1: 0.0, 0: 60.0}, ram=GIB)
    made = tables.facts()
    assert (made.volume, [one.missing for one in made.coverage]) == ([], [()])


moments = st.integers(-HALF, 2 * HOUR)


@st.composite
def mounted(draw: st.DrawFn) -> SampleTables:
    """Volumes, claims and pods of two hours whose times need not fit together."""
    tables = cluster(hours=2, seconds=draw(st.sampled_from([3600.0, 1500.0])))
    claims = ["", "one", "two", "three"]
    for number, claim in enumerate(
        draw(st.lists(st.sampled_from(claims), max_size=4, unique_by=lambda c: c or object()))
    ):
        tables.volume(
            f"pv-{number}",
            claim,
            gib=draw(st.sampled_from([0, 1, 7.3, 16_000])),
            seen={hour: draw(st.integers(1, 60)) for hour in range(draw(st.integers(1, 2)))},
            created=draw(st.none() | moments),
            rate=draw(st.none() | st.floats(0, 1)),
        )
    for number in range(draw(st.integers(0, 5))):
        for container in ("main", "side")[: draw(st.integers(1, 2))]:
            tables.container(
                f"pod-{number}",
                container,
                seen={hour: draw(st.integers(0, 60)) for hour in range(2)},
                started=draw(st.none() | moments),
            )
        for claim in draw(st.sets(st.sampled_from(claims[1:]))):
            tables.mount(f"pod-{number}", claim)
    tables.rows["pod_node"] = list(dict.fromkeys(tables.rows["pod_node"]))
    return tables


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mounted())
def test_what_pods_and_nobody_are_charged_is_what_each_disk_costs(tables: SampleTables) -> None:
    made = tables.facts()
    disks = {(row["start"], row["name"]): row for row in made.asset if row["type"] == "Disk"}
    parts: defaultdict[tuple[int, str], list[dict[str, float]]] = defaultdict(list)
    for row in made.volume:
        parts[row["start"], row["volume_name"]].append(row)
        assert row["cost"] >= 0
        assert row["start"] <= row["run_start"] <= row["run_end"] <= row["start"] + row["seconds"] + 1e-3
    assert parts.keys() == disks.keys()
    for key, row in disks.items():
        assert math.fsum(part["cost"] for part in parts[key]) == pytest.approx(row["pv_cost"], rel=1e-9, abs=1e-15)
        held = math.fsum(part["byte_seconds"] for part in parts[key])
        assert held == pytest.approx(row["pv_quantity"], rel=1e-9)
    for start in {row["start"] for row in made.allocation}:
        charged = math.fsum(row["pv_cost"] for row in made.allocation if row["start"] == start)
        cost = math.fsum(row["pv_cost"] for row in made.asset if row["start"] == start)
        assert charged == pytest.approx(cost, rel=1e-9, abs=1e-15)
