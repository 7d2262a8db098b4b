"""Price books: rates that people write down (C4). How they apply to facts is in ``pricing.py``."""

from bisect import bisect_right
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from itertools import combinations, groupby, pairwise

from farthing.errors import InvalidPricesError

MONTH = 730.0
"""Hours of a month, in which monthly rates are meant."""

ANY = "*"


@dataclass(frozen=True, slots=True)
class Validity:
    """From when and until when rates hold: ``start`` is in, ``end`` is out; None for ever. [unix s]

    Raises InvalidPricesError where it ends before it starts.
    """

    start: int | None = None
    end: int | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidPricesError("validFrom is not before validTo: write the earlier instant first")

    def holds(self, instant: int) -> bool:
        """Whether ``instant`` [unix s] lies in it."""
        return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)

    def within(self, other: "Validity") -> "Validity | None":
        """The time that both hold; None if there is none."""
        starts = [one for one in (self.start, other.start) if one is not None]
        ends = [one for one in (self.end, other.end) if one is not None]
        start, end = max(starts, default=None), min(ends, default=None)
        return None if start is not None and end is not None and start >= end else Validity(start, end)


ALWAYS = Validity()
Label = tuple[str, str]
"""Its key, as ``filters.label_key`` spells it, and a value or the beginning of one."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Which nodes a rule is for: those that fit every field that is given. A text that ends with ``*`` is a beginning."""

    provider: tuple[str, ...] = ()
    instance_type: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    spot: bool | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """How specific it is: a name beats all, then more fields beat fewer."""
        given = [field.name for field in fields(self) if getattr(self, field.name) not in ((), None)]
        return "name" in given, len(given)

    def may_meet(self, other: "Selector") -> bool:
        """Whether a node may fit both, as far as what they say tells."""
        for trait in TRAITS:
            mine, theirs = getattr(self, trait), getattr(other, trait)
            if mine and theirs and not any(_meet(one, two) for one in mine for two in theirs):
                return False
        labels = dict(other.labels)
        if any(not _meet(value, labels.get(key, ANY)) for key, value in self.labels):
            return False
        return None in (self.spot, other.spot) or self.spot == other.spot


TRAITS = ("provider", "instance_type", "region", "zone", "name")
"""Fields of a selector that are texts of a node."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rates of the nodes that ``selector`` fits; what is None is as it is without the rule. [currency]

    Raises InvalidPricesError for a whole node's rate beside those of its parts, and for a rule that says nothing.
    """

    name: str
    selector: Selector = Selector()
    cpu: float | None = None
    """Per core-hour."""
    ram: float | None = None
    """Per GiB-hour."""
    gpu: float | None = None
    """Per GPU-hour."""
    node: float | None = None
    """Per hour of the whole node, split over its parts by default rates."""
    discount: float = 0.0
    """Of cpu and ram together. [0 to 1]"""
    validity: Validity = ALWAYS

    def __post_init__(self) -> None:
        parts = [one for one in (self.cpu, self.ram, self.gpu) if one is not None]
        if self.node is not None and parts:
            raise InvalidPricesError(
                f"the rule {self.name!r} has a rate of the whole node beside rates of cpu, ram or gpu: give one or the other"
            )
        if self.node is None and not parts and not self.discount:
            raise InvalidPricesError(f"the rule {self.name!r} has neither a rate nor a discount: give one")


@dataclass(frozen=True, slots=True)
class PriceBook:
    """One book. Rates beside ``rules`` hold for the cluster: storage by class, traffic by where it goes, and by the hour."""

    name: str
    currency: str = "USD"
    rules: tuple[Rule, ...] = ()
    storage: tuple[tuple[str, float], ...] = ()
    """Storage class, or the beginning of one before ``*``, and its rate per GiB-hour."""
    traffic: tuple[tuple[str, float], ...] = ()
    """Kind of ``tables.TRAFFIC`` and its rate per GiB."""
    balancer: float | None = None
    """Per hour of a load balancer."""
    management: float | None = None
    """Per hour of the cluster."""
    validity: Validity = ALWAYS

    def rates(self) -> dict[str, float]:
        """The rates beside the rules, by how a person names them."""
        listed = {
            **{f"storageClasses {name}": rate for name, rate in self.storage},
            **{f"network {kind}": rate for kind, rate in self.traffic},
            "loadBalancer": self.balancer,
            "management": self.management,
        }
        return {name: rate for name, rate in listed.items() if rate is not None}


@dataclass(frozen=True)
class Prices:
    """All books together, ordered by name. Raises InvalidPricesError where two of them, or two rules, contradict each other."""

    books: tuple[PriceBook, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "books", tuple(sorted(self.books, key=lambda book: book.name)))
        for one, two in combinations(self.books, 2):
            _check_books(one, two)
        for name, again in pairwise(sorted(one.source for one in self.rules)):
            if name == again:
                raise InvalidPricesError(f"there are two rules {name!r}: give each a name of its own")
        # Some thousand rules are millions of pairs: those of another rank are not looked at.
        for _, alike in groupby(self.rules, key=lambda one: one.rule.selector.rank):
            for first, second in combinations(alike, 2):
                _check_rules(first, second)

    @cached_property
    def rules(self) -> "tuple[Priced, ...]":
        """Every rule that is ever in force, the most specific first."""
        found = [
            Priced(f"{book.name}/{rule.name}", rule, within)
            for book in self.books
            for rule in book.rules
            if (within := rule.validity.within(book.validity)) is not None
        ]
        return tuple(sorted(found, key=lambda one: (*(-int(part) for part in one.rule.selector.rank), one.source)))

    @cached_property
    def label_keys(self) -> tuple[str, ...]:
        """Keys of the labels that rules select nodes by."""
        return tuple(sorted({key for one in self.rules for key, _ in one.rule.selector.labels}))

    def identity_at(self, start: int) -> str:
        """A hash of the rules and rates that hold at ``start`` [unix s], and not of how long; empty where none does."""
        place = bisect_right(self._bounds, start)
        if place not in self._identities:
            said = [text for validity, text in self._said if validity.holds(start)]
            self._identities[place] = sha256("\n".join(said).encode()).hexdigest()[:16] if said else ""
        return self._identities[place]

    @cached_property
    def _said(self) -> "tuple[tuple[Validity, str], ...]":
        """Every rule in the order that they are asked in, and every other rate, as a text; and when it holds."""
        rules = [(one.validity, repr((one.source, replace(one.rule, validity=ALWAYS)))) for one in self.rules]
        rates = [(one.validity, repr((one.name, *rate))) for one in self.books for rate in sorted(one.rates().items())]
        return (*rules, *rates)

    @cached_property
    def _bounds(self) -> list[int]:
        """The instants at which anything begins or ends to hold, in order: between two the same applies. [unix s]"""
        return sorted({at for one, _ in self._said for at in (one.start, one.end) if at is not None})

    @cached_property
    def _identities(self) -> dict[int, str]:
        """Those that were asked for, by the number of bounds before them: some thousand rules take a millisecond each time."""
        return {}


@dataclass(frozen=True, slots=True)
class Priced:
    """A rule with its book: ``source`` is BOOK/RULE, ``validity`` that of both."""

    source: str
    rule: Rule
    validity: Validity


NO_PRICES = Prices()


def combined(discount: float, negotiated: float) -> float:
    """Two discounts one after the other, as one. [0 to 1]"""
    # 1 - (1 - a) (1 - b), written so that one alone stays what it is to the last digit.
    return discount + negotiated - discount * negotiated


def _meet(one: str, two: str) -> bool:
    """Whether a text may fit both."""
    first, second = one.removesuffix(ANY), two.removesuffix(ANY)
    if one.endswith(ANY):
        return second.startswith(first) or (two.endswith(ANY) and first.startswith(second))
    return first.startswith(second) if two.endswith(ANY) else first == second


def _check_rules(one: Priced, two: Priced) -> None:
    """Two rules of one rank."""
    if one.rule.selector.may_meet(two.rule.selector) and one.validity.within(two.validity) is not None:
        raise InvalidPricesError(
            f"the rules {one.source!r} and {two.source!r} may fit the same node at the same time and are equally specific: "
            "select by one thing more, or end one before the other begins"
        )


def _check_books(one: PriceBook, two: PriceBook) -> None:
    if one.name == two.name:
        raise InvalidPricesError(f"there are two price books named {one.name!r}: give each a name of its own")
    if one.currency != two.currency:
        raise InvalidPricesError(
            f"the price book {two.name!r} is in {two.currency} and {one.name!r} in {one.currency}: use one currency"
        )
    both = [name for name in one.rates() if name in two.rates()]
    if both and one.validity.within(two.validity) is not None:
        raise InvalidPricesError(
            f"the price books {one.name!r} and {two.name!r} both have a rate of {', '.join(both)} at the same time: keep one "
            "of them, or end one before the other begins"
        )
