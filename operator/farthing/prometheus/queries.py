"""What a query of Prometheus is: a metric, a function over time, and the labels that are kept."""

import re
from dataclasses import dataclass
from enum import StrEnum

from farthing.errors import InvalidInputError


class Function(StrEnum):
    """What is taken of a series over one interval."""

    SUM = "sum_over_time"
    COUNT = "count_over_time"
    MEAN = "avg_over_time"
    LAST = "last_over_time"
    LEAST = "min_over_time"
    GROWTH = "increase"
    GROWTH_IF_RESET = "increase if resets"
    """``increase`` of the series that were reset within the interval, nothing for the others."""
    LAST_SCRAPE = "timestamp"
    """Unix time of the last sample, for series still alive when the interval ends."""
    LARGEST = "max_over_time"
    LARGEST_RATE = "max_over_time of rate"
    """The largest growth per second over any ``RATE_SPAN`` of the interval: from :00 to :05, from :05 to :10 and so on."""
    LAST_SEEN = "max_over_time of timestamp"
    """Unix time of the last sample, to the ``SEEN_STEP``; of a series that came and went between two, the number of its samples."""


RATE_SPAN = "5m"
SEEN_STEP = "5m"


SCRAPER = ("job", "service", "prometheus_replica", "replica")
"""Labels that tell scrapers of the same thing apart, and that a restart of what is scraped does not change."""


class Combine(StrEnum):
    """How rows that differ only in labels we do not keep become one."""

    MAX = "max"
    MIN = "min"
    MEAN = "mean of all samples"
    """Of a function that is a mean: each sample weighs the same, in whichever part of a series it is."""
    MOST = "most that one scraper saw"
    """For sums and counts. A new pod of what is scraped, or a new version of a node's kubelet, breaks a series in two: the parts
    of one scraper are added, and of several scrapers the one that saw most counts."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher; ``value`` is taken literally by ``=`` and ``!=``, as an RE2 expression by ``=~`` and ``!~``.

    Raises InvalidInputError if ``label`` is no label's name or ``value`` no text of Unicode.
    """

    label: str
    operator: str
    value: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", self.label):
            raise InvalidInputError(
                f"the label {self.label!r} cannot be matched: its name is made of letters, digits and '_', no digit first"
            )
        if self.operator not in {"=", "!=", "=~", "!~"}:
            raise InvalidInputError(f"the operator {self.operator!r} matches nothing: use =, !=, =~ or !~")
        if any("\ud800" <= sign <= "\udfff" for sign in self.value):
            raise InvalidInputError(f"the value {self.value!r} of the label {self.label!r} is no Unicode text")

    def __str__(self) -> str:
        """PromQL, with the value quoted as a Go string."""
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{quoted}"'


@dataclass(frozen=True, slots=True)
class Query:
    """One named table of numbers per interval.

    ``keep`` are the labels that become columns; ``carried`` asks for the interval before the first as well;
    ``once`` asks one value for the whole chunk of intervals. ``tall`` is for metrics whose labels are not known in
    advance: those that begin with it become rows, of which the last two columns of ``keep`` are name and value.
    """

    name: str
    metric: str
    function: Function
    keep: tuple[str, ...]
    combine: Combine = Combine.MAX
    matchers: tuple[Matcher, ...] = ()
    carried: bool = False
    once: bool = False
    tall: str = ""

    def promql(self, span: str, extra: tuple[Matcher, ...] = ()) -> str:
        """The expression over a range of ``span`` (a Prometheus duration), with ``extra`` matchers added."""
        matchers = ",".join(str(matcher) for matcher in (*self.matchers, *extra))
        selector = f"{self.metric}{{{matchers}}}" if matchers else self.metric
        kept = ", ".join(self.keep)
        if self.combine is Combine.MEAN:
            total, count = (f"sum by ({kept}) ({each}({selector}[{span}]))" for each in (Function.SUM, Function.COUNT))
            return f"{total} / {count}"
        match self.function:
            case Function.LAST_SCRAPE:
                value = f"timestamp({selector})"
            case Function.GROWTH_IF_RESET:
                value = f"increase({selector}[{span}]) and resets({selector}[{span}]) > 0"
            case Function.LARGEST_RATE:
                # A subquery looks at whole multiples of its step: moved by one, each looks back into the interval.
                value = f"max_over_time(rate({selector}[{RATE_SPAN}])[{span}:{RATE_SPAN}] offset -{RATE_SPAN})"
            case Function.LAST_SEEN:
                seen = f"max_over_time(timestamp({selector})[{span}:{SEEN_STEP}])"
                value = f"{seen} or {Function.COUNT}({selector}[{span}])"
            case _:
                value = f"{self.function}({selector}[{span}])"
        if self.tall:
            return value
        if self.combine is Combine.MOST:
            return f"max by ({kept}) (sum by ({', '.join((*self.keep, *SCRAPER))}) ({value}))"
        return f"{self.combine} by ({kept}) ({value})"
