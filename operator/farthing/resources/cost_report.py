"""CostReport: what the workloads of a cluster cost, by any of their properties."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from farthing.errors import InvalidInputError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import parse_label
from farthing.model.question import Shape
from farthing.resources import rules
from farthing.resources.report import Metadata, Spec, descending, each_once
from farthing.resources.status import CostReportStatus

CostSort = Literal[
    "totalCost", "cpuCost", "ramCost", "gpuCost", "pvCost", "networkCost", "loadBalancerCost", "sharedCost", "name", "efficiency",
]  # fmt: skip
CostMetric = Literal["cumulative", "hourly", "daily", "monthly"]


def _aggregate(values: tuple[str, ...]) -> tuple[str, ...]:
    Shape("allocation", values)
    return values


def _filter(text: str) -> str:
    parse_filter(text)
    return text


def _labels(values: tuple[str, ...]) -> tuple[str, ...]:
    for one in values:
        parse_label(one)
    return values


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

    aggregate: Annotated[
        tuple[Annotated[str, Field(max_length=330)], ...],
        AfterValidator(each_once("aggregate")),
        AfterValidator(_aggregate),
    ] = Field(
        default=("namespace",),
        max_length=10,
        json_schema_extra=rules.validations(rules.each_once("aggregate"), rules.AGGREGATE),
        description=(
            "Properties whose values name a row, in this order, joined by a slash: cluster, node, namespace, "
            "controllerKind, controller, deployment, statefulset, daemonset, job, service, pod, container, providerID, "
            "label:KEY, annotation:KEY, or department, environment, owner, product and team, which stand for labels "
            "that the operator is told. What lacks the property is named __unallocated__; a pod behind several services "
            "is split evenly over them. An empty list gives one row per container. Default: namespace."
        ),
    )
    filter: Annotated[str, AfterValidator(_filter)] = Field(
        default="",
        max_length=4096,
        description=(
            'Which rows are shown, in Kubecost\'s language: namespace:"shop","data"+label[app]!:"web". Signs are : (is), '
            "~: (contains), <~: (begins with), ~>: (ends with), each with ! before it for not; + is and, | is or, "
            "parentheses group. Fields are cluster, node, namespace, controllerKind, controllerName, pod, container, "
            "services, provider, label[KEY], annotation[KEY], department, environment, owner, product, team. Costs are "
            "shared before: a filter changes no row that stays, but __idle__, which is told of the rows that stay. Default: empty, every row."
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
        description=(
            "Whether idle is told, and shared, by node rather than by cluster; needs splitIdle or shareIdle. Default: "
            "false."
        ),
    )
    share_idle: StrictBool = Field(
        default=False,
        description=(
            "Whether idle cost is added to the rows, resource by resource, in proportion to what each is charged in the "
            "same cluster, or on the same node with idleByNode. Default: false."
        ),
    )
    share_namespaces: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], AfterValidator(each_once("shareNamespaces"))
    ] = Field(
        default=(),
        max_length=100,
        json_schema_extra=rules.validations(rules.each_once("shareNamespaces")),
        description=(
            "Namespaces whose cost is spread over the other rows as sharedCost, such as kube-system. Default: none."
        ),
    )
    share_labels: Annotated[
        tuple[Annotated[str, Field(min_length=3, max_length=400)], ...],
        AfterValidator(each_once("shareLabels")),
        AfterValidator(_labels),
    ] = Field(
        default=(),
        max_length=50,
        json_schema_extra=rules.validations(rules.each_once("shareLabels"), rules.SHARE_LABELS),
        description=(
            "Labels, written key:value such as app:prometheus, whose pods' cost is spread over the other rows. One report "
            "may name 10 different keys of labels and annotations, here, in aggregate and in filter. Default: none."
        ),
    )
    share_cost: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False, strict=True)] = Field(
        default=0.0,
        description=(
            "A fixed amount to spread over the rows [currency per month of 730 hours], of which a window carries the "
            "part that has passed. Default: 0."
        ),
    )
    share_split: Literal["weighted", "even"] = Field(
        default="weighted",
        description=(
            "How shareNamespaces, shareLabels, shareCost and shareTenancyCosts are spread: weighted by the rows' cost "
            "before idle, or even. Idle is always weighted. Default: weighted."
        ),
    )
    share_tenancy_costs: StrictBool | None = Field(
        default=None,
        description=(
            "Whether what all tenants have in common, the management fee of the cluster and the disks that its nodes boot "
            "from, is spread over the rows. Default: none, which is true for a report that sees the cluster and false for "
            "one that sees its own namespace."
        ),
    )
    reconcile: StrictBool = Field(
        default=True,
        description=(
            "Whether the bills that were imported adjust costs: each cost and its adjustment are told, and totalCost has "
            "both. Default: true; without bills everything is at list price."
        ),
    )
    external: StrictBool = Field(
        default=False,
        description=(
            "Whether what bills tell of resources outside of the cluster is added, as externalCost, to the rows that their "
            "tags name: kubernetes_namespace, kubernetes_label_app and so on, one for each property of aggregate. Default: "
            "false."
        ),
    )
    cost_metric: CostMetric = Field(
        default="cumulative",
        description=(
            "What every cost is for: cumulative (the time that has passed of each table), or on average an hour "
            "(hourly), a day (daily) or a month of 730 hours (monthly). Default: cumulative."
        ),
    )
    sort_by: CostSort = Field(
        default="totalCost",
        description=(
            "Column that orders the rows: totalCost, cpuCost, ramCost, gpuCost, pvCost, networkCost, loadBalancerCost, "
            "sharedCost (in the report's currency), name, or "
            "efficiency (used over requested). Default: totalCost."
        ),
    )

    @model_validator(mode="after")
    def _idle_combines(self) -> Self:
        if self.split_idle and self.idle is False:
            raise InvalidInputError(rules.SPLIT_NEEDS_IDLE.message)
        if self.idle_by_node and not (self.split_idle or self.share_idle):
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
