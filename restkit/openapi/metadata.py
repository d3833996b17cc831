"""Declarations about fields besides rules: metadata, examples and defaults, as JSON values.

A mount checks them with the same functions that the document is made with, so that a value that
cannot be written is rejected at start-up. Nothing here needs apispec.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from marshmallow import fields, missing

from ..errors import DeclarationError
from ..schemas.json_values import JSON, is_plain, json_value, member_name
from ..schemas.repeatable import FreshDefault
from ..schemas.schema_values import schema_value
from ..schemas.wire_format import in_order

__all__ = [
    "Field",
    "Keywords",
    "declared_examples",
    "describe_field",
    "examples_of",
    "is_example_object",
    "metadata_keywords",
    "serialized",
    "serialized_default",
    "to_json_value",
]

T = TypeVar("T")
Field = fields.Field[Any]
Keywords = dict[str, Any]

_KEYWORDS = frozenset(
    {
        *("title", "description", "additionalProperties", "allOf", "anyOf", "const"),
        "contentEncoding",
        *("contentMediaType", "deprecated", "enum", "exclusiveMaximum", "exclusiveMinimum"),
        *("externalDocs", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum"),
        *("minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf"),
        *("pattern", "patternProperties", "properties", "propertyNames", "type", "uniqueItems"),
        "xml",
    }
)
# What an Example Object may have (OpenAPI 3.1.1, section 4.8.19, and 3.2.0).
_EXAMPLE_OBJECT = frozenset(
    {"summary", "description", "value", "externalValue", "dataValue", "serializedValue"}
)
# Fields that write something else than the value that they are given.
_WRITES_OTHERWISE = (fields.Method, fields.Function, fields.Constant)


def describe_field(field: Field) -> str:
    """Return where a field is declared, for messages: ``BookSchema.title``."""
    root = getattr(field, "root", None) or getattr(field, "parent", None)
    name = getattr(field, "name", "") or type(field).__name__
    return f"{type(root).__name__}.{name}" if root is not None else name


def to_json_value(field: Field, value: object) -> JSON:
    """Return a value as the field writes it.

    Raises:
        ValueError: The field does not write it as a JSON value.
    """
    if isinstance(field, fields.Constant) and value != field.constant:
        raise ValueError(f"{value!r} is not the constant {field.constant!r}")
    if isinstance(value, AbstractSet):
        value = in_order(value)
    try:
        # The method that every field class overrides.
        written = field._serialize(value, "", None)
    except Exception as error:
        raise ValueError(f"{value!r} cannot be written") from error
    if isinstance(written, Decimal):
        return str(written)
    return json_value(written)


def serialized(field: Field, value: object) -> JSON:
    """Return a value as the field writes it, or as it is where the field does not know it.

    Raises:
        ValueError: It is not a JSON value either way.
    """
    if is_plain(value):
        return json_value(value)
    if not isinstance(field, _WRITES_OTHERWISE):
        try:
            return to_json_value(field, value)
        except ValueError:
            pass
    return json_value(value, nan_is_null=True)


def serialized_default(field: Field, default: object, *, declared: bool) -> tuple[JSON, ...]:
    """Return a default as JSON, or nothing where it is made for each request or JSON cannot say it.

    Args:
        field: The field.
        default: Its default.
        declared: Whether the default stands in the metadata, and so is meant for the document.
    """
    if isinstance(default, FreshDefault):
        default = default.value
    if default is missing or (callable(default) and not declared):
        return ()
    if declared and _is_nan(default):
        return ()
    if declared:
        return (_checked(field, "metadata['default']", lambda: serialized(field, default)),)
    try:
        return (None if default is None else to_json_value(field, default),)
    except ValueError:
        return ()


def metadata_keywords(field: Field) -> Keywords:
    """Return the keywords that a field's metadata adds to its JSON Schema, without the default.

    Raises:
        DeclarationError: A value cannot be written as JSON.
    """
    out: Keywords = {}
    for name, value in field.metadata.items():
        if not isinstance(name, str):
            continue
        key = name.replace("_", "-") if name.startswith("x_") else name
        where = f"metadata[{name!r}]"
        if key.startswith("x-"):
            out[key] = _checked(field, where, partial(_extension, key, value))
        elif key in _KEYWORDS and not (value is False and key.startswith("exclusive")):
            out[key] = _checked(field, where, partial(_keyword, field, key, value), _KEYWORD)
    examples = _checked(field, "metadata['examples']", lambda: declared_examples(field))
    return {**out, "examples": examples} if examples else out


def _extension(name: str, value: object) -> JSON:
    member_name(name)
    return json_value(value, nan_is_null=True)


def _keyword(field: Field, key: str, value: object) -> JSON:
    """Return the value of a keyword, which is one that JSON Schema allows."""
    declared = {key: value}
    if value is True and key in _OTHER_BOUND:
        declared[_OTHER_BOUND[key]] = field.metadata.get(_OTHER_BOUND[key])
    written = schema_value(declared)
    return written[key] if isinstance(written, dict) else written


_OTHER_BOUND = {"exclusiveMaximum": "maximum", "exclusiveMinimum": "minimum"}


_VALUES = "Give strings, numbers, booleans, lists and dicts."
_KEYWORD = "Give a value that the keyword has in JSON Schema 2020-12."


def _checked(field: Field, where: str, make: Callable[[], T], remedy: str = _VALUES) -> T:
    try:
        return make()
    except ValueError as error:
        raise DeclarationError(
            f"{describe_field(field)}: {where} cannot be written into the document: {error}. "
            f"{remedy}"
        ) from error


def declared_examples(field: Field) -> list[JSON]:
    """Return the examples in a field's metadata, as JSON.

    Raises:
        ValueError: One of them is not a JSON value.
    """
    given = field.metadata.get("examples", missing)
    if given is missing:
        given = [field.metadata["example"]] if "example" in field.metadata else []
    return [serialized(field, each) for each in examples_of(given) if not _is_nan(each)]


def _is_nan(value: object) -> bool:
    """Return whether a value is a number that JSON does not have."""
    return isinstance(value, (float, Decimal)) and not math.isfinite(value)


def examples_of(given: object) -> Iterable[object]:
    """Return the values of examples: given one by one, by name, or as OpenAPI's Example Objects."""
    if isinstance(given, Mapping):
        return [found for each in given.values() for found in _values_of(each, named=True)]
    if isinstance(given, AbstractSet):
        return in_order(given)
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        return [found for each in given for found in _values_of(each, named=False)]
    return [given]


def is_example_object(example: Mapping[object, object]) -> bool:
    """Return whether a mapping is an Example Object, by the words beside the value."""
    words = example.keys() & {"summary", "description", "externalValue"}
    return bool(words) and example.keys() <= _EXAMPLE_OBJECT


def _values_of(example: object, *, named: bool) -> list[object]:
    """Return the value of an Example Object, none if it stands elsewhere; other values as they are.

    A mapping in a list may be the example itself, so only words beside the value tell.
    """
    if not isinstance(example, Mapping) or not example.keys() <= _EXAMPLE_OBJECT:
        return [example]
    if not example or not (named or is_example_object(example)):
        return [example]
    for name in ("value", "dataValue"):
        if name in example:
            return [example[name]]
    return [] if example.keys() & {"externalValue", "serializedValue"} else [example]
