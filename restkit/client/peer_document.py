"""The operations of an OpenAPI document (3.0, 3.1 and 3.2), as a client needs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from ..errors import DeclarationError
from .peer_operation import PeerContent, PeerOperation, PeerParameter

__all__ = ["PeerDocument", "operations_of"]

Node = Mapping[str, object]

_METHODS = {
    each: each.upper()
    for each in ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
}
_METHODS["x-query"] = "QUERY"  # how restkit writes it before OpenAPI 3.2
# What the client itself sends.
_OWN_HEADERS = frozenset(
    {
        "accept",
        "authorization",
        "content-type",
        "idempotency-key",
        "traceparent",
        "tracestate",
        "x-request-id",
        "x-request-timeout-ms",
    }
)
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_MOST_REFERENCES = 32


class PeerDocument:
    """An OpenAPI document, whose references are followed.

    Attributes:
        root: The document.
    """

    def __init__(self, root: Node) -> None:
        """Keep the document.

        Raises:
            DeclarationError: It is no OpenAPI document of version 3.
        """
        if not str(root.get("openapi", "")).startswith("3."):
            raise DeclarationError(
                "A client needs an OpenAPI document: an object with openapi: 3.x.x, and paths."
            )
        self.root = root

    def resolved(self, node: object) -> Node:
        """Return an object, the one that it refers to if it is a reference, {} if it is none."""
        for _ in range(_MOST_REFERENCES):
            found = _object(node)
            reference = found.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return found
            node = self._at(reference[2:])
        return {}

    def _at(self, pointer: str) -> object:
        node: object = self.root
        for part in pointer.split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            node = _object(node).get(name)
        return node

    def members(self, schema: object) -> dict[str, object]:
        """Return the schemas of an object's members by name, {} if it has none."""
        found: dict[str, object] = {}
        for node in self._parts(schema, set(), 0):
            found.update(self.resolved(node.get("properties")))
        return found

    def _parts(self, schema: object, seen: set[int], depth: int) -> Iterator[Node]:
        """Yield a schema after those that it is made of, each once: they may name each other."""
        node = self.resolved(schema)
        if id(node) in seen or depth > _MOST_REFERENCES:
            return
        seen.add(id(node))
        for name in ("allOf", "anyOf", "oneOf"):
            for each in _listed(node.get(name)):
                yield from self._parts(each, seen, depth + 1)
        yield node

    def is_array(self, schema: object) -> bool:
        """Return whether a schema is that of an array."""
        kind = self.resolved(schema).get("type")
        return kind == "array" or (isinstance(kind, list) and "array" in kind)

    def operations(self) -> Iterator[tuple[str, str, Node, Node]]:
        """Yield method, path, Operation Object and Path Item Object of each operation."""
        for path, item in self.resolved(self.root.get("paths")).items():
            shared = self.resolved(item)
            for name, method in _METHODS.items():
                if name in shared:
                    yield method, path, self.resolved(shared[name]), shared


def operations_of(root: Node) -> dict[str, PeerOperation]:
    """Return the operations of a document by operationId; others cannot be called.

    Raises:
        DeclarationError: It is no OpenAPI document of version 3.
    """
    document = PeerDocument(root)
    found: dict[str, PeerOperation] = {}
    for method, path, node, item in document.operations():
        name = node.get("operationId")
        if isinstance(name, str):
            reader = _Reader(document, node)
            given = [*_listed(item.get("parameters")), *_listed(node.get("parameters"))]
            body = document.resolved(node.get("requestBody"))
            found[name] = PeerOperation(
                name,
                method,
                path,
                tuple(reader.parameters(given)),
                tuple(reader.contents(body)),
                body.get("required") is True,
                reader.accept(),
                tuple(sorted(reader.responses)),
                reader.takes_key(given),
                reader.items() if method in ("GET", "QUERY") else None,
            )
    return found


class _Reader:
    """The parts of one operation."""

    def __init__(self, document: PeerDocument, node: Node) -> None:
        self._document = document
        self.responses: dict[int, Node] = {}
        for status, response in document.resolved(node.get("responses")).items():
            if status.isdecimal():
                self.responses[int(status)] = document.resolved(response)

    def parameters(self, given: Sequence[object]) -> Iterator[PeerParameter]:
        """Yield the parameters; those of the operation override those of the path."""
        known: dict[tuple[str, str], PeerParameter] = {}
        for each in given:
            node = self._document.resolved(each)
            name, location = str(node.get("name", "")), str(node.get("in", ""))
            if location not in _STYLES or (location == "header" and name.lower() in _OWN_HEADERS):
                continue
            style = str(node.get("style", _STYLES[location]))
            known[location, name] = PeerParameter(
                name,
                location,
                node.get("required") is True,
                style,
                bool(node.get("explode", style == "form")),
                "content" in node,
            )
        yield from known.values()

    def contents(self, body: Node) -> Iterator[PeerContent]:
        """Yield the media types of the content of requests."""
        for media_type, media in self._document.resolved(body.get("content")).items():
            schema = self._document.resolved(media).get("schema")
            yield PeerContent(media_type, tuple(self._document.members(schema)))

    def _success(self) -> Iterator[Node]:
        return (node for status, node in self.responses.items() if 200 <= status < 300)

    def accept(self) -> str:
        """Return the value of Accept: JSON if there is a choice."""
        content = (self._document.resolved(each.get("content")) for each in self._success())
        types = list(dict.fromkeys(name for each in content for name in each))
        if not types or any(each.endswith("json") for each in types):
            return "application/json, application/problem+json"
        return ", ".join([*types, "application/problem+json"])

    def takes_key(self, given: Sequence[object]) -> bool:
        """Return whether repeated requests have one effect, by an Idempotency-Key."""
        names = [str(self._document.resolved(each).get("name", "")).lower() for each in given]
        if "idempotency-key" in names:
            return True
        # restkit documents an optional key by the header of the responses.
        headers = (self._document.resolved(each.get("headers")) for each in self._success())
        return any(name.lower() == "idempotent-replayed" for each in headers for name in each)

    def items(self) -> str | None:
        """Return the member that has the items of a page, None if the response is no page."""
        response = self.responses.get(200, {})
        content = self._document.resolved(response.get("content"))
        media = self._document.resolved(content.get("application/json"))
        schema = self._document.resolved(media.get("schema"))
        has_link = "Link" in self._document.resolved(response.get("headers"))
        if self._document.is_array(schema):
            return "" if has_link else None
        members = self._document.members(schema)
        lists = [name for name, each in members.items() if self._document.is_array(each)]
        is_page = len(lists) == 1 and (has_link or "next" in members)
        return lists[0] if is_page else None


def _object(node: object) -> Node:
    return cast("Node", node) if isinstance(node, Mapping) else {}


def _listed(node: object) -> list[object]:
    return cast("list[object]", node) if isinstance(node, list) else []
