"""The keywords of a schema that concern one type: bounds, lengths, patterns, formats, items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from .conjunction import both, rounded
from .documents import Document, elements, text
from .shapes import EVERYTHING, Arrays, Node, Numbers, Source, Strings, matches

__all__ = [
    "CONSTRAINTS",
    "OPAQUE",
    "arrays_of",
    "count_of",
    "in_numbers",
    "in_strings",
    "node_of",
    "numbers_of",
    "strings_of",
    "types_of",
]

# Keywords that constrain values in ways that are only compared as text.
OPAQUE: Mapping[str, tuple[str, ...]] = {
    "string": ("contentEncoding", "contentMediaType", "contentSchema"),
    "array": ("contains", "minContains", "maxContains", "unevaluatedItems"),
    "object": ("dependentSchemas",),
}
_COMPOUND = ("allOf", "anyOf", "oneOf", "not", "if", "$ref", "enum", "const", "type", "nullable")
_OF_TYPES = frozenset(
    (
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
        *("minLength", "maxLength", "pattern", "items", "prefixItems", "additionalItems"),
        *("minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties"),
        *("patternProperties", "propertyNames", "minProperties", "maxProperties"),
        *("dependentRequired", "unevaluatedProperties"),
        *(name for names in OPAQUE.values() for name in names),
    )
)
CONSTRAINTS = _OF_TYPES.union(_COMPOUND)
# JSON numbers have no width, so that these say nothing about a value.
_NO_FORMATS = frozenset(("password", "binary", "float", "double", "int32", "int64"))
_WIDTHS = {"int32": 31, "int64": 63}


def types_of(schema: Mapping[str, object]) -> Iterable[str]:
    """Return the types that a schema names, all of them if it names none."""
    found = schema.get("type")
    if found is None:
        return [each.kind for each in EVERYTHING]
    types = [found] if isinstance(found, str) else list(map(str, elements(found)))
    known = {"integer", *(each.kind for each in EVERYTHING)}
    return [
        each
        for each in dict.fromkeys(types)
        if each in known and not (each == "integer" and "number" in types)
    ]


def node_of(schema: Mapping[str, object], keyword: str, document: Document) -> Node:
    """Return the schema that a keyword has, the one that accepts everything without it."""
    found = schema.get(keyword, True)
    if isinstance(found, Mapping) and not CONSTRAINTS.intersection(found):
        return ()
    return () if found is True else (Source(found, document),)


def count_of(schema: Mapping[str, object], keyword: str) -> int | None:
    """Return the value of a keyword that counts, None without it."""
    found = schema.get(keyword)
    return int(found) if isinstance(found, (int, float)) else None


def _fraction(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return Fraction(str(value))


def _bound(
    schema: Mapping[str, object], plain: str, exclusive: str
) -> tuple[Fraction | None, bool]:
    """Return a bound and whether it is excluded: a flag in OpenAPI 3.0, a number since 3.1."""
    limit, other = _fraction(schema.get(plain)), _fraction(schema.get(exclusive))
    if other is None:
        return limit, limit is not None and schema.get(exclusive) is True
    sign = 1 if plain == "minimum" else -1
    if limit is not None and sign * limit > sign * other:
        return limit, False
    return other, True


def numbers_of(schema: Mapping[str, object], *, is_integer: bool) -> Numbers:
    """Return the numbers of a schema."""
    low, above = _bound(schema, "minimum", "exclusiveMinimum")
    high, below = _bound(schema, "maximum", "exclusiveMaximum")
    step = _fraction(schema.get("multipleOf"))
    name = text(schema.get("format"))
    found = Numbers(low, high, above, below, step or None, _formats(name))
    if is_integer:
        common = both(found, Numbers(step=Fraction(1)), lambda shape, value: True)
        found = common if isinstance(common, Numbers) else found
    if name in _WIDTHS:
        found = _of_width(found, _WIDTHS[name])
    return rounded(found)


def _of_width(numbers: Numbers, bits: int) -> Numbers:
    low, high = Fraction(-(2**bits)), Fraction(2**bits - 1)
    common = both(numbers, Numbers(low, high), lambda shape, value: True)
    return common if isinstance(common, Numbers) else numbers


def _formats(name: str) -> frozenset[str]:
    return frozenset((name,)) if name and name not in _NO_FORMATS else frozenset()


def strings_of(schema: Mapping[str, object]) -> Strings:
    """Return the strings of a schema."""
    pattern = schema.get("pattern")
    patterns = frozenset((pattern,)) if isinstance(pattern, str) else frozenset[str]()
    return Strings(
        count_of(schema, "minLength") or 0,
        count_of(schema, "maxLength"),
        patterns - {"", ".*", "^.*$", "^"},
        _formats(text(schema.get("format"))),
    )


def arrays_of(schema: Mapping[str, object], document: Document) -> Arrays:
    """Return the arrays of a schema."""
    items = schema.get("items", True)
    first = elements(schema.get("prefixItems"))
    rest = node_of(schema, "items", document)
    if isinstance(items, list):  # before JSON Schema 2020-12
        first, rest = items, node_of(schema, "additionalItems", document)
    return Arrays(
        tuple((Source(each, document),) for each in first),
        rest,
        count_of(schema, "minItems") or 0,
        count_of(schema, "maxItems"),
        schema.get("uniqueItems") is True,
    )


def in_numbers(shape: Numbers, value: Fraction) -> bool:
    """Return whether a number is in a shape."""
    if shape.low is not None and (value < shape.low or (shape.above and value == shape.low)):
        return False
    if shape.high is not None and (value > shape.high or (shape.below and value == shape.high)):
        return False
    return shape.step is None or (value / shape.step).denominator == 1


def in_strings(shape: Strings, value: str) -> bool:
    """Return whether a string is in a shape, formats aside."""
    if len(value) < shape.least or (shape.most is not None and len(value) > shape.most):
        return False
    return all(matches(pattern, value) for pattern in shape.patterns)
