"""A PriceBook as a person writes it, and the model's prices that it means."""

from typing import Any

import pytest

from farthing.errors import InvalidInputError, InvalidPricesError
from farthing.model.prices import PriceBook, Rule, Selector, Validity
from farthing.resources.price_parsing import book_of, in_currency, parse_price_book
from tests.resources.price_book_values import BAD, GOOD, UNKNOWN_FIELDS, one_rule
from tests.resources.spec_values import Refused, body_of

NOVEMBER = 1_793_491_200
"""2026-11-01 00:00 UTC."""


def parsed(spec: dict[str, Any]) -> PriceBook:
    return book_of(parse_price_book(body_of("PriceBook", spec, "book")))


@pytest.mark.parametrize("spec", GOOD, ids=str)
def test_takes_what_can_be_meant(spec: dict[str, Any]) -> None:
    assert parsed(spec).name == "book"


@pytest.mark.parametrize("bad", [*BAD, *UNKNOWN_FIELDS], ids=lambda bad: str(bad.spec))
def test_refuses_what_the_api_server_refuses(bad: Refused) -> None:
    with pytest.raises(InvalidInputError):
        parsed(bad.spec)


@pytest.mark.parametrize(
    "bad",
    [
        bad
        for bad in BAD
        if " in body" not in bad.sentence and "Duplicate" not in bad.sentence and '"' not in bad.sentence
    ],
    ids=lambda bad: str(bad.spec),
)
def test_refuses_with_the_api_servers_words(bad: Refused) -> None:
    with pytest.raises(InvalidInputError, match=bad.sentence):
        parsed(bad.spec)


def test_a_monthly_rate_is_one_of_730_hours() -> None:
    rates = {"cpuCoreMonthly": 7.3, "ramGiBMonthly": 73, "gpuMonthly": 730}
    (rule,) = parsed(one_rule(node=rates)).rules
    assert (rule.cpu, rule.ram, rule.gpu) == pytest.approx((0.01, 0.1, 1.0))
    book = parsed(
        {
            "rules": [{"name": "one", "node": {"nodeMonthly": 365}}],
            "storageClasses": [{"name": "gp3", "GiBMonthly": 0.073}],
            "loadBalancer": {"monthly": 18.25},
            "management": {"monthly": 73},
        }
    )
    assert book.rules[0].node == pytest.approx(0.5)
    assert dict(book.storage)["gp3"] == pytest.approx(0.0001)
    assert (book.balancer, book.management) == pytest.approx((0.025, 0.1))


def test_every_field_of_a_rule_reaches_the_model() -> None:
    select = {
        "provider": "AWS", "instanceTypes": ["m5.*"], "regions": ["eu-*"], "zones": ["a"], "spot": False,
        "labels": ["example.com/nodePool:gpu*"], "names": ["ip-*"],
    }  # fmt: skip
    rule = {
        "node": {"cpuCoreHourly": 0.01, "ramGiBHourly": 0.002, "gpuHourly": 1}, "discount": 0.1, "negotiatedDiscount": 0.2,
        "validFrom": "2026-11-01", "validTo": "2026-11-01T00:00:00-01:00",
    }  # fmt: skip
    selector = Selector(
        # kube-state-metrics' spelling of the label.
        ("AWS",), ("m5.*",), ("eu-*",), ("a",), ("ip-*",), (("example_com_node_pool", "gpu*"),), spot=False
    )  # fmt: skip
    (found,) = parsed(one_rule(select=select, **rule)).rules
    assert found.discount == pytest.approx(0.28)
    assert found == Rule("one", selector, 0.01, 0.002, 1, None, found.discount, Validity(NOVEMBER, NOVEMBER + 3600))


def test_rates_of_traffic_are_by_where_it_goes() -> None:
    book = parsed({"network": {"zonePerGiB": 0.01, "regionPerGiB": 0.02, "internetPerGiB": 0.0}})
    assert dict(book.traffic) == {"zone": 0.01, "region": 0.02, "internet": 0.0}


def test_rules_of_one_book_that_contradict_each_other_are_refused() -> None:
    rules = [{"name": name, "select": {"regions": ["eu-*"]}, "discount": 0.1} for name in ("one", "two")]
    with pytest.raises(InvalidPricesError, match="the rules 'book/one' and 'book/two' may fit the same node"):
        parsed({"rules": rules})


def test_prices_in_another_currency_than_costs_are_refused() -> None:
    with pytest.raises(InvalidPricesError, match="the price book 'a' is in EUR, and costs are told in USD"):
        in_currency([PriceBook("a", "EUR")], "USD")
    assert in_currency([PriceBook("a", "EUR")], "EUR").books == (PriceBook("a", "EUR"),)
