"""From a schema as it is written to the union of its shapes (JSON Schema 2020-12, OpenAPI 3.0)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from .conjunction import both
from .documents import Document, elements, members, text
from .keywords import (
    CONSTRAINTS,
    OPAQUE,
    arrays_of,
    count_of,
    in_numbers,
    in_strings,
    node_of,
    numbers_of,
    strings_of,
    types_of,
)
from .shapes import (
    EVERYTHING,
    Arrays,
    Node,
    Numbers,
    Objects,
    Shape,
    Source,
    Strings,
    Values,
    key_of,
    kind_of,
    member,
    value_key,
)

__all__ = ["Direction", "Incomparable", "Reader"]

Direction = Literal["request", "response"]
_MOST_SHAPES = 256
_ONE_ALONE = "oneOf: exactly one of the alternatives"
_CONDITIONS = ("not", "if", "then", "else")


class Incomparable(Exception):
    """Raised when a schema cannot be compared: its alternatives are too many, or not decided."""


class Reader:
    """The shapes of schemas in one direction, each read once.

    Attributes:
        is_doubtful: Whether `contains` met a keyword that it does not decide, since this was reset.
    """

    is_doubtful = False

    def __init__(self, direction: Direction) -> None:
        """Note the direction: a request has no read-only members, a response no write-only ones."""
        self._flag = "readOnly" if direction == "request" else "writeOnly"
        self._is_request = direction == "request"
        self._shapes: dict[tuple[int, ...], tuple[Shape, ...]] = {}
        self._active: set[tuple[int, ...]] = set()
        self._cut: set[tuple[int, ...]] = set()  # of those, the ones that a cycle leads back to
        self._kept: list[object] = []  # parts whose identity is a key
        self._siblings: dict[int, dict[str, object]] = {}

    def shapes(self, node: Node) -> tuple[Shape, ...]:
        """Return the shapes whose union a conjunction of schemas is.

        Raises:
            Incomparable: There are too many.
            UnknownReference: A reference cannot be followed.
        """
        key = key_of(node)
        found = self._shapes.get(key)
        if found is not None:
            return found
        if key in self._active:  # a schema that is an alternative of itself adds nothing
            self._cut.add(key)
            return ()
        self._active.add(key)
        try:
            shapes = EVERYTHING
            for part in node:
                shapes = self._common(shapes, self._of_part(part))
        finally:
            self._active.discard(key)
            self._cut.discard(key)
        if not self._cut:  # within a cycle the shapes are not complete
            self._shapes[key] = shapes
            self._kept.append(node)
        return shapes

    def contains(self, shape: Shape, value: object) -> bool:
        """Return whether a shape has a value; an undecidable value counts as contained."""
        if shape.kind != kind_of(value):
            return False
        if isinstance(shape, Values):
            return value_key(value) in {value_key(each) for each in shape.values}
        has_formats = isinstance(shape, (Numbers, Strings)) and bool(shape.formats)
        self.is_doubtful = self.is_doubtful or has_formats or bool(shape.opaque)
        if isinstance(shape, Numbers):
            return in_numbers(shape, Fraction(str(value)))
        if isinstance(shape, Strings):
            return in_strings(shape, str(value))
        if isinstance(shape, Arrays):
            return self._in_arrays(shape, list(elements(value)))
        return self._in_objects(shape, members(value))

    def accepts(self, node: Node, value: object) -> bool:
        """Return whether a schema accepts a value."""
        return any(self.contains(shape, value) for shape in self.shapes(node))

    def _in_arrays(self, shape: Arrays, values: list[object]) -> bool:
        if len(values) < shape.least or (shape.most is not None and len(values) > shape.most):
            return False
        if shape.is_unique and len({value_key(each) for each in values}) < len(values):
            return False
        return all(self.accepts(shape.item(index), each) for index, each in enumerate(values))

    def _in_objects(self, shape: Objects, values: Mapping[str, object]) -> bool:
        if not shape.required <= values.keys():
            return False
        if len(values) < shape.least or (shape.most is not None and len(values) > shape.most):
            return False
        return all(self.accepts(member(shape, name), each) for name, each in values.items())

    # conjunctions and unions

    def _common(self, first: Iterable[Shape], second: Iterable[Shape]) -> tuple[Shape, ...]:
        second = tuple(second)
        found: list[Shape] = []
        for one in first:
            if one in EVERYTHING:
                found += [each for each in second if each.kind == one.kind]
                continue
            for other in second:
                common = both(one, other, self.contains)
                if common is not None:
                    found.append(common)
            if len(found) > _MOST_SHAPES:
                raise Incomparable("it has too many alternatives")
        return tuple(found)

    def _of_part(self, part: Source | Shape) -> tuple[Shape, ...]:
        if not isinstance(part, Source):
            return (part,)
        schema, document = part
        if not isinstance(schema, Mapping):
            return () if schema is False else EVERYTHING
        if "$ref" in schema:
            return self._of_reference(schema, document)
        shapes = self._compound(schema, document)
        if "unevaluatedProperties" in schema:
            others: Node = (Source(schema["unevaluatedProperties"], document),)
            shapes = tuple(_closed(shapes, others))
        if document.is_3_0 and schema.get("nullable") is True:
            null = Values("null", (None,))
            shapes = shapes if null in shapes else (*shapes, null)
        return shapes

    def _compound(self, schema: Mapping[str, object], document: Document) -> tuple[Shape, ...]:
        shapes: tuple[Shape, ...] = tuple(self._typed(schema, document))
        for each in elements(schema.get("allOf")):
            shapes = self._common(shapes, self.shapes((Source(each, document),)))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                shapes = self._common(shapes, self._union(schema, keyword, document))
        if "not" in schema or "if" in schema:
            shapes = tuple(self._conditioned(shapes, schema, document))
        return shapes

    def _of_reference(self, schema: Mapping[str, object], document: Document) -> tuple[Shape, ...]:
        target: Node = (Source(document.target(text(schema["$ref"])), document),)
        if document.is_3_0 or not CONSTRAINTS.intersection(schema.keys() - {"$ref"}):
            return self.shapes(target)
        siblings = self._siblings.get(id(schema))
        if siblings is None:
            siblings = {name: each for name, each in schema.items() if name != "$ref"}
            self._siblings[id(schema)] = siblings
            self._kept.append(schema)
        return self.shapes((*target, Source(siblings, document)))

    def _union(
        self, schema: Mapping[str, object], keyword: str, document: Document
    ) -> tuple[Shape, ...]:
        branches = [self._branch(schema, each, document) for each in elements(schema[keyword])]
        if keyword == "oneOf" and "discriminator" not in schema:
            branches = [(*self._alone(branches, at),) for at in range(len(branches))]
        found: list[Shape] = []
        for shapes in branches:
            found += [each for each in shapes if each not in found]
            if len(found) > _MOST_SHAPES:
                raise Incomparable("it has too many alternatives")
        return tuple(found)

    def _branch(
        self, schema: Mapping[str, object], branch: object, document: Document
    ) -> tuple[Shape, ...]:
        shapes = self.shapes((Source(branch, document),))
        if "discriminator" in schema:
            shapes = self._common(shapes, _discriminated(schema, branch))
        return shapes

    def _alone(self, branches: Sequence[Sequence[Shape]], at: int) -> Iterator[Shape]:
        """Yield the shapes of a branch of `oneOf`, which rejects what another one accepts too."""
        others = [each for index, shapes in enumerate(branches) if index != at for each in shapes]
        for shape in branches[at]:
            if isinstance(shape, Values) or not self._meets(shape, others[:_MOST_SHAPES]):
                yield shape
            else:
                yield shape._replace(opaque=shape.opaque.union((_ONE_ALONE,)))

    def _meets(self, shape: Shape, others: Iterable[Shape]) -> bool:
        """Return whether a shape has a value in common with another one."""
        for other in others:
            common = both(shape, other, self.contains)
            if isinstance(common, Objects):
                needed = (member(common, name) for name in common.required)
                if all(self.shapes(each) for each in needed):
                    return True
            elif common is not None:
                return True
        return False

    def _conditioned(
        self, shapes: Iterable[Shape], schema: Mapping[str, object], document: Document
    ) -> Iterator[Shape]:
        """Yield shapes with the restrictions of ``not`` and ``if``, as far as they concern them."""
        words = {_printed(each, schema) for each in _CONDITIONS if each in schema}
        rejected: tuple[Shape, ...] = ()
        if "not" in schema:
            rejected = self.shapes((Source(schema["not"], document),))
        for shape in shapes:
            against = [each for each in rejected if each.kind == shape.kind]
            if isinstance(shape, Values):
                yield from self._left(shape, against)
            elif not against and "if" not in schema:
                yield shape
            elif not any(map(EVERYTHING.__contains__, against)):
                yield shape._replace(opaque=shape.opaque.union(words))

    def _left(self, shape: Values, rejected: Iterable[Shape]) -> Iterator[Values]:
        """Yield the values that are left of an enumeration."""
        rejected = tuple(rejected)
        self.is_doubtful = False
        kept = [each for each in shape.values if not self._has(rejected, each)]
        if self.is_doubtful:
            raise Incomparable("it has a `not` with keywords that are not decided")
        if kept:
            yield shape._replace(values=tuple(kept))

    def _has(self, shapes: Iterable[Shape], value: object) -> bool:
        return any(self.contains(each, value) for each in shapes)

    # one schema object without its compounds

    def _typed(self, schema: Mapping[str, object], document: Document) -> Iterator[Shape]:
        """Yield a shape for each type; the values of an enumeration if there is one."""
        shapes = [self._shape(kind, schema, document) for kind in types_of(schema)]
        if "enum" not in schema and "const" not in schema:
            yield from shapes
            return
        values = list(elements(schema.get("enum", [schema.get("const")])))
        if "const" in schema:
            values = [each for each in values if value_key(each) == value_key(schema["const"])]
        chosen: dict[str, list[object]] = {}
        for value in values:
            if self._has(shapes, value):
                chosen.setdefault(kind_of(value), []).append(value)
        for kind, each in chosen.items():
            yield Values(kind, tuple(each))

    def _shape(self, kind: str, schema: Mapping[str, object], document: Document) -> Shape:
        opaque = frozenset(
            _printed(each, schema) for each in OPAQUE.get(kind, ()) if each in schema
        )
        if kind in ("integer", "number"):
            return numbers_of(schema, is_integer=kind == "integer")
        if kind == "string":
            return strings_of(schema)._replace(opaque=opaque)
        if kind == "array":
            return arrays_of(schema, document)._replace(opaque=opaque)
        if kind == "object":
            return self._objects(schema, document)._replace(opaque=opaque)
        return next(each for each in EVERYTHING if each.kind == kind)

    def _objects(self, schema: Mapping[str, object], document: Document) -> Objects:
        given = members(schema.get("properties"))
        flagged = {name for name, each in given.items() if self._is_flagged(each, document)}
        written = {name: (Source(given[name], document),) for name in given.keys() - flagged}
        written = {name: written[name] for name in given if name in written}
        ignored = frozenset(flagged) if self._is_request else frozenset[str]()
        needs = members(schema.get("dependentRequired"))
        patterns = members(schema.get("patternProperties"))
        required = frozenset(map(str, elements(schema.get("required"))))
        named = {name: (Source(each, document),) for name, each in patterns.items()}
        needed = {name: frozenset(map(str, elements(each))) for name, each in needs.items()}
        return Objects(
            {**written, **dict.fromkeys(ignored, ())},
            required - flagged,
            named,
            node_of(schema, "additionalProperties", document),
            count_of(schema, "minProperties") or 0,
            count_of(schema, "maxProperties"),
            node_of(schema, "propertyNames", document),
            needed,
            ignored,
        )

    def _is_flagged(self, schema: object, document: Document) -> bool:
        """Return whether a member is not part of this direction."""
        found = members(schema)
        if found.get(self._flag) is True:
            return True
        if "$ref" in found:
            return members(document.resolve(schema)).get(self._flag) is True
        return any(members(each).get(self._flag) is True for each in elements(found.get("allOf")))


def _discriminated(schema: Mapping[str, object], branch: object) -> Iterator[Shape]:
    """Yield objects whose discriminator names a branch (OpenAPI 3.1.1, section 4.8.25)."""
    discriminator = members(schema["discriminator"])
    name = text(discriminator.get("propertyName"))
    reference = text(members(branch).get("$ref"))
    if not (name and reference):
        yield from EVERYTHING
        return
    mapping = members(discriminator.get("mapping"))
    own = reference.rpartition("/")[2]
    named = [key for key, each in mapping.items() if text(each) in (reference, own)]
    values = Values("string", tuple(named or [own]))
    yield Objects({name: (values,)}, frozenset((name,)))


def _closed(shapes: Iterable[Shape], others: Node) -> Iterator[Shape]:
    for each in shapes:
        if isinstance(each, Objects):
            yield each._replace(others=(*each.others, *others))
        else:
            yield each


def _printed(keyword: str, schema: Mapping[str, object]) -> str:
    return f"{keyword}: {json.dumps(schema[keyword], sort_keys=True, default=str)}"
