"""CostReport: what the workloads of a cluster cost, by any of their properties."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from farthing.errors import InvalidInputError
from farthing.resources import rules
from farthing.resources.report import Metadata, Spec, descending, each_once
from farthing.resources.status import CostReportStatus

CostAggregate = Literal["cluster", "node", "namespace", "controllerKind", "controller", "pod", "container"]
CostSort = Literal["totalCost", "cpuCost", "ramCost", "gpuCost", "name", "efficiency"]


class CostReportSpec(Spec):
    """What to report about the costs of workloads."""

    model_config = ConfigDict(
        json_schema_extra=rules.validations(
            rules.ONE_RHYTHM,
            rules.UNIT_NEEDS_STEP,
            rules.SPLIT_NEEDS_IDLE,
            rules.NODE_NEEDS_SPLIT,
        ),
    )

    aggregate: Annotated[tuple[CostAggregate, ...], AfterValidator(each_once("aggregate"))] = Field(
        default=("namespace",),
        max_length=7,
        json_schema_extra=rules.validations(rules.each_once("aggregate")),
        description=(
            "Properties whose values name a row, in this order, joined by a slash: cluster, node, namespace, "
            "controllerKind, controller, pod, container. An empty list gives one row per container. Default: namespace."
        ),
    )
    idle: StrictBool | None = Field(
        default=None,
        description=(
            "Whether what nodes cost and nobody holds is shown as rows named __idle__. Default: none, which is true "
            "for a report that sees the cluster and false for one that sees its own namespace, to which idle does not "
            "belong."
        ),
    )
    split_idle: StrictBool = Field(
        default=False,
        description="Whether there is an idle row for each cluster rather than one in all; needs idle. Default: false.",
    )
    idle_by_node: StrictBool = Field(
        default=False,
        description="Whether there is an idle row for each node, not each cluster; needs splitIdle. Default: false.",
    )
    sort_by: CostSort = Field(
        default="totalCost",
        description=(
            "Column that orders the rows: totalCost, cpuCost, ramCost, gpuCost (in the report's currency), name, or "
            "efficiency (used over requested). Default: totalCost."
        ),
    )

    @model_validator(mode="after")
    def _idle_combines(self) -> Self:
        if self.split_idle and self.idle is False:
            raise InvalidInputError(rules.SPLIT_NEEDS_IDLE.message)
        if self.idle_by_node and not self.split_idle:
            raise InvalidInputError(rules.NODE_NEEDS_SPLIT.message)
        return self

    @property
    def aggregate_text(self) -> str:
        """The aggregate as ``kubectl get`` shows it."""
        return ",".join(self.aggregate) or "container"

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return descending(self.sort_by, self.sort_order)


class CostReport(BaseModel):
    """What workloads cost, computed from Prometheus: totals and top rows in status, every row in ConfigMaps."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    KIND: ClassVar[str] = "CostReport"
    PLURAL: ClassVar[str] = "costreports"
    SHORT_NAME: ClassVar[str] = "costr"

    metadata: Metadata
    spec: CostReportSpec = Field(description="What to report.")
    status: CostReportStatus = Field(default=CostReportStatus(), description="The answer of the last run.")
