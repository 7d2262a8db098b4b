"""What the operator answers to a PriceBook: whether it applies, and which of its rules are in force."""

from pydantic import Field

from farthing.resources.conditions import Condition
from farthing.resources.status import Part
from farthing.resources.text import Sentence, Word

MOST_TOLD = 200


class RuleState(Part):
    """Whether a rule is in force."""

    name: Word = Field(description="Name of the rule.")
    in_force: bool = Field(description="Whether hours that begin now get its rates.")
    message: Sentence = Field(default="", description="Why it is not in force; empty if it is.")


class PriceBookStatus(Part):
    """Whether the book applies to hours that are collected from now on."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="Generation of the spec that this was said about."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=8,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        description="Ready (the book applies), and while it holds, Stalled (only a change of a book helps).",
    )
    rules_in_force: int | None = Field(default=None, ge=0, description="How many rules are in force.")
    rules: tuple[RuleState, ...] = Field(
        default=(), max_length=MOST_TOLD, description="Each rule, and whether it is in force."
    )
