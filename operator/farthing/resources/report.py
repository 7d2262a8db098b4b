"""What both kinds share: who the object is, and the part of the spec that says when, how much and in what shape."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic.alias_generators import to_camel

from farthing.errors import InvalidInputError
from farthing.model.steps import parse_step
from farthing.model.window import parse_duration, parse_window
from farthing.model.zone import parse_timezone, quoted
from farthing.resources import rules
from farthing.resources.cron import cron_fault

_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a window can be read does not depend on the day it is read."""


def _window(text: str) -> str:
    parse_window(text, _ANY_DAY, UTC)
    return text


def _step(text: str) -> str:
    parse_step(text)
    return text


def _timezone(text: str) -> str:
    if text:
        parse_timezone(text)
    return text


def _interval(text: str) -> str:
    parse_duration(text, f"interval {quoted(text)}", "allowed are one number and one unit, such as 10m or 1h")
    return text


def _schedule(text: str) -> str:
    fault = cron_fault(text)
    if fault is not None:
        raise InvalidInputError(f"schedule {quoted(text)} {fault}")
    return text


def each_once(field: str) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Validator of the list ``field``: raises InvalidInputError if it names a value twice."""

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(values)) < len(values):
            raise InvalidInputError(f"{field} {','.join(values)} names a value twice: name each once")
        return values

    return check


Accumulate = Literal["false", "true", "all", "hour", "day", "week", "month", "quarter"]
Format = Literal["json", "csv"]
SortOrder = Literal["asc", "desc"]


def descending(sort_by: str, order: SortOrder | None) -> bool:
    """Whether rows go from the largest down: without an order, names ascend and numbers descend."""
    return sort_by != "name" if order is None else order == "desc"


class Spec(BaseModel):
    """When a report is computed, over which time, and how much of it is kept."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        json_schema_extra=rules.validations(rules.ONE_RHYTHM, rules.UNIT_NEEDS_STEP),
    )

    window: Annotated[str, AfterValidator(_window)] = Field(
        max_length=100,
        json_schema_extra=rules.validations(*rules.WINDOW),
        description=(
            "Span of time to report, read anew at each run. A length (15m, 24h, 7d, 1w) up to now; the same moved back "
            "(7d offset 2d); today, yesterday, week, lastweek, month or lastmonth; or start,end as two unix times in "
            "seconds or two RFC 3339 instants. Days, weeks and words cover every local day they touch, whole: 3d at "
            "noon is four days, up to the next midnight. Minutes, hours and pairs are exact. Weeks start on Sunday."
        ),
    )
    step: Annotated[str, AfterValidator(_step)] = Field(
        default="",
        max_length=20,
        json_schema_extra=rules.validations(*rules.STEP),
        description=(
            "Length of the sets that the window is cut into, such as 1h, 1d or 1w; days end at local midnights. "
            "Default: empty, the whole window is one set."
        ),
    )
    accumulate: Accumulate = Field(
        default="true",
        description=(
            "Which sets are joined into one table: true or all, every one; false, none; or those that start in the same local hour, "
            "day, week, month or quarter, which needs a step. A string, so write true and false in quotes. Default: "
            "true."
        ),
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="",
        max_length=64,
        json_schema_extra=rules.validations(*rules.TIMEZONE),
        description=(
            "Timezone of days, weeks and the schedule: an IANA name such as Europe/Berlin, or an offset such as "
            "+05:30. Default: empty, the timezone of the operator."
        ),
    )
    schedule: Annotated[str, AfterValidator(_schedule)] | None = Field(
        default=None,
        max_length=100,
        json_schema_extra=rules.validations(*rules.SCHEDULE),
        description=(
            "When to compute again, as the five fields of cron in the report's timezone: minute, hour, day of month, "
            "month, day of week; 0 6 * * MON-FRI is six o'clock on working days. Excludes interval. Default: none; "
            "with neither, the report is computed once for each change of its spec."
        ),
    )
    interval: Annotated[str, AfterValidator(_interval)] | None = Field(
        default=None,
        max_length=20,
        json_schema_extra=rules.validations(*rules.INTERVAL),
        description=(
            "How long after a run to compute again: a number and m, h, d or w, at least 1m, such as 10m or 1h. "
            "Excludes schedule. Default: none."
        ),
    )
    suspend: StrictBool = Field(
        default=False,
        description="Whether runs are held back; the last result stays. Default: false.",
    )
    formats: Annotated[tuple[Format, ...], AfterValidator(each_once("formats"))] = Field(
        default=("json",),
        min_length=1,
        max_length=2,
        json_schema_extra=rules.validations(rules.each_once("formats")),
        description="Forms in which the rows are kept in ConfigMaps: json, csv or both. Default: json.",
    )
    limit: StrictInt = Field(
        default=0,
        ge=0,
        le=100_000,
        description="Most rows kept of each table, after sorting; totals still count every row. Default: 0, all rows.",
    )
    sort_order: SortOrder | None = Field(
        default=None,
        description=(
            "Order of the rows by sortBy: asc (smallest or A first) or desc. "
            "Default: none, which is asc for name and desc for everything else."
        ),
    )
    history: StrictInt = Field(
        default=5,
        ge=0,
        le=50,
        description="How many of the last runs are listed in status.history. Default: 5.",
    )

    @model_validator(mode="after")
    def _combines(self) -> Self:
        if self.schedule is not None and self.interval is not None:
            raise InvalidInputError(rules.ONE_RHYTHM.message)
        if not self.step and self.accumulate not in {"true", "all", "false"}:
            raise InvalidInputError(rules.UNIT_NEEDS_STEP.message)
        return self


class Metadata(BaseModel):
    """Who an object is; a report read from a file has no uid yet."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 1
