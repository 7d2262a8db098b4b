"""PriceBook: rates that people write down and keep in Git, in the place of those that metrics or defaults tell."""

import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from farthing.errors import InvalidInputError
from farthing.model.zone import quoted
from farthing.resources import price_rules as words
from farthing.resources import rules
from farthing.resources.price_book_status import PriceBookStatus
from farthing.resources.price_rates import ClusterRates, Network, NodeRates, Part, Select, Share, StorageClass
from farthing.resources.report import Metadata, each_once

MOST_RULES = 200
_READABLE = re.compile(f"{rules.REAL_DATE}|{rules.REAL_INSTANT}")


def instant_of(text: str) -> datetime:
    """The instant that ``text`` means, a date its midnight in UTC; raises InvalidInputError."""
    if not _READABLE.fullmatch(text):
        raise InvalidInputError(f"the instant {quoted(text)} {words.INSTANT}")
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _instant(text: str) -> str:
    instant_of(text)
    return text


class Valid(Part):
    """When something holds."""

    valid_from: Annotated[str, AfterValidator(_instant)] | None = Field(
        default=None,
        max_length=30,
        json_schema_extra=rules.validations(words.instant("validFrom")),
        description=(
            "First instant at which the rates hold, as a date (midnight UTC) or an RFC 3339 instant [UTC]; an hour has the "
            "rates of its first instant. Default: always have."
        ),
    )
    valid_to: Annotated[str, AfterValidator(_instant)] | None = Field(
        default=None,
        max_length=30,
        json_schema_extra=rules.validations(words.instant("validTo")),
        description="First instant at which the rates no longer hold, as validFrom [UTC]. Default: they go on.",
    )

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.valid_from and self.valid_to and instant_of(self.valid_from) >= instant_of(self.valid_to):
            raise InvalidInputError(words.BACKWARDS)
        return self


class RuleSpec(Valid):
    """Rates of some nodes."""

    model_config = ConfigDict(json_schema_extra=rules.validations(words.FORWARDS, words.GIVEN))

    name: str = Field(
        min_length=1,
        max_length=63,
        pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        description="Name of the rule, which assets show as the source of their rate: BOOK/RULE.",
    )
    select: Select | None = Field(
        default=None,
        description=(
            "Which nodes the rule is for. Of the rules that fit a node, the one with most fields here applies, and one with "
            "names before all others. Default: every node."
        ),
    )
    node: NodeRates | None = Field(
        default=None, description="Rates of such a node. Default: as they are without the rule, less its discount."
    )
    discount: Share = Field(
        default=0.0, description="Share that is taken off the cost of cpu and ram [0 to 1]. Default: 0."
    )
    negotiated_discount: Share = Field(
        default=0.0, description="Share that is taken off what the discount leaves [0 to 1]. Default: 0."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.node is None and not self.discount and not self.negotiated_discount:
            raise InvalidInputError(words.NOTHING)
        return self


class PriceBookSpec(Valid):
    """Rates by what they are for."""

    model_config = ConfigDict(json_schema_extra=rules.validations(words.FORWARDS))

    currency: str = Field(
        default="USD",
        pattern="^[A-Z]{3}$",
        max_length=3,
        description="Currency of every rate, which must be that of the operator: three letters. Default: USD.",
    )
    rules: tuple[RuleSpec, ...] = Field(
        default=(),
        max_length=MOST_RULES,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        description=(
            "Rates of nodes. Two rules of any books that are equally specific may not fit the same node at the same time: "
            "status says so. Default: none."
        ),
    )
    storage_classes: tuple[StorageClass, ...] = Field(
        default=(),
        max_length=100,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        description="Rates of volumes by storage class. Default: none, as they are without the book.",
    )
    network: Network | None = Field(
        default=None, description="Rates of traffic [currency per GiB]. Default: as they are without the book."
    )
    load_balancer: ClusterRates | None = Field(
        default=None, description="Rate of each load balancer. Default: as it is without the book."
    )
    management: ClusterRates | None = Field(
        default=None, description="Fee of the cluster's control plane. Default: as it is without the book."
    )

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for field, named in (("rules", self.rules), ("storageClasses", self.storage_classes)):
            each_once(field)(tuple(one.name for one in named))
        return self


class PriceBook(BaseModel):
    """Rates of a cluster's nodes, volumes, traffic, load balancers and management, in the place of those of metrics."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    KIND: ClassVar[str] = "PriceBook"
    PLURAL: ClassVar[str] = "pricebooks"
    SHORT_NAME: ClassVar[str] = "prb"

    metadata: Metadata
    spec: PriceBookSpec = Field(description="The rates.")
    status: PriceBookStatus = Field(default=PriceBookStatus(), description="Which of its rules are in force.")
