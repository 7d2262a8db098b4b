"""What the operator answers in an object's status: frozen values, written whole once a run."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from farthing.resources.conditions import Condition
from farthing.resources.text import Instant, Name, Number, Word

MOST_TOP_ROWS: Final = 20
MOST_MISSING: Final = 20

Result = Literal["Complete", "Incomplete", "Failed"]


def _first_missing(names: Sequence[str]) -> Sequence[str]:
    return names[:MOST_MISSING]


class Part(BaseModel):
    """A value of a status; what a newer operator wrote into it is passed over."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class ResolvedWindow(Part):
    """The instants that the window meant at the last run: start is in, end is out."""

    start: Instant = Field(description="First instant of the window [UTC].")
    end: Instant = Field(description="First instant after the window [UTC].")


class Costs(Part):
    """Costs of a row or of a whole table."""

    total_cost: Number = Field(description="All costs [currency].")
    cpu_cost: Number = Field(description="Cost of cpu [currency].")
    ram_cost: Number = Field(description="Cost of memory [currency].")
    gpu_cost: Number = Field(description="Cost of GPUs [currency].")


class WorkloadCosts(Costs):
    """Costs of workloads; they add up to totalCost."""

    pv_cost: Number | None = Field(default=None, description="Cost of volumes [currency].")
    network_cost: Number | None = Field(
        default=None, description="Cost of traffic to other zones, regions and out [currency]."
    )
    load_balancer_cost: Number | None = Field(default=None, description="Cost of load balancers [currency].")
    shared_cost: Number | None = Field(
        default=None, description="Costs spread over the rows that are theirs no longer [currency]."
    )
    external_cost: Number | None = Field(
        default=None, description="Cost of resources outside of the cluster, by the tags of bills [currency]."
    )


class AssetCosts(Costs):
    """Costs of assets; they add up to totalCost."""

    disk_cost: Number | None = Field(
        default=None, description="Cost of volumes, and of the disks that nodes boot from [currency]."
    )
    network_cost: Number | None = Field(default=None, description="Cost of traffic [currency].")
    load_balancer_cost: Number | None = Field(default=None, description="Cost of load balancers [currency].")
    management_cost: Number | None = Field(default=None, description="Fee of the cluster's control plane [currency].")
    cloud_cost: Number | None = Field(
        default=None, description="Cost of what bills tell of and no other asset is found for [currency]."
    )


class Reconciled(Part):
    """How much of a total bills tell."""

    list_cost: Number | None = Field(default=None, description="Part of totalCost at list prices [currency].")
    billed_cost: Number | None = Field(default=None, description="Part of totalCost that bills tell [currency].")
    adjustment: Number | None = Field(default=None, description="What bills added, below 0 took off [currency].")


class CostTotals(WorkloadCosts, Reconciled):
    """Sums over every row of the window, kept or not."""

    idle_cost: Number = Field(
        description="What nodes cost and nobody held, as rows of its own or added to the rows shown [currency]. What shared "
        "rows had of it is in sharedCost."
    )
    overallocated_cost: Number = Field(description="Charged beyond what the nodes hold, not part of idle [currency].")
    cpu_efficiency: Number = Field(description="Cpu used over cpu requested; 1 is all of it.")
    ram_efficiency: Number = Field(description="Memory used over memory requested; 1 is all of it.")
    total_efficiency: Number = Field(description="Both efficiencies, weighted by their costs.")


class AssetTotals(AssetCosts, Reconciled):
    """Sums over every row of the window, kept or not."""

    idle_cost: Number = Field(description="Part of totalCost that nobody held [currency].")


class CostTopRow(WorkloadCosts):
    """One of the first rows of a cost report."""

    name: Name = Field(description="Values of the aggregate's properties, joined by a slash.")
    efficiency: Number = Field(description="Used over requested, weighted by the costs of cpu and memory.")


class AssetTopRow(AssetCosts):
    """One of the first rows of an asset report."""

    name: Name = Field(description="Values of the aggregate's properties, joined by a slash.")


class CoverageDetail(Part):
    """How much of the window was seen."""

    share: Number = Field(description="Scrapes seen over scrapes expected; 1 is all of them.")
    hours_expected: int = Field(ge=0, description="Hours of the window that have passed.")
    hours_seen: int = Field(ge=0, description="Hours of them that have any data.")
    missing_metrics: Annotated[tuple[Name, ...], BeforeValidator(_first_missing)] = Field(
        default=(),
        max_length=MOST_MISSING,
        description="The first 20 metrics that were never seen in the window.",
    )
    absent_metrics: Annotated[tuple[Name, ...], BeforeValidator(_first_missing)] = Field(
        default=(),
        max_length=MOST_MISSING,
        description=(
            "The first 20 optional metrics that had no series in some hour: what they tell of is left out, or taken at "
            "default rates."
        ),
    )


class Bills(Part):
    """The bills that tell of days of the window. A later one that differs is a revision."""

    as_of: Instant = Field(description="When the newest of them was imported [UTC].")
    revisions: int = Field(ge=0, description="How often a bill took the place of an earlier one, of all of them.")


class KeptConfigMap(Part):
    """A ConfigMap that holds rows of the report."""

    name: Name = Field(description="Name of the ConfigMap, in the namespace of the report.")
    keys: tuple[Name, ...] = Field(max_length=64, description="Keys of its data.")
    rows: int = Field(ge=0, description="Rows it holds in each format.")
    bytes: int = Field(ge=0, description="Size of its data [B].")
    sha256: Word = Field(description="SHA-256 of its data, in hexadecimal digits.")


class Run(Part):
    """One of the last runs."""

    time: Instant = Field(description="When the run ended [UTC].")
    result: Result = Field(description="Complete, Incomplete (data was missing) or Failed (nothing was published).")
    total_cost: Number | None = Field(default=None, description="Total cost that it published [currency].")
    adjustment: Number | None = Field(default=None, description="Part of it that bills had added by then [currency].")
    rows: int | None = Field(default=None, ge=0, description="Rows that it published.")


class Status(Part):
    """What both kinds answer. Everything is absent until it is known."""

    observed_generation: int | None = Field(default=None, ge=0, description="Generation of the spec that was answered.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=8,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        description=(
            "Ready and DataComplete, and while they hold, Reconciling (a run is under way or will be tried again) and "
            "Stalled (only a change of the spec helps)."
        ),
    )
    window: ResolvedWindow | None = Field(default=None, description="What the window meant at the last run.")
    aggregate: Word | None = Field(default=None, description="Properties that name a row, joined by commas.")
    last_run_time: Instant | None = Field(default=None, description="When the last answer was computed [UTC].")
    next_run_time: Instant | None = Field(default=None, description="When the next run begins, if one is set [UTC].")
    currency: Word | None = Field(default=None, description="Currency of every cost, such as USD.")
    rows: int | None = Field(default=None, ge=0, description="Rows kept, after the limit.")
    rows_total: int | None = Field(default=None, ge=0, description="Rows found, before the limit.")
    coverage: Number | None = Field(
        default=None,
        description="Share of the expected scrapes that was seen, rounded down: 100% means all.",
    )
    coverage_detail: CoverageDetail | None = Field(default=None, description="What the coverage consists of.")
    bills: Bills | None = Field(default=None, description="The bills of the window, absent where there are none.")
    residual: Number | None = Field(
        default=None,
        description="Largest relative error of allocated + idle - overallocated = asset cost.",
    )
    config_maps: tuple[KeptConfigMap, ...] = Field(
        default=(),
        max_length=128,
        description="ConfigMaps that hold the rows; the index comes first.",
    )
    history: tuple[Run, ...] = Field(default=(), max_length=50, description="The last runs, newest first.")


class CostReportStatus(Status):
    """What the workloads cost."""

    totals: CostTotals | None = Field(default=None, description="Sums over every row of the window.")
    top: tuple[CostTopRow, ...] = Field(
        default=(),
        max_length=MOST_TOP_ROWS,
        description="The first rows in the order of the spec, 20 at most.",
    )


class AssetReportStatus(Status):
    """What the assets cost."""

    totals: AssetTotals | None = Field(default=None, description="Sums over every row of the window.")
    top: tuple[AssetTopRow, ...] = Field(
        default=(),
        max_length=MOST_TOP_ROWS,
        description="The first rows in the order of the spec, 20 at most.",
    )


def with_run(history: Sequence[Run], run: Run, keep: int) -> tuple[Run, ...]:
    """``history`` with ``run`` before it, cut to the newest ``keep``."""
    return (run, *history)[:keep]


def status_object(status: Status) -> dict[str, Any]:
    """``status`` as Kubernetes stores it: what it does not say is absent."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)
