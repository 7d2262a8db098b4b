"""C3: what a container is charged, hour by hour and resource by resource: the larger of requested and used."""

import pytest

from tests.support.sample_tables import GIB, HOUR, Facts, SampleTables, uid_of


@pytest.fixture(scope="module")
def charged() -> Facts:
    """Two hours of one node with pods that ask for and use various amounts, all running the whole time."""
    tables = SampleTables(hours=2)
    tables.node(cores=32, gib=64, gpus={"nvidia_com_gpu": 8}, rates=(0.03, 0.004, 0.9))

    def pod(name: str, requests: dict[str, float], cpu: dict[int, float], ram: float) -> None:
        tables.container(name, started=-9000, requests=requests)
        tables.usage(name, cpu={-1: 0, **cpu}, ram=ram)

    pod("reserved", {"cpu": 1, "memory": 2 * GIB}, {0: 1800, 1: 3600}, 1 * GIB)
    pod("bursting", {"cpu": 1, "memory": 2 * GIB}, {0: 7200, 1: 9000}, 3 * GIB)
    pod("unrequested", {}, {0: 900, 1: 1800}, 0.5 * GIB)
    tables.container("unseen", started=-9000, requests={"cpu": 2, "memory": 4 * GIB})
    pod("resized", {}, {0: 0, 1: 0}, 0)
    tables.give(
        "requests",
        {0: 1, 1: 3},
        namespace="shop",
        pod="resized",
        uid=uid_of("resized"),
        container="main",
        resource="cpu",
    )

    def gpu_pod(name: str, requests: dict[str, float], limits: dict[str, float], busy: tuple[float, ...] = ()) -> None:
        tables.container(name, started=-9000, requests=requests)
        who = {"namespace": "shop", "pod": name, "container": "main"}
        for resource, amount in limits.items():
            tables.give("gpu_limits", amount, **who, uid=uid_of(name), resource=resource)
        for number, share in enumerate(busy):
            tables.give("gpu_busy", share, **who, UUID=f"GPU-{number}")

    gpu_pod("gpus", {"nvidia_com_gpu": 2}, {"nvidia_com_gpu": 2}, (0.5, 0.9))
    gpu_pod("gpu-by-limit", {"cpu": 1}, {"nvidia_com_gpu": 1})
    gpu_pod("amd", {"amd_com_gpu": 1}, {})
    gpu_pod("mig-1g", {"nvidia_com_mig_1g_5gb": 1}, {"nvidia_com_mig_1g_5gb": 1})
    gpu_pod("mig-3g", {"nvidia_com_mig_3g_20gb": 2}, {})
    gpu_pod("overbusy", {"nvidia_com_mig_1g_5gb": 1}, {}, (0.25,))
    return tables.facts()


def test_each_hour_charges_the_larger_of_requested_and_used(charged: Facts) -> None:
    # One core asked for: 3600 core-s an hour. Used: twice that in the first hour, half in the second.
    assert [charged.container("bursting", hour)["cpu_requested"] for hour in (0, 1)] == [3600, 3600]
    assert [charged.container("bursting", hour)["cpu_used"] for hour in (0, 1)] == [7200, 1800]
    assert [charged.container("bursting", hour)["cpu_allocated"] for hour in (0, 1)] == [7200, 3600]


@pytest.mark.parametrize(
    ("pod", "core_seconds", "gib_seconds"),
    [
        pytest.param("reserved", 3600, 2 * 3600, id="asked-for-and-half-used"),
        pytest.param("bursting", 7200, 3 * 3600, id="more-used-than-asked-for"),
        pytest.param("unrequested", 900, 0.5 * 3600, id="nothing-asked-for"),
        pytest.param("unseen", 2 * 3600, 4 * 3600, id="nothing-known-of-its-use"),
    ],
)
def test_cpu_and_memory_are_charged_each_for_itself(
    charged: Facts, pod: str, core_seconds: float, gib_seconds: float
) -> None:
    row = charged.container(pod)
    assert (row["cpu_allocated"], row["ram_allocated"] / GIB) == (
        pytest.approx(core_seconds),
        pytest.approx(gib_seconds),
    )
    # 0.03 a core-hour and 0.004 a GiB-hour.
    assert row["cpu_cost"] == pytest.approx(core_seconds / HOUR * 0.03)
    assert row["ram_cost"] == pytest.approx(gib_seconds / HOUR * 0.004)


def test_a_request_that_changes_counts_as_it_was_in_each_hour(charged: Facts) -> None:
    assert [charged.container("resized", hour)["cpu_requested"] for hour in (0, 1)] == [3600, 3 * 3600]


@pytest.mark.parametrize(
    ("pod", "gpu_hours"),
    [
        pytest.param("gpus", 2, id="asked-for-and-limited-counts-once"),
        pytest.param("gpu-by-limit", 1, id="the-limit-where-none-is-asked-for"),
        pytest.param("amd", 1, id="amd"),
        pytest.param("mig-1g", 1 / 7, id="mig-1g-is-a-seventh"),
        pytest.param("mig-3g", 2 * 3 / 7, id="two-mig-3g-are-six-sevenths"),
        pytest.param("overbusy", 0.25, id="busier-than-asked-for"),
        pytest.param("reserved", 0, id="none"),
    ],
)
def test_gpus_are_charged_by_devices(charged: Facts, pod: str, gpu_hours: float) -> None:
    row = charged.container(pod)
    assert row["gpu_allocated"] == pytest.approx(gpu_hours * HOUR)
    # 0.9 a GPU-hour.
    assert row["gpu_cost"] == pytest.approx(gpu_hours * 0.9)


def test_busy_gpus_are_used(charged: Facts) -> None:
    # Two devices, busy for 0.5 and 0.9 of the hour.
    assert charged.container("gpus")["gpu_used"] == pytest.approx(1.4 * HOUR)


def test_use_on_a_node_that_nobody_describes_is_kept_at_no_cost() -> None:
    tables = SampleTables()
    tables.container("lost", node="nowhere", started=-100, requests={"cpu": 1})
    row = tables.facts().container("lost")
    assert (row["node"], row["cpu_allocated"], row["cpu_cost"]) == ("nowhere", 3600, 0)
