"""The demo's services, and what its pods send and receive."""

from collections.abc import Iterator

from farthing.demo.cluster import Service, Traffic
from farthing.demo.identity import uid
from farthing.demo.shapes import Wave

OLD = 2 * 86_400 + 4000
"""How long before the cluster's start most services were made. [s]"""
EVENING = 3.6
"""Phase of a wave whose peak is at 16:15 UTC. [radian]"""
BALANCER_RATE = 0.0225
"""What a load balancer costs. [currency per hour]"""


def services(start: int, opened: int) -> Iterator[Service]:
    """The services of the demo that begins at ``start``; one load balancer comes at ``opened`` only. [unix s]"""
    yield _service("shop", "storefront", start - OLD, workload="web", address="203.0.113.10")
    yield _service("payments", "gateway", opened, workload="gateway", address="203.0.113.11")
    # Nobody is behind it any more.
    yield _service("shop", "old-storefront", start - OLD, address="203.0.113.12")
    yield _service("data", "postgres", start - OLD, workload="postgres")


def talking(kilobytes: float, *, zone: float = 0.0, region: float = 0.0, internet: float = 0.0) -> Traffic:
    """What a pod sends [kB/s] and receives, most of it by day, and which shares of it leave its zone, and where to."""
    sent, received = Wave(kilobytes * 1000, 0.4, EVENING), Wave(kilobytes * 300, 0.4, EVENING)
    return Traffic(sent=sent, received=received, zone=zone, region=region, internet=internet)


def _service(namespace: str, name: str, created: int, *, workload: str = "", address: str = "") -> Service:
    return Service(
        namespace=namespace,
        name=name,
        uid=uid("service", namespace, name),
        created=created,
        workload=workload,
        address=address,
        rate=BALANCER_RATE if address else 0.0,
    )
