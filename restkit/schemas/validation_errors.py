"""marshmallow's error messages as a flat list of faults: path, sentence, and code for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from .wire_format import wire_name

__all__ = ["Fault", "Flattener", "flatten"]

Path = tuple[str | int, ...]
_Made = Any  # a key or value of a mapping that a user's validator may have made
Fault = tuple[Path, str, str]
_Object = Mapping[_Made, _Made]
_MOST = 1024
_LONGEST = 256

_CODES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown",
    "Field may not be null.": "null",
    "Invalid input type.": "type",
}


class _Node:
    """A schema or field that messages refer to, with its members, codes and messages.

    Attributes:
        target: The schema or field, None if the messages refer to neither.
        members: The nodes below by the keys of messages.
        codes: The codes of messages.
        objects: The messages of the field that are objects.
        stranger: The messages of an unknown name, None if no name can be unknown.
        is_flat: True if each key but ``_schema`` is exactly one step of the path.
    """

    __slots__ = ("codes", "is_flat", "members", "objects", "stranger", "target")

    def __init__(self, target: object) -> None:
        self.target = target
        self.members: dict[object, _Node] = {}
        self.codes: dict[str, str] = {}
        self.objects: list[_Object] = []
        self.stranger: list[object] | None = None
        self.is_flat = not isinstance(target, (fields.Pluck, fields.Mapping))
        if isinstance(target, fields.Field):
            self.objects = _objects_of(target)
        if isinstance(target, (Schema, fields.Nested)):
            schema = target.schema if isinstance(target, fields.Nested) else target
            self.stranger = [schema.error_messages["unknown"]]


class Flattener:
    """The conversion of the messages of a ValidationError to faults, with a memory of the schema.

    PERF: the field of a message, and the code of the message, are looked up once for each; finding
    them anew took 28 thousand instructions a fault.
    """

    __slots__ = ("_codes", "_nodes", "_root", "_schema")

    def __init__(self, schema: Schema) -> None:
        """Flatten for a schema, the one that loaded: paths and codes follow its fields."""
        self._schema = schema
        self._root: _Node | None = None
        # SECURITY: unknown names come from clients, and a message may have a client's value in it:
        # few are kept, and none that is long.
        self._nodes = _MOST
        self._codes = _MOST

    def __call__(self, messages: object, *, many: bool = False) -> list[Fault]:
        """Return the faults: (path from the outside in, detail, code).

        Args:
            messages: Nested mappings and lists of texts, as marshmallow and validators write them.
            many: Whether the schema loaded a list.
        """
        faults: list[Fault] = []
        root = self._root
        if root is None:
            root = self._root = _Node(self._schema)
        if many:
            self._many(messages, root, faults)
        else:
            self._flatten(messages, (), root, faults)
        return faults

    def _many(self, messages: object, root: _Node, out: list[Fault]) -> None:
        if not isinstance(messages, Mapping):
            self._flatten(messages, (), root, out)
            return
        for key, below in messages.items():
            if isinstance(key, int):
                self._flatten(below, (key,), root, out)
            else:
                self._flatten({key: below}, (), root, out)

    def _flatten(self, messages: object, path: Path, node: _Node, out: list[Fault]) -> None:
        if type(messages) is dict or isinstance(messages, Mapping):
            self._flatten_object(messages, path, node, out)
        elif isinstance(messages, (list, tuple)):
            self._flatten_list(messages, path, node, out)
        else:
            out.append((path, str(messages), self._code(str(messages), node)))

    def _flatten_list(
        self, messages: Sequence[object], path: Path, node: _Node, out: list[Fault]
    ) -> None:
        for message in messages:
            if type(message) is str:
                out.append((path, message, node.codes.get(message) or self._code(message, node)))
            else:
                self._flatten(message, path, node, out)

    def _flatten_object(self, messages: _Object, path: Path, node: _Node, out: list[Fault]) -> None:
        """Flatten messages by key, or an object that is a message itself."""
        start = len(out)
        keys: Iterable[_Made] = messages
        if len(messages) > 1 or node.objects:
            keys = self._keys(messages, path, node, out)
        members = node.members
        for key in keys:
            below = messages[key]
            kind, inner = type(below), members.get(key)
            # PERF: most faults are lists of messages, in objects by name and index.
            if inner is None or (kind is not list and kind is not dict):
                if isinstance(below, str) and _has_text(messages, node.target):
                    out[start:] = [(path, *_text_and_code(messages, node.target))]
                    return
                self._flatten_member(key, below, path, node, out)
            elif kind is dict:
                self._flatten_object(below, (*path, key), inner, out)
            else:
                self._flatten_list(below, (*path, key), inner, out)

    def _keys(
        self, messages: _Object, path: Path, node: _Node, out: list[Fault]
    ) -> Iterable[_Made]:
        """Return the keys of messages in order, none if the object is a message itself."""
        if node.objects and messages in node.objects:
            out.append((path, *_text_and_code(messages, node.target)))
            return ()
        return messages if node.stranger is None else _in_order(messages, node.stranger)

    def _flatten_member(
        self, key: _Made, below: object, path: Path, node: _Node, out: list[Fault]
    ) -> None:
        if not node.is_flat or key == "_schema":
            self._flatten_odd(key, below, path, node, out)
            return
        inner = node.members.get(key)
        if inner is None:
            inner = _Node(_below(node.target, key))
            if self._nodes and len(str(key)) <= _LONGEST:
                self._nodes -= 1
                node.members[key] = inner
        self._flatten(below, (*path, key), inner, out)

    def _flatten_odd(
        self, key: _Made, below: object, path: Path, node: _Node, out: list[Fault]
    ) -> None:
        target = node.target
        if (
            isinstance(target, fields.Mapping)
            and isinstance(below, Mapping)
            and below.keys() <= {"key", "value"}
        ):
            parts = {"key": target.key_field, "value": target.value_field}
            for part, inner in below.items():
                self._flatten(inner, (*path, key), _Node(parts[part]), out)
        elif key == "_schema":
            self._flatten(below, path, node, out)
        elif isinstance(target, fields.Pluck) and isinstance(key, int):
            self._flatten(below, (*path, key), node, out)
        elif isinstance(target, fields.Pluck) and key == _plucked(target):
            # The input has no level for the plucked field itself.
            self._flatten(below, path, _Node(_below(target, key)), out)
        else:
            self._flatten(below, (*path, key), _Node(_below(target, key)), out)

    def _code(self, message: str, node: _Node) -> str:
        known = node.codes.get(message)
        if known is None:
            known = _code(message, node.target)
            if self._codes and len(message) <= _LONGEST:
                self._codes -= 1
                node.codes[message] = known
        return known


def flatten(messages: object, schema: Schema) -> list[Fault]:
    """Turn the messages of a ValidationError into faults by a `Flattener` that is not kept."""
    return Flattener(schema)(messages)


# The keys of the text in an object that is a message.
_TEXTS = ("message", "detail", "msg", "text", "error", "reason", "description", "title")


def _in_order(messages: _Object, stranger: list[object]) -> Iterable[object]:
    """Return the keys of messages: marshmallow reports unknown names in the order of a set."""
    unknown = [key for key, below in messages.items() if below == stranger]
    if len(unknown) < 2:
        return messages
    strangers = frozenset(unknown)
    return [*(key for key in messages if key not in strangers), *sorted(unknown, key=str)]


def _has_text(messages: _Object, node: object) -> bool:
    """Return whether an object is a message itself, and its keys are no members of the input.

    Fields and validators may have such messages, as in ``{"message": ..., "code": ...}``.
    """
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


def _plucked(field: fields.Pluck) -> str:
    return wire_name(field.field_name, field.schema.fields[field.field_name])


def _below(node: object, key: _Made) -> object:
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


def _field_of(schema: Schema, key: _Made) -> object:
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
