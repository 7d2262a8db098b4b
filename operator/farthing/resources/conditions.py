"""Condition types and reasons, each with its meaning, and the rule by which a condition changes.

A failure's reason is the ``reason`` of its class in farthing.errors; the reasons here are of everything else. Events
use the same words.
"""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from farthing.resources.text import Instant, Sentence, Word

ConditionStatus = Literal["True", "False", "Unknown"]

READY: Final = "Ready"
"""The status answers the spec of ``observedGeneration``. Unknown while a first answer is computed; normal is True."""

DATA_COMPLETE: Final = "DataComplete"
"""Every expected scrape of the window was seen. False: numbers are too low. Unknown before a run; normal is True."""

RECONCILING: Final = "Reconciling"
"""A run is under way, or a failed one will be tried again. Abnormal: present only while True (kstatus)."""

STALLED: Final = "Stalled"
"""Only a person can help, by changing the spec. Abnormal: present only while True (kstatus)."""

ABNORMAL: Final = frozenset({RECONCILING, STALLED})

COMPUTED: Final = "ReportComputed"
"""Ready True: the last run gave an answer and it was kept."""

IN_FORCE: Final = "PricesInForce"
"""Ready True of a PriceBook: its rates apply to hours that are collected within its validity."""

COMPUTING: Final = "Computing"
"""Ready Unknown, Reconciling True: a run for this generation has begun."""

RETRYING: Final = "Retrying"
"""Reconciling True: the last run failed and the next is set; Ready says why it failed."""

SUSPENDED: Final = "Suspended"
"""Ready keeps its status: the spec holds runs back."""

ALL_SEEN: Final = "AllScrapesSeen"
"""DataComplete True: coverage is 100 % and no metric is missing."""

SCRAPES_MISSING: Final = "ScrapesMissing"
"""DataComplete False: metrics are there, but not at every expected moment."""

METRICS_MISSING: Final = "MetricsMissing"
"""DataComplete False: a metric that the costs need was never seen in the window."""

SAMPLES_REJECTED: Final = "SamplesRejected"
"""DataComplete False: samples were no number, negative or beyond any quantity, and were left out."""

NOT_KNOWN: Final = "NotKnown"
"""DataComplete Unknown: no run has measured coverage for this generation."""


class Condition(BaseModel):
    """One condition, in the fields of metav1.Condition."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )

    type: Word = Field(description="What the condition is about: Ready, DataComplete, Reconciling or Stalled.")
    status: ConditionStatus = Field(description="Whether it holds: True, False or Unknown.")
    reason: Word = Field(min_length=1, description="Why, as one CamelCase word that programs can rely on.")
    message: Sentence = Field(default="", description="Why, as a sentence for people.")
    last_transition_time: Instant = Field(description="When the status last changed [UTC].")
    observed_generation: int = Field(default=0, ge=0, description="Generation of the spec that this was said about.")


def with_condition(conditions: Sequence[Condition], new: Condition) -> tuple[Condition, ...]:
    """``conditions`` with ``new`` in place of any of its type, keeping its transition time if the status is unchanged.

    A condition of an abnormal type that is not True is left out.
    """
    old = condition_of(conditions, new.type)
    if new.type in ABNORMAL and new.status != "True":
        return without_condition(conditions, new.type)
    if old is None:
        return (*conditions, new)
    if old.status == new.status:
        new = new.model_copy(update={"last_transition_time": old.last_transition_time})
    return tuple(new if one.type == new.type else one for one in conditions)


def condition_of(conditions: Sequence[Condition], kind: str) -> Condition | None:
    """The condition of type ``kind``, if there is one."""
    return next((one for one in conditions if one.type == kind), None)


def without_condition(conditions: Sequence[Condition], kind: str) -> tuple[Condition, ...]:
    """``conditions`` but for the one of type ``kind``."""
    return tuple(one for one in conditions if one.type != kind)
