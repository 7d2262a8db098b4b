"""The exact answer for the volumes of a made-up cluster: who mounts each of them in every second."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from farthing.demo.cluster import GIB, Cluster, Pod, Volume, overlap
from tests.support.truth import HOUR, Interval

NOBODY = "__unmounted__"


@dataclass(frozen=True, slots=True)
class VolumeHour:
    """What one container, or nobody, is charged for one volume in ``[start, end)``."""

    start: int
    end: int
    volume: str
    namespace: str
    pod: str
    uid: str
    container: str
    seconds: float
    """Of the volume's time, this one's part."""
    cost: float


def volume_hours(cluster: Cluster, hours: Sequence[Interval]) -> list[VolumeHour]:
    """One row per hour, volume and container that paid for it, and one for nobody."""
    return [
        row
        for volume in cluster.volumes
        for pods in [[pod for pod in cluster.pods if pod.namespace == volume.namespace and volume.claim in pod.claims]]
        for hour in hours
        for row in _volume_hour(volume, pods, hour)
    ]


def _volume_hour(volume: Volume, pods: Sequence[Pod], hour: Interval) -> Iterator[VolumeHour]:
    start, end = overlap(volume.created, volume.deleted, *hour)
    lives = [(pod, life) for pod in pods if (life := _life(pod, (start, end)))]
    edges = sorted({start, end, *(edge for _, life in lives for edge in life)}) if start < end else []
    seconds: defaultdict[tuple[str, str, str, str], float] = defaultdict(float)
    for begin, until in pairwise(edges):
        present = [pod for pod, (born, dead) in lives if born <= begin and until <= dead]
        for pod in present:
            runs = _run_seconds(pod, hour)
            for container, ran in runs.items():
                part = (until - begin) / len(present) * ran / sum(runs.values())
                seconds[pod.namespace, pod.name, pod.uid, container] += part
        if not present:
            seconds[volume.namespace or NOBODY, NOBODY, "", NOBODY] += until - begin
    for who, part in seconds.items():
        yield VolumeHour(*hour, volume.name, *who, part, part / HOUR * volume.size / GIB * volume.rate)


def _life(pod: Pod, span: Interval) -> Interval | None:
    """From the start of its first container to the end of its last one, within ``span``."""
    runs = [overlap(run.start, run.end, *span) for container in pod.containers for run in container.runs]
    within = [(begin, end) for begin, end in runs if begin < end]
    return (min(begin for begin, _ in within), max(end for _, end in within)) if within else None


def _run_seconds(pod: Pod, hour: Interval) -> dict[str, float]:
    runs: defaultdict[str, float] = defaultdict(float)
    for container in pod.containers:
        for run in container.runs:
            begin, end = overlap(run.start, run.end, *hour)
            runs[container.name] += max(0, end - begin)
    return dict(runs)
