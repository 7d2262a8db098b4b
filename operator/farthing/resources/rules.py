"""The rules that the API server applies to a spec (CEL), each with the sentence it refuses bad input with.

They say what model.window, model.zone and cron say; only what needs the clock is left to the operator.
``message`` stands in where ``message_expression`` would give a line break, or where a rule fails at run time.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from farthing.model.question import ALLOCATION_AGGREGATES, ASSET_AGGREGATES
from farthing.model.window import LONGEST_DAYS
from farthing.resources.cron import CRON_FIELDS, NEVER, NUMBER_RANGE

_LENGTH: Final = "[0-9]{1,9}[mhdw]"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME: Final = f"[Tt]{_CLOCK}:[0-5][0-9]([.][0-9]{{1,9}})?([Zz]|[+-]{_CLOCK})"
_UNIX: Final = "[0-9]{1,18}"
_INSTANT: Final = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_TIME}"
# timestamp() of a date that does not exist would fail with words of its own, which name no value.
_LEAP_YEAR: Final = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_MONTH_AND_DAY: Final = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
REAL_DATE: Final = f"([0-9]{{4}}-{_MONTH_AND_DAY}|{_LEAP_YEAR}-02-29)"
_REAL: Final = f"{REAL_DATE}{_TIME}"
REAL_INSTANT: Final = f"{REAL_DATE}T{_CLOCK}:[0-5][0-9](Z|[+-]{_CLOCK})"
_WORDS: Final = "today|yesterday|week|lastweek|month|lastmonth"
_PAIR: Final = f"({_UNIX} *, *{_UNIX}|{_INSTANT} *, *{_INSTANT})"
_REAL_PAIR: Final = f"^ *([0-9]{{1,11}} *, *[0-9]{{1,11}}|{_REAL} *, *{_REAL}) *$"
_WINDOW: Final = f"^ *({_LENGTH}( +offset +{_LENGTH})?|{_WORDS}|{_PAIR}) *$"
_OFFSET: Final = "^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)$"
_EARLIEST: Final = "timestamp('1970-01-01T00:00:00Z')"
_LATEST: Final = "timestamp('2200-01-01T00:00:00Z')"
_MINUTES_OF: Final = "{'m': 1, 'h': 60, 'd': 1440, 'w': 10080}"

# CEL has no variables: a list of one is walked through to name the pair of instants that a window gives.
_ENDS: Final = (
    "[self.split(',').map(end, end.trim()).map(end, "
    "end.matches('^[0-9]+$') ? timestamp(int(end)) : timestamp(end.upperAscii()))]"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL expression that must hold, and the sentence to refuse with: fixed, or one that quotes the value."""

    rule: str
    message: str
    message_expression: str = ""

    def to_schema(self) -> dict[str, str]:
        """One entry of ``x-kubernetes-validations``."""
        entry = {"rule": self.rule, "message": self.message}
        return entry | {"messageExpression": self.message_expression} if self.message_expression else entry


def validations(*rules: Rule) -> dict[str, Any]:
    """Schema keys that carry ``rules``."""
    return {"x-kubernetes-validations": [rule.to_schema() for rule in rules]}


def quoting(field: str, rule: str, sentence: str) -> Rule:
    """Rule on a string that refuses with ``<field> "<value>" <sentence>``."""
    return Rule(rule, f"{field} {sentence}", f"'{field} \"' + self + '\" {sentence}'")


def each_once(field: str) -> Rule:
    """Rule on a list of strings that refuses a value named twice."""
    sentence = "names a value twice: name each once"
    rule = "self.all(one, self.exists_one(other, other == one))"
    return Rule(rule, f"{field} {sentence}", f"'{field} ' + self.join(',') + ' {sentence}'")


def zone_names() -> list[str]:
    """Every zone of the tzdata package that names a place or a clock, sorted."""
    names = (resources.files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return sorted(set(names) - {"Factory"})


def _lengths(field: str, unless: str, words: str) -> tuple[Rule, Rule]:
    """Rules on a field of one length of time, or ``unless`` holds."""
    minutes = f"{_MINUTES_OF}[self.substring(self.size() - 1)] * int(self.substring(0, self.size() - 1))"
    is_length = f"self.matches('^{_LENGTH}$')"
    return (
        quoting(field, f"{unless}{is_length}", f"cannot be read: use a number and m, h, d or w, {words}"),
        quoting(
            field,
            f"!{is_length} || ({minutes} >= 1 && {minutes} <= {LONGEST_DAYS * 1440})",
            f"is out of reach: use 1m to {LONGEST_DAYS}d",
        ),
    )


def _cron_field(at: int) -> Rule:
    field = CRON_FIELDS[at]
    value = f"self.split(' ')[{at}]"
    ascends = (
        f"{value}.split(',').all(term, !term.matches('{NUMBER_RANGE}') || "
        "int(term.split('/')[0].split('-')[0]) <= int(term.split('/')[0].split('-')[1]))"
    )
    sentence = f"use {field.allowed}, *, lists, ascending ranges and /steps"
    return Rule(
        f"self.split(' ').size() != 5 || ({value}.upperAscii().matches(r'{field.pattern}') && {ascends})",
        f"schedule has a bad {field.name}: {sentence}",
        f"'schedule \"' + self + '\" has {field.name} \"' + {value} + '\": {sentence}'",
    )


WINDOW: Final = (
    quoting(
        "window",
        f"self.matches('{_WINDOW}')",
        "cannot be read: use a length such as 15m, 24h, 7d or 1w; the same with an offset (7d offset 2d); today, "
        "yesterday, week, lastweek, month or lastmonth; or start,end as two unix times in seconds or two RFC 3339 "
        "instants",
    ),
    quoting(
        "window",
        f"!self.matches('^ *{_LENGTH}') || self.contains(',') || self.split('offset').map(part, part.trim()).all(part, "
        f"!part.matches('^{_LENGTH}$') || "
        f"[{_MINUTES_OF}[part.substring(part.size() - 1)] * int(part.substring(0, part.size() - 1))]"
        f".all(minutes, minutes >= 1 && minutes <= {LONGEST_DAYS * 1440}))",
        f"is out of reach: use lengths and offsets of 1m to {LONGEST_DAYS}d",
    ),
    quoting(
        "window",
        "!self.matches('^ *[0-9]+ *, *[0-9]+ *$') || !self.matches('[0-9]{12}')",
        "has a unix time that looks like milliseconds: write seconds",
    ),
    quoting(
        "window",
        f"!self.matches('^ *{_INSTANT} *, *{_INSTANT} *$') || self.matches('{_REAL_PAIR}')",
        "names a date that does not exist",
    ),
    quoting(
        "window",
        f"!self.matches('{_REAL_PAIR}') || {_ENDS}.all(pair, pair[0] < pair[1])",
        "does not end after it starts: write the earlier instant first",
    ),
    quoting(
        "window",
        f"!self.matches('{_REAL_PAIR}') || {_ENDS}.all(pair, pair[0] >= pair[1] || (pair[0] >= {_EARLIEST} && "
        f"pair[1] <= {_LATEST} && pair[1] - pair[0] <= duration('{LONGEST_DAYS * 24}h')))",
        f"is out of reach: it must lie from 1970-01-01 to 2200-01-01 and be no longer than {LONGEST_DAYS} days",
    ),
)
STEP: Final = _lengths("step", "self == '' || ", "such as 1h, 1d or 1w; leave it empty for the whole window")
INTERVAL: Final = _lengths("interval", "", "such as 10m or 1h")
SCHEDULE: Final = (
    quoting(
        "schedule",
        "self.split(' ').size() == 5",
        "has not 5 fields with one space between them: minute, hour, day of month, month and day of week, "
        "such as 0 6 * * MON-FRI",
    ),
    *(_cron_field(at) for at in range(len(CRON_FIELDS))),
    quoting("schedule", f"!self.upperAscii().matches(r'{NEVER}')", "names a date that no year has"),
)
TIMEZONE: Final = (
    quoting(
        "timezone",
        f"self in ['', 'Z', {', '.join(repr(name) for name in zone_names())}] || self.matches('{_OFFSET}')",
        "is not known: use UTC, an IANA name such as Europe/Berlin, or an offset from -14:00 to +14:00 such as +05:30; "
        "leave it empty for the timezone of the operator",
    ),
)
ONE_RHYTHM: Final = Rule(
    "!(has(self.schedule) && has(self.interval))",
    "schedule and interval exclude each other: give one of them, or neither to run once",
    "'schedule \"' + self.schedule + '\" and interval \"' + self.interval + "
    "'\" exclude each other: give one of them, or neither to run once'",
)
UNIT_NEEDS_STEP: Final = Rule(
    "self.step != '' || self.accumulate in ['true', 'all', 'false']",
    "accumulate by hour, day, week, month or quarter needs a step to join, such as 1h or 1d",
    "'accumulate \"' + self.accumulate + '\" needs a step to join, such as 1h or 1d: step is empty'",
)
SPLIT_NEEDS_IDLE: Final = Rule(
    "!has(self.idle) || self.idle || !self.splitIdle",
    "splitIdle true needs idle true: with idle false there is no idle row to split",
)
NODE_NEEDS_SPLIT: Final = Rule(
    "self.splitIdle || self.shareIdle || !self.idleByNode",
    "idleByNode true needs splitIdle or shareIdle true: else idle is one row",
)
AGGREGATE: Final = Rule(
    f"self.all(one, one in {list(ALLOCATION_AGGREGATES)!r} || one.matches('^(label|annotation):.*[^ ].*$'))",
    "aggregate names a property that is not offered",
    "'aggregate ' + self.join(',') + ' names a property that is not offered; allowed are "
    f"{', '.join(ALLOCATION_AGGREGATES)}, label:KEY, annotation:KEY'",
)
ASSET_SPELLINGS: Final = {"providerid": "providerID"}
"""Properties that Kubecost's API spells otherwise."""
ASSET_AGGREGATE: Final = Rule(
    f"self.all(one, one in {[*ASSET_AGGREGATES, *ASSET_SPELLINGS]!r} || one.matches('^label:.*[^ ].*$'))",
    "aggregate names a property that is not offered",
    "'aggregate ' + self.join(',') + ' names a property that is not offered; allowed are "
    f"{', '.join(ASSET_AGGREGATES)}, label:KEY'",
)
SHARE_LABELS: Final = Rule(
    "self.all(one, one.matches('^ *[^: ][^:]*:.*[^ ].*$'))",
    "shareLabels cannot be read: write key:value, such as app:web",
    "'shareLabels ' + self.join(',') + ' cannot be read: write key:value, such as app:web'",
)
