"""The rules that the API server applies to a PriceBook (CEL), each with the sentence it refuses bad input with."""

from typing import Final

from farthing.resources.rules import REAL_DATE, REAL_INSTANT, Rule, quoting

INSTANT: Final = "cannot be read: use a date such as 2026-11-01, which begins at midnight UTC, or an RFC 3339 instant"
LABEL: Final = "labels cannot be read: write key:value, such as pool:gpu*"
NOTHING: Final = "rates are missing: a rule has node rates, a discount or a negotiatedDiscount"
NO_RATE: Final = "node has no rate: give one, or leave node out"
WHOLE: Final = "nodeHourly and nodeMonthly are of the whole node: give no rate of cpu, ram or gpu beside them"
BACKWARDS: Final = "validFrom is not before validTo: write the earlier instant first"
ONE_RATE: Final = "wants a rate: give the hourly or the monthly one"
EMPTY: Final = "select names nothing: leave it out for every node"


def instant(field: str) -> Rule:
    """Rule on a field that is a date or an instant."""
    return quoting(field, f"self.matches('^({REAL_DATE}|{REAL_INSTANT})$')", INSTANT)


def both(hourly: str, monthly: str) -> str:
    """The sentence on two rates of one thing."""
    return f"{hourly} and {monthly} are the same rate: give one of them, a month is 730 hours"


def not_both(hourly: str, monthly: str) -> Rule:
    """Rule on an object that may have one of two rates of the same thing."""
    return Rule(f"!(has(self.{hourly}) && has(self.{monthly}))", both(hourly, monthly))


def any_of(fields: tuple[str, ...], sentence: str) -> Rule:
    """Rule on an object that has one of ``fields`` at least."""
    return Rule(" || ".join(f"has(self.{field})" for field in fields), sentence)


def _at(field: str) -> str:
    """CEL of the instant that ``field`` means."""
    return f"(self.{field}.size() == 10 ? timestamp(self.{field} + 'T00:00:00Z') : timestamp(self.{field}))"


def _readable(field: str) -> str:
    return f"self.{field}.matches('^({REAL_DATE}|{REAL_INSTANT})$')"


FORWARDS: Final = Rule(
    # What cannot be read is refused by a rule of its own.
    f"!(has(self.validFrom) && has(self.validTo)) || !({_readable('validFrom')} && {_readable('validTo')}) || "
    f"{_at('validFrom')} < {_at('validTo')}",
    BACKWARDS,
)
LABELS: Final = Rule("self.all(one, one.matches('^[^: ][^:]*:[^ ].*$'))", LABEL)
GIVEN: Final = Rule("has(self.node) || self.discount > 0.0 || self.negotiatedDiscount > 0.0", NOTHING)
