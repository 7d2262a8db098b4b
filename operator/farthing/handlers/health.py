"""The operator's own health as metrics in Prometheus' text format: no costs and no names, which anybody may see."""

from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Final, get_args

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from farthing.handlers.collecting import Collecting
from farthing.handlers.known import PLURALS, Known
from farthing.resources.conditions import DATA_COMPLETE, READY, STALLED, ConditionStatus, condition_of

CONDITIONS: Final = (READY, DATA_COMPLETE, STALLED)


class Health(Collector):
    """How ``collecting`` goes, and how many of ``reports`` are in which condition. Safe to use from any thread."""

    def __init__(self, reports: Iterable[Known], collecting: Collecting) -> None:
        self._reports = reports
        self._collecting = collecting
        self._registry = CollectorRegistry()
        for one in (ProcessCollector, PlatformCollector, GCCollector):
            one(registry=self._registry)
        self._registry.register(self)

    def text(self) -> bytes:
        """All of it, as of now."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What is ours of it."""
        build = GaugeMetricFamily("farthing_build_info", "Which Farthing this is.", labels=["version"])
        build.add_metric([version("farthing")], 1)
        yield build
        yield CounterMetricFamily(
            "farthing_collected_intervals",
            "Hours, and newest parts of hours, of facts made from Prometheus.",
            self._collecting.hours_made,
        )
        ended = {"success": self._collecting.last_success, "failure": self._collecting.last_failure}
        for how, when in ended.items():
            if when is not None:
                yield GaugeMetricFamily(
                    f"farthing_collection_last_{how}_timestamp_seconds", f"When a collection last ended in {how}.", when
                )
        yield self._conditions()

    def _conditions(self) -> Metric:
        found = GaugeMetricFamily(
            "farthing_report_conditions",
            "How many reports have a condition in a status; one that a report lacks is Unknown, Stalled is False.",
            labels=["kind", "condition", "status"],
        )
        counted = Counter((known.ref.kind, one, _status(known, one)) for known in self._reports for one in CONDITIONS)
        for kind in PLURALS:
            for one in CONDITIONS:
                for status in get_args(ConditionStatus):
                    found.add_metric([kind, one, status], counted[kind, one, status])
        return found


def _status(known: Known, condition: str) -> ConditionStatus:
    found = condition_of(known.subject.status.conditions, condition)
    if found is not None:
        return found.status
    return "False" if condition == STALLED else "Unknown"
