"""C2: cpu from the growth of its counter over the hour's edge, memory from the mean of the samples present."""

import pytest

from farthing.prometheus.catalogue import CATALOGUE, CPU_SECONDS, WORKING_SET
from tests.support.sample_tables import HOUR, Facts, SampleTables, cgroup, uid_of

MIB = float(2**20)


@pytest.fixture(scope="module")
def used() -> Facts:
    """One hour of one node, scraped at 50 s past each minute, and one pod for each way a counter goes."""
    tables = SampleTables()
    tables.node()
    for pod in ("steady", "over-the-edge", "reset", "reset-at-the-edge", "still", "back"):
        tables.container(pod, started=-9000)
    tables.container("restarted", started=1800)
    tables.container("born", started=20)
    tables.container("born-at-the-edge", started=-20)
    tables.container("nobody-knows-since-when")
    tables.usage("steady", cpu={-1: 1000, 0: 1000}, scraped={-1: -10, 0: 3590})
    tables.usage("over-the-edge", cpu={-1: 100, 0: 460}, first=106)
    tables.usage("restarted", cgroup_id=cgroup(uid_of("restarted"), "run-1"), cpu={-1: 100, 0: 150}, first=101)
    tables.usage("restarted", cgroup_id=cgroup(uid_of("restarted"), "run-2"), cpu={0: 30}, first=1)
    tables.usage("reset", cgroup_id="", cpu={-1: 100, 0: 30}, first=0)
    tables.give("cpu_reset_growth", 77, namespace="shop", pod="reset", container="main", id="")
    tables.usage("reset-at-the-edge", cgroup_id="", cpu={-1: 900, 0: 240}, first=4)
    tables.usage("born", cpu={0: 200}, first=8)
    tables.usage("born-at-the-edge", cpu={0: 300}, first=7)
    tables.usage("nobody-knows-since-when", cpu={0: 44}, first=1)
    tables.usage("back", cpu={0: 81_000}, first=80_970)
    tables.usage("still", cpu={-1: 55, 0: 55}, first=55)
    # Ends at 1830 s; it was last scraped at 1790 s and, in the hour before, at -10 s. It took half a core: 900 core-s
    # between these scrapes, and 20 more in the 40 s that no scrape saw.
    tables.container("ended", seen=30, started=-500, completed={0: 1830})
    tables.usage("ended", cpu={-1: 100, 0: 1000}, first=125, scraped={-1: -10})
    # Born at 620 s, ended at 680 s: one scrape, at 650 s, saw 15 core-s of 30.
    tables.container("brief", seen=1, started=620, completed={0: 680})
    tables.usage("brief", cpu={0: 15}, first=15)
    return tables.facts()


@pytest.mark.parametrize(
    ("pod", "core_seconds"),
    [
        pytest.param("over-the-edge", 460 - 100, id="from-the-last-sample-of-the-hour-before"),
        pytest.param("restarted", (150 - 100) + (30 - 0), id="a-new-cgroup-counts-from-zero"),
        pytest.param("reset", 77, id="without-cgroups-prometheus-follows-the-reset"),
        pytest.param("reset-at-the-edge", 240, id="without-cgroups-a-fall-over-the-edge-is-a-reset"),
        pytest.param("born", 200, id="born-in-the-hour-counts-from-zero"),
        pytest.param("born-at-the-edge", 300, id="born-after-the-last-scrape-of-the-hour-before-counts-from-zero"),
        pytest.param("nobody-knows-since-when", 44, id="not-seen-where-others-were-counts-from-zero"),
        pytest.param("back", 81_000 - 80_970, id="older-but-not-seen-counts-what-was-seen-to-grow"),
        pytest.param("still", 0, id="what-does-not-grow-was-not-used"),
        pytest.param("ended", 900 + 0.5 * 40, id="the-tail-after-the-last-scrape-is-filled"),
    ],
)
def test_cpu_used_is_the_growth_of_the_counter(used: Facts, pod: str, core_seconds: float) -> None:
    assert used.container(pod)["cpu_used"] == pytest.approx(core_seconds)


def test_the_tail_is_filled_at_the_mean_rate_of_what_was_seen(used: Facts) -> None:
    # 15 core-s in the 30 s up to 650 s, so 30 core-s in the 60 s it ran.
    assert used.container("brief")["cpu_used"] == pytest.approx(30)


def job_beside_gaps(scrapes: dict[int, float], seconds: float = 3600) -> SampleTables:
    """A job of one core from 620 to 660 s, in hours of so many scrapes; the node is scraped at 50 s past each minute.

    Of the last hour ``seconds`` have passed.
    """
    tables = SampleTables(hours=max(scrapes) + 1, scrapes=0, seconds=seconds)
    tables.give("ram_scrapes", scrapes, namespace="kube-system", pod="always", container="there", id="/always")
    tables.node()
    tables.container("stays", started=-9000)
    tables.usage("stays", cpu={-1: 0, 0: 0}, scraped={-1: -10, 0: 3590}, ram_scrapes={})
    # The scrape at 650 s saw 30 core-s of 40: ten seconds are unseen.
    tables.container("job", seen={0: 1}, started=620, completed={0: 660})
    tables.usage("job", cpu={0: 30}, first=30, ram_scrapes={0: 1})
    return tables


@pytest.mark.parametrize(
    "scrapes",
    [
        pytest.param({0: 60}, id="none-missed"),
        # 3600 / 57 = 63.2 s from one scrape to the next would leave 38 s of 40 unseen.
        pytest.param({-1: 60, 0: 57}, id="three-missed-after-an-hour-without-gaps"),
        pytest.param({0: 57, 1: 57, 2: 60}, id="three-missed-before-an-hour-without-gaps"),
        # Of every 7 s, the ten would be three.
        pytest.param({0: 60, 1: 514}, id="before-the-pace-becomes-another"),
    ],
)
def test_scrapes_that_were_missed_do_not_change_what_a_short_job_used(scrapes: dict[int, float]) -> None:
    assert job_beside_gaps(scrapes).facts().container("job")["cpu_used"] == pytest.approx(40)


def test_the_first_scrapes_of_an_hour_do_not_tell_how_often_there_are_some() -> None:
    # Seven in 400 s would be one every 57 s, of which 41 s of the job's 40 were unseen.
    made = job_beside_gaps({-1: 60, 0: 57, 1: 7}, seconds=400).facts()
    assert made.container("job")["cpu_used"] == pytest.approx(40)


def test_no_more_than_nine_tenths_of_a_life_are_filled_in() -> None:
    # By 63.2 s from one scrape to the next, and no hour near that knows better, 38.4 of 40 s were unseen: of 36 s at most.
    assert job_beside_gaps({0: 57}).facts().container("job")["cpu_used"] == pytest.approx(30 * 40 / (40 - 36))


def test_in_the_first_hour_of_data_only_what_was_seen_to_grow_counts() -> None:
    tables = SampleTables(hours=2)
    tables.node()
    tables.container("old", started=-90_000)
    tables.usage("old", cpu={0: 620, 1: 720}, first={0: 500, 1: 621})
    tables.container("new", seen={0: 0, 1: 60}, started=HOUR)
    tables.usage("new", cpu={1: 40}, first=2)
    made = tables.facts()
    assert [made.container("old", hour)["cpu_used"] for hour in (0, 1)] == [620 - 500, 720 - 620]
    assert made.container("new", 1)["cpu_used"] == 40


def test_memory_is_the_mean_over_all_samples_times_the_run_time() -> None:
    tables = SampleTables(hours=1)
    tables.node()
    tables.container("web", seen=40, started=1200)
    first, second = (cgroup(uid_of("web"), run) for run in ("run-1", "run-2"))
    tables.usage("web", cgroup_id=first, cpu={0: 1}, ram=100 * MIB, ram_scrapes=10)
    tables.usage("web", cgroup_id=second, cpu={0: 1}, ram=400 * MIB, ram_scrapes=30)
    # (10 x 100 + 30 x 400) / 40 = 325 MiB for 2400 s.
    assert tables.facts().container("web")["ram_used"] == pytest.approx(325 * MIB * 2400)


def test_of_two_pods_of_one_name_each_has_its_own_cgroup() -> None:
    old, new = uid_of("db-0 before"), uid_of("db-0 after")
    tables = SampleTables()
    tables.node()
    tables.container("db-0", uid=old, seen=20, started=-100)
    tables.container("db-0", uid=new, seen=40, started=1200)
    tables.usage("db-0", cgroup_id=cgroup(old, "run-1"), cpu={-1: 4, 0: 15}, ram=1 * MIB)
    tables.usage("db-0", cgroup_id=f"/kubepods/burstable/pod{new}/run-1", cpu={0: 22}, ram=2 * MIB)
    used = {row["uid"]: (row["cpu_used"], row["ram_used"]) for row in tables.facts().containers("db-0")}
    assert used == {old: (11, 1 * MIB * 1200), new: (22, 2 * MIB * 2400)}


def test_without_the_uid_in_the_cgroup_the_pod_that_ran_longest_used_it() -> None:
    tables = SampleTables()
    tables.node()
    tables.container("db-0", uid=uid_of("short"), seen=5)
    tables.container("db-0", uid=uid_of("long"), seen=50, started=600)
    tables.usage("db-0", cgroup_id="", cpu={0: 33})
    used = {row["uid"]: row["cpu_used"] for row in tables.facts().containers("db-0")}
    assert used == {uid_of("short"): 0, uid_of("long"): 33}


@pytest.mark.parametrize(
    "query",
    [one for one in CATALOGUE if one.metric in {CPU_SECONDS, WORKING_SET} and one.keep],
    ids=lambda one: one.name,
)
def test_pods_and_sandboxes_are_not_asked_for_as_containers(query: object) -> None:
    promql = query.promql("1h")  # type: ignore[attr-defined]
    assert 'container!="",container!="POD"' in promql
