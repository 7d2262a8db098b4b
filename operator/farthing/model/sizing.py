"""Right-sizing: what each container should request, by what it used, and what that saves (Kubecost's requestSizingV2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from farthing.model.question import COST_METRICS, Shape
from farthing.model.report import completed
from farthing.model.window import SECONDS_PER_HOUR
from farthing.model.workload_use import SIZED, Level, WorkloadUse

Row = dict[str, Any]

MILLICORE: Final = 0.001
MIB: Final = float(2**20)
WHOLE: Final[Mapping[str, float]] = MappingProxyType({"cpu": MILLICORE, "ram": MIB})
"""Recommendations are whole numbers of these. [cores, B]"""

MONTH: Final = COST_METRICS["monthly"] * SECONDS_PER_HOUR
"""730 h everywhere (C10). [s]"""

EFFICIENCIES: Final = (*(f"{name}_efficiency" for name in SIZED), "total_efficiency")

ALGORITHMS: Final = ("max", "quantile", "quantileOfAverages", "quantileOfMaxes")
"""max is the largest use seen; the others a quantile over the hours a container ran: of the hour's mean use, which quantile
stands for too, or of the hour's largest."""


def level_of(algorithm: str, quantile: float) -> Level:
    """The level of use that one of ``ALGORITHMS`` goes by; max has no use for ``quantile``."""
    if algorithm == "max":
        return Level()
    return Level(quantile, largest=algorithm == "quantileOfMaxes")


@dataclass(frozen=True, slots=True)
class Target:
    """How a request of one resource is found."""

    level: Level
    utilization: float
    """Of the request, what the level of use is to be. [0 to 1]"""
    least: float
    """To recommend. [cores, B]"""


@dataclass(frozen=True, slots=True)
class Sizing:
    """How requests are found."""

    cpu: Target
    ram: Target

    @property
    def use(self) -> WorkloadUse:
        """The expression that tells what containers used."""
        return WorkloadUse(self.cpu.level, self.ram.level)


def sized(row: Row, sizing: Sizing, seconds: float, shape: Shape) -> Row:
    """``row`` of ``Sizing.use`` with efficiencies (C11), recommendations [cores, B] and savings a month of 730 h [currency].

    A saving is what the latest request costs less what the recommended one does, of as many containers as ran on average in
    ``seconds``, at what the resource cost these containers; less than 0 where more should be requested.
    """
    whole = completed(row, shape, is_idle=False)
    row = {**row, **{name: whole[name] for name in EFFICIENCIES}}
    containers = row["run_seconds"] / seconds if seconds > 0 else 0.0
    for name, target in (("cpu", sizing.cpu), ("ram", sizing.ram)):
        row[f"{name}_recommended"] = _recommended(row[f"{name}_level"], target, WHOLE[name])
        allocated = row[f"{name}_allocated"]
        rate = row[f"{name}_cost"] / allocated if allocated > 0 else 0.0
        less = row[f"{name}_latest"] - row[f"{name}_recommended"]
        row[f"{name}_monthly_saving"] = less * rate * containers * MONTH
    row["monthly_saving"] = sum(row[f"{name}_monthly_saving"] for name in SIZED)
    return row


def _recommended(level: float, target: Target, unit: float) -> float:
    """What to request: rounded up, but not for what a division left behind its sixth digit."""
    wanted = max(level / target.utilization, target.least)
    return ceil(round(wanted / unit, 6)) * unit
