"""The scheduler's rules, without a cluster: what the API would keep is a dict."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import FarthingError, KubernetesUnreachableError, MetricsUnreachableError
from farthing.handlers.attempt import LONGEST_BACKOFF, Runner, backoff
from farthing.handlers.collecting import Collecting
from farthing.handlers.liveness import LivenessServer
from farthing.handlers.scheduler import Scheduler
from farthing.kube.client import ObjectRef
from farthing.resources.status import status_object
from tests.support.operating import FakeCollection, FakeReports
from tests.support.servers import answers
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


class Written:
    """A client and a publisher that keep what they are given."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.failing: Exception | None = None
        self.forgotten: list[tuple[str, str]] = []
        self.right = 0
        """The version at which every ConfigMap was last found right."""

    def write_status(self, ref: ObjectRef, status: dict[str, Any]) -> int:
        if self.failing is not None:
            raise self.failing
        self.statuses.append({"name": ref.name, **status})
        return 1000 + len(self.statuses)

    def create_event(self, *_: object) -> None: ...
    def publish(self, owner: ObjectRef, documents: Sequence[object]) -> None: ...
    def forget(self, namespace: str, name: str) -> None:
        self.forgotten.append((namespace, name))

    def version(self, *_: object) -> int:
        return self.right


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Fixture:
    def __init__(self, *, spread: float = 5.0) -> None:
        self.reports, self.written, self.clock = FakeReports(), Written(), Clock()
        written: Any = self.written
        self.scheduler = Scheduler(Runner(self.reports, written, written, self.clock), spread=spread)
        self.versions = 0

    def body(self, name: str = "costs", generation: int = 1, **status: Any) -> dict[str, Any]:
        self.versions += 1
        return {
            "apiVersion": "farthing.dev/v1alpha1",
            "kind": "CostReport",
            "metadata": {
                "name": name,
                "namespace": "team",
                "uid": f"uid-of-{name}",
                "generation": generation,
                "resourceVersion": str(self.versions),
            },
            "spec": {"window": f"{generation}d", "interval": "1h"},
            "status": status,
        }


def config_map(version: int, text: str, *, namespace: str = "team", name: str = "costs-costreport-0") -> dict[str, Any]:
    """The part of report ``costs`` that holds ``rows`` when it is right, or a copy of it."""
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "resourceVersion": str(version),
            "ownerReferences": [{"kind": "CostReport", "uid": "uid-of-costs", "controller": True}],
        },
        "data": {"rows.json": text},
    }


def played(play: Callable[[Fixture], Any], **options: Any) -> None:
    """Run ``play`` beside a scheduler."""

    async def running() -> None:
        fixture = Fixture(**options)
        task = asyncio.create_task(fixture.scheduler.run())
        try:
            await play(fixture)
        finally:
            fixture.reports.may_end.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            fixture.scheduler.threads.close()

    asyncio.run(running())


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it waits for threads
            await asyncio.sleep(0.005)


def test_an_object_that_is_edited_a_hundred_times_in_a_run_is_run_once_more_for_the_newest_edit() -> None:
    async def play(fixture: Fixture) -> None:
        fixture.reports.may_end.clear()
        fixture.scheduler.saw(fixture.body())
        await until(fixture.reports.begun.is_set)
        for generation in range(2, 102):
            fixture.scheduler.saw(fixture.body(generation=generation))
        fixture.reports.may_end.set()
        (known,) = fixture.scheduler
        await until(lambda: not known.running)
        fixture.clock.now += 1
        await until(lambda: len(fixture.reports.answered) == 2 and not known.running)
        assert fixture.reports.answered == ["1d", "101d"]
        assert [one["observedGeneration"] for one in fixture.written.statuses] == [1, 101, 101]

    played(play)


@pytest.mark.parametrize(("complete", "runs"), [(True, 1), (False, 2)])
def test_data_that_comes_during_a_run_starts_another_only_if_the_run_lacked_data(complete: bool, runs: int) -> None:
    async def play(fixture: Fixture) -> None:
        fixture.reports.complete = complete
        fixture.reports.may_end.clear()
        fixture.scheduler.saw(fixture.body())
        await until(fixture.reports.begun.is_set)
        fixture.scheduler.store_changed()
        fixture.reports.may_end.set()
        (known,) = fixture.scheduler
        await until(lambda: not known.running)
        assert (known.wanted is not None) is (runs == 2)
        fixture.clock.now += 1
        await until(lambda: len(fixture.reports.answered) == runs and not known.running)
        assert known.wanted is None

    played(play)


def test_an_older_version_of_an_object_is_no_news() -> None:
    async def play(fixture: Fixture) -> None:
        older, newer = fixture.body(generation=1), fixture.body(generation=2)
        fixture.scheduler.saw(newer)
        fixture.scheduler.saw(older)
        assert [known.generation for known in fixture.scheduler] == [2]

    played(play)


def test_an_edit_that_is_told_of_after_our_own_write_that_followed_it_is_run() -> None:
    async def play(fixture: Fixture) -> None:
        fixture.scheduler.saw(fixture.body())
        (known,) = fixture.scheduler
        await until(lambda: known.settled == 1 and not known.running)
        # The run wrote versions 1001 and 1002; the edit is version 999.
        assert known.version == 1002
        edit = fixture.body(generation=2)
        edit["metadata"]["resourceVersion"] = "999"
        fixture.scheduler.saw(edit)
        assert (known.generation, known.version) == (2, 1002)
        # Its status is that of before our writes: none.
        assert known.subject.status.observed_generation == 1
        assert known.subject.status.last_run_time is not None
        fixture.clock.now += 1
        await until(lambda: known.settled == 2 and not known.running)
        assert fixture.reports.answered == ["1d", "2d"]
        # What is older than the writes and no edit is still no news.
        stale = fixture.body(generation=2)
        stale["metadata"]["resourceVersion"] = "1000"
        fixture.scheduler.saw(stale)
        assert known.subject.status.observed_generation == 2

    played(play)


async def published(fixture: Fixture) -> Any:
    """The report ``costs`` after a run."""
    fixture.scheduler.saw(fixture.body())
    (known,) = fixture.scheduler
    await until(lambda: known.settled == 1 and not known.running)
    return known


def test_a_copy_of_a_config_map_in_another_namespace_is_not_taken_for_the_reports() -> None:
    async def play(fixture: Fixture) -> None:
        known = await published(fixture)
        fixture.scheduler.saw_config_map(config_map(1, "lie", namespace="elsewhere"))
        fixture.scheduler.saw_config_map(config_map(2, "lie", namespace="elsewhere"), deleted=True)
        assert known.wanted is None
        fixture.scheduler.saw_config_map(config_map(3, "rows"))
        assert known.wanted is None
        fixture.scheduler.saw_config_map(config_map(4, "lie"))
        assert known.wanted is not None

    played(play)


@pytest.mark.parametrize("lies_in", ["team", "elsewhere"])
@pytest.mark.parametrize("copy_comes_first", [True, False])
def test_a_config_map_seen_before_its_report_is_looked_at_once_the_report_is(
    lies_in: str, copy_comes_first: bool
) -> None:
    async def play(fixture: Fixture) -> None:
        status = status_object((await published(fixture)).subject.status)
        fixture.scheduler.forget("uid-of-costs")
        for namespace in ("elsewhere", "team") if copy_comes_first else ("team", "elsewhere"):
            text = "lie" if namespace == lies_in else "rows"
            fixture.scheduler.saw_config_map(config_map(1, text, namespace=namespace))
        fixture.scheduler.saw(fixture.body(**status), listed=True)
        (known,) = fixture.scheduler
        assert (known.wanted is not None) is (lies_in == "team")

    played(play)


def test_one_change_of_a_config_map_asks_for_one_run() -> None:
    async def play(fixture: Fixture) -> None:
        known = await published(fixture)
        fixture.scheduler.saw_config_map(config_map(50, "lie"))
        fixture.clock.now = known.due
        # The run finds nothing to write: its version stays 0, less than 50.
        await until(lambda: fixture.reports.runs["costs"] == 2 and not known.running)
        assert known.wanted is None

    played(play)


def test_a_config_map_that_changes_during_a_run_is_looked_at_after_it() -> None:
    async def play(fixture: Fixture) -> None:
        known = await published(fixture)
        fixture.reports.may_end.clear()
        for generation, right in ((2, 70), (3, 90)):
            fixture.clock.now += 1
            fixture.scheduler.saw(fixture.body(generation=generation) | {"status": status_object(known.subject.status)})
            await until(lambda: known.running)
            fixture.scheduler.saw_config_map(config_map(80, "lie"))
            assert known.wanted is None
            fixture.written.right = right
            fixture.reports.may_end.set()
            await until(lambda: not known.running)
            fixture.reports.may_end.clear()
            # 80 is news where the run wrote 70, and what was before where it wrote 90.
            assert (known.wanted is not None) is (right == 70)

    played(play)


def test_nothing_is_kept_of_config_maps_that_were_looked_at_or_are_gone() -> None:
    async def play(fixture: Fixture) -> None:
        await published(fixture)
        for number in range(3):
            fixture.scheduler.saw_config_map(config_map(number, "lie", name=f"made-up-{number}"))
            fixture.scheduler.saw_config_map(config_map(number, "lie", name=f"made-up-{number}"), deleted=True)
        assert fixture.scheduler._held == {}
        fixture.scheduler.forget("uid-of-costs")
        # The index and its part.
        assert fixture.written.forgotten == [("team", "costs-costreport"), ("team", "costs-costreport-0")]
        for namespace in ("team", "elsewhere"):
            fixture.scheduler.saw_config_map(config_map(1, "rows", namespace=namespace))
        fixture.scheduler.saw_config_map(config_map(2, "rows", namespace="elsewhere"), deleted=True)
        assert list(fixture.scheduler._held["uid-of-costs"]) == [("team", "costs-costreport-0")]
        fixture.scheduler.saw_config_map(config_map(3, "rows"), deleted=True)
        assert fixture.scheduler._held == {}
        assert fixture.written.forgotten[2:] == [("elsewhere", "costs-costreport-0"), ("team", "costs-costreport-0")]

    played(play)


def test_a_report_that_kubernetes_fails_is_tried_again_and_not_before_its_time() -> None:
    async def play(fixture: Fixture) -> None:
        fixture.written.failing = KubernetesUnreachableError("nobody answers")
        fixture.scheduler.saw(fixture.body())
        (known,) = fixture.scheduler
        await until(lambda: known.failures == 1)
        assert known.due is not None
        assert known.due > fixture.clock.now
        fixture.written.failing = None
        fixture.scheduler.store_changed()
        assert known.due > fixture.clock.now
        fixture.clock.now = known.due
        await until(lambda: fixture.written.statuses and not known.running)
        assert (known.failures, known.retry_at) == (0, None)

    played(play)


def test_a_fault_of_a_report_stops_no_other() -> None:
    async def play(fixture: Fixture) -> None:
        fixture.reports.faulty = "bad"
        fixture.scheduler.saw(fixture.body("bad"))
        fixture.scheduler.saw(fixture.body("good"))
        await until(lambda: any(one["name"] == "good" and "lastRunTime" in one for one in fixture.written.statuses))
        bad = next(known for known in fixture.scheduler if known.ref.name == "bad")
        await until(lambda: bad.failures == 1)

    played(play)


def test_reports_that_are_late_at_a_start_are_spread_and_new_ones_are_not() -> None:
    async def play(fixture: Fixture) -> None:
        fixture.reports.may_end.clear()
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "ReportComputed",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        late = {"observedGeneration": 1, "conditions": [ready], "lastRunTime": "2026-01-01T00:00:00Z"}
        for number in range(100):
            fixture.scheduler.saw(fixture.body(f"late-{number}", **late), listed=True)
        dues = [known.due - fixture.clock.now for known in fixture.scheduler if known.due is not None]
        assert len(dues) == 100
        assert all(0 <= due <= 50 for due in dues)
        assert max(dues) - min(dues) > 40
        fixture.scheduler.saw(fixture.body("new"), listed=True)
        await until(lambda: fixture.reports.runs["new"])

    played(play, spread=50.0)


def test_a_scheduled_report_runs_again_when_its_interval_is_over() -> None:
    async def play(fixture: Fixture) -> None:
        fixture.scheduler.saw(fixture.body())
        (known,) = fixture.scheduler
        await until(lambda: known.settled == 1 and not known.running)
        assert known.due == fixture.clock.now + 3600
        fixture.clock.now += 3600
        await until(lambda: fixture.reports.runs["costs"] == 2)

    played(play)


@given(st.integers(0, 10_000))
def test_a_backoff_grows_to_ten_minutes_and_never_past_them(failures: int) -> None:
    longest = min(2.0 ** min(failures, 10), LONGEST_BACKOFF)
    assert longest / 2 <= backoff(failures) <= longest <= 600


@pytest.mark.parametrize("error", [MetricsUnreachableError("Prometheus is away"), RuntimeError("a fault")])
def test_a_collection_that_fails_is_followed_by_the_next(error: FarthingError | RuntimeError) -> None:
    collection = FakeCollection()
    collection.error = error
    changes: list[None] = []
    collecting = Collecting(collection, 0.001, lambda: changes.append(None))
    collecting.start()
    wait_until(lambda: collection.cycles > 2, "more cycles")
    assert changes == []
    collection.error, collection.changes = None, True
    wait_until(lambda: changes, "the change to be told")
    collecting.stop()
    assert collecting.join(10)


@pytest.mark.parametrize("error", [MetricsUnreachableError("Prometheus is away"), RuntimeError("a fault")])
def test_what_a_refresh_changed_before_it_failed_is_told(error: FarthingError | RuntimeError) -> None:
    collection = FakeCollection(changes=True)
    collection.error = error
    changes: list[None] = []
    collecting = Collecting(collection, 600, lambda: changes.append(None))
    collecting.start()
    wait_until(lambda: changes, "the change to be told")
    collecting.stop()
    assert collecting.join(10)
    assert len(changes) == collection.cycles == 1


def test_livez_answers_200_until_something_is_wrong() -> None:
    wrong: list[str] = []
    server = LivenessServer(("127.0.0.1", 0), lambda: wrong)
    url = f"http://127.0.0.1:{server.port}"
    assert answers(f"{url}/livez")
    assert not answers(f"{url}/other")
    wrong.append("the event loop stands still")
    assert not answers(f"{url}/livez")
    server.close()


IPV6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        pytest.param("", "127.0.0.1", id="everywhere by IPv4"),
        pytest.param("", "[::1]", id="everywhere by IPv6", marks=IPV6),
        pytest.param("0.0.0.0", "127.0.0.1", id="IPv4"),  # noqa: S104 - as people give it
        pytest.param("::", "127.0.0.1", id="both by IPv4", marks=IPV6),
        pytest.param("::", "[::1]", id="both by IPv6", marks=IPV6),
        pytest.param("::1", "[::1]", id="IPv6", marks=IPV6),
        pytest.param("localhost", "127.0.0.1", id="a name"),
    ],
)
def test_livez_is_reached_by_the_families_of_its_address(host: str, reached: str) -> None:
    server = LivenessServer((host, 0), list)
    try:
        assert answers(f"http://{reached}:{server.port}/livez")
    finally:
        server.close()


def test_livez_is_served_where_the_kernel_has_no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    server = LivenessServer(("", 0), list)
    try:
        assert server._server.address_family == socket.AF_INET
        assert answers(f"http://127.0.0.1:{server.port}/livez")
    finally:
        server.close()


def test_who_asks_livez_and_says_nothing_is_hung_up_on() -> None:
    server = LivenessServer(("127.0.0.1", 0), list, longest_silence=0.05)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as silent:
            # Nothing more comes: the other end is closed.
            assert silent.recv(1) == b""
    finally:
        server.close()
