"""Filters: what a row is compared with, and Kubecost's ``filterX`` lists of v1 in that form; v2 is ``filter_parser``'s."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from farthing.errors import InvalidQuestionError

Sign = Literal["equals", "contains", "starts", "ends"]

SIGNS: Final[Mapping[str, Sign]] = {":": "equals", "~:": "contains", "<~:": "starts", "~>:": "ends"}
KEYED: Final = ("label", "annotation")
ALIASES: Final = ("department", "environment", "owner", "product", "team")
FIELDS: Final = (
    "cluster", "node", "namespace", "controllerKind", "controllerName", "pod", "container", "services", "provider",
    *KEYED, *ALIASES,
)  # fmt: skip
"""What a filter of allocations may compare; ``provider`` is the provider id of the node."""

ASSET_FIELDS: Final = (
    "name", "assetType", "category", "cluster", "project", "provider", "providerID", "account", "service", "label",
    *ALIASES,
)  # fmt: skip
"""What a filter of assets may compare; the labels are those of nodes, and of ``Cloud`` assets the tags of the bill."""

CASELESS: Final = ("assetType",)
"""Fields of which ``Node`` is ``node``."""

LISTS: Final[Mapping[str, str]] = {
    "filterClusters": "cluster",
    "filterNodes": "node",
    "filterNamespaces": "namespace",
    "filterControllerKinds": "controllerKind",
    "filterControllers": "controllerName",
    "filterPods": "pod",
    "filterContainers": "container",
    "filterServices": "services",
    "filterLabels": "label",
    "filterAnnotations": "annotation",
    "filterDepartments": "department",
    "filterEnvironments": "environment",
    "filterOwners": "owner",
    "filterProducts": "product",
    "filterTeams": "team",
}
"""The field that each parameter of v1 compares."""

ASSET_LISTS: Final[Mapping[str, str]] = {
    "filterAccounts": "account",
    "filterCategories": "category",
    "filterClusters": "cluster",
    "filterLabels": "label",
    "filterNames": "name",
    "filterProjects": "project",
    "filterProviders": "provider",
    "filterProviderIDs": "providerID",
    "filterServices": "service",
    "filterTypes": "assetType",
}
"""The same of assets."""

MOST_VALUES: Final = 1000
MOST_EXPRESSIONS: Final = 200
DEEPEST: Final = 32
SHOWN: Final = 60
"""Characters of a filter that an error repeats."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against values: one of them is to fit, or none if ``negated``. Cases differ."""

    field: str
    sign: Sign
    values: tuple[str, ...]
    key: str = ""
    """Of a label or an annotation, spelled by ``label_key``; empty where ``values`` are keys."""
    negated: bool = False

    @property
    def lowered(self) -> "Comparison":
        """The same with values in lower case."""
        return replace(self, values=tuple(one.lower() for one in self.values))


@dataclass(frozen=True, slots=True)
class Every:
    """All of its parts hold; with no parts, of every row."""

    parts: "tuple[Filter, ...]" = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of its parts holds; with no parts, of no row."""

    parts: "tuple[Filter, ...]"


Filter: TypeAlias = Comparison | Every | Either


def everything(kept: Filter) -> bool:
    """Whether ``kept`` keeps every row, whatever it is."""
    return isinstance(kept, Every) and all(everything(part) for part in kept.parts)


def comparisons(kept: Filter) -> list[Comparison]:
    """All comparisons of a filter."""
    if isinstance(kept, Comparison):
        return [kept]
    return [one for part in kept.parts for one in comparisons(part)]


def parse_label(text: str) -> tuple[str, str]:
    """Key and value of ``key:value``, such as ``app:web``. Raises InvalidQuestionError."""
    key, colon, value = text.partition(":")
    if not colon or not key.strip() or not value.strip():
        raise InvalidQuestionError(f"the label {shown(text)} cannot be read: write key:value, such as app:web")
    return key.strip(), value.strip()


def label_key(text: str) -> str:
    """The key of a label or an annotation as kube-state-metrics spells it: ``app.io/partOf`` is ``app_io_part_of``."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"[^a-zA-Z0-9_]", "_", text)).lower()


def parse_lists(lists: Mapping[str, str]) -> Filter:
    """The filter of v1's parameters, such as ``filterNamespaces: "a,b*"``: any value of each list; ``*`` ends a prefix.

    Raises InvalidQuestionError for a parameter that there is not, or a label without its value.
    """
    return _every(lists, LISTS, _listed)


def parse_asset_lists(lists: Mapping[str, str]) -> Filter:
    """The same of the parameters of assets; in types and in keys of labels ``*`` is no wildcard.

    A label without its key or its value fits no asset. Raises InvalidQuestionError for a parameter that there is not.
    """
    return _every(lists, ASSET_LISTS, _listed_asset)


def _every(lists: Mapping[str, str], known: Mapping[str, str], listed: Callable[[str, str], Filter]) -> Filter:
    parts: list[Filter] = []
    for name, text in lists.items():
        if name not in known:
            raise InvalidQuestionError(f"{name} is no filter; allowed are {', '.join(known)}")
        values = [one.strip() for one in text.split(",") if one.strip()]
        if len(values) > MOST_VALUES:
            raise InvalidQuestionError(f"{name} has {len(values)} values; at most {MOST_VALUES} are offered")
        if values:
            parts.append(Either(tuple(_together(listed(known[name], value) for value in values))))
    return with_few_expressions(Every(tuple(parts)))


def _together(parts: Iterable[Filter]) -> Iterator[Filter]:
    """``parts`` with those that compare one field with a value each put into one comparison."""
    plain: dict[tuple[str, str], list[str]] = {}
    others: list[Filter] = []
    for part in parts:
        if isinstance(part, Comparison) and part.sign == "equals":
            plain.setdefault((part.field, part.key), []).extend(part.values)
        else:
            others.append(part)
    for (compared, key), values in plain.items():
        yield Comparison(compared, "equals", tuple(values), key)
    yield from others


def _listed(compared: str, text: str) -> Filter:
    if compared in KEYED:
        key, colon, value = text.partition(":")
        if not colon or not key.strip():
            raise InvalidQuestionError(
                f"filter{compared.capitalize()}s {text!r} names no value: write key:value, such as app:web"
            )
        return _starred(compared, value.strip(), label_key(key.strip()))
    kind, colon, controller = text.partition(":")
    if compared == "controllerName" and colon:
        return Every((_starred("controllerKind", kind.strip()), _starred(compared, controller.strip())))
    return _starred(compared, text)


def _listed_asset(compared: str, text: str) -> Filter:
    if compared == "assetType":
        return Comparison(compared, "equals", (text,))
    if compared != "label":
        return _starred(compared, text)
    key, _, value = (part.strip() for part in text.partition(":"))
    return _starred(compared, value, label_key(key)) if key and value and "*" not in key else Either(())


def _starred(compared: str, text: str, key: str = "") -> Comparison:
    if key and text == "*":
        # Whatever the value, there is to be one.
        return Comparison(compared, "equals", (key,))
    if text.endswith("*"):
        return Comparison(compared, "starts", (text[:-1],), key)
    return Comparison(compared, "equals", (text,), key)


def shown(text: str) -> str:
    """``text`` as an error repeats it."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def with_few_expressions(kept: Filter) -> Filter:
    """``kept``, if it compares few enough times; whole values of a field count as one. Raises InvalidQuestionError."""
    expressions = sum(1 if one.sign == "equals" else len(one.values) for one in comparisons(kept))
    if expressions > MOST_EXPRESSIONS:
        raise InvalidQuestionError(
            f"the filters look for {expressions} beginnings, ends, parts and pairs of values, and {MOST_EXPRESSIONS} are "
            "allowed: name whole values, or fewer"
        )
    return kept
