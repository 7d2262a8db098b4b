"""The demo's cluster: eight nodes and about sixty pods at once, with everything that makes costs hard to get right.

Nodes of six kinds, two of them spot, one with GPUs, one removed and one replaced under its own name within an hour;
a rollout, pods that move, crash, restart, wait for ever or stay after they finished; use above the requests for part of
the day, and containers that request nothing; volumes that move with their pods, that pods share and that nobody mounts.
Nothing is aligned to a scrape or to an hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from farthing.demo.cluster import GIB, MIB, Cluster, Owner, Pod
from farthing.demo.machines import Machine, Placement
from farthing.demo.network_scenario import services, talking
from farthing.demo.shapes import Wave
from farthing.demo.templates import ContainerTemplate, Life, PodTemplate
from farthing.demo.volumes import demo_volumes
from farthing.demo.workloads import Planner

HOUR = 3600
DAY = 24 * HOUR
MINUTE = 60
EVENING = 3.6
"""Phase of a wave whose peak is at 16:15 UTC. [radian]"""
NIGHT = 0.3
"""Phase of a wave whose peak is at 04:51 UTC. [radian]"""


@dataclass(frozen=True, slots=True)
class _Moments:
    """When the one-off events happen: at fixed shares of the span, always in the middle of an hour. [unix s]"""

    start: int
    end: int

    def at(self, share: float, minute: int, second: int) -> int:
        """``minute:second`` of the hour that lies at ``share`` of the span."""
        return int(self.start + share * (self.end - self.start)) // HOUR * HOUR + minute * MINUTE + second

    @property
    def replaced(self) -> int:
        """When the replaced node goes."""
        return self.at(0.3, 21, 43)

    @property
    def reindexed(self) -> int:
        """When the Job that needs a volume of its own comes."""
        return self.at(0.1, 33, 3)

    @property
    def removed(self) -> int:
        """When the removed node goes."""
        return self.at(0.6, 38, 17)


def demo_cluster(start: int, end: int, seed: int = 1) -> Cluster:
    """The demo's cluster over ``[start, end)`` [unix s], which should span three hours or more."""
    moments = _Moments(start, end)
    nodes = tuple(machine.rent(seed) for machine in _machines(moments))
    planner = Planner(Placement(nodes), end)
    pods = (
        *_platform(planner, moments),
        *_machine_learning(planner, moments),
        *_stateful(planner, moments),
        *_stateless(planner, moments),
        *_batch(planner, moments),
        *_stuck(planner, moments),
    )
    seen = tuple(pod for pod in pods if _is_seen(pod, start, end))
    volumes = demo_volumes(start, moments.reindexed, seed)
    return Cluster(start, end, nodes, seen, volumes, tuple(services(start, moments.at(0.35, 26, 51))))


def _is_seen(pod: Pod, start: int, end: int) -> bool:
    return pod.created < end and (pod.deleted is None or pod.deleted > start)


def _machines(moments: _Moments) -> tuple[Machine, ...]:
    old = moments.start - 9 * DAY - 1234
    return (
        Machine(address="10.0.1.11", kind="m5.2xlarge", zone="a", created=old),
        Machine(address="10.0.1.12", kind="m5.2xlarge", zone="a", created=old + 31),
        Machine(address="10.0.2.21", kind="m5.2xlarge", zone="b", created=old + 47, removed=moments.replaced),
        Machine(address="10.0.2.21", kind="m5.2xlarge", zone="b", created=moments.replaced + 94),
        Machine(address="10.0.2.22", kind="c5.4xlarge", zone="b", created=old + 59),
        Machine(address="10.0.3.31", kind="r5.xlarge", zone="c", created=old + 83),
        Machine(address="10.0.3.32", kind="m5.xlarge", zone="c", created=old + 3 * DAY, spot=True),
        Machine(
            address="10.0.3.33", kind="m5.xlarge", zone="c", created=old + 4 * DAY, removed=moments.removed, spot=True
        ),
        Machine(address="10.0.1.90", kind="g4dn.12xlarge", zone="a", created=old + 5 * DAY),
    )


def _platform(planner: Planner, moments: _Moments) -> Iterator[Pod]:
    proxy = _container("kube-proxy", cpu=0.1, load=0.3)
    network = _container("aws-node", cpu=0.05, load=0.5, ram=96 * MIB)
    policy = _container("aws-eks-nodeagent", cpu=0.025, load=0.4)
    exporter = _container("node-exporter", cpu=0.1, ram=64 * MIB, load=0.2)
    yield from planner.daemon_set(PodTemplate("kube-system", "kube-proxy", (proxy,), host_network=True))
    yield from planner.daemon_set(PodTemplate("kube-system", "aws-node", (network, policy), host_network=True))
    yield from planner.daemon_set(PodTemplate("monitoring", "node-exporter", (exporter,), host_network=True))
    dns = _container("coredns", cpu=0.1, ram=70 * MIB, load=0.6, phase=EVENING)
    state = _container("kube-state-metrics", cpu=0.05, ram=128 * MIB)
    database = _container("prometheus", cpu=1.0, ram=4 * GIB, load=0.7)
    reloader = _container("config-reloader", cpu=0.01, ram=32 * MIB, load=0.1)
    old = moments.start - 4 * DAY - 777
    yield from planner.deployment(PodTemplate("kube-system", "coredns", (dns,)), 2, old)
    yield from planner.deployment(PodTemplate("monitoring", "kube-state-metrics", (state,)), 1, old)
    managed = (Owner("Deployment", "grafana"), Owner("Grafana", "main"))
    board = PodTemplate("monitoring", "grafana", (_unrequested("grafana", 0.08),))
    yield from planner.deployment(board, 1, old, above=managed)
    main = PodTemplate("monitoring", "prometheus-main", (database, reloader), claim_templates=("db",))
    yield from planner.stateful_set(main, 1, old, above=(Owner("Prometheus", "main"),))


def _stateless(planner: Planner, moments: _Moments) -> Iterator[Pod]:
    old = moments.start - 2 * DAY - 4321
    migrate = _container("migrate", cpu=0.25, ram=128 * MIB, init=True, seconds=37)
    main = _container("main", cpu=0.5, ram=512 * MIB, load=0.6, swing=0.5, phase=EVENING)
    mesh = _container("sidecar", cpu=0.05, ram=64 * MIB, load=0.5, phase=EVENING)
    busy = _container("api", cpu=0.5, ram=768 * MIB, load=0.95, swing=0.45, phase=EVENING)
    restarted = _container("cart", cpu=0.25, ram=256 * MIB, restarts_at=moments.at(0.5, 12, 31))
    gateway = _container("gateway", cpu=0.4, ram=384 * MIB, load=0.55, swing=0.4, phase=NIGHT)
    yield from planner.deployment(
        PodTemplate("shop", "web", (migrate, main, mesh), traffic=talking(240, zone=0.3, internet=0.4)),
        6,
        old,
        rollout=moments.at(0.45, 23, 7),
    )
    yield from planner.deployment(
        PodTemplate("shop", "api", (busy,), traffic=talking(180, zone=0.4, region=0.05)), 4, old
    )
    yield from planner.deployment(PodTemplate("shop", "cart", (restarted,)), 2, old, above=(Owner("Rollout", "cart"),))
    yield from planner.deployment(
        PodTemplate("payments", "gateway", (gateway,), traffic=talking(60, zone=0.3, internet=0.2)), 3, old
    )
    yield from planner.deployment(PodTemplate("ci", "runner", (_unrequested("runner", 0.6),)), 2, old)


def _stateful(planner: Planner, moments: _Moments) -> Iterator[Pod]:
    old = moments.start - 3 * DAY - 999
    ledger = _container("ledger", cpu=0.5, ram=1 * GIB, load=0.4)
    postgres = _container("postgres", cpu=1.5, ram=4 * GIB, load=0.5, swing=0.4, phase=NIGHT)
    metrics = _container("metrics", cpu=0.02, ram=48 * MIB, load=0.4)
    broker = _container("kafka", cpu=1.0, ram=3 * GIB, load=0.8, swing=0.3, phase=EVENING)
    yield from planner.stateful_set(
        PodTemplate("payments", "ledger", (ledger,), claim_templates=("data",)),
        2,
        old,
        moves=((1, moments.at(0.7, 44, 53)),),
    )
    yield from planner.stateful_set(
        PodTemplate(
            "data",
            "postgres",
            (postgres, metrics),
            claim_templates=("data",),
            traffic=talking(300, zone=0.5, region=0.2),
        ),
        3,
        old,
        moves=((0, moments.at(0.5, 31, 29)),),
    )
    kafka = PodTemplate("data", "kafka", (broker,), claim_templates=("log",), traffic=talking(500, zone=0.6))
    yield from planner.stateful_set(kafka, 3, old)


def _machine_learning(planner: Planner, moments: _Moments) -> Iterator[Pod]:
    inference = _container("server", cpu=4.0, ram=16 * GIB, load=0.5, swing=0.6, phase=EVENING, gpus=1, busy=0.55)
    training = _container("trainer", cpu=8.0, ram=32 * GIB, load=0.8, gpus=1, busy=0.9, seconds=40 * MINUTE)
    yield from planner.deployment(
        PodTemplate("ml", "inference", (inference,), traffic=talking(40, internet=1.0)), 2, moments.start - 2 * DAY - 55
    )
    trainer = PodTemplate("ml", "train", (training,), ("datasets",))
    yield planner.job(trainer, "train-7", moments.at(0.25, 14, 11), 5 * HOUR)
    notebook = PodTemplate("ml", "notebook-ada", (_unrequested("notebook", 0.3),), ("datasets",))
    yield planner.bare(notebook, Life(created=moments.at(0.15, 9, 41), deleted=moments.at(0.85, 51, 13)))


def _batch(planner: Planner, moments: _Moments) -> Iterator[Pod]:
    sync = _container("sync", cpu=0.2, ram=128 * MIB, load=0.9, seconds=1 * MINUTE)
    settle = _container("settle", cpu=0.3, ram=256 * MIB, load=0.8, seconds=5 * MINUTE)
    extract = _container("extract", cpu=0.5, ram=512 * MIB, load=1.2, seconds=15 * MINUTE)
    backfill = _container("backfill", cpu=0.5, ram=1 * GIB, load=0.7, seconds=40 * MINUTE)
    since = moments.start - 4 * HOUR
    yield from planner.cron_job(PodTemplate("shop", "sync-orders", (sync,)), 10 * MINUTE, since, 30 * MINUTE)
    yield from planner.cron_job(PodTemplate("payments", "settle", (settle,)), 30 * MINUTE, since, 90 * MINUTE)
    yield from planner.cron_job(
        PodTemplate("data", "extract", (extract,), traffic=talking(300, internet=0.1)), HOUR, since, 3 * HOUR
    )
    yield from planner.cron_job(PodTemplate("data", "backfill", (backfill,)), 8 * HOUR, since, DAY)
    once = PodTemplate("data", "reindex", (backfill,), ("reindex-scratch",))
    yield planner.job(once, "reindex", moments.reindexed, 6 * HOUR)


def _stuck(planner: Planner, moments: _Moments) -> Iterator[Pod]:
    huge = PodTemplate("sandbox", "huge", (_container("huge", cpu=96.0, ram=512 * GIB),))
    mistyped = PodTemplate("sandbox", "mistyped-image", (_container("app", cpu=0.25, ram=256 * MIB),))
    crash = PodTemplate("shop", "importer", (_container("importer", cpu=0.2, ram=256 * MIB, load=0.8, crashes=True),))
    yield planner.bare(huge, Life(created=moments.at(0.05, 17, 5), runs=False), placed=False)
    yield planner.bare(mistyped, Life(created=moments.at(0.2, 27, 19), runs=False))
    yield planner.bare(crash, Life(created=moments.at(0.2, 41, 27), deleted=moments.at(0.9, 49, 39)))


def _container(  # noqa: PLR0913 - a container has this many traits, and each workload above names only its own
    name: str, *, cpu: float, ram: int | None = None, load: float = 0.5, swing: float = 0.2, phase: float = 0.0,
    gpus: int = 0, busy: float = 0.0, init: bool = False, seconds: int | None = None,
    restarts_at: int | None = None, crashes: bool = False,
) -> ContainerTemplate:  # fmt: skip
    """A container that requests ``cpu`` and ``ram`` and uses, on the mean, ``load`` of the former."""
    return ContainerTemplate(
        name=name,
        image=f"registry.example/{name}:1.4.2",
        cpu=Wave(cpu * load, swing, phase),
        ram=Wave((48 * MIB if ram is None else ram) * min(0.9, load + 0.2), swing / 3, phase),
        cpu_request=cpu,
        ram_request=ram,
        gpu_request=gpus,
        gpu_busy=Wave(busy, min(swing, 1 / busy - 1), phase) if gpus else None,
        init=init,
        seconds=seconds,
        restarts_at=restarts_at,
        crashes=crashes,
    )


def _unrequested(name: str, cores: float) -> ContainerTemplate:
    """A container that requests nothing and uses ``cores`` on the mean."""
    image = f"registry.example/{name}:2.0.0"
    return ContainerTemplate(
        name=name, image=image, cpu=Wave(cores, 0.6, EVENING), ram=Wave(420.0 * MIB, 0.15, EVENING)
    )
