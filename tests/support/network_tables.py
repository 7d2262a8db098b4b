"""Samples of traffic, services and load balancers as literals, beside those of ``sample_tables``."""

from collections.abc import Mapping

from tests.support.sample_tables import START, Row, SampleTables, Values, uid_of

CLASSES = {
    "zone": {"internet": "false", "same_zone": "false", "same_region": "true"},
    "region": {"internet": "false", "same_zone": "false", "same_region": "false"},
    "internet": {"internet": "true", "same_zone": "false", "same_region": "false"},
    "free": {"internet": "false", "same_zone": "true", "same_region": "true"},
}
"""Labels of the counters of where bytes go."""


def one_pod(*containers: str) -> SampleTables:
    """A node and on it the pod ``web``, which has been there for hours."""
    tables = SampleTables()
    tables.node()
    for container in containers or ("main",):
        tables.container("web", container, started=-9000)
    return tables


def give_egress(
    tables: SampleTables,
    pod: str,
    sent: Mapping[int, float],
    /,
    *,
    kind: str = "internet",
    first: Values | None = None,
    scraped: Mapping[int, float] | None = None,
    **labels: str,
) -> None:
    """The last value of a pod's counter of ``kind`` in each hour [B], the least, and when it was scraped [s after START].

    ``labels`` are of who counted and who scraped it, such as the instance, and of where exactly the bytes went.
    """
    who = {"namespace": "shop", "pod_name": pod, **CLASSES[kind], **labels}
    _give_counter(tables, "egress", sent, first, who)
    tables.give("egress_scraped", {hour: START + at for hour, at in (scraped or {}).items()}, **who)


def give_interface(
    tables: SampleTables,
    pod: str,
    bytes_of: Mapping[str, Mapping[int, float]],
    *,
    cgroup_id: str,
    interface: str = "eth0",
) -> None:
    """The last values of an interface's counters ``transmit`` and ``receive`` in each hour [B]."""
    who = {"namespace": "shop", "pod": pod, "id": cgroup_id, "interface": interface}
    for name, values in bytes_of.items():
        _give_counter(tables, name, values, None, who)


def _give_counter(
    tables: SampleTables, name: str, values: Mapping[int, float], first: Values | None, who: Mapping[str, str]
) -> None:
    tables.give(f"{name}_last", values, **who)
    within = {hour: value for hour, value in values.items() if hour >= 0}
    tables.give(f"{name}_first", within if first is None else first, **who)


def give_pod_start(tables: SampleTables, pod: str, at: float, uid: str | None = None) -> None:
    """When the kubelet took on a pod. [s after START]"""
    tables.give("pod_started", START + at, namespace="shop", pod=pod, uid=uid or uid_of(pod))


def give_service(
    tables: SampleTables,
    service: str,
    pods: tuple[str, ...] = (),
    *,
    endpointslice: str | None = None,
    hours: Values = 1,
) -> None:
    """A service of namespace ``shop`` with a slice that names ``pods`` in ``hours``."""
    tables.give("services", 1, namespace="shop", service=service)
    for pod in pods:
        tables.give(
            "endpoints",
            hours,
            namespace="shop",
            endpointslice=endpointslice or f"{service}-x7k2p",
            targetref_kind="Pod",
            targetref_name=pod,
        )


def give_balancer(
    tables: SampleTables,
    service: str,
    *,
    seen: Values = 60,
    created: float | None = None,
    rate: float | None = None,
    uid: str = "u-1",
) -> None:
    """A service of the type LoadBalancer, ``seen`` by so many scrapes of each hour, created at ``START`` + ``created`` [s]."""
    who = {"namespace": "shop", "service": service, "uid": uid}
    tables.give("balancer_scrapes", seen, **who)
    if created is not None:
        tables.give("balancer_created", START + created, **who)
    if rate is not None:
        give_rate(tables, service, rate)


def give_rate(tables: SampleTables, service: str, rate: float, seen: Values = 60, address: str = "203.0.113.7") -> None:
    """What the exporter says of a load balancer, in ``seen`` of its scrapes."""
    who = {"namespace": "shop", "service_name": service, "ingress_ip": address}
    hours = seen if isinstance(seen, Mapping) else dict.fromkeys(range(tables.hours), seen)
    tables.give("balancer_rate", dict.fromkeys(hours, rate), **who)
    tables.give("balancer_rate_scrapes", hours, **who)


def kept(tables: SampleTables, name: str) -> list[Row]:
    """The rows of the facts ``name`` that the model makes of ``tables``."""
    with tables.bench() as bench:
        bench.compute()
        found = bench.connection.execute(f"select * from {name} order by all")  # noqa: S608 - our own table
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def pods_behind(tables: SampleTables) -> list[tuple[str, str, str]]:
    """Service, pod and uid of the pods that are behind services, sorted."""
    services = [row for row in kept(tables, "workload") if row["kind"] == "service"]
    return sorted((row["key"], row["pod"], row["uid"]) for row in services)
