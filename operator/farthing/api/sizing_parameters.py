"""What a URL asks of right-sizing: Kubecost's parameters of requestSizingV2, with its defaults."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from farthing.api.filter_spelling import spelled_out
from farthing.api.parameters import MOST_ROWS, Pages, RowParameters, report_of
from farthing.model.sizing import MILLICORE, Sizing, Target, level_of
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report

Algorithm = Literal["max", "quantile", "quantileOfAverages", "quantileOfMaxes"]
SortBy = Literal[
    "totalSavings", "currentEfficiency", "cpuRecommended", "cpuLatest", "memoryRecommended", "memoryLatest",
]  # fmt: skip
Order = Literal["descending", "ascending", "desc", "asc"]

ALGORITHM: Final = (
    "Which use of {0} counts. max: the largest that was seen. quantile: the least mean use, of an hour of a container, that "
    "was enough for the share {1} of the time that containers ran; quantileOfAverages is the same. quantileOfMaxes: the same "
    "of the largest use of each hour. Days that are no longer kept by the hour count as one piece. Containers of all pods "
    "of a controller count together."
)
TARGET: Final = "What share of the request that use should be: the recommendation is the use over this, rounded up."
LEAST: Final = "The least {0} to recommend. [{1}]"
SHARE: Final = "Share of the time for {0}; unused by the algorithm max."

SMALLEST_TARGET: Final = 0.01
LARGEST_MILLICORES: Final = 1e9
LARGEST_BYTES: Final = 2.0**53
"""Beyond it a double no longer counts bytes."""


class SizingParameters(RowParameters, Pages):
    """Parameters of ``/model/savings/requestSizingV2``, with Kubecost's defaults."""

    KIND: ClassVar[str] = CostReport.KIND

    algorithm_cpu: Algorithm = Field("max", alias="algorithmCPU", description=ALGORITHM.format("cpu", "qCPU"))
    algorithm_ram: Algorithm = Field("max", alias="algorithmRAM", description=ALGORITHM.format("memory", "qRAM"))
    q_cpu: float = Field(0.95, alias="qCPU", gt=0, le=1, description=SHARE.format("algorithmCPU"))
    q_ram: float = Field(0.95, alias="qRAM", gt=0, le=1, description=SHARE.format("algorithmRAM"))
    target_cpu_utilization: float = Field(
        0.7, alias="targetCPUUtilization", ge=SMALLEST_TARGET, le=1, description=TARGET
    )
    target_ram_utilization: float = Field(
        0.7, alias="targetRAMUtilization", ge=SMALLEST_TARGET, le=1, description=TARGET
    )
    min_rec_cpu_millicores: float = Field(
        10.0, alias="minRecCPUMillicores", ge=0, le=LARGEST_MILLICORES, description=LEAST.format("cpu", "millicores")
    )
    min_rec_ram_bytes: float = Field(
        20.0 * 2**20, alias="minRecRAMBytes", ge=0, le=LARGEST_BYTES, description=LEAST.format("memory", "B")
    )
    limit: int = Field(
        0,
        ge=0,
        le=MOST_ROWS,
        description="Recommendations at most. With it, the answer is one page with the sums of all; without, all as a list.",
    )
    offset: int = Field(
        0, ge=0, le=MOST_ROWS, description="Recommendations to pass over, in the order that is asked for."
    )
    sort_by: SortBy = Field("totalSavings", description="What orders the recommendations.")
    sort_by_order: Order = Field("descending", description="descending or ascending.")

    @property
    def sizing(self) -> Sizing:
        """How requests are found."""
        return Sizing(
            Target(
                level_of(self.algorithm_cpu, self.q_cpu),
                self.target_cpu_utilization,
                self.min_rec_cpu_millicores * MILLICORE,
            ),
            Target(
                level_of(self.algorithm_ram, self.q_ram),
                self.target_ram_utilization,
                self.min_rec_ram_bytes,
            ),
        )

    @property
    def ascending(self) -> bool:
        """Whether the smallest comes first."""
        return self.sort_by_order.startswith("asc")

    def report(self) -> Report:
        """The report whose window and filter are asked for. Raises InvalidInputError."""
        return report_of(self.KIND, {"window": self.window, "filter": spelled_out(self.filter), "aggregate": []})
