"""YAML and JSON from anybody, as mappings, lists and text: nothing is resolved, repeated, or nested without end."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import yaml

from farthing.errors import InvalidInputError

Tree: TypeAlias = dict[str, "Tree"] | list["Tree"] | str
"""Scalars are text as they are written."""

DEEPEST: Final = 64
"""Mappings and lists within each other."""


def documents(body: bytes) -> Iterator[Tree]:
    """Each document of ``body``. Raises InvalidInputError."""
    try:
        yield from _documents(body)
    except yaml.YAMLError as error:
        raise InvalidInputError(f"the body is neither YAML nor JSON: {' '.join(str(error).split())}") from error


def _documents(body: bytes) -> Iterator[Tree]:
    open_ones: list[list[Any]] = [[]]
    for event in yaml.parse(body, Loader=yaml.CBaseLoader):
        match event:
            case yaml.AliasEvent():
                raise InvalidInputError(f"the body repeats *{event.anchor}: write out what it stands for")
            case yaml.ScalarEvent():
                open_ones[-1].append(event.value)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                if len(open_ones) > DEEPEST:
                    raise InvalidInputError(f"the body has more than {DEEPEST} mappings and lists within each other")
                open_ones.append([])
            case yaml.SequenceEndEvent():
                done = open_ones.pop()
                open_ones[-1].append(done)
            case yaml.MappingEndEvent():
                done = open_ones.pop()
                if not all(isinstance(key, str) for key in done[::2]):
                    raise InvalidInputError("the body has a mapping with a key that is no text")
                open_ones[-1].append(dict(zip(done[::2], done[1::2], strict=True)))
            case yaml.DocumentEndEvent():
                yield open_ones[0].pop()
            case _:
                # Begins or ends what has no content of its own.
                pass
