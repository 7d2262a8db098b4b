"""Price books over tables: which rule a node gets, and the rates beside the rules."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from farthing.model.prices import ANY, TRAITS, Priced, Prices, Selector, Validity
from farthing.model.rates import default_rate, whole_node_factor
from farthing.model.tables import HOUR, RESOURCES

NO_RULE = -1
FITTED = (*(f"{name}_rule_rate" for name in RESOURCES), "discount", "rule_source")
"""What ``with_rules`` adds."""


def with_rules(rows: ir.Table, prices: Prices, name: str = "node") -> ir.Table:
    """``rows`` of nodes with what the first rule that fits says: columns ``FITTED``.

    A rate is null where no rule gives one, the source empty where none fits. ``rows`` have start, provider,
    instance_type, region, zone, spot, run_seconds, a quantity of each resource [resource-s], the name in the column
    ``name``, and a column for each of ``prices.label_keys``.
    """
    rules = prices.rules
    fitting = [(_applies(one, rows, name), ibis.literal(number)) for number, one in enumerate(rules)]
    rows = rows.mutate(rule=first_of(fitting, ibis.literal(NO_RULE)).cast("int64"))
    quantities = [rows[f"{one}_quantity"] / HOUR for one in RESOURCES]
    defaults = [default_rate(one, rows.provider, rows.spot) for one in RESOURCES]
    whole = _told(rows, [one.rule.node for one in rules])
    rows = rows.mutate(
        **{f"{one}_default": rate for one, rate in zip(RESOURCES, defaults, strict=True)},
        factor=whole_node_factor(whole * rows.run_seconds / HOUR, quantities, defaults),
    )
    rates = {
        f"{one}_rule_rate": ibis.coalesce(
            _told(rows, [getattr(each.rule, one) for each in rules]), rows[f"{one}_default"] * rows.factor
        )
        for one in RESOURCES
    }
    sources = [(rows.rule == number, ibis.literal(one.source)) for number, one in enumerate(rules)]
    discounts = [one.rule.discount or None for one in rules]
    return rows.mutate(
        **rates,
        discount=_told(rows, discounts).fill_null(0.0),
        rule_source=first_of(sources, ibis.literal("")),
    ).drop("rule", "factor", *(f"{one}_default" for one in RESOURCES))


def label_column(key: str) -> str:
    """The column that holds a node's label ``key``."""
    return f"label:{key}"


def storage_rates(prices: Prices, start: ir.IntegerValue, storage_class: ir.StringValue) -> tuple[ir.Value, ir.Value]:
    """The rate of volumes of ``storage_class`` [currency per GiB-hour], null for none, and its source."""
    listed = [(name, rate, book) for book in prices.books for name, rate in book.storage]
    # A whole name before a beginning, a longer beginning before a shorter one.
    listed.sort(key=lambda one: (one[0].endswith(ANY), -len(one[0])))
    return _listed(
        [(_fits(storage_class, (name,)) & holds(book.validity, start), rate, book.name) for name, rate, book in listed]
    )


def traffic_rate(prices: Prices, start: ir.IntegerValue, kind: str) -> ir.Value:
    """The rate of traffic of a ``kind`` of ``tables.TRAFFIC`` [currency per GiB], null for none."""
    return _listed(
        [(holds(book.validity, start), rate, "") for book in prices.books for one, rate in book.traffic if one == kind]
    )[0]


def hourly_rates(prices: Prices, start: ir.IntegerValue, what: str) -> tuple[ir.Value, ir.Value]:
    """The rate of ``what``, balancer or management [currency per hour], null for none, and its source."""
    told = [(book, getattr(book, what)) for book in prices.books]
    return _listed([(holds(book.validity, start), rate, book.name) for book, rate in told if rate is not None])


def holds(validity: Validity, start: ir.IntegerValue) -> ir.BooleanValue:
    """Whether what begins at ``start`` begins within ``validity``."""
    found: ir.BooleanValue = ibis.literal(value=True)
    if validity.start is not None:
        found = found & (start >= validity.start)
    if validity.end is not None:
        found = found & (start < validity.end)
    return found


def first_of(cases: Sequence[tuple[ir.BooleanValue, ir.Value]], other: ir.Value) -> ir.Value:
    """The value of the first case that holds, else ``other``."""
    return ibis.cases(*cases, else_=other) if cases else other


def _listed(cases: Sequence[tuple[ir.BooleanValue, float, str]]) -> tuple[ir.Value, ir.Value]:
    rate = first_of([(case, ibis.literal(rate, "float64")) for case, rate, _ in cases], ibis.null("float64"))
    return rate, first_of([(case, ibis.literal(source)) for case, _, source in cases], ibis.literal(""))


def _told(rows: ir.Table, values: Sequence[float | None]) -> ir.FloatingValue:
    """What the rule of each row says, of what all rules say; null where it says nothing."""
    cases = [
        (rows.rule == number, ibis.literal(value, "float64"))
        for number, value in enumerate(values)
        if value is not None
    ]
    return first_of(cases, ibis.null("float64"))


def _applies(priced: Priced, rows: ir.Table, name: str) -> ir.BooleanValue:
    """Whether a rule is for each of ``rows``."""
    selector: Selector = priced.rule.selector
    found = holds(priced.validity, rows.start)
    for trait in TRAITS:
        texts = getattr(selector, trait)
        if texts:
            found = found & _fits(rows[name if trait == "name" else trait], texts)
    for key, value in selector.labels:
        found = found & _fits(rows[label_column(key)].fill_null(""), (value,))
    if selector.spot is not None:
        found = found & (rows.spot == selector.spot)
    return found


def _fits(value: ir.StringValue, texts: Sequence[str]) -> ir.BooleanValue:
    whole = [text for text in texts if not text.endswith(ANY)]
    found: ir.BooleanValue = value.isin(whole) if whole else ibis.literal(value=False)
    for text in texts:
        if text.endswith(ANY):
            found = found | value.startswith(text.removesuffix(ANY))
    return found
