"""Kubecost's filter language v2.

The grammar: comparisons ``field op "value","value"`` joined by ``+`` (and) or ``|`` (or), one of them at each level of
parentheses. Blanks join as ``+`` does: who does not encode a ``+`` in a URL sends a blank.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

from farthing.errors import InvalidQuestionError
from farthing.model.filters import (
    DEEPEST,
    FIELDS,
    KEYED,
    MOST_VALUES,
    SIGNS,
    Comparison,
    Either,
    Every,
    Filter,
    label_key,
    shown,
    with_few_expressions,
)


def parse_filter(text: str, fields: tuple[str, ...] = FIELDS) -> Filter:
    """The filter ``text`` of v2 over ``fields``; empty keeps everything. Raises InvalidQuestionError, which tells the position."""
    return with_few_expressions(_Parser(text, fields).parse()) if text.strip() else Every()


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
    fields: tuple[str, ...]
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
        named = self._take(lambda token: bool(token["field"]), f"a field such as {self._example}")
        name, key = named["field"], named["key"]
        if name not in self.fields:
            self._fail(f"one of {', '.join(self.fields)}", named)
        if key is not None and (name not in KEYED or not key.strip()):
            self._fail(f"{name} without brackets" if name not in KEYED else f"{name}[app], with a key", named)
        op = self._take(lambda token: bool(token["op"]), f"one of {', '.join((*SIGNS, '!:'))} after {name}")["op"]
        sign = SIGNS[op.removeprefix("!")]
        if name in KEYED and key is None and sign != "equals":
            self._fail(f"{name}[app], with a key", named)
        values = tuple(self._values())
        if name in KEYED and key is None:
            values = tuple(map(label_key, values))
        return Comparison(name, sign, values, label_key((key or "").strip()), op.startswith("!"))

    @property
    def _example(self) -> str:
        return "namespace" if "namespace" in self.fields else self.fields[0]

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
            f"filter {shown(self.text)}: at character {position + 1} {found}; expected is {wanted}"
        )
