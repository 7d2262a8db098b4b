"""Why a price rule is for a node or is not, in sentences: the same rules as ``pricing.py`` has over tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from farthing.model.prices import ANY, TRAITS, Priced, Prices
from farthing.model.window import rfc3339


@dataclass(frozen=True, slots=True)
class Traits:
    """What rules select a node by, in the interval that begins at ``start`` [unix s]."""

    start: int
    name: str
    provider: str = ""
    instance_type: str = ""
    region: str = ""
    zone: str = ""
    spot: bool = False
    labels: Mapping[str, str] | None = None
    """Keys as ``filters.label_key`` spells them; None where nobody knows them any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule applies to a node, and why."""

    source: str
    applies: bool
    why: str


def verdicts(prices: Prices, node: Traits) -> list[Verdict]:
    """What is to be said of each rule of ``prices`` and ``node``, the most specific first."""
    found: list[Verdict] = []
    first = ""
    for one in prices.rules:
        misfit = misfit_of(one, node)
        if misfit:
            found.append(Verdict(one.source, applies=False, why=misfit))
        elif first:
            found.append(Verdict(one.source, applies=False, why=f"it fits, and {first} is more specific"))
        else:
            first = one.source
            found.append(Verdict(one.source, applies=True, why="it is the most specific that fits"))
    return found


def misfit_of(priced: Priced, node: Traits) -> str:
    """The first reason for which a rule is not for ``node``; empty if it is."""
    return next(_misfits(priced, node), "")


def _misfits(priced: Priced, node: Traits) -> Iterator[str]:
    validity, selector = priced.validity, priced.rule.selector
    if validity.start is not None and node.start < validity.start:
        yield f"it begins at {_instant(validity.start)}"
    if validity.end is not None and node.start >= validity.end:
        yield f"it ended at {_instant(validity.end)}"
    for trait in TRAITS:
        texts, value = getattr(selector, trait), getattr(node, trait)
        if texts and not fits(value, texts):
            yield f"its {trait.replace('_', ' ')} is {value or 'not known'}, and the rule is for {', '.join(texts)}"
    if selector.spot is not None and selector.spot != node.spot:
        yield "it is for spot nodes" if selector.spot else "it is not for spot nodes"
    for key, text in selector.labels:
        if node.labels is None:
            yield f"it is for the label {key}:{text}, and labels of this node are not known"
        elif not fits(node.labels.get(key, ""), (text,)):
            yield f"its label {key} is {node.labels.get(key) or 'not known'}, and the rule is for {text}"


def fits(value: str, texts: Sequence[str]) -> bool:
    """Whether ``value`` is one of ``texts``, or begins as one that ends with ``*``."""
    return any(value.startswith(text.removesuffix(ANY)) if text.endswith(ANY) else value == text for text in texts)


def _instant(unix: int) -> str:
    return rfc3339(datetime.fromtimestamp(unix, UTC))
