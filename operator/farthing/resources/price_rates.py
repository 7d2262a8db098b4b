"""The parts of a PriceBook that hold rates, and what selects nodes. Each rate says its unit in its name."""

import re
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic.alias_generators import to_camel

from farthing.errors import InvalidInputError
from farthing.model.prices import MONTH
from farthing.resources import price_rules as words
from farthing.resources import rules

_LABEL = re.compile(r"[^: ][^:]*:[^ ].*")


def _labels(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_LABEL.fullmatch(one) for one in values):
        raise InvalidInputError(words.LABEL)
    return values


Rate: TypeAlias = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, strict=True)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=253)]
Texts: TypeAlias = tuple[Text, ...]


class Part(BaseModel):
    """A part of the spec; what is not offered is refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    def given(self) -> list[str]:
        """The fields that are set, as they are written."""
        return list(self.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True))


def per_hour(hourly: float | None, monthly: float | None) -> float | None:
    """The rate of an hour, by that of an hour or of a month; None where neither is given."""
    return monthly / MONTH if hourly is None and monthly is not None else hourly


def _texts(what: str, example: str) -> Texts:
    found: Texts = Field(
        default=(),
        max_length=50,
        description=f"{what}, one of which must fit; * at the end stands for any end, such as {example}. Default: any.",
    )
    return found


def _rate(what: str, *, alias: str | None = None) -> float | None:
    found: float | None = Field(default=None, alias=alias, description=f"{what}. Default: as it is without the rule.")
    return found


class Select(Part):
    """Which nodes a rule is for: those that fit every field that is given."""

    provider: Text | None = Field(
        default=None, description="Provider as assets name it, such as AWS, GCP or Azure; * may end it. Default: any."
    )
    instance_types: Texts = _texts("Instance types", "m5.*")
    regions: Texts = _texts("Regions", "eu-*")
    zones: Texts = _texts("Zones", "eu-west-1*")
    spot: StrictBool | None = Field(
        default=None, description="true for spot nodes, which may be taken away, false for all others. Default: both."
    )
    labels: Annotated[Texts, AfterValidator(_labels)] = Field(
        default=(),
        max_length=20,
        json_schema_extra=rules.validations(words.LABELS),
        description=(
            "Labels of the node, written key:value such as pool:gpu*, all of which must fit; kube-state-metrics must be "
            "told to show them. Default: any."
        ),
    )
    names: Texts = _texts("Names of nodes; a rule with names goes before all without", "ip-10-0-*")


class NodeRates(Part):
    """Rates of a node: of its parts, or of the whole."""

    model_config = ConfigDict(
        json_schema_extra=rules.validations(
            *(words.not_both(f"{part}Hourly", f"{part}Monthly") for part in ("cpuCore", "ramGiB", "gpu", "node")),
            rules.Rule(
                "!(has(self.nodeHourly) || has(self.nodeMonthly)) || !("
                + " || ".join(
                    f"has(self.{part}{span})" for part in ("cpuCore", "ramGiB", "gpu") for span in ("Hourly", "Monthly")
                )
                + ")",
                words.WHOLE,
            ),
            words.any_of(
                tuple(
                    f"{part}{span}" for part in ("cpuCore", "ramGiB", "gpu", "node") for span in ("Hourly", "Monthly")
                ),
                words.NO_RATE,
            ),
        )
    )

    cpu_core_hourly: Rate | None = _rate("Rate of a core [currency per hour]")
    cpu_core_monthly: Rate | None = _rate("Rate of a core [currency per month of 730 hours]")
    ram_gib_hourly: Rate | None = _rate("Rate of a GiB of memory [currency per hour]", alias="ramGiBHourly")
    ram_gib_monthly: Rate | None = _rate(
        "Rate of a GiB of memory [currency per month of 730 hours]", alias="ramGiBMonthly"
    )
    gpu_hourly: Rate | None = _rate("Rate of a GPU [currency per hour]")
    gpu_monthly: Rate | None = _rate("Rate of a GPU [currency per month of 730 hours]")
    node_hourly: Rate | None = _rate(
        "Rate of the whole node, split over its parts by default rates [currency per hour]"
    )
    node_monthly: Rate | None = _rate("As nodeHourly [currency per month of 730 hours]")

    @model_validator(mode="after")
    def _combines(self) -> Self:
        given = self.given()
        for part in ("cpuCore", "ramGiB", "gpu", "node"):
            if f"{part}Hourly" in given and f"{part}Monthly" in given:
                raise InvalidInputError(words.both(f"{part}Hourly", f"{part}Monthly"))
        if {"nodeHourly", "nodeMonthly"} & set(given) and len(given) > 1:
            raise InvalidInputError(words.WHOLE)
        if not given:
            raise InvalidInputError(words.NO_RATE)
        return self


class ClusterRates(Part):
    """A rate by the hour."""

    model_config = ConfigDict(
        json_schema_extra=rules.validations(
            words.not_both("hourly", "monthly"), words.any_of(("hourly", "monthly"), f"this {words.ONE_RATE}")
        )
    )

    hourly: Rate | None = Field(default=None, description="Rate [currency per hour]. Default: none.")
    monthly: Rate | None = Field(default=None, description="Rate [currency per month of 730 hours]. Default: none.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.given()) != 1:
            raise InvalidInputError(words.both("hourly", "monthly") if self.given() else f"this {words.ONE_RATE}")
        return self


class StorageClass(Part):
    """The rate of volumes of one class."""

    model_config = ConfigDict(
        json_schema_extra=rules.validations(
            words.not_both("GiBHourly", "GiBMonthly"),
            words.any_of(("GiBHourly", "GiBMonthly"), f"storageClasses {words.ONE_RATE}"),
        )
    )

    name: Text = Field(
        description="Name of the storage class; * at the end stands for any end, and a whole name goes before it."
    )
    hourly: Rate | None = Field(
        default=None, alias="GiBHourly", description="Rate of a GiB [currency per hour]. Default: none."
    )
    monthly: Rate | None = Field(
        default=None, alias="GiBMonthly", description="Rate of a GiB [currency per month of 730 hours]. Default: none."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.hourly is not None and self.monthly is not None:
            raise InvalidInputError(words.both("GiBHourly", "GiBMonthly"))
        if self.hourly is None and self.monthly is None:
            raise InvalidInputError(f"storageClasses {words.ONE_RATE}")
        return self


class Network(Part):
    """Rates of traffic that leaves the zone."""

    zone_per_gib: Rate | None = Field(
        default=None,
        alias="zonePerGiB",
        description="Rate of traffic to another zone of the region [currency per GiB]. Default: as it is without the book.",
    )
    region_per_gib: Rate | None = Field(
        default=None,
        alias="regionPerGiB",
        description="Rate of traffic to another region [currency per GiB]. Default: as it is without the book.",
    )
    internet_per_gib: Rate | None = Field(
        default=None,
        alias="internetPerGiB",
        description="Rate of traffic out to the internet [currency per GiB]. Default: as it is without the book.",
    )
