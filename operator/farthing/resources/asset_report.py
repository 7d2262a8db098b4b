"""AssetReport: what the assets of a cluster cost: nodes, disks, load balancers, and everything else with a bill."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from farthing.model.filter_parser import parse_filter
from farthing.model.filters import ASSET_FIELDS
from farthing.model.question import Shape
from farthing.resources import rules
from farthing.resources.report import Accumulate, Metadata, Spec, descending, each_once
from farthing.resources.status import AssetReportStatus

AssetSort = Literal[
    "totalCost", "cpuCost", "ramCost", "gpuCost", "diskCost", "networkCost", "loadBalancerCost", "managementCost", "cloudCost",
    "adjustment", "name",
]  # fmt: skip


def _aggregate(values: tuple[str, ...]) -> tuple[str, ...]:
    values = tuple(rules.ASSET_SPELLINGS.get(one, one) for one in values)
    Shape("asset", values)
    return values


def _filter(text: str) -> str:
    parse_filter(text, ASSET_FIELDS)
    return text


class AssetReportSpec(Spec):
    """What to report about the costs of assets."""

    aggregate: Annotated[
        tuple[Annotated[str, Field(max_length=330)], ...],
        AfterValidator(each_once("aggregate")),
        AfterValidator(_aggregate),
    ] = Field(
        default=(),
        max_length=10,
        json_schema_extra=rules.validations(rules.each_once("aggregate"), rules.ASSET_AGGREGATE),
        description=(
            "Properties whose values name a row, in this order, joined by a slash: provider, account, project, category, "
            "cluster, type, service, providerID (or providerid), name, region, instanceType, label:KEY, or department, "
            "environment, owner, product and team, which stand for labels that the operator is told. Labels are those of "
            "nodes, and of Cloud assets the tags of the bill. What lacks the property is named __undefined__. Default: an "
            "empty list, one row per asset, named by "
            "provider/account/project/category/cluster/type/service/providerID/name."
        ),
    )
    filter: Annotated[str, AfterValidator(_filter)] = Field(
        default="",
        max_length=4096,
        description=(
            'Which assets are reported, in Kubecost\'s language: assetType:"node"+label[pool]!:"spare". Signs are : (is), '
            "~: (contains), <~: (begins with), ~>: (ends with), each with ! before it for not; + is and, | is or, "
            "parentheses group. Fields are name, assetType (in any case), category, cluster, project, provider, "
            "providerID, account, service, label[KEY] and the aliases of labels. Default: empty, every asset."
        ),
    )
    accumulate: Accumulate = Field(
        default="false",
        description=(
            "Which sets are joined into one table: false, none; true or all, every one; or those that start in the same "
            "local hour, day, week, month or quarter, which needs a step. A string, so write true and false in quotes. "
            "Default: false; a table a day is step 1d."
        ),
    )
    disable_adjustments: StrictBool = Field(
        default=False,
        description=(
            "Whether bills that were imported are left out, so that everything is at list price. Default: false; each "
            "cost and what bills changed of it, the adjustment, are told, and totalCost has both."
        ),
    )
    sort_by: AssetSort = Field(
        default="totalCost",
        description=(
            "Column that orders the rows: totalCost, cpuCost, ramCost, gpuCost, diskCost, networkCost, loadBalancerCost, "
            "managementCost, cloudCost, adjustment (in the report's currency, adjusted by bills) or name. Default: totalCost."
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
