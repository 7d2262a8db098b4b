"""A store with two hours of one node in it: the containers of the seeds' examples, at prices that are worked out by hand."""

from collections.abc import Callable
from pathlib import Path

from farthing import wiring
from farthing.model.tables import GIB
from farthing.services.asking import AskService
from farthing.settings import Settings
from farthing.store.days import Store
from tests.support.fact_rows import CLUSTER, HOUR, START, FactTables, Row, container, keep, node, said, seen

NOW = START + 7 * 24 * HOUR + 2 * HOUR
"""A week after the two hours: ``timeWindow=7d&offset=7d``, as the seeds ask, ends with them. [unix s]"""
HOURS = (0, 1)
CORES, GIBS = 2, 8
CPU_RATE, RAM_RATE, DISK_RATE = 0.031611, 0.004237, 0.0002
"""Of an hour of a core, of a GiB of memory, and of a GiB of a disk. [currency]"""
MODEL_RAM, MODEL_RAM_USED = 55_000_000, 19_463_457.32
DISK = 32
"""[GiB]"""

MODEL = {
    "namespace": "cost-model",
    "pod": "cost-model-59cbdbf49c-rbr2t",
    "container": "cost-model",
    "controller": "cost-model",
}
WEB = {"namespace": "shop", "pod": "web-1", "controller": "web"}
DNS = {"namespace": "kube-system", "pod": "dns-1", "controller": "dns", "controller_kind": "daemonset"}


def held(hour: int, named: dict[str, str], cpu: tuple[float, float], ram: tuple[float, float]) -> Row:
    """A container that requests and uses so much [cores, B] for an hour, and is charged the larger."""
    return container(
        hour,
        **named,
        cpu_requested=cpu[0] * HOUR,
        cpu_used=cpu[1] * HOUR,
        cpu_allocated=max(cpu) * HOUR,
        cpu_cost=max(cpu) * CPU_RATE,
        ram_requested=ram[0] * HOUR,
        ram_used=ram[1] * HOUR,
        ram_allocated=max(ram) * HOUR,
        ram_cost=max(ram) / GIB * RAM_RATE,
    )


def containers(hour: int) -> list[Row]:
    """The cost model uses 3 times what it asked for in the second hour; web holds a core and a GiB, dns half of each."""
    model = held(hour, MODEL, (0.01, (0.006, 0.03)[hour]), (MODEL_RAM, MODEL_RAM_USED))
    model |= {"pv_byte_seconds": DISK * GIB * HOUR, "pv_cost": DISK * DISK_RATE}
    web = held(hour, WEB, (1.0, 0.5), (GIB, GIB / 2)) | {"network_internet_cost": 0.25}
    return [model, web, held(hour, DNS, (0.5, 0.1), (GIB / 2, GIB / 4))]


def whole_node(hour: int) -> Row:
    """The node of them all, of whose cost the idle part is what they leave."""
    rows = containers(hour)
    cost = {"cpu": CORES * CPU_RATE, "ram": GIBS * RAM_RATE}
    charged = {name: sum(row[f"{name}_cost"] for row in rows) for name in cost}
    return node(
        hour,
        cpu_quantity=CORES * HOUR,
        ram_quantity=GIBS * GIB * HOUR,
        **{f"{name}_cost": one for name, one in cost.items()},
        **{f"{name}_allocated_cost": one for name, one in charged.items()},
        **{f"{name}_idle_cost": one - charged[name] for name, one in cost.items()},
    )


def facts() -> FactTables:
    """The facts of both hours."""
    claims = [
        {**container(hour, **MODEL), "volume_name": "pv-1", "claim": "kubecost-model", "storage_class": "standard",
         "byte_seconds": DISK * GIB * HOUR, "cost": DISK * DISK_RATE}
        for hour in HOURS
    ]  # fmt: skip
    words = [
        said("label", "app", "cost-model", pod=MODEL["pod"], namespace="cost-model"),
        said("label", "pod_template_hash", "1576869057", pod=MODEL["pod"], namespace="cost-model"),
        said("service", "cost-model", pod=MODEL["pod"], namespace="cost-model"),
        said("annotation", "owner", "ada", pod=MODEL["pod"], namespace="cost-model"),
        said("namespace_label", "team", "finance", namespace="cost-model"),
        said("label", "app", "web", pod="web-1"),
        said("label", "tier", "front", pod="web-1"),
        said("node_label", "pool", "highmem", pod="node-a"),
    ]
    rows = [row for hour in HOURS for row in containers(hour)]
    return FactTables(rows, [whole_node(hour) for hour in HOURS], volume=claims, workload=words)


def seed_service(folder: Path, clock: Callable[[], float] = lambda: NOW) -> AskService:
    """Answers from the store, made in ``folder``."""
    settings = Settings(store=folder / "store", cluster=CLUSTER)
    keep(Store(settings.store, settings.timezone), facts(), seen(*HOURS))
    return wiring.ask_service(settings, None, clock)
