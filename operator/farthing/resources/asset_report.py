"""AssetReport: what the assets of a cluster cost: nodes and, as they are collected, everything else with a bill."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from farthing.resources import rules
from farthing.resources.report import Metadata, Spec, descending, each_once
from farthing.resources.status import AssetReportStatus

AssetAggregate = Literal["cluster", "provider", "type", "category", "name", "providerID", "region", "instanceType"]
AssetSort = Literal["totalCost", "cpuCost", "ramCost", "gpuCost", "name"]


class AssetReportSpec(Spec):
    """What to report about the costs of assets."""

    aggregate: Annotated[tuple[AssetAggregate, ...], AfterValidator(each_once("aggregate"))] = Field(
        default=(),
        max_length=8,
        json_schema_extra=rules.validations(rules.each_once("aggregate")),
        description=(
            "Properties whose values name a row, in this order, joined by a slash: cluster, provider, type, category, "
            "name, providerID, region, instanceType. Default: an empty list, one row per asset."
        ),
    )
    sort_by: AssetSort = Field(
        default="totalCost",
        description=(
            "Column that orders the rows: totalCost, cpuCost, ramCost, gpuCost (in the report's currency) or name. "
            "Default: totalCost."
        ),
    )

    @property
    def aggregate_text(self) -> str:
        """The aggregate as ``kubectl get`` shows it."""
        return ",".join(self.aggregate) or "asset"

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return descending(self.sort_by, self.sort_order)


class AssetReport(BaseModel):
    """What assets cost, computed from Prometheus: totals and top rows in status, every row in ConfigMaps."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    KIND: ClassVar[str] = "AssetReport"
    PLURAL: ClassVar[str] = "assetreports"
    SHORT_NAME: ClassVar[str] = "assetr"

    metadata: Metadata
    spec: AssetReportSpec = Field(description="What to report.")
    status: AssetReportStatus = Field(default=AssetReportStatus(), description="The answer of the last run.")
