"""From a PriceBook as a person wrote it to the model's: the same refusals, in the same words, without a cluster."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from farthing.errors import InvalidPricesError
from farthing.model import prices as model
from farthing.model.filters import label_key
from farthing.model.prices import ALWAYS, Label, Prices, Rule, Selector, Validity, combined
from farthing.resources.parsing import parse_object
from farthing.resources.price_book import PriceBook, RuleSpec, Valid, instant_of
from farthing.resources.price_rates import ClusterRates, NodeRates, Select, per_hour


def parse_price_book(body: Mapping[str, Any]) -> PriceBook:
    """The price book that ``body``, an object as kubectl shows it, describes; raises InvalidInputError."""
    return parse_object(body, {PriceBook.KIND: PriceBook}, "price book")


def book_of(book: PriceBook) -> model.PriceBook:
    """``book`` as the model has it. Raises InvalidPricesError."""
    spec = book.spec
    network = spec.network.model_dump(exclude_none=True) if spec.network else {}
    found = model.PriceBook(
        book.metadata.name,
        spec.currency,
        tuple(map(_rule, spec.rules)),
        tuple((one.name, per_hour(one.hourly, one.monthly) or 0.0) for one in spec.storage_classes),
        tuple((name.removesuffix("_per_gib"), rate) for name, rate in network.items()),
        _hourly(spec.load_balancer),
        _hourly(spec.management),
        _validity(spec),
    )
    # Contradictions within the book are its own.
    Prices((found,))
    return found


def in_currency(books: Iterable[model.PriceBook], currency: str) -> Prices:
    """``books`` together. Raises InvalidPricesError where they contradict each other or are in another currency."""
    return _in_currency(tuple(books), currency)


# The operator asks every minute, and comparing a thousand rules takes seconds.
@lru_cache(maxsize=100)
def _in_currency(books: tuple[model.PriceBook, ...], currency: str) -> Prices:
    for book in books:
        if book.currency != currency:
            raise InvalidPricesError(
                f"the price book {book.name!r} is in {book.currency}, and costs are told in {currency}: write its rates in "
                f"{currency}, or use --currency {book.currency}"
            )
    return Prices(books)


def _rule(spec: RuleSpec) -> Rule:
    rates = spec.node or NodeRates.model_construct()
    return Rule(
        spec.name,
        _selector(spec.select),
        per_hour(rates.cpu_core_hourly, rates.cpu_core_monthly),
        per_hour(rates.ram_gib_hourly, rates.ram_gib_monthly),
        per_hour(rates.gpu_hourly, rates.gpu_monthly),
        per_hour(rates.node_hourly, rates.node_monthly),
        combined(spec.discount, spec.negotiated_discount),
        _validity(spec),
    )


def _selector(select: Select | None) -> Selector:
    if select is None:
        return Selector()
    return Selector(
        (select.provider,) if select.provider else (),
        select.instance_types,
        select.regions,
        select.zones,
        select.names,
        tuple(sorted(map(_label, select.labels))),
        select.spot,
    )


def _label(text: str) -> Label:
    key, _, value = text.partition(":")
    return label_key(key), value


def _validity(spec: Valid) -> Validity:
    start, end = (
        None if text is None else int(instant_of(text).timestamp()) for text in (spec.valid_from, spec.valid_to)
    )
    return ALWAYS if start is None and end is None else Validity(start, end)


def _hourly(rates: ClusterRates | None) -> float | None:
    return per_hour(rates.hourly, rates.monthly) if rates else None
