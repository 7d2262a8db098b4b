"""The exact traffic and costs of load balancers of a made-up cluster, from its closed forms."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farthing.demo.cluster import GIB, Cluster, Fees, Pod, Service, overlap
from tests.support.sample_tables import Row
from tests.support.truth import HOUR, ContainerHour, Interval, container_hours

KINDS = ("zone", "region", "internet")
Whose = tuple[int, str, str]
"""Start of the hour [unix s], uid and container; of what no container holds, the namespace and ``NOBODY``."""
NOBODY = "nobody"
Name = tuple[str, str]
"""Namespace and pod."""


@dataclass(frozen=True, slots=True)
class PodHour:
    """What one pod sent, received [B] and costs in an hour, by where it went."""

    sent: float
    received: float
    bytes: dict[str, float]
    costs: dict[str, float]


def network_hours(cluster: Cluster, hours: Sequence[Interval]) -> dict[Whose, PodHour]:
    """The traffic of each container that ran: its pod's, shared by how long each container of the pod ran."""
    rows = container_hours(cluster, hours)
    ran = _ran(rows)
    pods = {pod.uid: pod for pod in cluster.pods}
    return {
        (row.start, row.uid, row.container): _pod_hour(
            pods[row.uid], (row.start, row.end), cluster.fees, row.run_seconds / ran[row.start, row.uid]
        )
        for row in rows
    }


def balancer_costs(cluster: Cluster, hours: Sequence[Interval]) -> dict[Whose, float]:
    """What each container, or nobody, pays for load balancers. [currency]"""
    rows = container_hours(cluster, hours)
    costs: dict[Whose, float] = {}
    for service in (one for one in cluster.services if one.address):
        uids = {pod.uid for pod in cluster.pods_of(service)}
        for hour in hours:
            cost = balancer_cost(service, hour)
            behind = [row for row in rows if row.start == hour[0] and row.uid in uids]
            ran = sum(row.run_seconds for row in behind)
            shares = {(row.start, row.uid, row.container): row.run_seconds / ran for row in behind}
            for key, share in (shares or {(hour[0], service.namespace, NOBODY): 1.0}).items():
                costs[key] = costs.get(key, 0.0) + cost * share
    return costs


def balancer_cost(service: Service, hour: Interval) -> float:
    """What the load balancer of ``service`` costs in an hour. [currency]"""
    start, end = overlap(service.created, None, *hour)
    return max(0, end - start) / HOUR * service.rate


def balancer_costs_found(allocation: Iterable[Row]) -> dict[Whose, float]:
    """The same by the rows of allocations."""
    rows = [row for row in allocation if row["lb_cost"]]
    return {
        (row["start"], row["uid"] or row["namespace"], row["container"] if row["uid"] else NOBODY): row["lb_cost"]
        for row in rows
    }


def payers(costs: Mapping[Whose, float]) -> dict[tuple[str, str], float]:
    """``costs`` of all hours by uid and container, or namespace and ``NOBODY``."""
    total: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (_, who, container), cost in costs.items():
        total[who, container] += cost
    return dict(total)


class NetworkTruth:
    """What the pods of each name pay for traffic, from the second hour on: of the first nobody saw the start.

    The network-costs daemonset tells a pod by its name only.
    """

    def __init__(self, cluster: Cluster, hours: Sequence[Interval], allocation: Iterable[Row]) -> None:
        self.found: defaultdict[Name, float] = defaultdict(float)
        self.true: defaultdict[Name, float] = defaultdict(float)
        self.most_a_second: defaultdict[Name, float] = defaultdict(float)
        """What a second of a pod's traffic costs at most. [currency]"""
        self._ran: defaultdict[Name, float] = defaultdict(float)
        later, names = hours[1:], {pod.uid: (pod.namespace, pod.name) for pod in cluster.pods}
        for (_, uid, _), row in network_hours(cluster, later).items():
            if sum(row.costs.values()):
                self.true[names[uid]] += sum(row.costs.values())
        for found in allocation:
            if found["start"] >= later[0][0] and found["uid"]:
                self.found[names[found["uid"]]] += sum(found[f"network_{kind}_cost"] for kind in KINDS)
        for pod in cluster.pods:
            start, end = overlap(*pod.span, later[0][0], later[-1][1])
            self._ran[names[pod.uid]] += max(0, end - start)
            if pod.traffic is not None:
                sent = {kind: pod.traffic.to(kind) for kind in KINDS}
                most = sum(
                    wave.base * (1 + wave.swing) / GIB * getattr(cluster.fees, kind) for kind, wave in sent.items()
                )
                self.most_a_second[names[pod.uid]] = max(self.most_a_second[names[pod.uid]], most)

    def pods(self, ran: float) -> list[Name]:
        """Names of the pods that pay and ran for so long. [s]"""
        return [name for name in self.true if self._ran[name] >= ran]


def _ran(rows: Sequence[ContainerHour]) -> dict[tuple[int, str], int]:
    """How long the containers of each pod ran in each hour, together. [s]"""
    ran: dict[tuple[int, str], int] = {}
    for row in rows:
        ran[row.start, row.uid] = ran.get((row.start, row.uid), 0) + int(row.run_seconds)
    return ran


def _pod_hour(pod: Pod, hour: Interval, fees: Fees, share: float) -> PodHour:
    if pod.traffic is None:
        nothing = dict.fromkeys(KINDS, 0.0)
        return PodHour(0.0, 0.0, nothing, nothing)
    span = overlap(*pod.span, *hour)
    sent = {kind: pod.traffic.to(kind).integral(*span) * share for kind in KINDS}
    return PodHour(
        pod.traffic.sent.integral(*span) * share,
        pod.traffic.received.integral(*span) * share,
        sent,
        {kind: sent[kind] / GIB * getattr(fees, kind) for kind in KINDS},
    )
