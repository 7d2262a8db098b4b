"""What a URL asks of ``/model/costDataModel``, which Kubecost deprecated (seeds 001 and 003)."""

from datetime import datetime, timedelta, tzinfo
from typing import Final

from pydantic import Field

from farthing.api.deprecated_shapes import FIELDS
from farthing.api.deprecated_windows import length_of, length_pattern, unix
from farthing.api.parameters import Given, listed
from farthing.api.patterns import Said
from farthing.api.workload_parameters import AllocationParameters
from farthing.errors import InvalidQuestionError, InvalidWindowError
from farthing.model.filters import Filter, parse_lists
from farthing.model.window import Window, days, hours_of_day
from farthing.model.zone import quoted
from farthing.resources.parsing import Report

MOST_DAYS: Final = 31
"""Of hours: what is older is kept by the day, and costs of months are asked of ``/model/allocation``."""
_FIELDS: Final[Said] = {"pattern": f"^(?:(?:{'|'.join(FIELDS)})(?:,(?:{'|'.join(FIELDS)}))*)?$"}
_UNITS: Final = "dhm"


class CostDataParameters(Given):
    """Parameters of ``/model/costDataModel``."""

    time_window: str = Field(
        max_length=20, description="Span of time that ends now: a number and d, h or m; at most 31d.", json_schema_extra=length_pattern(_UNITS)
    )  # fmt: skip
    offset: str = Field(
        "0m", max_length=20, description="How far back the span is moved: a number and d, h or m.", json_schema_extra=length_pattern(_UNITS)
    )  # fmt: skip
    filter_fields: str = Field(
        "",
        max_length=1000,
        description="Fields to leave out of each container, with commas between, such as cpuused,cpureq.",
        json_schema_extra=_FIELDS,
    )
    namespace: str = Field(
        "", max_length=1000, description="Namespaces whose containers are told, with commas between; * ends a prefix."
    )

    def hours(self, now: datetime, zone: tzinfo) -> list[Window]:
        """Each hour of the store's clock, in ``zone``, that the span touches at ``now``, whole. Raises InvalidWindowError.

        As facts are kept by the hour, 30m at 13:37 is the hour from 13:00, and 1h at 13:37 the two from 12:00.
        """
        length, back = length_of(self.time_window, "timeWindow", _UNITS), length_of(self.offset, "offset", _UNITS)
        if not timedelta() < length <= timedelta(days=MOST_DAYS):
            raise InvalidWindowError(f"timeWindow {quoted(self.time_window)} is out of reach: use 1m to {MOST_DAYS}d")
        asked = Window(now - back - length, now - back)
        hours = (hour for day in days(asked, zone) for hour in hours_of_day(day))
        return [hour for hour in hours if hour.start < asked.end and asked.start < hour.end]

    @property
    def left_out(self) -> frozenset[str]:
        """The fields that are not told. Raises InvalidQuestionError."""
        given = listed(self.filter_fields)
        unknown = [one for one in given if one not in FIELDS]
        if unknown:
            raise InvalidQuestionError(
                f"filterFields {quoted(unknown[0])} is no field; allowed are {', '.join(FIELDS)}"
            )
        return frozenset(given)

    @property
    def kept(self) -> Filter:
        """Which containers are told."""
        return parse_lists({"filterNamespaces": self.namespace})

    def report(self, span: Window) -> Report:
        """A report over ``span`` that keeps what this asks for, at list prices. Raises InvalidQuestionError."""
        spec = {"window": unix(span), "idle": False, "shareTenancyCosts": False, "reconcile": False}
        return AllocationParameters.model_validate(spec).report(unix(span), "")
