"""The choices of a field: those of its type, of its validators, or of its metadata."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from marshmallow import fields, validate

from ..schemas.wire_format import each_validator, in_order

if TYPE_CHECKING:
    from ..openapi.metadata import Field

__all__ = ["Choices", "choices_of", "pairs_of", "text_of"]

Choices = tuple[tuple[str, str], ...]
"""Values and their labels."""


def choices_of(field: Field) -> Callable[[], Choices] | None:
    """Return a function that returns the choices of a field, None if it takes any value.

    ``metadata={"choices": ...}`` wins: values, pairs of a value and a label, a mapping of them, or
    a function that returns one of these, which is called for each page.
    """
    declared = field.metadata.get("choices")
    if callable(declared):
        function = declared
        return lambda: pairs_of(function())
    if declared is not None:
        known = pairs_of(declared)
        return lambda: known
    found = _of_field(field)
    return None if found is None else lambda: found


def _of_field(field: Field) -> Choices | None:
    if isinstance(field, fields.List):
        return _of_validators(field) or choices_now(field.inner)
    if isinstance(field, fields.Enum):
        return _of_enum(field)
    if isinstance(field, fields.Boolean):
        if not field.allow_none:
            return None
        return _of_validators(field) or (("true", "Yes"), ("false", "No"))
    return _of_validators(field)


def choices_now(field: Field) -> Choices | None:
    """Return the choices of a field as they are now."""
    found = choices_of(field)
    return None if found is None else found()


def _of_enum(field: fields.Enum[enum.Enum]) -> Choices:
    members = [each for each in field.enum if _is_taken(field, each)]
    return tuple(
        (_written(field, each), each.name.replace("_", " ").capitalize()) for each in members
    )


def _is_taken(field: fields.Enum[enum.Enum], member: enum.Enum) -> bool:
    choices = [
        each for each in each_validator(field.validators) if isinstance(each, validate.OneOf)
    ]
    return all(member in each.choices for each in choices)


def _written(field: fields.Enum[enum.Enum], member: enum.Enum) -> str:
    return text_of(field.serialize("it", {field.attribute or "it": member}))


def _of_validators(field: Field) -> Choices | None:
    for each in each_validator(field.validators):
        if isinstance(each, (validate.OneOf, validate.ContainsOnly)):
            inner = field.inner if isinstance(field, fields.List) else field
            labels = list(each.labels)
            values = in_order(each.choices)
            labels += [str(value) for value in values[len(labels) :]]
            texts = [_text(inner, value) for value in values]
            return tuple(zip(texts, map(str, labels), strict=False))
    return None


def _text(field: Field, value: object) -> str:
    try:
        return text_of(field.serialize("it", {field.attribute or "it": value}))
    except (AttributeError, TypeError, ValueError):  # a choice that is no value of the field
        return text_of(value)


def pairs_of(declared: object) -> Choices:
    """Return choices as pairs of texts.

    Args:
        declared: A mapping of values to labels, or values, or pairs of a value and a label.
    """
    if isinstance(declared, Mapping):
        declared = declared.items()
    items: list[object] = list(cast("Iterable[object]", declared))
    return tuple(_pair(each) for each in items)


def _pair(item: object) -> tuple[str, str]:
    if isinstance(item, (tuple, list)):
        value, label = item
        return text_of(value), str(label)
    return text_of(item), str(item)


def text_of(value: object) -> str:
    """Return a serialized value as a form has it: ``true``, not ``True``."""
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None:
        return ""
    if isinstance(value, (bool, dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
