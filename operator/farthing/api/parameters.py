"""What a URL asks: parameters under Kubecost's and OpenCost's names, as the spec of a report.

A parameter that is not known is ignored, as both servers do and their clients rely on; one that is empty is one that is
not given. What cannot be meant is refused in the words that reports are refused in.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from farthing.api.filter_spelling import spelled_out
from farthing.api.patterns import STEP, WINDOW, list_of, one_of
from farthing.errors import InvalidInputError
from farthing.model.filters import ASSET_LISTS, LISTS, Every, Filter, parse_asset_lists, parse_lists
from farthing.model.question import ALLOCATION_AGGREGATES, ASSET_AGGREGATES, COST_METRICS, ORDERS
from farthing.resources import API_VERSION
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report, parse_report
from farthing.resources.rules import ASSET_SPELLINGS

LONGEST: Final = 4096
"""Characters of one value."""

STEPS: Final = {"hour": "1h", "day": "1d", "week": "1d", "month": "1d", "quarter": "1d"}
"""Units of time that sets are joined by, and the sets that are where nobody says their length."""

MOST_ROWS: Final = 100_000


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _accumulate(text: Any) -> Any:
    """OpenCost's UI also sends weeknow; Go's spellings of true and false are those of the other flags."""
    spelled = {"1": "true", "t": "true", "0": "false", "f": "false", "weeknow": "week"}
    return spelled.get(text.lower(), text.lower()) if isinstance(text, str) else text


Accumulate: TypeAlias = Annotated[
    str, BeforeValidator(_accumulate), Field(max_length=20, json_schema_extra=one_of(["true", "false", *STEPS]))
]


class UrlParameters(BaseModel):
    """Parameters of a URL, under their names on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, extra="ignore"
    )

    @model_validator(mode="before")
    @classmethod
    def _given(cls, values: Any) -> Any:
        return (
            {name: value for name, value in values.items() if value not in ("", None)}
            if isinstance(values, dict)
            else values
        )


class Parameters(UrlParameters):
    """Parameters of every question about costs."""

    KIND: ClassVar[str]

    window: str = Field(
        max_length=100,
        description=(
            "Span of time: 15m, 24h, 7d, 1w; today, yesterday, week, lastweek, month, lastmonth; two unix times or two "
            "RFC 3339 instants with a comma between; or a length with an offset, such as 7d offset 2d."
        ),
        json_schema_extra=WINDOW,
    )
    step: str = Field(
        "",
        max_length=20,
        description="Length of the sets that the window is cut into, such as 1h or 1d.",
        json_schema_extra=STEP,
    )
    aggregate: str = ""
    accumulate: Accumulate = Field(
        "false", description="Whether sets are joined: true, false, or hour, day, week, month, quarter."
    )
    filter: str = Field(
        "",
        max_length=LONGEST,
        description='Rows to show in the filter language, such as namespace:"shop"+label[app]:"web".',
    )

    @property
    def rows(self) -> int:
        """How many rows of each set must be found; 0 is all."""
        return 0


class PagedParameters(Parameters):
    """Parameters of questions whose rows are read page by page."""

    limit: int = Field(0, ge=0, le=MOST_ROWS, description="Rows of each set at most, idle aside; 0 is all.")
    offset: int = Field(0, ge=0, le=MOST_ROWS, description="Rows of each set to pass over, the largest cost first.")

    @property
    def rows(self) -> int:
        """How many rows of each set must be found; 0 is all."""
        return min(self.limit + self.offset, MOST_ROWS) if self.limit else 0


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

    def report(self, window: str, step: str) -> Report:
        """The report that is asked for, over ``window`` in sets of ``step``. Raises InvalidInputError."""
        return report_of(self.KIND, self._spec(window, step))

    def _spec(self, window: str, step: str) -> dict[str, Any]:
        by_node = self.idle_by_node and (self.idle or self.share_idle)
        return {
            **_shared(self, window, step),
            "idle": self.idle,
            # Kubecost tells idle by node as rows of their own, whether or not they are asked to be split.
            "splitIdle": self.idle and (self.split_idle or (by_node and not self.share_idle)),
            "idleByNode": by_node,
            "shareIdle": self.share_idle,
            "shareNamespaces": _listed(self.share_namespaces),
            "shareLabels": _listed(self.share_labels),
            "shareCost": self.share_cost,
            "shareSplit": self.share_split,
            "shareTenancyCosts": self.share_tenancy_costs,
            "reconcile": self.reconcile,
            "external": self.external,
            "costMetric": self.cost_metric,
        }


class AllocationParameters(WorkloadParameters, PagedParameters):
    """Parameters of ``/model/allocation``, with Kubecost's defaults."""

    sort_by: str = Field(
        "totalCost", max_length=40, description="What orders the rows.", json_schema_extra=one_of(ORDERS)
    )
    sort_by_order: str = Field("", max_length=4, description="asc or desc.", json_schema_extra=one_of(["asc", "desc"]))

    def _spec(self, window: str, step: str) -> dict[str, Any]:
        order = {"sortOrder": self.sort_by_order} if self.sort_by_order else {}
        return {**super()._spec(window, step), "sortBy": self.sort_by, **order}


class OpenCostParameters(AllocationParameters):
    """Parameters of OpenCost's ``/allocation``, with its defaults."""

    idle: bool = Field(
        default=False, alias="includeIdle", description="Whether what nodes cost and nobody held is a row, __idle__."
    )
    share_tenancy_costs: bool = Field(
        default=False, description="Whether the cluster's fee and its nodes' disks are spread."
    )


class AssetParameters(PagedParameters):
    """Parameters of ``/model/assets``, with Kubecost's defaults."""

    KIND: ClassVar[str] = AssetReport.KIND

    aggregate: str = Field(
        "",
        max_length=LONGEST,
        description="Properties that name a row, with commas between, such as type or label:pool; none is a row an asset.",
        json_schema_extra=list_of((*ASSET_AGGREGATES, *ASSET_SPELLINGS)),
    )
    disable_adjustments: bool = Field(
        default=False, description="Whether costs are at list price, without what bills changed."
    )

    def report(self, window: str, step: str) -> Report:
        """The report that is asked for, over ``window`` in sets of ``step``. Raises InvalidInputError."""
        return report_of(self.KIND, {**_shared(self, window, step), "disableAdjustments": self.disable_adjustments})


Asked: TypeAlias = WorkloadParameters | AssetParameters
Paged: TypeAlias = AllocationParameters | AssetParameters


def kept(given: Mapping[str, str], parsed: Asked) -> Filter:
    """Which rows Kubecost's ``filterX`` lists keep; with a ``filter`` they are not read. Raises InvalidInputError."""
    if parsed.filter:
        return Every()
    names, parse = (ASSET_LISTS, parse_asset_lists) if parsed.KIND == AssetReport.KIND else (LISTS, parse_lists)
    return parse({name: value for name, value in given.items() if name in names and value})


def _shared(asked: Parameters, window: str, step: str) -> dict[str, Any]:
    return {
        "window": window,
        "step": step,
        "aggregate": _listed(asked.aggregate),
        "accumulate": asked.accumulate,
        "filter": spelled_out(asked.filter),
        "limit": asked.rows,
    }


def report_of(kind: str, spec: dict[str, Any]) -> Report:
    """The report of ``kind`` that ``spec`` asks for. Raises InvalidInputError."""
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "question"}, "spec": spec}
    try:
        return parse_report(body)
    except InvalidInputError as error:
        # Who writes a URL knows of no spec.
        raise type(error)(str(error).removeprefix("spec.")) from error
