"""The volumes a made-up cluster leases, at prices near a large cloud's."""

from collections.abc import Iterator
from dataclasses import dataclass

from farthing.demo.cluster import GIB, Volume
from farthing.demo.identity import hexadecimal, uid

MONTH_HOURS = 730
DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Class:
    driver: str
    prefix: str
    """What the ids of its volumes begin with."""
    month_rate: float
    """Currency per GiB and month."""


_CLASSES = {
    "gp3": _Class("ebs.csi.aws.com", "vol-0", 0.08),
    "efs": _Class("efs.csi.aws.com", "fs-0", 0.30),
}
_OF_ORDINALS = (
    ("data", "data-postgres", 3, 100),
    ("data", "log-kafka", 3, 250),
    ("payments", "data-ledger", 2, 40),
    ("monitoring", "db-prometheus-main", 1, 120),
)
"""Namespace, claim, how many ordinals and the size of each [GiB]: what the StatefulSets ask for."""


@dataclass(frozen=True, slots=True)
class _Lease:
    """A volume to lease for the claim of a namespace, both empty for none, at ``created`` [unix s]."""

    namespace: str
    claim: str
    gib: int
    created: int
    storage_class: str = "gp3"


def demo_volumes(start: int, scratch: int, seed: int) -> tuple[Volume, ...]:
    """The demo's volumes: all older than ``start``, but for the one that a Job needs at ``scratch``. [unix s]"""
    return tuple(_leased(one, seed) for one in _leases(start - 8 * DAY - 555, scratch))


def _leases(old: int, scratch: int) -> Iterator[_Lease]:
    for namespace, claim, count, gib in _OF_ORDINALS:
        for index in range(count):
            yield _Lease(namespace, f"{claim}-{index}", gib, old + 7 * index)
    # Mounted by several pods, by none, by one that comes and goes, and bound to no claim.
    yield _Lease("ml", "datasets", 500, old, "efs")
    yield _Lease("shop", "uploads-of-last-year", 300, old)
    yield _Lease("data", "reindex-scratch", 80, scratch - 11)
    yield _Lease("", "", 64, old)


def _leased(wanted: _Lease, seed: int) -> Volume:
    kind = _CLASSES[wanted.storage_class]
    key = (seed, wanted.namespace, wanted.claim, wanted.gib)
    return Volume(
        name=f"pvc-{uid(*key)}" if wanted.claim else f"released-{hexadecimal(6, *key)}",
        namespace=wanted.namespace,
        claim=wanted.claim,
        storage_class=wanted.storage_class,
        driver=kind.driver,
        handle=kind.prefix + hexadecimal(16, *key),
        size=wanted.gib * GIB,
        created=wanted.created,
        deleted=None,
        rate=kind.month_rate / MONTH_HOURS,
    )
