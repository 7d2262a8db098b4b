"""Which price books of the cluster apply: all that can be meant, and of two that contradict each other the older."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from farthing.errors import InvalidInputError
from farthing.model.prices import NO_PRICES, PriceBook, Prices, Rule
from farthing.model.window import rfc3339
from farthing.resources.conditions import IN_FORCE, READY, STALLED, Condition, with_condition
from farthing.resources.price_book_status import PriceBookStatus, RuleState
from farthing.resources.price_parsing import book_of, in_currency, parse_price_book
from farthing.resources.report import Metadata


@dataclass(frozen=True, slots=True)
class Judged:
    """A price book of the cluster, what its status says and what it should say."""

    metadata: Metadata
    stored: PriceBookStatus
    status: PriceBookStatus


@dataclass(slots=True)
class PriceBookService:
    """The prices that apply now: those of files, which always do, and those of the cluster. One thread at a time writes."""

    fixed: Prices = NO_PRICES
    currency: str = "USD"
    current: Prices = field(init=False)
    whole: bool = False
    """Whether all books of the cluster were seen, and apply: only then does what is stored follow them."""

    def __post_init__(self) -> None:
        self.current = self.fixed

    def take(self, bodies: Sequence[Mapping[str, Any]], now: float) -> list[Judged]:
        """Let the PriceBooks of ``bodies``, objects of the API, be all there are; returns what to say of each."""
        books, judged = list(self.fixed.books), []
        for body in sorted(bodies, key=_age):
            metadata, stored = Metadata.model_validate(dict(body["metadata"])), _status_of(body)
            try:
                book = book_of(parse_price_book(body))
                in_currency([*books, book], self.currency)
            except InvalidInputError as error:
                judged.append(Judged(metadata, stored, _stalled(stored, metadata, error, now)))
            else:
                books.append(book)
                judged.append(Judged(metadata, stored, _in_force(stored, metadata, book, now)))
        self.whole = len(books) == len(self.fixed.books) + len(judged)
        self.current = in_currency(books, self.currency)
        return judged


def _age(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["metadata"].get("creationTimestamp", "")), str(body["metadata"]["name"])


def _status_of(body: Mapping[str, Any]) -> PriceBookStatus:
    try:
        return PriceBookStatus.model_validate(dict(body.get("status") or {}))
    except ValidationError:
        return PriceBookStatus()


def _in_force(stored: PriceBookStatus, metadata: Metadata, book: PriceBook, now: float) -> PriceBookStatus:
    rules = [
        RuleState(name=one.name, in_force=not why, message=why)
        for one in book.rules
        for why in [_why_not(one, book, now)]
    ]
    count = sum(one.in_force for one in rules)
    rates = len(book.rates()) if book.validity.holds(int(now)) else 0
    message = f"{count} of {len(rules)} rules and {rates} other rates apply to hours that begin now"
    return _with(stored, metadata, ("True", IN_FORCE, message), now, rules)


def _stalled(stored: PriceBookStatus, metadata: Metadata, error: InvalidInputError, now: float) -> PriceBookStatus:
    return _with(stored, metadata, ("False", error.reason, f"{error}; until then the book does not apply"), now, ())


def _with(
    stored: PriceBookStatus, metadata: Metadata, said: tuple[str, str, str], now: float, rules: Sequence[RuleState]
) -> PriceBookStatus:
    """``stored`` with Ready as ``said`` (status, reason, message), Stalled its opposite, and ``rules``."""
    ready, reason, message = said
    conditions = stored.conditions
    for kind, status in ((READY, ready), (STALLED, "False" if ready == "True" else "True")):
        new = Condition.model_validate(
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "lastTransitionTime": datetime.fromtimestamp(int(now), UTC),
                "observedGeneration": metadata.generation,
            }
        )
        conditions = with_condition(conditions, new)
    return PriceBookStatus(
        observed_generation=metadata.generation,
        conditions=conditions,
        rules_in_force=sum(one.in_force for one in rules),
        rules=tuple(rules),
    )


def _why_not(rule: Rule, book: PriceBook, now: float) -> str:
    """Why a ``rule`` of ``book`` is not in force; empty if it is."""
    within = rule.validity.within(book.validity)
    if within is None:
        return "it and its book never hold at the same time"
    if within.holds(int(now)):
        return ""
    if within.start is not None and now < within.start:
        return f"it begins at {_instant(within.start)}"
    return f"it ended at {_instant(within.end or 0)}"


def _instant(unix: int) -> str:
    return rfc3339(datetime.fromtimestamp(unix, UTC))
