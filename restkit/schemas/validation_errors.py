"""marshmallow's error messages as a flat list of faults: path, sentence, and code for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from .wire_format import wire_name

__all__ = ["Fault", "Flattener", "flatten"]

Path = tuple[str | int, ...]
_Key = Any  # of a mapping that a user's validator may have made
Fault = tuple[Path, str, str]
_Object = Mapping[object, object]
_MOST = 1024

_CODES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown",
    "Field may not be null.": "null",
    "Invalid input type.": "type",
}


class Flattener:
    """The conversion of the messages of a ValidationError to faults, with a memory of the schema.

    PERF: the field of a message, and the code of the message, are looked up once for each; finding
    them anew took 28 thousand instructions a fault.
    """

    __slots__ = ("_codes", "_members", "_objects", "_schema")

    def __init__(self, schema: Schema) -> None:
        """Flatten for a schema, the one that loaded: paths and codes follow its fields."""
        self._schema = schema
        self._codes: dict[tuple[int, str], tuple[object, str]] = {}
        self._members: dict[tuple[int, object], tuple[object, object]] = {}
        self._objects: dict[int, tuple[object, list[_Object]]] = {}

    def __call__(self, messages: object, *, many: bool = False) -> list[Fault]:
        """Return the faults: (path from the outside in, detail, code).

        Args:
            messages: Nested mappings and lists of texts, as marshmallow and validators write them.
            many: Whether the schema loaded a list.
        """
        faults: list[Fault] = []
        if many:
            self._many(messages, faults)
        else:
            self._flatten(messages, (), self._schema, faults)
        return faults

    def _many(self, messages: object, out: list[Fault]) -> None:
        if not isinstance(messages, Mapping):
            self._flatten(messages, (), self._schema, out)
            return
        for key, below in messages.items():
            if isinstance(key, int):
                self._flatten(below, (key,), self._schema, out)
            else:
                self._flatten({key: below}, (), self._schema, out)

    def _flatten(self, messages: object, path: Path, node: object, out: list[Fault]) -> None:
        if type(messages) is list or isinstance(messages, (list, tuple)):
            for message in messages:
                if type(message) is str:
                    out.append((path, message, self._code(message, node)))
                else:
                    self._flatten(message, path, node, out)
        elif type(messages) is dict or isinstance(messages, Mapping):
            if self._is_message(messages, node):
                out.append((path, *_text_and_code(messages, node)))
                return
            keys = messages if len(messages) < 2 else _in_order(messages, node)
            self._flatten_members(keys, messages, path, node, out)
        else:
            out.append((path, str(messages), self._code(str(messages), node)))

    def _flatten_members(
        self, keys: Iterable[_Key], messages: _Object, path: Path, node: object, out: list[Fault]
    ) -> None:
        members, codes, place = self._members, self._codes, id(node)
        for key in keys:
            below = messages[key]
            known = members.get((place, key))
            if known is None or type(below) is not list or len(below) != 1:
                self._flatten_member(key, below, path, node, out)
                continue
            # PERF: a name with one message is what most faults are; this takes a third of the rest.
            message, inner = below[0], known[1]
            if type(message) is not str:
                self._flatten(below, (*path, key), inner, out)
                continue
            code = codes.get((id(inner), message))
            out.append(((*path, key), message, code[1] if code else self._code(message, inner)))

    def _is_message(self, messages: _Object, node: object) -> bool:
        """Return whether an object is a message itself, and its keys are no members of the input.

        Fields and validators may have such messages, as in ``{"message": ..., "code": ...}``.
        """
        if isinstance(node, fields.Field):
            known = self._objects.get(id(node))
            if known is None:
                known = self._objects[id(node)] = (node, _objects_of(node))
            if known[1] and messages in known[1]:
                return True
        for each in messages.values():
            # PERF: most are lists of messages or objects by name, as marshmallow has them.
            if type(each) is not list and type(each) is not dict and isinstance(each, str):
                return _has_text(messages, node)
        return False

    def _flatten_member(
        self, key: _Key, below: object, path: Path, node: object, out: list[Fault]
    ) -> None:
        known = self._members.get((id(node), key))
        if known is None:
            if not _is_plain(node, key):
                self._flatten_odd(key, below, path, node, out)
                return
            known = (node, _below(node, key))
            if len(self._members) < _MOST:  # SECURITY: unknown names come from clients
                self._members[id(node), key] = (
                    known  # with the node, whose id nothing else must get
                )
        self._flatten(below, (*path, key), known[1], out)

    def _flatten_odd(
        self, key: _Key, below: object, path: Path, node: object, out: list[Fault]
    ) -> None:
        if (
            isinstance(node, fields.Mapping)
            and isinstance(below, Mapping)
            and below.keys() <= {"key", "value"}
        ):
            parts = {"key": node.key_field, "value": node.value_field}
            for part, inner in below.items():
                self._flatten(inner, (*path, key), parts[part], out)
        elif key == "_schema":
            self._flatten(below, path, node, out)
        elif isinstance(node, fields.Pluck) and isinstance(key, int):
            self._flatten(below, (*path, key), node, out)
        elif isinstance(node, fields.Pluck) and key == _plucked(node):
            # The input has no level for the plucked field itself.
            self._flatten(below, path, _below(node, key), out)
        else:
            self._flatten(below, (*path, key), _below(node, key), out)

    def _code(self, message: str, node: object) -> str:
        known = self._codes.get((id(node), message))
        if known is None:
            known = (node, _code(message, node))
            if len(self._codes) < _MOST:  # SECURITY: a message may have a client's value in it
                self._codes[id(node), message] = known
        return known[1]


def flatten(messages: object, schema: Schema) -> list[Fault]:
    """Turn the messages of a ValidationError into faults by a `Flattener` that is not kept."""
    return Flattener(schema)(messages)


# The keys of the text in an object that is a message.
_TEXTS = ("message", "detail", "msg", "text", "error", "reason", "description", "title")


def _in_order(messages: _Object, node: object) -> Iterable[object]:
    """Return the keys of messages: marshmallow reports unknown names in the order of a set."""
    if not _has_equal(messages) or not isinstance(node, (Schema, fields.Nested)):
        return messages
    schema = node.schema if isinstance(node, fields.Nested) else node
    stranger = [schema.error_messages["unknown"]]
    unknown = [key for key, below in messages.items() if below == stranger]
    if len(unknown) < 2:
        return messages
    strangers = frozenset(unknown)
    return [*(key for key in messages if key not in strangers), *sorted(unknown, key=str)]


def _has_equal(messages: _Object) -> bool:
    """Return whether two names have the same message, as unknown names have."""
    seen: set[object] = set()
    for below in messages.values():
        # PERF: unlike `isinstance` of a Schema, which takes 3 thousand instructions.
        if type(below) is list and len(below) == 1 and type(below[0]) is str:
            if below[0] in seen:
                return True
            seen.add(below[0])
        elif isinstance(below, list):
            return True
    return False


def _has_text(messages: _Object, node: object) -> bool:
    """Return whether an object has the text of a message, under a key that is no member."""
    texts = [name for name in _TEXTS if isinstance(messages.get(name), str)]
    if not texts or any(isinstance(each, (list, tuple)) for each in messages.values()):
        return False
    return all(_below(node, name) is None for name in texts)


def _objects_of(field: fields.Field[object]) -> list[_Object]:
    """Return those messages of a field that are objects."""
    return [each for each in field.error_messages.values() if isinstance(each, Mapping)]


def _text_and_code(message: _Object, node: object) -> tuple[str, str]:
    texts = [each for name in _TEXTS if isinstance(each := message.get(name), str)]
    text = texts[0] if texts else json.dumps(message, ensure_ascii=False, default=str)
    if isinstance(node, fields.Field):
        for code, known in node.error_messages.items():
            if known == message:
                return text, code
    own: object = message.get("code")
    return text, own if isinstance(own, str) else "invalid"


def _is_plain(node: object, key: _Key) -> bool:
    """Return whether a key of the messages is exactly one step of the path."""
    return key != "_schema" and not isinstance(node, (fields.Pluck, fields.Mapping))


def _plucked(field: fields.Pluck) -> str:
    return wire_name(field.field_name, field.schema.fields[field.field_name])


def _below(node: object, key: _Key) -> object:
    """Return the schema or field that a key of the messages refers to, None if it is unknown."""
    if isinstance(node, Schema):
        return _field_of(node, key)
    if isinstance(node, fields.Nested):
        nested = node.schema
        if isinstance(key, int):
            return nested
        return _below(nested, key)
    if isinstance(node, fields.List):
        return node.inner
    if (
        isinstance(node, fields.Tuple)
        and isinstance(key, int)
        and 0 <= key < len(node.tuple_fields)
    ):
        return node.tuple_fields[key]
    return None


def _field_of(schema: Schema, key: _Key) -> object:
    """Return the field of a schema by its name on the wire."""
    found = schema.fields.get(key)
    if found is not None and found.data_key is None:
        return found
    for name, field in schema.fields.items():
        if wire_name(name, field) == key:
            return field
    return None


def _code(message: str, node: object) -> str:
    if isinstance(node, fields.Field):
        for code, text, stem in _templates(node):
            if message == text or (stem and message.startswith(stem)):
                return code
    return _CODES.get(message, "invalid")


def _templates(field: fields.Field[Any]) -> list[tuple[str, str, str]]:
    """Return a field's messages: (code, the whole text, the part before a placeholder)."""
    pairs: list[tuple[str, str]] = []
    for key, message in field.error_messages.items():
        texts = message if isinstance(message, list) else [message]
        pairs += [(key, text) for text in texts if isinstance(text, str)]
    for validator in field.validators:
        pairs += [(type(validator).__name__.lower(), text) for text in _texts(validator)]
    return [(code, text, _stem(text)) for code, text in pairs]


def _stem(text: str) -> str:
    return text.partition("{")[0] if "{" in text else ""


def _texts(validator: object) -> list[str]:
    """Return the messages that a validator of marshmallow writes."""
    if not isinstance(validator, validate.Validator):
        return []
    texts = [text for name, text in vars(validator).items() if name in ("error", "message")]
    texts += [
        text
        for name, text in vars(type(validator)).items()
        if name.startswith(("message", "default_message"))
    ]
    return [text for text in texts if isinstance(text, str)]
