"""What is said of a rule and a node is what the tables of nodes get."""

import itertools

import ibis
import pytest

from farthing.model.fitting import Traits, verdicts
from farthing.model.prices import PriceBook, Prices, Rule, Selector, Validity
from farthing.model.pricing import FITTED, label_column, with_rules
from farthing.store.engine import connect, quoted, run, sql, text

JUNE = 1_780_272_000
"""2026-06-01 00:00 UTC."""
LABELS: tuple[dict[str, str], ...] = ({}, {"pool": "gpu-1"}, {"pool": "cpu", "team": "a"})
RULES = (
    Rule("names", Selector(name=("a-*",), spot=True), cpu=1.0),
    Rule("old names", Selector(name=("a-1", "b*"), spot=False), cpu=2.0, validity=Validity(end=JUNE)),
    Rule("new names", Selector(name=("a-1",), spot=False), cpu=3.0, validity=Validity(start=JUNE)),
    Rule("place", Selector(region=("eu*",), zone=("eu-1a",), provider=("AWS",), instance_type=("m5*",)), cpu=4.0),
    Rule("labels", Selector(labels=(("pool", "gpu*"),), provider=("AWS",), region=("eu-1",)), cpu=5.0),
    Rule("both labels", Selector(labels=(("pool", "cpu"), ("team", "a")), spot=False), cpu=6.0),
    Rule("spot", Selector(spot=True), cpu=7.0),
    Rule("rest", discount=0.5),
)
PRICES = Prices((PriceBook("book", rules=RULES),))


def nodes() -> list[Traits]:
    """Nodes of every combination of what the rules ask."""
    return [
        Traits(start, name, provider, instance_type, region, f"{region}a" if region else "", spot, labels)
        for start, name, provider, instance_type, region, spot, labels in itertools.product(
            (JUNE - 1, JUNE),
            ("a-1", "a-2", "xa-1", "b1"),
            ("AWS", ""),
            ("m5.large", "c5"),
            ("eu-1", ""),
            (True, False),
            LABELS,
        )
    ]


def test_the_rule_that_is_said_to_apply_is_the_one_that_tables_get() -> None:
    columns = {
        "number": "int64", "start": "int64", "node": "string", "provider": "string", "instance_type": "string",
        "region": "string", "zone": "string", "spot": "boolean", "run_seconds": "float64", "cpu_quantity": "float64",
        "ram_quantity": "float64", "gpu_quantity": "float64", **{label_column(key): "string" for key in PRICES.label_keys},
    }  # fmt: skip
    listed = []
    for number, node in enumerate(nodes()):
        traits = [text(one) for one in (node.name, node.provider, node.instance_type, node.region, node.zone)]
        labels = [text((node.labels or {})[key]) if key in (node.labels or {}) else "null" for key in PRICES.label_keys]
        listed.append(f"({number}, {node.start}, {', '.join(traits)}, {node.spot}, 1, 1, 1, 1, {', '.join(labels)})")
    with connect(threads=1) as engine:
        names = ", ".join(map(quoted, columns))
        run(engine, f"create table nodes as select * from (values {', '.join(listed)}) t({names})")  # noqa: S608 - quoted
        rows = with_rules(ibis.table(columns, name="nodes"), PRICES).select("number", *FITTED).order_by("number")
        found = [source for *_, source in run(engine, sql(rows))]
    said = [next((one.source for one in verdicts(PRICES, node) if one.applies), "") for node in nodes()]
    assert found == said
    assert {one.source for one in PRICES.rules} == set(found), "each rule is some node's"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("book/old names", "it ended at 2026-06-01T00:00:00Z"),
        ("book/spot", "it is for spot nodes"),
        ("book/new names", "its name is c-1, and the rule is for a-1"),
        ("book/place", "its region is not known, and the rule is for eu*"),
        ("book/both labels", "its label team is not known, and the rule is for a"),
        ("book/rest", "it is the most specific that fits"),
    ],
)
def test_what_keeps_a_rule_from_a_node_is_named(source: str, why: str) -> None:
    node = Traits(JUNE, "c-1", "AWS", "m5.large", labels={"pool": "cpu"})
    assert {one.source: one.why for one in verdicts(PRICES, node)}[source] == why


def test_a_rule_that_fits_after_another_says_which() -> None:
    said = {one.source: one for one in verdicts(PRICES, Traits(JUNE, "a-1"))}
    assert said["book/new names"].applies
    assert (said["book/rest"].applies, said["book/rest"].why) == (False, "it fits, and book/new names is more specific")


def test_labels_that_nobody_knows_any_more_are_not_guessed() -> None:
    (said,) = (one for one in verdicts(PRICES, Traits(JUNE, "c-1")) if one.source == "book/both labels")
    assert said.why == "it is for the label pool:cpu, and labels of this node are not known"
