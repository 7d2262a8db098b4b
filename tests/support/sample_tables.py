"""A small cluster's samples as literals, and the facts the model makes of them.

Hours are counted from ``START``; hour -1 is the one before, which carried queries also ask.
"""

import random
import uuid
from array import array
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from farthing.model.coverage import Coverage, judged
from farthing.model.intervals import Chunk
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.sampled import SAMPLES
from farthing.model.samples import Samples
from farthing.prometheus.catalogue import CATALOGUE
from farthing.store.engine import run
from farthing.store.workbench import Workbench

START = 1_794_873_600
"""2026-11-17 00:00 UTC."""
HOUR = 3600
GIB = float(2**30)
CLUSTER = "cluster-one"
ONCE = {query.name for query in CATALOGUE if query.once}
"""Asked once for all hours: these name things."""

Values = float | Mapping[int, float]
Row = dict[str, Any]


def uid_of(pod: str) -> str:
    """A pod's uid: the same for the same text."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, pod))


def cgroup(uid: str, run_name: str) -> str:
    """cAdvisor's ``id`` of one run of a container, as systemd's cgroups spell it."""
    slice_name = f"kubepods-burstable-pod{uid.replace('-', '_')}.slice"
    return f"/kubepods.slice/{slice_name}/cri-containerd-{run_name}.scope"


@dataclass(frozen=True)
class Facts:
    """What the model made of sample tables."""

    allocation: list[Row]
    asset: list[Row]
    coverage: list[Coverage]
    workload: list[Row] = field(default_factory=list)
    volume: list[Row] = field(default_factory=list)
    balancer: list[Row] = field(default_factory=list)

    def containers(self, pod: str, hour: int = 0) -> list[Row]:
        """The rows of a pod's containers in an hour, by container."""
        rows = [row for row in self.allocation if row["pod"] == pod and row["start"] == START + hour * HOUR]
        return sorted(rows, key=lambda row: (row["container"], row["uid"]))

    def container(self, pod: str, hour: int = 0) -> Row:
        """The only row of a pod in an hour."""
        (row,) = self.containers(pod, hour)
        return row

    def node(self, name: str = "node-a", hour: int = 0, provider_id: str | None = None) -> Row:
        """The only row of a node in an hour."""
        (row,) = [
            row
            for row in self.asset
            if row["name"] == name and row["start"] == START + hour * HOUR and provider_id in {None, row["provider_id"]}
        ]
        return row


@dataclass
class SampleTables:
    """The samples of ``hours`` hours, of the last of which ``seconds`` have passed; a scrape a minute."""

    hours: int = 1
    seconds: float = 3600.0
    scrapes: float = 60.0
    """Scrapes of kube-state-metrics and of cAdvisor in each interval; 0 for a source that was silent."""
    prices: Prices = NO_PRICES
    """Price books that apply."""
    rows: dict[str, list[tuple[tuple[str, ...], int, float]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        if self.scrapes:
            self.give("state_scrapes", self.scrapes)
        # A container that none of these tables describes further was there for all scrapes of cAdvisor.
        watched = dict.fromkeys(range(self.hours), self.scrapes) if self.scrapes else {}
        self.give("ram_scrapes", watched, namespace="kube-system", pod="always", container="there", id="/always")

    def give(self, table: str, values: Values, **labels: str) -> None:
        """Add samples to a table: one number for every hour, or numbers by hour."""
        key = tuple(labels.pop(name, "") for name in SAMPLES[table])
        if labels:
            raise ValueError(f"{table} has no column {sorted(labels)}")
        if isinstance(values, Mapping):
            by_hour = values
        elif table in ONCE:
            by_hour = {self.hours - 1: values}
        else:
            by_hour = dict.fromkeys(range(self.hours), values)
        self.rows[table] += [(key, START + (hour + 1) * HOUR, value) for hour, value in by_hour.items()]

    def node(
        self,
        name: str = "node-a",
        provider_id: str = "aws:///eu-west-1a/i-0a",
        *,
        cores: float = 4,
        gib: float = 16,
        gpus: Mapping[str, float] | None = None,
        seen: Values = 60,
        created: float | None = None,
        rates: tuple[float, float, float] | None = (0.03, 0.004, 0.9),
    ) -> None:
        """A node that has always been there, or was created at ``START`` + ``created`` [s].

        ``rates`` are the metrics' for a core-, GiB- and GPU-hour, none for those who have no such metrics.
        """
        before = {} if created is not None else {-1: 60.0}
        by_hour = seen if isinstance(seen, Mapping) else dict.fromkeys(range(self.hours), seen)
        self.give("node_scrapes", {**before, **by_hour}, node=name, provider_id=provider_id)
        if created is not None:
            self.give("node_created", START + created, node=name)
        held = {"cpu": cores, "memory": gib * GIB, **(gpus or {})}
        for resource, amount in held.items():
            self.give("node_capacity", dict.fromkeys((*before, *by_hour), amount), node=name, resource=resource)
        for metric, rate in zip(("node_cpu_rate", "node_ram_rate", "node_gpu_rate"), rates or (), strict=False):
            self.give(metric, dict.fromkeys(by_hour, rate), node=name, provider_id=provider_id)

    def container(
        self,
        pod: str,
        container: str = "main",
        *,
        node: str = "node-a",
        uid: str | None = None,
        seen: Values = 60,
        started: float | None = None,
        completed: Mapping[int, float] | None = None,
        requests: Mapping[str, Values] | None = None,
        init: bool = False,
    ) -> None:
        """A container of namespace ``shop``, ``seen`` running by so many scrapes of each hour.

        ``started`` and ``completed`` are seconds after ``START``, the latter known from an hour on.
        """
        who = {"namespace": "shop", "pod": pod, "uid": uid or uid_of(pod)}
        self.give("init_running" if init else "running", seen, **who, container=container)
        if node:
            self.give("pod_node", 1, **who, node=node)
        if started is not None:
            known = {hour: START + started for hour in range(self.hours) if started < (hour + 1) * HOUR}
            self.give("started", known, **who, container=container)
        if completed is not None:
            self.give("completed", {hour: START + at for hour, at in completed.items()}, **who)
        for resource, amount in (requests or {}).items():
            self.give("init_requests" if init else "requests", amount, **who, container=container, resource=resource)

    def usage(
        self,
        pod: str,
        container: str = "main",
        *,
        cgroup_id: str | None = None,
        cpu: Mapping[int, float],
        first: Values | None = None,
        ram: Values = 0.0,
        ram_scrapes: Values = 60,
        scraped: Mapping[int, float] | None = None,
    ) -> None:
        """What cAdvisor saw of one run of a container: the cpu counter's last values [core-s] and mean memory [B].

        ``first`` is the least value within each hour; ``scraped`` when it was last scraped, in seconds after ``START``.
        """
        made_id = cgroup(uid_of(pod), "run-1") if cgroup_id is None else cgroup_id
        who = {"namespace": "shop", "pod": pod, "container": container, "id": made_id}
        within = {hour: value for hour, value in cpu.items() if hour >= 0}
        self.give("cpu_last", cpu, **who)
        self.give("cpu_first", within if first is None else first, **who)
        counts = ram_scrapes if isinstance(ram_scrapes, Mapping) else dict.fromkeys(range(self.hours), ram_scrapes)
        means = ram if isinstance(ram, Mapping) else dict.fromkeys(range(self.hours), ram)
        self.give("ram_sum", {hour: mean * counts[hour] for hour, mean in means.items() if hour in counts}, **who)
        self.give("ram_scrapes", ram_scrapes, **who)
        self.give("cpu_scraped", {hour: START + at for hour, at in (scraped or {}).items()}, **who)

    def volume(
        self,
        name: str = "pv-1",
        claim: str = "",
        *,
        gib: Values = 100,
        seen: Values = 60,
        created: float | None = None,
        rate: float | None = 0.02,
        **info: str,
    ) -> None:
        """A volume that has always been there, or was created at ``START`` + ``created`` [s], and its claim in ``shop``.

        ``rate`` is the metric's for a GiB-hour, None where there is no such metric; ``info`` are labels of the volume.
        """
        before = {} if created is not None else {-1: 60.0}
        by_hour = seen if isinstance(seen, Mapping) else dict.fromkeys(range(self.hours), seen)
        sizes = gib if isinstance(gib, Mapping) else dict.fromkeys(by_hour, gib)
        self.give("pv_scrapes", {**before, **by_hour}, persistentvolume=name)
        self.give("pv_bytes", {hour: size * GIB for hour, size in sizes.items()}, persistentvolume=name)
        self.give("pv_info", 1, persistentvolume=name, **info)
        if created is not None:
            self.give("pv_created", dict.fromkeys(by_hour, START + created), persistentvolume=name)
        if rate is not None:
            self.give("pv_rate", dict.fromkeys(by_hour, rate), persistentvolume=name, volumename=name)
        if claim:
            bound = {"namespace": "shop", "persistentvolumeclaim": claim, "volumename": name}
            self.give("claim_scrapes", by_hour, **bound, storageclass=info.get("storageclass", "<none>"))

    def mount(self, pod: str, claim: str) -> None:
        """``pod``, of namespace ``shop``, mounts ``claim``."""
        self.give("pod_claims", 1, namespace="shop", pod=pod, uid=uid_of(pod), persistentvolumeclaim=claim)

    def facts(self, shuffled: random.Random | None = None) -> Facts:
        """What the model makes of these samples, loaded in another order where ``shuffled`` says so."""
        with self.bench(shuffled) as bench:
            seen = judged(bench.compute())
            return Facts(
                *(_rows(bench, name) for name in ("allocation", "asset")),
                seen,
                *(_rows(bench, name) for name in ("workload", "volume", "balancer")),
            )

    def bench(self, shuffled: random.Random | None = None) -> Workbench:
        """A workbench with these samples in it."""
        intervals = [(START + hour * HOUR, 3600.0) for hour in range(self.hours - 1)]
        bench = Workbench(
            Chunk(HOUR, (*intervals, (START + (self.hours - 1) * HOUR, self.seconds))), CLUSTER, self.prices
        )
        # Threads cost these few rows more than they bring.
        run(bench.connection, "set threads = 1")
        for name in SAMPLES:
            bench.load(self._samples(name, shuffled))
        return bench

    def _samples(self, name: str, shuffled: random.Random | None) -> Samples:
        rows = self.rows[name]
        keys = list(dict.fromkeys(key for key, _, _ in rows))
        if shuffled:
            rows = shuffled.sample(rows, len(rows))
            shuffled.shuffle(keys)
        place = {key: index for index, key in enumerate(keys)}
        labels = {label: [key[column] for key in keys] for column, label in enumerate(SAMPLES[name])}
        return Samples(
            name,
            labels,
            len(keys),
            array("i", [place[key] for key, _, _ in rows]),
            # A value is dated one millisecond before its hour ends.
            array("d", [end - 0.001 for _, end, _ in rows]),
            array("d", [value for _, _, value in rows]),
        )


def _rows(bench: Workbench, table: str) -> list[Row]:
    found = bench.connection.execute(f"select * from {table} order by all")  # noqa: S608 - our own table
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
