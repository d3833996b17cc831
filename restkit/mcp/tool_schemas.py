"""JSON Schemas of a document that stand alone: with ``$defs``, without the words of OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ..client.peer_document import PeerDocument

__all__ = ["SelfContained"]

Node = Mapping[str, object]
_COMPONENT = "#/components/schemas/"
# Schemas by name: the names are those of members, and may be any.
_MAPS = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
# JSON values that are not schemas.
_VALUES = frozenset({"default", "const", "enum"})
# Words of OpenAPI, and samples: a client sends them to a language model in each turn.
_OMITTED = frozenset({"discriminator", "xml", "externalDocs", "example", "examples", "deprecated"})
_NO_NUL = r"^[^\u0000]*$"  # what every string of restkit has


class SelfContained:
    """The schemas of one tool, with the components that they refer to.

    Attributes:
        definitions: The components by name.
    """

    def __init__(self, document: PeerDocument) -> None:
        """Begin without components."""
        self._document = document
        self.definitions: dict[str, object] = {}

    def root(self, schema: object) -> dict[str, object]:
        """Return a schema that stands at the root, which is no reference."""
        node = cast("Node", schema) if isinstance(schema, Mapping) else {}
        beside = {name: value for name, value in node.items() if name != "$ref"}
        return self.copy({**self._document.resolved(schema), **beside})

    def copy(self, schema: object) -> dict[str, object]:
        """Return a schema whose references are to the definitions."""
        found = self._copied(schema)
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}

    def _copied(self, node: object) -> object:
        if isinstance(node, list):
            return [self._copied(each) for each in node]
        if not isinstance(node, Mapping):
            return node
        made: dict[str, object] = {}
        for name, value in cast("Node", node).items():
            if name in _OMITTED or name.startswith("x-"):
                continue
            if name == "pattern" and value == _NO_NUL:
                continue
            made[name] = self._member(name, value)
        return made

    def _member(self, name: str, value: object) -> object:
        if name == "$ref" and isinstance(value, str):
            return self._reference(value)
        if name in _VALUES:
            return value
        if name in _MAPS and isinstance(value, Mapping):
            named = cast("Node", value)
            return {each: self._copied(schema) for each, schema in named.items()}
        return self._copied(value)

    def _reference(self, pointer: str) -> str:
        if not pointer.startswith(_COMPONENT):
            return pointer
        name = pointer.removeprefix(_COMPONENT)
        first = name.partition("/")[0]
        if first not in self.definitions:
            self.definitions[first] = {}  # it may refer to itself
            self.definitions[first] = self._copied(
                self._document.resolved({"$ref": f"{_COMPONENT}{first}"})
            )
        return f"#/$defs/{name}"

    def finished(self, schema: dict[str, object]) -> dict[str, object]:
        """Return a root schema with its definitions."""
        if not self.definitions:
            return schema
        return {**schema, "$defs": dict(sorted(self.definitions.items()))}
