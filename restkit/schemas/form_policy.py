"""The meaning of form values that differs from JSON: checkboxes, empty and absent values.

A browser sends ``on`` for a checkbox, nothing for one that is not checked, and an empty text for
each input that nobody filled in. Parsing and the document follow these functions.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import cast

from marshmallow import Schema, ValidationError, fields, validate

from ..records import Record
from .uploads import Upload
from .wire_format import each_validator
from .wire_formats import wire_of

__all__ = [
    "ADD_FIELD",
    "FRAMEWORK_FIELDS",
    "METHOD_FIELD",
    "FormLimits",
    "has_lists",
    "is_partial",
    "must_be_filled_in",
    "takes_empty",
    "unchecked",
]

_Field = fields.Field[object]

ADD_FIELD = "_add"
"""The field of the button that asks for another row of a list; its value is the list."""

METHOD_FIELD = "_method"
"""The field that names the verb that is meant in place of POST."""

FRAMEWORK_FIELDS = frozenset({METHOD_FIELD, "csrf_token", ADD_FIELD})
"""The fields of a form that restkit reads itself; a schema need not name them."""


class FormLimits(Record):
    """The limits of a form, by the names that they have in `Settings`.

    Attributes:
        max_body_size: The largest form without files, in bytes.
        max_upload_size: The largest multipart form, in bytes.
    """

    max_body_size: int
    max_upload_size: int


_NEVER_EMPTY = (
    fields.Number,
    fields.Boolean,
    fields.Date,
    fields.DateTime,
    fields.Time,
    fields.TimeDelta,
    fields.UUID,
    fields.IP,
    fields.IPInterface,
    fields.Constant,
)
_OWN_VALIDATORS = (
    validate.ContainsOnly,
    validate.Email,
    validate.Equal,
    validate.Length,
    validate.NoneOf,
    validate.OneOf,
    validate.Regexp,
    validate.URL,
)


def is_partial(name: str, schema: Schema, *, patch: bool) -> bool:
    """Return whether an absent field means that nothing changes.

    Args:
        name: The name of the field in the schema.
        schema: The schema.
        patch: Whether the schema is bound for a PATCH.
    """
    partial = schema.partial
    if isinstance(partial, bool) or partial is None:
        return patch or bool(partial)
    return name in partial


def unchecked(field: _Field) -> str | None:
    """Return the text of a checkbox that is not checked, which an absent Boolean stands for.

    Returns:
        None for a field that is no checkbox: it is no Boolean, or may be null, which makes a third
        choice.
    """
    if not isinstance(field, fields.Boolean) or field.allow_none or not field.truthy:
        return None
    if wire_of(field) is not None:
        return "false"
    return min((each for each in field.falsy if isinstance(each, str) and each), default=None)


def has_lists(found: Mapping[str, _Field], depth: int = 0) -> bool:
    """Return whether a form with some fields has a list to which it can add a row."""
    if ADD_FIELD in found:
        return False  # the form's own field
    for each in found.values():
        if isinstance(each, fields.List):
            return True
        if isinstance(each, fields.Nested) and not isinstance(each, fields.Pluck) and depth < 12:
            schema = each.schema
            if each.many or schema.many or has_lists(schema.load_fields, depth + 1):
                return True
    return False


def must_be_filled_in(field: _Field) -> bool:
    """Return whether an empty text is an error of a field: its control is then ``required``.

    It is none of a list, which an empty text leaves empty.
    """
    if not field.required or field.allow_none or isinstance(field, fields.List):
        return False
    return unchecked(field) is None and not takes_empty(field)


def takes_empty(field: _Field) -> bool:
    """Return whether an empty text is a value of a field, and not a field left empty.

    A required field has it as a value only if a validator names it: a choice that is empty, or a
    length of 0.
    """
    if isinstance(field, (fields.Boolean, fields.Enum)):
        return _is_choice("", field)
    if isinstance(field, Upload):
        return True  # a file without content; none chosen is no value
    if field.required and not _names_empty(field):
        return False
    if isinstance(field, fields.Pluck):
        return takes_empty(field.schema.fields[field.field_name])
    if isinstance(field, (fields.Nested, fields.Mapping, *_NEVER_EMPTY)):
        return False
    if isinstance(field, fields.String):
        return not field.allow_none and _is_valid("", field)
    return True


def _is_choice(text: str, field: fields.Boolean | fields.Enum[enum.Enum]) -> bool:
    if isinstance(field, fields.Boolean):
        return text in field.truthy or text in field.falsy
    members = cast("Iterable[enum.Enum]", field.enum)
    return any(member.value == text for member in members) and field.by_value is not False


def _names_empty(field: _Field) -> bool:
    """Return whether a validator says that a text may be empty."""
    return any(map(_is_about_empty, each_validator(field.validators)))


def _is_about_empty(validator: object) -> bool:
    if isinstance(validator, validate.OneOf):
        return "" in validator.choices
    if isinstance(validator, validate.Equal):
        return bool(validator.comparable == "")
    return isinstance(validator, validate.Length) and 0 in (validator.min, validator.equal)


def _is_valid(value: str, field: fields.String) -> bool:
    """Return whether marshmallow's own validators of a field accept a value."""
    for validator in each_validator(field.validators):
        if type(validator) in _OWN_VALIDATORS:
            try:
                validator(value)
            except (ValidationError, TypeError):
                return False
    return True
