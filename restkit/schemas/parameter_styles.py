"""How the value of a field is written outside JSON: in a query, a header, a cookie or a form.

`style_of` decides it once for parsing and for the document (OpenAPI 3.1.1, sections 4.8.12.2 and
4.8.15), and rejects fields that no text can satisfy.
"""

from __future__ import annotations

import enum
from typing import Any, Literal

from marshmallow import fields

from ..errors import DeclarationError
from ..records import Record

__all__ = ["ParameterStyle", "TextLocation", "Writing", "style_of", "takes_text"]

_Field = fields.Field[Any]
TextLocation = Literal["query", "headers", "cookies", "form", "files"]

_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_STYLES = {delimiter: style for style, delimiter in _DELIMITERS.items() if style != "simple"}
_OBJECTS = (fields.Nested, fields.Mapping)
_LISTS = (fields.List, fields.Tuple)


class Writing(enum.Enum):
    """The way from texts to the one value that a field loads."""

    ONE = "one"
    REPEATED = "repeated"
    DELIMITED = "delimited"
    MEMBERS = "members"


class ParameterStyle(Record):
    """The serialization of one field.

    Attributes:
        writing: How texts are put together.
        name: OpenAPI's ``style``, ``""`` if there is nothing to say.
        explode: OpenAPI's ``explode``.
        delimiter: The separator of the items of a delimited list.
        is_json: Whether each text is a JSON text.
    """

    writing: Writing
    name: str = ""
    explode: bool = True
    delimiter: str = ""
    is_json: bool = False


_ONE = ParameterStyle(Writing.ONE)
_JSON = ParameterStyle(Writing.ONE, is_json=True)
_JSON_ITEMS = ParameterStyle(Writing.REPEATED, is_json=True)
_DEEP_OBJECT = ParameterStyle(Writing.MEMBERS, "deepObject")


def style_of(
    name: str, field: _Field, location: TextLocation, declared_at: str = ""
) -> ParameterStyle:
    """Return how a field is written.

    Args:
        name: The field's name, for messages.
        field: The field, bound to its schema.
        location: Where its value stands.
        declared_at: Where the schema is declared, for messages.

    Raises:
        DeclarationError: No text can be a value of the field, or its metadata names a style that
            the location does not have.
    """
    if isinstance(field, _LISTS):
        found = _list_style(field, location)
    elif _is_many(field):
        found = _items_style(_plucked(field) or field, location)
    elif plucked := _plucked(field):
        found = _ONE if _is_scalar(plucked) else None
    elif isinstance(field, _OBJECTS):
        found = _object_style(field, location)
    else:
        found = _ONE if _is_scalar(field) else None
    if found is not None:
        return found
    raise DeclarationError(
        f"{declared_at}: the {location} field {name!r} is a {_described(field)}, which no value "
        f"{_ADVICE.get(location, 'can satisfy')}."
    )


_ADVICE = {
    "query": "of a query can satisfy; a query has single values, lists of them and flat objects "
    "(deepObject), so send the rest in a body",
    "headers": "of a header can satisfy; a header is a single value or a list of them",
    "cookies": "of a cookie can satisfy; a cookie is a single value or a list of them",
    "form": "of a form can satisfy; a form has single values, objects (as JSON) and lists of them",
}


def takes_text(field: _Field) -> bool:
    """Return whether a list takes its items as one text, as the `DelimitedList` of webargs does."""
    own = type(field)._deserialize
    if not isinstance(field, _LISTS) or own in (
        fields.List._deserialize,
        fields.Tuple._deserialize,
    ):
        return False
    if isinstance(getattr(field, "delimiter", None), str):
        return True
    try:
        field._deserialize([], None, None)  # NOTE: marshmallow has no public way to ask
    except Exception:  # noqa: BLE001  # whatever a field of the user's own raises for a list
        return True
    return False


def _list_style(field: _Field, location: TextLocation) -> ParameterStyle | None:
    if takes_text(field):
        return _own_delimiter(field, location)
    if isinstance(field, fields.List):
        return _items_style(field.inner, location, field)
    parts = field.tuple_fields if isinstance(field, fields.Tuple) else ()
    return _scalars_style(field, location) if all(map(_is_single, parts)) else None


def _items_style(
    item: _Field, location: TextLocation, holder: _Field | None = None
) -> ParameterStyle | None:
    if _is_single(item) or location == "files":
        return _scalars_style(holder or item, location)
    is_object = isinstance(item, _OBJECTS) and not isinstance(item, fields.Pluck)
    return _JSON_ITEMS if is_object and location == "form" else None


def _scalars_style(field: _Field, location: TextLocation) -> ParameterStyle:
    if location == "files":
        return ParameterStyle(Writing.REPEATED)
    if location == "headers":
        return ParameterStyle(Writing.DELIMITED, "simple", explode=False, delimiter=",")
    style = field.metadata.get("style", "form")
    delimiter = _DELIMITERS.get(str(style)) if style != "simple" else None
    exploded = field.metadata.get("explode", style == "form") is not False
    if delimiter is None or (exploded and style != "form"):
        raise DeclarationError(
            f"The field {field.name!r} has metadata style={style!r}, explode={exploded}; a list in "
            "a query, cookie or form is style 'form', or 'spaceDelimited' or 'pipeDelimited' with "
            "explode=False."
        )
    if exploded:
        return ParameterStyle(Writing.REPEATED, "form")
    return ParameterStyle(Writing.DELIMITED, str(style), explode=False, delimiter=delimiter)


def _own_delimiter(field: _Field, location: TextLocation) -> ParameterStyle:
    """Return the style of a list that takes one text: OpenAPI's name for it if there is one."""
    delimiter = getattr(field, "delimiter", "")
    if location == "headers" and delimiter == ",":
        return ParameterStyle(Writing.ONE, "simple", explode=False, delimiter=",")
    style = "" if location == "headers" else _STYLES.get(str(delimiter), "")
    return ParameterStyle(Writing.ONE, style, explode=False, delimiter=str(delimiter))


def _object_style(field: _Field, location: TextLocation) -> ParameterStyle | None:
    if location == "form":
        return _JSON
    return _DEEP_OBJECT if location == "query" and _is_flat(field) else None


def _is_flat(field: _Field) -> bool:
    """Return whether all members of an object are single values (OpenAPI's deepObject)."""
    if isinstance(field, fields.Nested):
        return all(_is_single(each) for each in field.schema.load_fields.values())
    value = field.value_field if isinstance(field, fields.Mapping) else None
    return value is None or _is_single(value)


def _is_single(field: _Field) -> bool:
    """Return whether one text is a value of a field."""
    if isinstance(field, _LISTS) or _is_many(field):
        return False
    plucked = _plucked(field)
    if plucked is not None:
        return _is_single(plucked)
    return not isinstance(field, _OBJECTS) and _is_scalar(field)


def _is_scalar(field: _Field) -> bool:
    """Return whether a text can be a value of a field that is neither a list nor an object."""
    if isinstance(field, (*_LISTS, *_OBJECTS)):
        return False
    if type(field) is fields.Boolean:
        return not field.truthy or any(
            isinstance(each, str) for each in (*field.truthy, *field.falsy)
        )
    if type(field) is fields.Enum and field.by_value is True:
        members: type[enum.Enum] = field.enum
        return any(isinstance(each.value, (str, int, float)) for each in members)
    return True


def _plucked(field: _Field) -> _Field | None:
    if not isinstance(field, fields.Pluck):
        return None
    found: _Field = field.schema.fields[field.field_name]
    return found


def _is_many(field: _Field) -> bool:
    return isinstance(field, fields.Nested) and bool(field.many or field.schema.many)


def _described(field: _Field) -> str:
    kind = type(field).__name__
    if isinstance(field, fields.List):
        return f"{kind} of {_described(field.inner)}"
    return f"{kind} with many=True" if _is_many(field) else kind
