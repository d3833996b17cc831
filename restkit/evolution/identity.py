"""Whether two schemas say the same in the same words: titles, descriptions and examples aside."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from .documents import Document, UnknownReference, elements, text
from .shapes import Node, Source, value_key

__all__ = ["Identity"]

_NAMED = ("properties", "patternProperties", "dependentSchemas")
_VALUES = ("enum", "const", "required", "type", "default", "dependentRequired", "discriminator")
_SETS = ("enum", "required", "type")
_ANNOTATIONS = frozenset(
    (
        *("title", "description", "example", "examples", "externalDocs", "deprecated", "xml"),
        *("$comment", "$defs", "definitions", "$id", "$anchor", "$schema"),
    )
)
_LONGEST_CHAIN = 50  # of references; a longer one leads back to itself
_Schemas = tuple[object, object]
_Pair = tuple[int, int]


class Identity:
    """Pairs of schemas that are found equal, or different."""

    def __init__(self, *, with_defaults: bool) -> None:
        """Begin with nothing compared.

        Args:
            with_defaults: Whether another default makes a schema another one.
        """
        self._without = _ANNOTATIONS if with_defaults else _ANNOTATIONS | {"default"}
        self._known: dict[_Pair, bool] = {}
        self._kept: list[object] = []

    def same(self, first: Node, second: Node) -> bool:
        """Return whether two conjunctions have equal schemas, in order."""
        if len(first) != len(second):
            return False
        for one, other in zip(first, second, strict=True):
            if one is other:
                continue
            if not (isinstance(one, Source) and isinstance(other, Source)):
                return False
            if not self._are_equal((one.schema, other.schema), one.document, other.document):
                return False
        return True

    def _are_equal(self, whole: _Schemas, own: Document, their: Document) -> bool:
        """Compare two schemas; those that contain themselves are equal unless a part differs.

        It keeps a list of schemas that are left to compare, since chains of references may be long.
        """
        above: dict[_Pair, list[_Pair]] = {}
        left: list[tuple[_Schemas, _Pair | None]] = [(whole, None)]
        while left:
            schemas, parent = left.pop()
            pair, parts = self._opened(schemas, own, their, above)
            leading = above.setdefault(pair, [])
            if parent is not None:
                leading.append(parent)
            if parts is None:
                self._mark_different(pair, above)
                return False
            left += [(each, pair) for each in parts]
        self._known |= dict.fromkeys(above, True)
        return True

    def _opened(
        self, schemas: _Schemas, own: Document, their: Document, seen: Container[_Pair]
    ) -> tuple[_Pair, list[_Schemas] | None]:
        """Return the pair of two schemas and the parts that must be equal; None if they differ."""
        try:
            one, other = _resolved(schemas[0], own), _resolved(schemas[1], their)
            pair = id(one), id(other)
            if pair in seen:
                return pair, []
            self._kept.append((one, other))
            if pair in self._known:
                return pair, [] if self._known[pair] else None
            if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
                return pair, [] if one is other else None
            return pair, self._parts(one, own, other, their)
        except UnknownReference:
            return (id(schemas[0]), id(schemas[1])), None

    def _mark_different(self, pair: _Pair, above: Mapping[_Pair, Sequence[_Pair]]) -> None:
        """Keep that a pair differs, and all pairs that lead to it."""
        self._known.pop(pair, None)
        left = [pair]
        while left:
            each = left.pop()
            if each not in self._known:
                self._known[each] = False
                left += above[each]

    def _parts(
        self,
        one: Mapping[str, object],
        own: Document,
        other: Mapping[str, object],
        their: Document,
    ) -> list[_Schemas] | None:
        names = _meaningful(one, self._without)
        if own.is_3_0 != their.is_3_0 or names != _meaningful(other, self._without):
            return None
        found: list[_Schemas] = []
        for name in names:
            parts = _of_member(name, (one[name], other[name]), own, their)
            if parts is None:
                return None
            found += parts
        return found


def _of_member(
    name: str, schemas: _Schemas, own: Document, their: Document
) -> list[_Schemas] | None:
    """Return the parts of a member that must be equal; None if the member differs."""
    one, other = schemas
    if name == "$ref":
        return [(own.target(text(one)), their.target(text(other)))]
    if name in _VALUES:
        return [] if _canonical(name, one) == _canonical(name, other) else None
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return _of_objects(one, other) if name in _NAMED else [schemas]
    if isinstance(one, list) and isinstance(other, list):
        return list(zip(one, other, strict=True)) if len(one) == len(other) else None
    return [] if value_key(one) == value_key(other) else None


def _of_objects(one: Mapping[str, object], other: Mapping[str, object]) -> list[_Schemas] | None:
    """Return the schemas of equal names; None if one of the names is missing."""
    if one.keys() != other.keys():
        return None
    return [(each, other[name]) for name, each in one.items()]


def _resolved(schema: object, document: Document) -> object:
    """Return the schema behind references that stand alone."""
    for _ in range(_LONGEST_CHAIN):
        is_alone = isinstance(schema, Mapping) and (len(schema) == 1 or document.is_3_0)
        if not (isinstance(schema, Mapping) and is_alone and "$ref" in schema):
            break
        schema = document.target(text(schema["$ref"]))
    return schema


def _meaningful(schema: Mapping[str, object], without: frozenset[str]) -> set[str]:
    return {each for each in schema if each not in without and not each.startswith("x-")}


def _canonical(name: str, value: object) -> object:
    if name in _SETS and isinstance(value, list):
        return sorted(map(value_key, elements(value)))
    return value_key(value)
