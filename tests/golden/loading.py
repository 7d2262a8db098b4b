"""Golden scenarios as their folders tell them: the series of a cluster, the reports about it, and what they must say."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from farthing.cli.report import load
from farthing.demo.series import Exposition, Labels, Part, Series, scrape_phase
from farthing.demo.shapes import Constant, Counter, Shape, Wave
from farthing.resources.parsing import Report
from tests.golden.shorthand import Line, expanded
from tests.golden.times import DAY_START, instant, number, span

INTERVAL = 60
ON_THE_MINUTE = next(name for name in map(str, range(10_000)) if scrape_phase(name, INTERVAL) == 0)
"""A target that is scraped at each full minute."""


@dataclass(frozen=True)
class Scenario:
    """One folder of golden scenarios."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's, and of the cluster in the Prometheus that all scenarios share."""
        return self.folder.name

    @cached_property
    def reports(self) -> list[Report]:
        """The reports of ``report.yaml``."""
        return load(self.folder / "report.yaml")

    @cached_property
    def expected(self) -> dict[str, Any]:
        """By the name of each report: rows by their name, with some of their fields, and sums of fields over all rows."""
        found: dict[str, Any] = yaml.safe_load((self.folder / "expected.yaml").read_text("utf-8"))
        return found

    @cached_property
    def told(self) -> dict[str, Any]:
        """``series.yaml``, all of it text: YAML would take 10:30 for a number to the base of sixty."""
        text = (self.folder / "series.yaml").read_text("utf-8")
        found: dict[str, Any] = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
        return found

    @property
    def now(self) -> int | None:
        """When the reports are asked for [unix s]; None is long after."""
        return instant(self.told["now"]) if "now" in self.told else None

    def series(self) -> Iterator[Series]:
        """The series of ``series.yaml``, labelled with the cluster."""
        told = {name: part for name, part in self.told.items() if name != "now"}
        whole = span(told.pop("scraped", "08:00-14:00"))
        raw = told.pop("series", [])
        lines = [*expanded(told, whole), *(Line(one["metric"], one["labels"], one["samples"]) for one in raw)]
        # Two nodes of one name, one after the other, are in part the same series.
        parts: dict[tuple[str, Labels], list[Part]] = defaultdict(list)
        for line in lines:
            labels = {**line.labels, "cluster": self.name}
            pairs = tuple(sorted((label, str(value)) for label, value in labels.items() if value != ""))
            parts[line.metric, pairs] += [_part(one) for one in line.samples]
        for (metric, pairs), found in parts.items():
            if found:
                yield Series(metric, pairs, ON_THE_MINUTE, tuple(sorted(found, key=lambda part: part.start)))


def scenarios(folder: Path) -> list[Scenario]:
    """Those of the folders in ``folder``, by name."""
    return [Scenario(path.parent) for path in sorted(folder.glob("*/series.yaml"))]


def together(found: list[Scenario]) -> Exposition:
    """All series of ``found`` in one exposition."""
    series = tuple(series for scenario in found for series in scenario.series())
    ends = [part.end for one in series for part in one.parts]
    return Exposition(DAY_START, max(ends), series)


def _part(samples: list[Any]) -> Part:
    """``[from, to, value]``, or with the growth per second after it, of a counter that is ``value`` at its beginning."""
    start, end, value, *growth = samples
    begin = instant(start)
    shape: Shape = Constant(number(value))
    if growth and (rate := number(growth[0])) > 0:
        shape = Counter(Wave(rate), begin - number(value) / rate)  # type: ignore[arg-type]
    return Part(begin, instant(end), shape)
