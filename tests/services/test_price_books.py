"""Which price books apply, and what each is told."""

from typing import Any

import pytest

from farthing.errors import InvalidPricesError
from farthing.model.prices import PriceBook, Prices, Rule, Selector
from farthing.resources.conditions import READY, STALLED, condition_of
from farthing.resources.price_book_status import PriceBookStatus
from farthing.services.price_books import Judged, PriceBookService
from tests.resources.spec_values import body_of

NOW = 1_794_873_600.0
"""2026-11-17 00:00 UTC."""
FREE = {"rules": [{"name": "all", "discount": 1}]}


def book(name: str, spec: dict[str, Any], created: str = "2026-01-01T00:00:00Z", **status: Any) -> dict[str, Any]:
    body = body_of("PriceBook", spec, name)
    body["metadata"] |= {"uid": f"uid-{name}", "generation": 3, "creationTimestamp": created}
    return {**body, "status": status}


def told(judged: Judged, kind: str = READY) -> tuple[str, str, str]:
    found = condition_of(judged.status.conditions, kind)
    return (found.status, found.reason, found.message) if found else ("", "", "")


@pytest.fixture
def service() -> PriceBookService:
    return PriceBookService(Prices((PriceBook("files", balancer=0.1),)))


def test_books_of_files_apply_beside_those_of_the_cluster(service: PriceBookService) -> None:
    assert [one.name for one in service.current.books] == ["files"]
    service.take([book("cluster", FREE)], NOW)
    assert [one.name for one in service.current.books] == ["cluster", "files"]
    service.take([], NOW)
    assert [one.name for one in service.current.books] == ["files"]


def test_a_book_is_told_which_of_its_rules_are_in_force_and_why_others_are_not(service: PriceBookService) -> None:
    names = [f"a{number}" for number in range(3)]
    spans: tuple[dict[str, str], ...] = ({}, {"validFrom": "2026-11-17T00:00:01Z"}, {"validTo": "2026-11-17"})
    rules = [
        {"name": name, "select": {"regions": [name]}, "discount": 0.1, **span}
        for name, span in zip(names, spans, strict=True)
    ]
    (judged,) = service.take([book("list", {"rules": rules, "management": {"hourly": 1}})], NOW)
    assert told(judged) == ("True", "PricesInForce", "1 of 3 rules and 1 other rates apply to hours that begin now")
    assert [(one.name, one.in_force, one.message) for one in judged.status.rules] == [
        ("a0", True, ""),
        ("a1", False, "it begins at 2026-11-17T00:00:01Z"),
        ("a2", False, "it ended at 2026-11-17T00:00:00Z"),
    ]
    assert (judged.status.rules_in_force, judged.status.observed_generation) == (1, 3)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        pytest.param({"currency": "EUR"}, "the price book 'new' is in EUR, and costs are told in USD", id="currency"),
        pytest.param(FREE, "the rules 'new/all' and 'old/all' may fit the same node", id="rules"),
        pytest.param({"loadBalancer": {"hourly": 1}}, "'files' and 'new' both have a rate of loadBalancer", id="files"),
        pytest.param({"rules": [{"name": "x", "discount": 2}]}, "spec.rules.0.discount is '2'", id="value"),
    ],
)
def test_a_book_that_cannot_apply_is_stalled_and_the_older_ones_stay(
    service: PriceBookService, spec: dict[str, Any], sentence: str
) -> None:
    old, new = book("old", FREE), book("new", spec, "2026-02-01T00:00:00Z")
    judged = {one.metadata.name: one for one in service.take([new, old], NOW)}
    assert [one.name for one in service.current.books] == ["files", "old"]
    assert told(judged["old"])[0] == "True"
    assert told(judged["new"])[0] == "False"
    assert told(judged["new"], STALLED)[0] == "True"
    assert sentence in told(judged["new"])[2]


def test_a_book_that_was_stalled_applies_once_the_other_is_gone(service: PriceBookService) -> None:
    old, new = book("old", FREE), book("new", FREE, "2026-02-01T00:00:00Z")
    stalled = next(one for one in service.take([old, new], NOW) if one.metadata.name == "new").status
    (judged,) = service.take([{**new, "status": stalled.model_dump(mode="json", by_alias=True)}], NOW + 60)
    assert told(judged)[0] == "True"
    assert condition_of(judged.status.conditions, STALLED) is None
    assert service.current.rules[0].rule == Rule("all", discount=1.0)


def test_nothing_is_said_anew_where_nothing_changed(service: PriceBookService) -> None:
    (first,) = service.take([book("list", FREE)], NOW)
    (again,) = service.take([book("list", FREE, **first.status.model_dump(mode="json", by_alias=True))], NOW + 60)
    assert again.status == again.stored == first.status


def test_a_status_of_another_version_is_written_anew(service: PriceBookService) -> None:
    (judged,) = service.take([book("list", FREE, rules="many")], NOW)
    assert judged.stored == PriceBookStatus()
    assert told(judged)[0] == "True"


def test_many_rules_are_compared_once(service: PriceBookService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after look, and one rule only with those of its rank."""
    looked: list[str] = []
    compare = Selector.may_meet

    def counted(one: Selector, other: Selector) -> bool:
        looked.append("")
        return compare(one, other)

    monkeypatch.setattr(Selector, "may_meet", counted)
    rules = [{"name": f"r{number}", "select": {"regions": [f"r{number}"]}, "discount": 0.1} for number in range(20)]
    named = [{"name": f"n{number}", "select": {"names": [f"n{number}"]}, "discount": 0.1} for number in range(20)]
    bodies = [book("many", {"rules": rules + named})]
    service.take(bodies, NOW)
    # 2 x (20 x 19 / 2), of the book alone and beside the one of files.
    assert len(looked) == 2 * 380
    service.take(bodies, NOW + 60)
    assert len(looked) == 3 * 380


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidPricesError, match="two rules 'one/same'"):
        Prices((PriceBook("one", rules=(Rule("same", cpu=1.0), Rule("same", Selector(spot=True), cpu=2.0))),))


def test_what_is_stored_follows_only_books_that_were_seen_and_all_apply(service: PriceBookService) -> None:
    assert not service.whole
    service.take([book("cluster", FREE)], NOW)
    assert service.whole
    service.take([book("cluster", FREE), book("other", FREE, "2026-02-01T00:00:00Z")], NOW)
    assert not service.whole
    service.take([], NOW)
    assert service.whole
