"""What a URL asks: parameters under Kubecost's and OpenCost's names, as the spec of a report.

A parameter that is not known is ignored, as both servers do and their clients rely on; one that is empty is one that is
not given. What cannot be meant is refused in the words that reports are refused in.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from farthing.api.filter_spelling import spelled_out
from farthing.api.patterns import STEP, WINDOW, one_of
from farthing.errors import InvalidInputError, InvalidQuestionError
from farthing.model.filters import ASSET_LISTS, LISTS, Every, Filter, parse_asset_lists, parse_lists
from farthing.resources import API_VERSION
from farthing.resources.asset_report import AssetReport
from farthing.resources.parsing import Report, parse_report

LONGEST: Final = 4096
"""Characters of one value."""

STEPS: Final = {"hour": "1h", "day": "1d", "week": "1d", "month": "1d", "quarter": "1d"}
"""Units of time that sets are joined by, and the sets that are where nobody says their length."""

MOST_ROWS: Final = 100_000

WINDOW_TEXT: Final = (
    "Span of time: 15m, 24h, 7d, 1w; today, yesterday, week, lastweek, month, lastmonth; two unix times or two RFC 3339 "
    "instants with a comma between; or a length with an offset, such as 7d offset 2d."
)


def listed(text: str) -> list[str]:
    """The values of ``text``, which has commas between them."""
    return [one.strip() for one in text.split(",") if one.strip()]


def _accumulate(text: Any) -> Any:
    """OpenCost's UI also sends weeknow; Go's spellings of true and false are those of the other flags."""
    spelled = {"1": "true", "t": "true", "0": "false", "f": "false", "weeknow": "week"}
    return spelled.get(text.lower(), text.lower()) if isinstance(text, str) else text


Accumulate: TypeAlias = Annotated[
    str, BeforeValidator(_accumulate), Field(max_length=20, json_schema_extra=one_of(["true", "false", *STEPS]))
]


class Given(BaseModel):
    """The parameters of a URL that have a value, under their names on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, extra="ignore"
    )

    @model_validator(mode="before")
    @classmethod
    def _given(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if value not in ("", None)}


class RowParameters(Given):
    """Parameters of every question for rows."""

    KIND: ClassVar[str]
    """Of the report that is asked for."""

    window: str = Field(max_length=100, description=WINDOW_TEXT, json_schema_extra=WINDOW)
    filter: str = Field(
        "",
        max_length=LONGEST,
        description='Rows to show in the filter language, such as namespace:"shop"+label[app]:"web".',
    )


class Pages(Given):
    """Parameters of questions whose rows are read page by page."""

    limit: int = Field(0, ge=0, le=MOST_ROWS, description="Rows of each set at most, idle aside; 0 is all.")
    offset: int = Field(0, ge=0, le=MOST_ROWS, description="Rows of each set to pass over, the largest cost first.")

    @property
    def rows(self) -> int:
        """How many rows of each set must be found; 0 is all."""
        return min(self.limit + self.offset, MOST_ROWS) if self.limit else 0


class Parameters(RowParameters):
    """Parameters of questions for sets of rows."""

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


def spec_of(asked: Parameters, window: str, step: str) -> dict[str, Any]:
    """What specs of both kinds of reports say of ``asked``, over ``window`` in sets of ``step``."""
    return {
        "window": window,
        "step": step,
        "aggregate": listed(asked.aggregate),
        "accumulate": asked.accumulate,
        "filter": spelled_out(asked.filter),
        "limit": asked.rows if isinstance(asked, Pages) else 0,
    }


def kept(given: Mapping[str, str], parsed: RowParameters) -> Filter:
    """Which rows Kubecost's ``filterX`` lists keep; with a ``filter`` they are not read. Raises InvalidInputError."""
    if parsed.filter:
        return Every()
    for name, value in given.items():
        if name in {**ASSET_LISTS, **LISTS} and len(value) > LONGEST:
            raise InvalidQuestionError(
                f"{name} has {len(value)} characters, and {LONGEST} are allowed: name fewer, or use *"
            )
    names, parse = (ASSET_LISTS, parse_asset_lists) if parsed.KIND == AssetReport.KIND else (LISTS, parse_lists)
    return parse({name: value for name, value in given.items() if name in names and value})


def report_of(kind: str, spec: dict[str, Any]) -> Report:
    """The report of ``kind`` that ``spec`` asks for. Raises InvalidInputError."""
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "question"}, "spec": spec}
    try:
        return parse_report(body)
    except InvalidInputError as error:
        # Who writes a URL knows of no spec.
        raise type(error)(str(error).removeprefix("spec.")) from error
