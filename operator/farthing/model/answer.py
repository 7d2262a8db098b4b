"""The answer to a question: rows, totals, and how much of it was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, fsum
from operator import itemgetter
from typing import Any

from farthing.model.asset_report import ASSET_SUMS
from farthing.model.bills import ADDED, ADJUSTMENTS, ASSET_COSTS
from farthing.model.coverage import Coverage
from farthing.model.plan import BillFile
from farthing.model.question import Question, Shape
from farthing.model.report import ALLOCATION_SUMS
from farthing.model.sharing import OVERALLOCATED
from farthing.model.tables import COSTS, RESOURCES
from farthing.model.window import SECONDS_PER_HOUR, Window

MONEY = ("cost", "adjustment", "billed", "credit", "discount")
"""What the columns end with that are costs. [currency]"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of the passed part of a window was seen."""

    coverage: tuple[Coverage, ...]
    unseen: tuple[Window, ...] = ()
    """Passed hours, and parts of hours, that are not stored."""

    @property
    def hours_expected(self) -> int:
        """Hours of the window that have passed, rounded up."""
        return ceil(self._expected / SECONDS_PER_HOUR)

    @property
    def hours_seen(self) -> int:
        """Hours of them of which anything was seen, rounded up."""
        return ceil(sum(one.seconds for one in self.coverage if one.share > 0) / SECONDS_PER_HOUR)

    @property
    def share(self) -> float:
        """Of the expected scrapes. [0 to 1]"""
        expected = self._expected
        return sum(one.share * one.seconds for one in self.coverage) / expected if expected else 1.0

    @property
    def _expected(self) -> float:
        """How much of the window has passed. [s]"""
        return sum(one.seconds for one in self.coverage) + sum(window.seconds for window in self.unseen)

    @property
    def missing(self) -> tuple[str, ...]:
        """Metrics that have no series in some hour although there are containers."""
        return tuple(sorted({metric for one in self.coverage for metric in one.missing}))

    @property
    def absent(self) -> tuple[str, ...]:
        """Optional metrics that have no series in some hour."""
        return tuple(sorted({metric for one in self.coverage for metric in one.absent}))

    @property
    def rejected(self) -> int:
        """Samples that were no number, negative or beyond any quantity, and were left out."""
        return sum(one.rejected for one in self.coverage)

    @property
    def complete(self) -> bool:
        """Whether every passed hour was seen well enough."""
        return not self.unseen and all(one.complete for one in self.coverage)

    @property
    def newest(self) -> float:
        """Until when anything was seen. [unix s]"""
        return max((one.start + one.seconds for one in self.coverage), default=0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """What the stored facts say to a question."""

    rows: list[dict[str, Any]]
    """Columns of ``model.report.completed``."""
    counted: list[dict[str, Any]]
    """Rows to add up for the sums of all, those that a limit cuts off too: some tell how many ``rows`` they stand for."""
    details: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Of ``model.detail.details``, and what is ``shared``."""

    @property
    def rows_total(self) -> int:
        """How many rows there are without the limit."""
        return sum(row.get("rows", 1) for row in self.counted)


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of each set of a question, in order, with what they sum to."""

    question: Question
    rows: Sequence[Mapping[str, Any]]
    """Columns of ``model.report.report``."""
    sums: Mapping[str, float]
    """Of ``added``."""
    rows_total: int
    """Rows before the limit, of all sets."""
    seen: Seen
    details: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Of ``Found``."""
    bills: Sequence[BillFile] = ()
    """Those that tell of days of the window."""

    @property
    def size(self) -> int:
        """How much it holds, in rows: parts of rows, sets, and what was seen of each hour count as one, and the rest as some."""
        parts = (self.rows, *self.details.values(), self.question.sets, self.seen.coverage, self.seen.unseen)
        return 10 + sum(map(len, parts))

    @property
    def residual(self) -> float:
        """The largest breach of conservation (C12) of the facts behind the answer, relative."""
        return max((one.residual for one in self.seen.coverage), default=0.0)

    def total(self, part: str) -> float:
        """Sum over the resources of one column of the sums, such as ``idle_cost``. [currency]"""
        return sum(self.sums[f"{name}_{part}"] for name in RESOURCES)

    def cost(self, resource: str) -> float:
        """What the rows cost in ``resource``, idle included where it has rows, whether kept or cut by the limit."""
        if self.question.shape.kind == "asset":
            return self.sums[f"{resource}_asset_cost"]
        shown = self.sums[f"{resource}_idle_row_cost"] if self.question.shape.idle else 0.0
        return self.sums[f"{resource}_cost"] + shown

    @property
    def costs(self) -> dict[str, float]:
        """What the rows cost, by the columns of costs that make up their total, in this order. [currency]"""
        resources = {f"{name}_cost": self.cost(name) for name in RESOURCES}
        of_kind = (
            (*ASSET_COSTS, "cloud_cost")
            if self.question.shape.kind == "asset"
            else (*COSTS, "shared_cost", "external_cost")
        )
        return resources | {column: self.sums[column] for column in of_kind if column not in resources}

    @property
    def total_cost(self) -> float:
        """What all rows cost. [currency]"""
        return sum(self.costs.values())

    @property
    def adjustment(self) -> float:
        """What bills changed of ``total_cost``: without them it would be so much less. [currency]"""
        if self.question.shape.kind == "asset":
            return self.sums["adjustment"]
        idle = self.sums["idle_row_adjustment"] if self.question.shape.idle else 0.0
        return sum(self.sums[column] for column in (*ADJUSTMENTS, "shared_adjustment")) + idle

    @property
    def billed_cost(self) -> float:
        """How much of ``total_cost`` bills tell; the rest is at list price. [currency]"""
        idle = self.question.shape.kind == "allocation" and self.question.shape.idle
        return self.sums["billed_cost"] + (self.sums["idle_row_billed"] if idle else 0.0)

    def efficiency(self, resource: str) -> float:
        """C11 over all containers."""
        requested, used = self.sums[f"{resource}_requested"], self.sums[f"{resource}_used"]
        if requested > 0:
            return used / requested
        return 1.0 if used > 0 and self.sums[f"{resource}_cost"] > 0 else 0.0

    @property
    def total_efficiency(self) -> float:
        """C11 over all containers, cpu and ram weighted by their cost."""
        weights = {
            name: self.sums[f"{name}_cost"] - (self.sums[f"{name}_idle_cost"] - self.sums[f"{name}_idle_row_cost"])
            for name in ("cpu", "ram")
        }
        weight = sum(weights.values())
        return sum(self.efficiency(name) * cost for name, cost in weights.items()) / weight if weight > 0 else 0.0


def nothing(question: Question, now: float) -> Answer:
    """The answer to ``question`` as of ``now`` [unix s] where nothing is stored: no row, and what has passed was not seen."""
    start, end = question.window.start, min(question.window.end, datetime.fromtimestamp(int(now), UTC))
    seen = Seen((), (Window(start, end),) if start < end else ())
    return Answer(question, (), added(question.shape, ()), 0, seen)


def added(shape: Shape, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What ``rows`` of ``model.report.report``, or their sums, come to.

    Of an allocation: the sums of what containers were charged and used [core-s, B-s, GPU-s, B, currency], and idle_row_cost,
    the part of idle_cost that has rows of its own; of an asset the asset_cost of each resource; of both idle_cost and
    overallocated_cost [currency].
    """
    if shape.kind == "asset":
        sums = {column: _summed(rows, column) for column in (*ASSET_SUMS, *ADDED["asset"])}
        return sums | {f"{name}_asset_cost": sums[f"{name}_cost"] for name in RESOURCES}
    of_idle, of_others = ([row for row in rows if row["is_idle"] is idle] for idle in (True, False))
    sums = {
        column: _summed(of_others, column)
        for column in (*ALLOCATION_SUMS, *ADDED["allocation"], "shared_adjustment", "external_cost")
    }
    idle = {f"{name}_idle_row_cost": _summed(of_idle, f"{name}_cost") for name in RESOURCES}
    return {
        **sums,
        **idle,
        "idle_row_adjustment": sum(_summed(of_idle, f"{name}_adjustment") for name in RESOURCES),
        "idle_row_billed": _summed(of_idle, "billed_cost"),
        **{column: _summed(of_idle, column) for column in OVERALLOCATED},
        **{f"{name}_idle_cost": idle[f"{name}_idle_row_cost"] + sums[f"{name}_idle_cost"] for name in RESOURCES},
    }


def times(row: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
    """``row`` with ``factor`` times its costs."""
    if factor == 1.0:
        return row
    return {name: value * factor if name.endswith(MONEY) else value for name, value in row.items()}


def _summed(rows: Sequence[Mapping[str, Any]], column: str) -> float:
    return fsum(map(itemgetter(column), rows))
