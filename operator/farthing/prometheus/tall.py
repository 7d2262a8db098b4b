"""Labels that are not known in advance, as rows: what is said of pods, of namespaces and of services.

Whoever may make a pod decides what is said of it, and what a namespace says is said of each of its pods. Of one object at most ``MOST_KEYS`` labels are kept, each of at most
``LONGEST`` characters, and ``MOST_TEXT`` of all together: the shortest, since short ones name what is paid for. What is
left out is left out whole.
"""

from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from farthing.model.filters import label_key
from farthing.model.samples import Samples
from farthing.model.workload import LONGEST, MOST_KEYS, MOST_TEXT

USELESS = {"kubectl_kubernetes_io_last_applied_configuration"}
"""The whole object once more, as an annotation of it."""


class _Value(NamedTuple):
    seen: float
    text: str
    time: float


def tall_samples(
    name: str, labels: tuple[str, ...], prefix: str, series: Iterable[tuple[dict[str, str], float, float]]
) -> Samples:
    """A row for each label that begins with ``prefix``: of an object and name one, that with the largest value.

    ``series`` are labels, time [unix s] and value, which tells when they were last seen. The last two of ``labels`` are the
    columns of a label's name, without the prefix and spelled by ``model.filters.label_key``, and of its text; those before
    are labels by name and tell the object. Of two texts seen last at the same time the greater counts.
    """
    objects: dict[tuple[str, ...], dict[str, _Value]] = {}
    for metric, time, number in series:
        said = objects.setdefault(tuple(metric.get(label, "") for label in labels[:-2]), {})
        # What is no number was seen at no time.
        seen = number if number > 0 else 0.0
        for label, text in metric.items():
            if label.startswith(prefix) and 0 < len(text) <= LONGEST:
                key = _key(label.removeprefix(prefix))
                value = _Value(seen, text, time)
                if key and key not in USELESS and (key not in said or said[key] < value):
                    said[key] = value
    columns: dict[str, list[str]] = {label: [] for label in labels}
    times, values = array("d"), array("d")
    texts: dict[str, str] = {}
    for named, said in objects.items():
        for key, value in _kept(said):
            # Many pods say the same.
            for label, text in zip(labels, (*named, key, texts.setdefault(value.text, value.text)), strict=True):
                columns[label].append(text)
            times.append(value.time)
            values.append(value.seen)
    return Samples(name, columns, len(values), array("i", range(len(values))), times, values)


def _kept(said: dict[str, _Value]) -> Iterator[tuple[str, _Value]]:
    room = MOST_TEXT
    for key in sorted(said, key=lambda key: (len(said[key].text), key))[:MOST_KEYS]:
        room -= len(said[key].text)
        if room < 0:
            return
        yield key, said[key]


@lru_cache(maxsize=4096)
def _key(label: str) -> str:
    return label_key(label)
