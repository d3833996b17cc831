"""JSON Schemas as annotations of Python: objects are TypedDicts, the rest are built-in types."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from .peer_document import Node, PeerDocument

__all__ = ["ANY", "FILE", "TypeWriter", "class_name", "literal", "quoted", "union"]

ANY, FILE = "Any", "FileLike"
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
# What a client writes in these formats, besides text.
_WRITTEN = {"date": "date", "date-time": "datetime", "time": "time", "uuid": "UUID"}
_COMPONENTS = "#/components/schemas/"
_MOST_DEPTH = 24


def class_name(text: str) -> str:
    """Return a text as the name of a class: letters and digits, each word with a capital."""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", text) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Unnamed"
    return f"_{name}" if name[0].isdigit() else name


def quoted(text: str) -> str:
    """Return a text as a string of Python with ASCII characters alone."""
    # SECURITY: a document of another service must not write code.
    return ascii(text)


def literal(value: object) -> str | None:
    """Return a value as an argument of Literal, None if it cannot be one."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    return None


def _is_field(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name)


class TypeWriter:
    """The annotations of one document, and the classes that they name.

    Attributes:
        classes: The lines of the classes by name, in the order in which they were first named.
    """

    def __init__(self, document: PeerDocument, components: Node) -> None:
        """Name the components.

        Args:
            document: The document.
            components: Its schemas by name.
        """
        self._document = document
        self._components = components
        self.classes: dict[str, list[str]] = {}
        self._taken: set[str] = {ANY, FILE, "Iterable", "Pages", "TypedClient"}
        self._names: dict[str, str] = {}

    def annotation(
        self, schema: object, name: str, depth: int = 0, *, is_sent: bool = False
    ) -> str:
        """Return the annotation of a schema.

        Args:
            schema: The schema.
            name: The name of the class, if the schema needs one and has none.
            depth: The number of schemas around this one.
            is_sent: Whether the value is an argument, which may be a date or a UUID itself.
        """
        if depth > _MOST_DEPTH or not isinstance(schema, Mapping):
            return ANY
        node = cast("Node", schema)
        reference = node.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, depth, is_sent)
        if "const" in node or isinstance(node.get("enum"), list):
            return self._literals(node)
        for several in ("oneOf", "anyOf"):
            if isinstance(node.get(several), list):
                parts = cast("list[object]", node[several])
                return union(
                    self.annotation(each, f"{name}{index}", depth + 1, is_sent=is_sent)
                    for index, each in enumerate(parts, 1)
                )
        kinds = _kinds(node)
        found = [self._of_kind(kind, node, name, depth, is_sent) for kind in kinds]
        return union(found) if found else ANY

    def _literals(self, node: Node) -> str:
        values = [node["const"]] if "const" in node else cast("list[object]", node["enum"])
        known = [literal(each) for each in values]
        if not known or None in known:
            return ANY
        return f"Literal[{', '.join(dict.fromkeys(map(str, known)))}]"

    def _referred(self, reference: str, depth: int, is_sent: bool) -> str:
        """Return the class of a component, or the annotation of one that is no object."""
        key = reference.removeprefix(_COMPONENTS)
        schema = self._components.get(key)
        if not reference.startswith(_COMPONENTS) or schema is None:
            resolved = self._document.resolved({"$ref": reference})
            return self.annotation(resolved, class_name(reference.rpartition("/")[2]), depth + 1)
        if key not in self._names and self._is_object(schema):
            self._names[key] = self.define(class_name(key), schema)
        if key in self._names:
            return self._names[key]
        return self.annotation(schema, class_name(key), depth + 1, is_sent=is_sent)

    def _is_object(self, schema: object) -> bool:
        node = self._document.resolved(schema)
        is_union = "oneOf" in node or "anyOf" in node
        return not is_union and bool(self._document.members(node)) and "enum" not in node

    def _of_kind(self, kind: str, node: Node, name: str, depth: int, is_sent: bool) -> str:
        if kind == "array":
            item = self.annotation(node.get("items"), f"{name}Item", depth + 1, is_sent=is_sent)
            return f"list[{item}]"
        if kind == "object":
            if self._document.members(node):
                return self.define(name, node, depth)
            value = self.annotation(node.get("additionalProperties"), f"{name}Value", depth + 1)
            return f"dict[str, {value}]"
        form = node.get("format")
        if kind == "string" and form == "binary":
            return FILE if is_sent else "bytes"
        simple = _SIMPLE.get(kind, ANY)
        if is_sent and kind == "string" and form in _WRITTEN:
            return f"{simple} | {_WRITTEN[str(form)]}"
        return simple

    def define(self, name: str, schema: object, depth: int = 0, *, is_sent: bool = False) -> str:
        """Define a TypedDict and return its name.

        Args:
            name: The name, if it is not taken.
            schema: The schema of an object.
            depth: The number of schemas around this one.
            is_sent: Whether the values are arguments.
        """
        name = self._free(name)
        for key, each in self._components.items():
            if each is schema:
                self._names[key] = name  # before its members, which may refer to it
        self.classes[name] = []
        required = self._required(schema)
        fields: dict[str, str] = {}
        for member, each in self._document.members(schema).items():
            inner = f"{name}{class_name(member)}"
            found = self.annotation(each, inner, depth + 1, is_sent=is_sent)
            fields[member] = found if member in required else f"NotRequired[{found}]"
        self.classes[name] = list(_class_lines(name, fields))
        return name

    def _free(self, name: str) -> str:
        found, number = name, 2
        while found in self._taken or keyword.iskeyword(found):
            found, number = f"{name}{number}", number + 1
        self._taken.add(found)
        return found

    def _required(self, schema: object, depth: int = 0) -> set[str]:
        """Return the required members, those of each part of an allOf too."""
        node = self._document.resolved(schema)
        found = {each for each in _listed(node.get("required")) if isinstance(each, str)}
        if depth < _MOST_DEPTH:
            for each in _listed(node.get("allOf")):
                found |= self._required(each, depth + 1)
        return found

    def is_unpacked(self, schema: object, taken: Sequence[str]) -> bool:
        """Return whether the members of an object can be keyword arguments.

        Args:
            schema: The schema.
            taken: The names of other arguments.
        """
        members = self._document.members(schema)
        is_plain = all(map(_is_field, members)) and not {*taken, "self"} & members.keys()
        return self._is_object(schema) and is_plain


def _kinds(node: Node) -> list[str]:
    """Return the types of a schema, "null" among them where it is nullable (3.0)."""
    given = node.get("type")
    kinds = [given] if isinstance(given, str) else list(map(str, _listed(given)))
    if not kinds and ("properties" in node or "allOf" in node):
        kinds = ["object"]
    return [*kinds, "null"] if node.get("nullable") is True else kinds


def union(parts: Iterator[str] | Sequence[str]) -> str:
    """Return a union of annotations, each once, None at the end."""
    found = list(dict.fromkeys(part for each in parts for part in _split(each)))
    if ANY in found:
        return ANY
    return " | ".join(sorted(found, key=lambda each: each == "None"))


def _split(annotation: str) -> list[str]:
    return annotation.split(" | ") if "[" not in annotation else [annotation]


def _class_lines(name: str, fields: Mapping[str, str]) -> Iterator[str]:
    if all(map(_is_field, fields)):
        yield f"class {name}(TypedDict):"
        yield from (f"    {field}: {found}" for field, found in fields.items())
        return
    yield f"{name} = TypedDict("
    yield f"    {quoted(name)},"
    yield "    {"
    yield from (f"        {quoted(field)}: {quoted(found)}," for field, found in fields.items())
    yield "    },"
    yield ")"


def _listed(node: object) -> list[object]:
    return cast("list[object]", node) if isinstance(node, list) else []
