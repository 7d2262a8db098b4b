"""What a price book may say, and when two contradict each other."""

from dataclasses import replace

import pytest

from farthing.errors import InvalidPricesError
from farthing.model.prices import PriceBook, Prices, Rule, Selector, Validity, combined

JUNE = 1_780_272_000
"""2026-06-01 00:00 UTC."""


def rule(name: str, selector: Selector | None = None, validity: Validity | None = None) -> Rule:
    return Rule(name, selector or Selector(), cpu=0.01, validity=validity or Validity())


def one_book(*rules: Rule) -> Prices:
    return Prices((PriceBook("list", rules=rules),))


def test_two_discounts_apply_one_after_the_other() -> None:
    # Of 100, 10 % leaves 90, of which 20 % leaves 72.
    assert combined(0.1, 0.2) == pytest.approx(0.28)
    assert (combined(0.1, 0), combined(0, 0.1), combined(1, 1)) == (0.1, 0.1, 1)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(Selector(region=("eu*",)), Selector(), id="something over nothing"),
        pytest.param(Selector(region=("eu*",), spot=True), Selector(region=("eu-west-1",)), id="two fields over one"),
        pytest.param(
            Selector(name=("node-a",)),
            Selector(provider=("AWS",), region=("eu*",), zone=("a",), spot=False),
            id="a name over four fields",
        ),
        pytest.param(Selector(labels=(("pool", "gpu"),), zone=("a",)), Selector(spot=True), id="a label counts as one"),
    ],
)
def test_the_more_specific_rule_comes_first_whatever_the_order(better: Selector, worse: Selector) -> None:
    for rules in ((rule("a", better), rule("b", worse)), (rule("b", worse), rule("a", better))):
        assert [one.rule.selector for one in one_book(*rules).rules] == [better, worse]


ALIKE = "the rules 'list/a' and 'list/b' may fit the same node at the same time and are equally specific"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param(Selector(), Selector(), id="everything"),
        pytest.param(Selector(region=("eu-west-1",)), Selector(zone=("a",)), id="different fields"),
        pytest.param(Selector(region=("eu*",)), Selector(region=("us-1", "eu-west*")), id="beginnings of one another"),
        pytest.param(Selector(labels=(("pool", "a*"),)), Selector(labels=(("team", "x"),)), id="different labels"),
        pytest.param(Selector(name=("n*",)), Selector(name=("node-a",)), id="names"),
    ],
)
def test_rules_that_are_equally_specific_are_refused_where_one_node_may_fit_both(one: Selector, two: Selector) -> None:
    with pytest.raises(InvalidPricesError, match=ALIKE):
        one_book(rule("a", one), rule("b", two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param(Selector(region=("eu-west-1",)), Selector(region=("eu-west-2", "us*")), id="other regions"),
        pytest.param(Selector(spot=True), Selector(spot=False), id="spot and not"),
        pytest.param(Selector(labels=(("pool", "a"),)), Selector(labels=(("pool", "b*"),)), id="another value"),
    ],
)
def test_rules_that_no_node_fits_both_of_stand_side_by_side(one: Selector, two: Selector) -> None:
    assert len(one_book(rule("a", one), rule("b", two)).rules) == 2


def test_equally_specific_rules_may_follow_one_another_in_time() -> None:
    before, after = Validity(end=JUNE), Validity(start=JUNE)
    assert len(one_book(rule("a", validity=before), rule("b", validity=after)).rules) == 2
    with pytest.raises(InvalidPricesError, match=ALIKE):
        one_book(rule("a", validity=before), rule("b", validity=Validity(start=JUNE - 1)))


def test_a_rule_holds_no_longer_than_its_book() -> None:
    prices = Prices((PriceBook("list", rules=(rule("a", validity=Validity(end=JUNE)),), validity=Validity(JUNE - 60)),))
    (held,) = prices.rules
    assert [held.validity.holds(JUNE + second) for second in (-61, -60, -1, 0)] == [False, True, True, False]
    never = PriceBook("list", rules=(rule("a", validity=Validity(end=JUNE)),), validity=Validity(JUNE))
    assert Prices((never,)).rules == ()


@pytest.mark.parametrize(
    ("one", "two", "sentence"),
    [
        pytest.param(PriceBook("a"), PriceBook("a"), "there are two price books named 'a'", id="names"),
        pytest.param(
            PriceBook("a"), PriceBook("b", "EUR"), "'b' is in EUR and 'a' in USD: use one currency", id="currencies"
        ),
        pytest.param(
            PriceBook("a", storage=(("gp3", 0.1),), management=0.1),
            PriceBook("b", storage=(("gp3", 0.2),), management=0.2),
            "'a' and 'b' both have a rate of storageClasses gp3, management at the same time",
            id="the same rates",
        ),
        pytest.param(
            PriceBook("a", rules=(rule("x"),)),
            PriceBook("b", rules=(rule("y"),)),
            "'a/x' and 'b/y' may fit",
            id="rules",
        ),
    ],
)
def test_two_books_that_contradict_each_other_are_refused(one: PriceBook, two: PriceBook, sentence: str) -> None:
    with pytest.raises(InvalidPricesError, match=sentence):
        Prices((one, two))


def test_books_that_follow_one_another_may_have_the_same_rates() -> None:
    old = PriceBook("a", balancer=0.1, validity=Validity(end=JUNE))
    assert Prices((old, PriceBook("b", balancer=0.2, validity=Validity(JUNE)))).books[0] == old


def test_a_whole_nodes_rate_beside_those_of_its_parts_is_refused() -> None:
    with pytest.raises(InvalidPricesError, match="'a' has a rate of the whole node beside rates of cpu, ram or gpu"):
        Rule("a", node=1.0, gpu=0.0)


def test_a_rule_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidPricesError, match="'a' has neither a rate nor a discount"):
        Rule("a")
    assert Rule("free", cpu=0.0).cpu == 0


def test_the_identity_is_that_of_the_numbers_and_not_of_the_order() -> None:
    one, two = PriceBook("a", balancer=0.1), PriceBook("b", management=0.2)
    assert Prices((one, two)).identity_at(JUNE) == Prices((two, one)).identity_at(JUNE)
    assert Prices((one, two)).identity_at(JUNE) != Prices((one, PriceBook("b", management=0.3))).identity_at(JUNE)
    assert Prices().identity_at(JUNE) == ""


def test_the_identity_changes_at_the_instants_at_which_something_begins_or_ends() -> None:
    may, june = rule("may", validity=Validity(JUNE - 60, JUNE)), rule("june", validity=Validity(JUNE))
    rates = PriceBook("rates", management=0.1, validity=Validity(end=JUNE + 60))
    prices = Prices((PriceBook("list", rules=(may, june)), rates))
    instants = (JUNE - 61, JUNE - 60, JUNE - 1, JUNE, JUNE + 59, JUNE + 60, JUNE + 9000)
    before, one, last_of_may, two, last_of_rates, three, later = map(prices.identity_at, instants)
    assert (one, two, three) == (last_of_may, last_of_rates, later)
    # Rates alone; with either rule; the second rule alone.
    assert len({before, one, two, three}) == 4
    alone = Prices((PriceBook("rates", management=0.1),))
    assert before == alone.identity_at(0)
    assert Prices((rates,)).identity_at(JUNE + 60) == ""


def test_what_a_book_says_of_other_times_and_how_long_it_holds_are_not_its_identity() -> None:
    book = PriceBook("list", rules=(rule("a"),), storage=(("gp3", 0.1), ("gp2", 0.2)))
    identity = Prices((book,)).identity_at(JUNE)
    later = rule("later", Selector(spot=True), Validity(start=JUNE + 1))
    never = PriceBook("gone", balancer=1.0, validity=Validity(end=JUNE))
    same = (
        replace(book, validity=Validity(JUNE, JUNE + 1)),
        replace(book, rules=(rule("a", validity=Validity(end=JUNE + 1)), later)),
        replace(book, storage=book.storage[::-1]),
    )
    assert {Prices((one, never)).identity_at(JUNE) for one in same} == {identity}
    assert Prices((same[1],)).identity_at(JUNE + 1) != identity


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(PriceBook("other", rules=(rule("a"),)), id="the book's name"),
        pytest.param(PriceBook("list", rules=(rule("b"),)), id="the rule's name"),
        pytest.param(PriceBook("list", rules=(rule("a", Selector(spot=True)),)), id="for whom it is"),
        pytest.param(PriceBook("list", rules=(Rule("a", cpu=0.02),)), id="its rate"),
        pytest.param(PriceBook("list", rules=(Rule("a", ram=0.01),)), id="of what its rate is"),
        pytest.param(PriceBook("list", rules=(rule("a"),), balancer=0.01), id="a rate more"),
    ],
)
def test_what_gives_other_costs_or_sources_is_another_identity(other: PriceBook) -> None:
    assert Prices((other,)).identity_at(JUNE) != one_book(rule("a")).identity_at(JUNE)
