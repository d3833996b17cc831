"""Whether two schemas say the same in the same words: titles, descriptions and examples aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
        self._trial: set[_Pair] = set()
        self._depth = 0
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
            if not self._schemas(one.schema, one.document, other.schema, other.document):
                return False
        return True

    def _schemas(self, one: object, own: Document, other: object, their: Document) -> bool:
        """Compare two schemas; those that contain themselves are equal unless a part differs."""
        try:
            one, other = _resolved(one, own), _resolved(other, their)
        except UnknownReference:
            return False
        if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
            return one is other
        pair = id(one), id(other)
        if pair in self._known or pair in self._trial:
            return self._known.get(pair, True)
        self._kept.append((one, other))
        self._trial.add(pair)
        self._depth += 1
        found = own.is_3_0 == their.is_3_0 and self._objects(one, own, other, their)
        self._depth -= 1
        if not found:
            self._known[pair] = False
        if self._depth == 0:
            if found:
                self._known |= dict.fromkeys(self._trial, True)
            self._trial = set()
        return found

    def _objects(
        self,
        one: Mapping[str, object],
        own: Document,
        other: Mapping[str, object],
        their: Document,
    ) -> bool:
        names = _meaningful(one, self._without)
        if names != _meaningful(other, self._without):
            return False
        return all(self._members(name, one[name], own, other[name], their) for name in names)

    def _members(
        self, name: str, one: object, own: Document, other: object, their: Document
    ) -> bool:
        if name == "$ref":
            target, theirs = own.target(text(one)), their.target(text(other))
            return self._schemas(target, own, theirs, their)
        if name in _VALUES:
            return _canonical(name, one) == _canonical(name, other)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            if name not in _NAMED:
                return self._schemas(one, own, other, their)
            pairs = [(each, other.get(key)) for key, each in one.items()]
            return one.keys() == other.keys() and self._all(pairs, own, their)
        if isinstance(one, list) and isinstance(other, list):
            pairs = list(zip(one, other, strict=False))
            return len(one) == len(other) and self._all(pairs, own, their)
        return value_key(one) == value_key(other)

    def _all(self, pairs: Iterable[tuple[object, object]], own: Document, their: Document) -> bool:
        return all(self._schemas(one, own, other, their) for one, other in pairs)


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
