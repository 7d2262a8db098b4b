"""What came of a run: the whole new status, with its conditions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from farthing.errors import FarthingError
from farthing.exports.documents import Document
from farthing.model.answer import Seen
from farthing.model.window import rfc3339
from farthing.resources import conditions
from farthing.resources.conditions import Condition, ConditionStatus, condition_of, with_condition
from farthing.resources.parsing import Report
from farthing.resources.status import AssetReportStatus, CostReportStatus
from farthing.resources.text import percent_text

AnyStatus: TypeAlias = CostReportStatus | AssetReportStatus


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a Kubernetes Event."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to write after a run."""

    status: AnyStatus
    documents: tuple[Document, ...] | None
    """Parts first, the index last; None where the last ones stay."""
    retry_at: float | None
    """When to run again although nothing is scheduled. [unix s]"""
    event: Event | None


def began(status: AnyStatus, generation: int, now: datetime) -> AnyStatus:
    """``status`` while the first run of ``generation`` is under way; the last result stays to be seen."""
    reason, message = conditions.COMPUTING, "the report is being computed"
    new = _with(
        status,
        generation,
        now,
        (conditions.READY, "Unknown", reason, message),
        (conditions.DATA_COMPLETE, "Unknown", conditions.NOT_KNOWN, message),
        (conditions.RECONCILING, "True", reason, message),
        (conditions.STALLED, "False", reason, message),
    )
    # A run that is killed is made again at the next start, not when the last one's time comes.
    return new.model_copy(update={"next_run_time": None})


def suspended(status: AnyStatus, generation: int, now: datetime) -> AnyStatus:
    """``status`` of a report whose spec holds runs back; the last result stays."""
    ready = condition_of(status.conditions, conditions.READY)
    reason, message = conditions.SUSPENDED, "suspend is true: the report is computed again once it is not"
    new = _with(
        status,
        generation,
        now,
        (conditions.READY, ready.status if ready else "Unknown", reason, message),
        (conditions.RECONCILING, "False", reason, message),
        (conditions.STALLED, "False", reason, message),
    )
    return new.model_copy(update={"next_run_time": None})


def completed(report: Report, found: dict[str, Any], seen: Seen, now: datetime, trouble: FarthingError | None) -> Any:
    """The status after a run that gave an answer; ``found`` are its fields by their public names."""
    shown = found["totals"]["totalCost"]
    text = f"computed over {found['rowsTotal']} rows: {shown} {found['currency']}"
    complete, why, lack = _completeness(seen, trouble)
    computed = (conditions.COMPUTED, text if complete == "True" else f"{text}; too low: {lack}")
    status = type(report.status).model_validate(
        {**report.status.model_dump(by_alias=True), **found}, by_alias=True, by_name=False
    )
    return _with(
        status,
        report.metadata.generation,
        now,
        (conditions.READY, "True", *computed),
        (conditions.DATA_COMPLETE, complete, why, lack),
        (conditions.RECONCILING, "False", *computed),
        (conditions.STALLED, "False", *computed),
    )


def failed(status: AnyStatus, generation: int, error: FarthingError, now: datetime, retry: datetime) -> AnyStatus:
    """``status`` after a run that gave none; it will be tried again at ``retry``."""
    message = f"{error}; tried again at {rfc3339(retry.replace(microsecond=0))}"
    new = _with(
        status,
        generation,
        now,
        (conditions.READY, "False", error.reason, message),
        (conditions.RECONCILING, "True", conditions.RETRYING, message),
        (conditions.STALLED, "False", error.reason, message),
    )
    return new.model_copy(update={"next_run_time": retry})


def stalled(status: AnyStatus, generation: int, error: FarthingError, now: datetime) -> AnyStatus:
    """``status`` where only another spec helps."""
    new = _with(
        status,
        generation,
        now,
        (conditions.READY, "False", error.reason, str(error)),
        (conditions.RECONCILING, "False", error.reason, str(error)),
        (conditions.STALLED, "True", error.reason, str(error)),
    )
    return new.model_copy(update={"next_run_time": None})


def _completeness(seen: Seen, trouble: FarthingError | None) -> tuple[ConditionStatus, str, str]:
    """Status, reason and message of DataComplete."""
    if seen.complete:
        return "True", conditions.ALL_SEEN, f"all {seen.hours_expected} hours that have passed were seen"
    if seen.missing:
        return (
            "False",
            conditions.METRICS_MISSING,
            f"no series of {', '.join(seen.missing)}: check what Prometheus scrapes",
        )
    if seen.rejected:
        return (
            "False",
            conditions.SAMPLES_REJECTED,
            f"{seen.rejected} samples were no number, negative or beyond any quantity, and were left out: check the exporters",
        )
    poor = [one for one in seen.coverage if not one.complete]
    what = (
        f"{percent_text(min(1.0, seen.share))} of the expected scrapes were seen: {seen.hours_expected - seen.hours_seen} of "
        f"{seen.hours_expected} hours are missing, {len(poor)} in part"
    )
    if trouble is not None:
        return "False", trouble.reason, f"{what}; {trouble}"
    return "False", conditions.SCRAPES_MISSING, what


def _with(status: AnyStatus, generation: int, now: datetime, *new: tuple[str, ConditionStatus, str, str]) -> AnyStatus:
    """``status`` with these conditions: type, status, reason and message of each."""
    kept = status.conditions
    for kind, holds, reason, message in new:
        condition = Condition(
            type=kind,
            status=holds,
            reason=reason,
            message=message,
            last_transition_time=now,
            observed_generation=generation,
        )
        kept = with_condition(kept, condition)
    return status.model_copy(update={"conditions": kept, "observed_generation": generation})
