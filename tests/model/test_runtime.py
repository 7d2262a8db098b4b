"""C1: the seconds a container ran."""

import pytest

from tests.support.network_tables import give_pod_start
from tests.support.sample_tables import HOUR, START, Facts, SampleTables, uid_of

MINUTE = 60


@pytest.fixture(scope="module")
def lives() -> Facts:
    """Two hours, a scrape a minute, and one pod for each way to live."""
    tables = SampleTables(hours=2)
    tables.node()
    # Seen by 39 of 60 scrapes, 2340 s; the exact 3600 - 1234 = 2366 agrees to one scrape.
    tables.container("began", seen={0: 39, 1: 60}, started=1234)
    tables.container("completed", seen={0: 17, 1: 0}, started=-5000, completed={0: 1010, 1: 1010})
    tables.container("short", seen={0: 5, 1: 0}, started=100, completed={0: 415, 1: 415})
    tables.container("between-scrapes", seen={0: 0, 1: 0}, started=125, completed={0: 155, 1: 155})
    tables.container("untimed", seen={0: 30, 1: 0})
    # Its last run began at 3000 s, which tells only of 600 s; 58 scrapes saw it run.
    tables.container("restarted", seen={0: 58, 1: 60}, started=3000)
    tables.container("gone", seen={0: 20, 1: 0}, started=-900)
    tables.container("pending", seen=0, node="")
    tables.container("over-the-hour", seen={0: 10, 1: 20}, started=3010, completed={1: HOUR + 1190})
    tables.container("initialised", "migrate", seen={0: 2, 1: 0}, init=True, requests={"cpu": 1})
    tables.container("initialised", "main", seen={0: 50, 1: 60}, started=610, requests={"cpu": 1})
    tables.container("finished", seen={0: 30, 1: 0}, started=-10, completed={0: 1800, 1: 1800}, requests={"cpu": 1})
    return tables.facts()


@pytest.mark.parametrize(
    ("pod", "seconds"),
    [
        pytest.param("began", 3600 - 1234, id="from-its-exact-start"),
        pytest.param("completed", 1010, id="to-its-exact-completion"),
        pytest.param("short", 415 - 100, id="between-both"),
        pytest.param("between-scrapes", 155 - 125, id="of-a-job-no-scrape-saw"),
        pytest.param("untimed", 30 * MINUTE, id="counted-where-no-time-is-known"),
        pytest.param("restarted", 58 * MINUTE, id="counted-where-a-restart-hides-the-start"),
        pytest.param("gone", 20 * MINUTE, id="counted-where-nobody-recorded-the-end"),
        pytest.param("over-the-hour", 3600 - 3010, id="up-to-the-hours-end"),
    ],
)
def test_run_time_is_exact_where_times_agree_with_the_scrapes(lives: Facts, pod: str, seconds: float) -> None:
    assert lives.container(pod)["run_seconds"] == pytest.approx(seconds, abs=1e-6)


def test_a_run_lies_where_it_began_and_ended(lives: Facts) -> None:
    spans = {
        pod: (lives.container(pod)["run_start"] - START, lives.container(pod)["run_end"] - START)
        for pod in ("began", "completed", "short", "between-scrapes", "untimed")
    }
    assert spans == {
        "began": (1234, 3600),
        "completed": (0, 1010),
        "short": (100, 415),
        "between-scrapes": (125, 155),
        # Nothing tells when within the hour: from its start on.
        "untimed": (0, 1800),
    }


def test_a_container_that_restarted_was_there_from_its_pods_start_and_ends_no_earlier_than_it_ran() -> None:
    tables = SampleTables(hours=1)
    tables.node()
    # Seen by 40 of 60 scrapes, last started at 3000 s; its pod began at 600 s.
    tables.container("restarted", seen={0: 40}, started=3000)
    give_pod_start(tables, "restarted", 600)
    # Seen by two scrapes, though its pod had completed an hour before.
    tables.container("odd", seen={0: 2}, completed={0: -3600})
    facts = tables.facts()
    spans = {
        pod: tuple(facts.container(pod)[one] - START for one in ("run_start", "run_end"))
        for pod in ("restarted", "odd")
    }
    assert spans == {"restarted": (600, 3600), "odd": (0, 120)}


def test_a_run_goes_on_in_the_next_hour(lives: Facts) -> None:
    row = lives.container("over-the-hour", hour=1)
    assert (row["run_seconds"], row["run_end"] - START) == (1190, HOUR + 1190)


@pytest.mark.parametrize("pod", ["completed", "short", "between-scrapes", "gone", "finished"])
def test_a_finished_pod_that_still_exists_costs_nothing(lives: Facts, pod: str) -> None:
    assert lives.containers(pod, hour=1) == []


def test_a_finished_pod_costs_its_run_and_no_more(lives: Facts) -> None:
    # One core for 1800 s at 0.03 a core-hour.
    assert sum(row["cpu_cost"] for row in lives.allocation if row["pod"] == "finished") == pytest.approx(0.015)


def test_a_pending_pod_costs_nothing(lives: Facts) -> None:
    assert [row for row in lives.allocation if row["pod"] == "pending"] == []


@pytest.mark.parametrize("passed", [60.0, 3600.0])
def test_a_pending_pod_costs_nothing_however_few_scrapes_there_were(passed: float) -> None:
    tables = SampleTables(seconds=passed, scrapes=1)
    tables.node(seen=1)
    tables.container("pending", seen=0, node="", requests={"cpu": 96})
    tables.container("creating", seen=0, requests={"cpu": 1})
    assert tables.facts().allocation == []


def test_init_containers_count_while_they_run(lives: Facts) -> None:
    main, migrate = lives.containers("initialised")
    # Two scrapes saw the init container; its request of one core is charged for them.
    assert (migrate["container"], migrate["run_seconds"], migrate["cpu_requested"]) == ("migrate", 120, 120)
    assert (main["container"], main["run_seconds"]) == ("main", 3600 - 610)
    assert [row["container"] for row in lives.containers("initialised", hour=1)] == ["main"]


def test_a_pod_that_moved_under_its_name_is_a_row_for_each_node() -> None:
    tables = SampleTables()
    tables.node("node-a", "aws:///eu-west-1a/i-0a", rates=(0.03, 0.004, 0.9))
    tables.node("node-b", "aws:///eu-west-1b/i-0b", rates=(0.06, 0.004, 0.9))
    old, new = uid_of("postgres-0 before"), uid_of("postgres-0 after")
    tables.container("postgres-0", uid=old, node="node-a", seen=20, started=-9000, requests={"cpu": 2})
    tables.container("postgres-0", uid=new, node="node-b", seen=30, started=1800, requests={"cpu": 2})
    rows = {row["uid"]: row for row in tables.facts().containers("postgres-0")}
    # Two cores for 1200 s at 0.03, and for 1800 s at 0.06.
    assert (rows[old]["node"], rows[old]["cpu_cost"]) == ("node-a", pytest.approx(2 * 1200 / 3600 * 0.03))
    assert (rows[new]["node"], rows[new]["cpu_cost"]) == ("node-b", pytest.approx(2 * 1800 / 3600 * 0.06))


def test_nothing_runs_longer_than_the_hour() -> None:
    # A 61st scrape fell on the hour's first second.
    tables = SampleTables(scrapes=61)
    tables.node(seen=61)
    tables.container("untimed", seen=61)
    tables.container("seen-by-two", seen=62)
    made = tables.facts()
    seconds = [made.container("untimed")["run_seconds"], made.container("seen-by-two")["run_seconds"]]
    assert max(seconds) == 3600
    assert seconds == pytest.approx([3600, 3600], rel=1 / 60)


def test_of_the_newest_hour_only_what_has_passed_counts() -> None:
    # 25 minutes and 25 scrapes.
    tables = SampleTables(seconds=1500.0, scrapes=25)
    tables.node(seen=25)
    tables.container("steady", seen=25, started=-100, requests={"cpu": 1})
    tables.container("new", seen=5, started=1190)
    made = tables.facts()
    assert (made.container("steady")["run_seconds"], made.container("new")["run_seconds"]) == (1500, 310)
    assert made.container("steady")["seconds"] == 1500
