"""marshmallow's error messages as a flat list of faults: where, a sentence, and a code that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

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
    if type(messages) is list or isinstance(messages, (list, tuple)):
        for message in messages:
            if type(message) is str:
                out.append((path, message, _code(message, node)))
            else:
                _flatten(message, path, node, out)
    elif type(messages) is dict or isinstance(messages, Mapping):
        for key, below in messages.items():
            _flatten_member(key, below, path, node, out, many=many)
    else:
        out.append((path, str(messages), _code(str(messages), node)))


def _flatten_member(
    key: Any, below: Any, path: tuple[str | int, ...], node: Any, out: list[Fault], *, many: bool
) -> None:
    if key == "_schema" and not isinstance(node, fields.Mapping):
        _flatten(below, path, node, out)
    elif isinstance(node, fields.Pluck) and (isinstance(key, int) or key == _plucked(node)):
        inside = isinstance(key, int)  # the input has no level for the plucked field itself
        _flatten(below, (*path, key) if inside else path, node if inside else _below(node, key, many), out)
    elif isinstance(node, fields.Mapping) and isinstance(below, Mapping) and below.keys() <= {"key", "value"}:
        for part, inner in below.items():
            _flatten(inner, (*path, key), node.key_field if part == "key" else node.value_field, out)
    elif key == "_schema":
        _flatten(below, path, node, out)
    else:
        _flatten(below, (*path, key), _below(node, key, many), out)


def _plucked(field: fields.Pluck) -> str:
    return _key(field.field_name, field.schema.fields[field.field_name])


def _below(node: Any, key: Any, many: bool) -> Any:
    """Return the schema or field that a key of the messages speaks of, None where it is unknown."""
    if isinstance(node, Schema):
        if many and isinstance(key, int):
            return node
        found = node.fields.get(key)
        if found is not None and found.data_key is None:
            return found
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
        for code, text, stem in _templates(node):
            if message == text or (stem and message.startswith(stem)):
                return code
    return _CODES.get(message, "invalid")


# PERF: a field's templates are taken apart once; doing it for each fault cost 100 thousand instructions each.
_known: WeakKeyDictionary[Any, list[tuple[str, str, str]]] = WeakKeyDictionary()


def _templates(field: fields.Field[Any]) -> list[tuple[str, str, str]]:
    """Return what a field's messages look like: (code, the whole text, what stands before a placeholder)."""
    found = _known.get(field)
    if found is None:
        pairs = [(key, text) for key, text in field.error_messages.items() if isinstance(text, str)]
        for validator in field.validators:
            pairs += [(type(validator).__name__.lower(), text) for text in _texts(validator)]
        found = [(code, text, text.partition("{")[0] if "{" in text else "") for code, text in pairs]
        _known[field] = found
    return found


def _texts(validator: Any) -> list[str]:
    """Return the messages that a validator of marshmallow writes."""
    if not isinstance(validator, validate.Validator):
        return []
    texts = [text for name, text in vars(validator).items() if name in ("error", "message")]
    texts += [text for name, text in vars(type(validator)).items() if name.startswith(("message", "default_message"))]
    return [text for text in texts if isinstance(text, str)]


def _key(name: str, field: fields.Field[Any]) -> str:
    return field.data_key if field.data_key is not None else name
