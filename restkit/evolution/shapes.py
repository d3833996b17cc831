"""The values of one JSON type that a schema accepts: a schema is a union of shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from ..records import Record
from .documents import Document

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "Arrays",
    "Node",
    "Numbers",
    "Objects",
    "Shape",
    "Source",
    "Strings",
    "Values",
    "key_of",
    "kind_of",
    "kinds_of",
    "matches",
    "member",
    "part_key",
    "value_key",
    "values_of",
]


class Source(Record):
    """A schema as it is written, with its document."""

    schema: object
    document: Document


class Values(Record):
    """A finite set of values of one type."""

    kind: str
    values: tuple[object, ...]


class Numbers(Record):
    """Numbers between two bounds; integers are multiples of 1."""

    low: Fraction | None = None
    high: Fraction | None = None
    above: bool = False  # whether the bound itself is excluded
    below: bool = False
    step: Fraction | None = None
    formats: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    kind: str = "number"


class Strings(Record):
    """Strings of some lengths, patterns and formats."""

    least: int = 0
    most: int | None = None
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    kind: str = "string"


class Arrays(Record):
    """Arrays: the first items each with a schema of its own, and those after them."""

    first: tuple[Node, ...] = ()
    rest: Node = ()
    least: int = 0
    most: int | None = None
    is_unique: bool = False
    opaque: frozenset[str] = frozenset()
    kind: str = "array"

    def item(self, index: int) -> Node:
        """Return the schema of an item."""
        return self.first[index] if index < len(self.first) else self.rest


class Objects(Record):
    """Objects.

    Attributes:
        members: The schemas of members by name.
        required: The names of members that every object has.
        patterns: The schemas of members whose names match a pattern.
        others: The schema of all other members.
        names: The schema of names.
        needs: The members that must be there if another one is.
        ignored: The members that are not part of this direction: those of responses in a request.
        source: The schema that has the members, for its place.
    """

    members: Mapping[str, Node] = MappingProxyType({})
    required: frozenset[str] = frozenset()
    patterns: Mapping[str, Node] = MappingProxyType({})
    others: Node = ()
    least: int = 0
    most: int | None = None
    names: Node = ()
    needs: Mapping[str, frozenset[str]] = MappingProxyType({})
    ignored: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    kind: str = "object"


Shape = Values | Numbers | Strings | Arrays | Objects
Node = tuple["Source | Shape", ...]
"""A conjunction of schemas; the empty one accepts everything."""

_NO_DOCUMENT = Document({})
NOTHING: Node = (Source(False, _NO_DOCUMENT),)
"""The schema that accepts nothing."""
EVERYTHING: tuple[Shape, ...] = (
    Values("null", (None,)),
    Values("boolean", (False, True)),
    Numbers(),
    Strings(),
    Arrays(),
    Objects(),
)
_KINDS: Sequence[tuple[type | tuple[type, ...], str]] = (
    (bool, "boolean"),
    ((int, float), "number"),
    (str, "string"),
    (Mapping, "object"),
    ((list, tuple), "array"),
)


def part_key(part: Source | Shape) -> int:
    """Return the identity of a part of a conjunction: a schema that is written once is one part."""
    return id(part.schema) if isinstance(part, Source) else id(part)


def key_of(node: Node) -> tuple[int, ...]:
    """Return the identity of a conjunction while its parts exist."""
    return tuple(map(part_key, node))


def kind_of(value: object) -> str:
    """Return the JSON type of a value; integers are numbers."""
    return next((kind for types, kind in _KINDS if isinstance(value, types)), "null")


def value_key(value: object) -> str:
    """Return a text that is the same for equal JSON values."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


@lru_cache(maxsize=4096)
def matches(pattern: str, name: str) -> bool:
    """Return whether a text matches a pattern; an expression that Python cannot read matches."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return True


def member(shape: Objects, name: str) -> Node:
    """Return the schema of a member."""
    found: Node = shape.members.get(name, ())
    matching = [each for pattern, each in shape.patterns.items() if matches(pattern, name)]
    for each in matching:
        found = (*found, *each)
    return found if matching or name in shape.members else shape.others


def kinds_of(shapes: Iterable[Shape]) -> tuple[str, ...]:
    """Return the names of types, with integers by their own name."""
    found: dict[str, None] = {}
    for each in shapes:
        is_integer = isinstance(each, Numbers) and each.step is not None and each.step == 1
        found["integer" if is_integer else each.kind] = None
    if len(found) == len(EVERYTHING):
        return ("any type",)
    return tuple(found) or ("nothing",)


def values_of(shapes: Iterable[Shape]) -> tuple[object, ...] | None:
    """Return the values of shapes, None if one has more than an enumeration."""
    found: list[object] = []
    for each in shapes:
        if not isinstance(each, Values):
            return None
        found += each.values
    return tuple(found)
