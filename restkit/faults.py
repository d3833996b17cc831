"""marshmallow's error messages as a flat list of faults: where, a sentence, and a code that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

__all__ = ["Fault", "flatten"]

Fault = tuple[tuple[str | int, ...], str, str]

_CODES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown",
    "Field may not be null.": "null",
    "Invalid input type.": "type",
}


def flatten(messages: Any, schema: Schema, *, many: bool = False) -> list[Fault]:
    """Turn the messages of a ValidationError into faults: (path from the outside in, detail, code).

    Args:
        messages: Nested mappings and lists of texts, as marshmallow and users' validators write them.
        schema: The schema that loaded; paths and codes follow its fields.
        many: Whether it loaded a list.
    """
    faults: list[Fault] = []
    _flatten(messages, (), schema, faults, many=many)
    return faults


def _flatten(messages: Any, path: tuple[str | int, ...], node: Any, out: list[Fault], *, many: bool = False) -> None:
    """Turn marshmallow's nested messages into a flat list, following the schema for paths and codes."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            if isinstance(node, fields.Mapping) and isinstance(below, Mapping) and below.keys() <= {"key", "value"}:
                for part, inner in below.items():
                    _flatten(inner, (*path, key), node.key_field if part == "key" else node.value_field, out)
            elif key == "_schema":
                _flatten(below, path, node, out)
            elif isinstance(node, fields.Pluck) and key == _plucked(node):  # the input has no such level
                _flatten(below, path, _below(node, key, many), out)
            elif isinstance(node, fields.Pluck) and isinstance(key, int):
                _flatten(below, (*path, key), node, out)
            else:
                _flatten(below, (*path, key), _below(node, key, many), out)
    elif isinstance(messages, (list, tuple)):
        for message in messages:
            _flatten(message, path, node, out)
    else:
        out.append((path, str(messages), _code(str(messages), node)))


def _plucked(field: fields.Pluck) -> str:
    return _key(field.field_name, field.schema.fields[field.field_name])


def _below(node: Any, key: Any, many: bool) -> Any:
    """Return the schema or field that a key of the messages speaks of, None where it is unknown."""
    if isinstance(node, Schema):
        if many and isinstance(key, int):
            return node
        return next((field for name, field in node.fields.items() if _key(name, field) == key), None)
    if isinstance(node, fields.Nested):
        nested = node.schema
        if isinstance(key, int):
            return nested
        return _below(nested, key, many=False)
    if isinstance(node, fields.List):
        return node.inner
    if isinstance(node, fields.Tuple) and isinstance(key, int) and 0 <= key < len(node.tuple_fields):
        return node.tuple_fields[key]
    return None


def _code(message: str, node: Any) -> str:
    if isinstance(node, fields.Field):
        for key, text in node.error_messages.items():
            if isinstance(text, str) and _is_of(message, text):
                return key
        for validator in node.validators:
            if _speaks(validator, message):
                return type(validator).__name__.lower()
    return _CODES.get(message, "invalid")


def _speaks(validator: Any, message: str) -> bool:
    """Whether a message is one that this validator of marshmallow writes."""
    if not isinstance(validator, validate.Validator):
        return False
    texts = [text for name, text in vars(validator).items() if name in ("error", "message") and isinstance(text, str)]
    texts += [text for name, text in vars(type(validator)).items() if name.startswith(("message", "default_message"))]
    return any(_is_of(message, text) for text in texts if isinstance(text, str))


def _is_of(message: str, template: str) -> bool:
    """Whether a message was made of a template: the same, or the same up to the first placeholder."""
    stem, placeholder, _ = template.partition("{")
    return message == template or bool(stem and placeholder and message.startswith(stem))


def _key(name: str, field: fields.Field[Any]) -> str:
    return field.data_key if field.data_key is not None else name
