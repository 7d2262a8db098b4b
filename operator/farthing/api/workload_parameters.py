"""What a URL asks of workloads: parameters of allocations, with the defaults of Kubecost and of OpenCost."""

from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from farthing.api.parameters import LONGEST, STEPS, Pages, Parameters, listed, report_of, spec_of
from farthing.api.patterns import list_of, one_of
from farthing.model.question import ALLOCATION_AGGREGATES, COST_METRICS, ORDERS, Question
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report
from farthing.services.scope import Scope


class WorkloadParameters(Parameters):
    """Parameters of what workloads cost, with Kubecost's defaults."""

    KIND: ClassVar[str] = CostReport.KIND

    aggregate: str = Field(
        "",
        max_length=LONGEST,
        description="Properties that name a row, with commas between, such as namespace,label:app; none is a row a container.",
        json_schema_extra=list_of(ALLOCATION_AGGREGATES),
    )
    idle: bool = Field(default=True, description="Whether what nodes cost and nobody held is a row, __idle__.")
    split_idle: bool = Field(default=False, description="Whether there is an idle row for each cluster, or node.")
    idle_by_node: bool = Field(
        default=False, description="Whether idle is told, and shared, by node instead of by cluster."
    )
    share_idle: Annotated[bool, BeforeValidator(lambda value: True if value == "weighted" else value)] = Field(
        default=False, description="Whether idle cost is added to the rows."
    )
    share_namespaces: str = Field(
        "", max_length=LONGEST, description="Namespaces whose cost is spread over the other rows."
    )
    share_labels: str = Field(
        "", max_length=LONGEST, description="Labels, such as app:prometheus, whose pods' cost is spread."
    )
    share_cost: float = Field(0.0, ge=0, le=1e12, allow_inf_nan=False, description="A monthly amount to spread.")
    share_split: str = Field(
        "weighted",
        max_length=20,
        description="How shared costs are spread: weighted or even.",
        json_schema_extra=one_of(["weighted", "even"]),
    )
    share_tenancy_costs: bool = Field(
        default=True, description="Whether the cluster's fee and its nodes' disks are spread."
    )
    reconcile: bool = Field(default=True, description="Whether bills adjust costs.")
    external: bool = Field(
        default=False, description="Whether what bills tell of other resources is added to rows by their tags."
    )
    cost_metric: str = Field(
        "cumulative", max_length=20, description="What a cost is for.", json_schema_extra=one_of([*COST_METRICS])
    )

    def report(self, window: str, step: str, *, cluster: bool = True) -> Report:
        """The report that is asked for, over ``window`` in sets of ``step``. Raises InvalidInputError.

        To who does not see the ``cluster`` its idle and overhead, which are told unless somebody says otherwise, are not.
        """
        return report_of(self.KIND, self._spec(window, step, cluster=cluster))

    def _spec(self, window: str, step: str, *, cluster: bool) -> dict[str, Any]:
        idle = self.idle and cluster
        by_node = self.idle_by_node and (idle or self.share_idle)
        return {
            **spec_of(self, window, step),
            "idle": idle,
            # Kubecost tells idle by node as rows of their own, whether or not they are asked to be split.
            "splitIdle": idle and (self.split_idle or (by_node and not self.share_idle)),
            "idleByNode": by_node,
            "shareIdle": self.share_idle,
            "shareNamespaces": listed(self.share_namespaces),
            "shareLabels": listed(self.share_labels),
            "shareCost": self.share_cost,
            "shareSplit": self.share_split,
            "shareTenancyCosts": self.share_tenancy_costs and cluster,
            "reconcile": self.reconcile,
            "external": self.external,
            "costMetric": self.cost_metric,
        }


class AllocationParameters(WorkloadParameters, Pages):
    """Parameters of ``/model/allocation``, with Kubecost's defaults."""

    sort_by: str = Field(
        "totalCost", max_length=40, description="What orders the rows.", json_schema_extra=one_of(ORDERS)
    )
    sort_by_order: str = Field("", max_length=4, description="asc or desc.", json_schema_extra=one_of(["asc", "desc"]))
    include_proportional_asset_resource_costs: bool = Field(
        default=False,
        description=(
            "Whether rows tell which part of the assets of each cluster, or with idleByNode of each asset, is theirs; "
            "it needs idle. Summaries and toplines have no place for it."
        ),
    )

    def with_proportions(self, question: Question, scope: Scope) -> Question:
        """``question``, of whole rows, with their parts of assets if they are asked for. Raises ScopeDeniedError, InvalidQuestionError."""
        if not self.include_proportional_asset_resource_costs:
            return question
        scope.check_everything("includeProportionalAssetResourceCosts")
        return replace(question, shape=replace(question.shape, proportions=True))

    def _spec(self, window: str, step: str, *, cluster: bool) -> dict[str, Any]:
        order = {"sortOrder": self.sort_by_order} if self.sort_by_order else {}
        return {**super()._spec(window, step, cluster=cluster), "sortBy": self.sort_by, **order}


class OpenCostParameters(AllocationParameters):
    """Parameters of OpenCost's ``/allocation``, with its defaults."""

    idle: bool = Field(
        default=False, alias="includeIdle", description="Whether what nodes cost and nobody held is a row, __idle__."
    )
    share_tenancy_costs: bool = Field(
        default=False, description="Whether the cluster's fee and its nodes' disks are spread."
    )
    accumulate_by: str = Field(
        "",
        max_length=20,
        description="The same as accumulate, before which it goes.",
        json_schema_extra=one_of([*STEPS]),
    )

    @model_validator(mode="before")
    @classmethod
    def _by(cls, values: Any) -> Any:
        by = values.get("accumulateBy") if isinstance(values, dict) else None
        return {**values, "accumulate": by} if by else values
