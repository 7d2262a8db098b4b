"""Filters: Kubecost's language v2 and its ``filterX`` lists of v1, read into one form.

The grammar of v2: comparisons ``field op "value","value"`` joined by ``+`` (and) or ``|`` (or), one of them at each level of
parentheses. Blanks join as ``+`` does: who does not encode a ``+`` in a URL sends a blank.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn, TypeAlias

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

MOST_VALUES: Final = 1000
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


@dataclass(frozen=True, slots=True)
class Every:
    """All of its parts hold; with no parts, of every row."""

    parts: "tuple[Filter, ...]" = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of its parts holds."""

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
        raise InvalidQuestionError(f"the label {_short(text)} cannot be read: write key:value, such as app:web")
    return key.strip(), value.strip()


def label_key(text: str) -> str:
    """The key of a label or an annotation as kube-state-metrics spells it: ``app.io/partOf`` is ``app_io_part_of``."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"[^a-zA-Z0-9_]", "_", text)).lower()


def parse_filter(text: str) -> Filter:
    """The filter ``text`` of v2; empty keeps everything. Raises InvalidQuestionError, which tells the position."""
    return _Parser(text).parse() if text.strip() else Every()


def parse_lists(lists: Mapping[str, str]) -> Filter:
    """The filter of v1's parameters, such as ``filterNamespaces: "a,b*"``: any value of each list; ``*`` ends a prefix.

    Raises InvalidQuestionError for a parameter that there is not, or a label without its value.
    """
    parts: list[Filter] = []
    for name, text in lists.items():
        if name not in LISTS:
            raise InvalidQuestionError(f"{name} is no filter; allowed are {', '.join(LISTS)}")
        values = [one.strip() for one in text.split(",") if one.strip()]
        if values:
            parts.append(Either(tuple(_listed(name, value) for value in values)))
    return Every(tuple(parts))


def _listed(name: str, text: str) -> Filter:
    compared = LISTS[name]
    if compared in KEYED:
        key, colon, value = text.partition(":")
        if not colon or not key.strip():
            raise InvalidQuestionError(f"{name} {text!r} names no value: write key:value, such as app:web")
        return _starred(compared, value.strip(), label_key(key.strip()))
    kind, colon, controller = text.partition(":")
    if name == "filterControllers" and colon:
        return Every((_starred("controllerKind", kind.strip()), _starred(compared, controller.strip())))
    return _starred(compared, text)


def _starred(compared: str, text: str, key: str = "") -> Comparison:
    if text.endswith("*"):
        return Comparison(compared, "starts", (text[:-1],), key)
    return Comparison(compared, "equals", (text,), key)


_TOKEN: Final = re.compile(
    r"""(?P<field>[A-Za-z]+)(?:\[(?P<key>[^\]"]*)\])?
    |(?P<op>!?(?:<~:|~>:|~:|:))
    |"(?P<value>[^"]*)"
    |(?P<mark>[,+|()])""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Parser:
    """Reads a filter from left to right, one token ahead."""

    text: str
    at: int = 0
    depth: int = 0
    values: int = 0
    token: re.Match[str] | None = field(init=False, default=None)

    def parse(self) -> Filter:
        self._next()
        found = self._level()
        if self.token is not None:
            self._fail("'+', '|' or the end")
        return found

    def _level(self) -> Filter:
        """Elements joined by one kind of sign."""
        parts, joined = [self._element()], ""
        while self.token is not None and self.token["mark"] not in {")", ","}:
            sign = self.token["mark"] if self.token["mark"] in {"+", "|"} else "+"
            if joined and sign != joined:
                self._fail(f"another {joined!r}, or parentheses around what belongs together")
            joined = sign
            if self.token["mark"] == sign:
                self._next()
            parts.append(self._element())
        if len(parts) == 1:
            return parts[0]
        return Every(tuple(parts)) if joined == "+" else Either(tuple(parts))

    def _element(self) -> Filter:
        if self.token is not None and self.token["mark"] == "(":
            self.depth += 1
            if self.depth > DEEPEST:
                self._fail(f"at most {DEEPEST} parentheses in one another")
            self._next()
            found = self._level()
            self._take(lambda token: token["mark"] == ")", "')'")
            self.depth -= 1
            return found
        return self._comparison()

    def _comparison(self) -> Comparison:
        named = self._take(lambda token: bool(token["field"]), "a field such as namespace")
        name, key = named["field"], named["key"]
        if name not in FIELDS:
            self._fail(f"one of {', '.join(FIELDS)}", named)
        if key is not None and (name not in KEYED or not key.strip()):
            self._fail(f"{name} without brackets" if name not in KEYED else f"{name}[app], with a key", named)
        op = self._take(lambda token: bool(token["op"]), f"one of {', '.join((*SIGNS, '!:'))} after {name}")["op"]
        sign = SIGNS[op.removeprefix("!")]
        if name in KEYED and key is None and sign != "equals":
            self._fail(f"{name}[app], with a key", named)
        return Comparison(name, sign, tuple(self._values()), label_key((key or "").strip()), op.startswith("!"))

    def _values(self) -> Iterator[str]:
        wanted = 'a value in double quotes, such as "web"'
        yield self._take(lambda token: token["value"] is not None, wanted)["value"]
        while self.token is not None and self.token["mark"] == ",":
            self._next()
            self.values += 1
            if self.values >= MOST_VALUES:
                self._fail(f"at most {MOST_VALUES} values")
            yield self._take(lambda token: token["value"] is not None, wanted)["value"]

    def _take(self, fits: Callable[[re.Match[str]], bool], wanted: str) -> re.Match[str]:
        found = self.token
        if found is None or not fits(found):
            self._fail(wanted)
        self._next()
        return found

    def _next(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        if self.at == len(self.text):
            self.token = None
            return
        self.token = _TOKEN.match(self.text, self.at)
        if self.token is None:
            self._fail_at(self.at, "a field, a sign, a value in double quotes or a parenthesis")
        self.at = self.token.end()

    def _fail(self, wanted: str, token: re.Match[str] | None = None) -> NoReturn:
        token = token or self.token
        self._fail_at(token.start() if token else len(self.text), wanted)

    def _fail_at(self, position: int, wanted: str) -> NoReturn:
        rest = self.text[position : position + 20]
        found = f"stands {rest!r}" if rest else "it ends"
        raise InvalidQuestionError(
            f"filter {_short(self.text)}: at character {position + 1} {found}; expected is {wanted}"
        )


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
