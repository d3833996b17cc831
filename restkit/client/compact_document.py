"""An OpenAPI document reduced to the parts that a client reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .peer_document import Node, PeerDocument
from .peer_operation import PeerOperation, PeerParameter

__all__ = ["compact"]


def compact(document: PeerDocument, operations: Mapping[str, PeerOperation]) -> Node:
    """Return a document with the same operations, from which `operations_of` reads the same.

    Args:
        document: The document.
        operations: The operations that were read of it.
    """
    paths: dict[str, dict[str, object]] = {}
    for method, path, node, _ in document.operations():
        known = operations.get(str(node.get("operationId")))
        if known is not None and (known.method, known.path) == (method, path):
            name = "x-query" if method == "QUERY" else method.lower()
            paths.setdefault(path, {})[name] = _operation(document, node, known)
    return {"openapi": "3.1.1", "paths": paths}


def _operation(document: PeerDocument, node: Node, known: PeerOperation) -> Node:
    made: dict[str, object] = {"operationId": known.operation_id}
    parameters = [_parameter(each) for each in known.parameters]
    if known.takes_key:
        parameters.append({"name": "Idempotency-Key", "in": "header"})
    if parameters:
        made["parameters"] = parameters
    if known.contents:
        content = {each.media_type: _content(each.members) for each in known.contents}
        made["requestBody"] = {"required": known.needs_content, "content": content}
    responses = document.resolved(node.get("responses"))
    made["responses"] = {
        str(status): _response(document, responses.get(str(status)), status, known)
        for status in known.statuses
    }
    return made


def _named(names: Iterable[str]) -> dict[str, object]:
    """Return an object with members of which nothing is said."""
    return {name: {} for name in names}


def _content(members: tuple[str, ...]) -> Node:
    return {"schema": {"properties": _named(members)}} if members else {}


def _parameter(each: PeerParameter) -> dict[str, object]:
    made: dict[str, object] = {"name": each.name, "in": each.location}
    if each.required:
        made["required"] = True
    made["style"], made["explode"] = each.style, each.explode
    if each.is_json:
        made["content"] = {}
    return made


def _response(document: PeerDocument, node: object, status: int, known: PeerOperation) -> Node:
    """Return a response: its media types, and the members that make it a page."""
    if not 200 <= status < 300:
        return {}
    content = document.resolved(document.resolved(node).get("content"))
    made: dict[str, object] = {"content": _named(content)}
    if status == 200 and known.items is not None:
        schema: Node = {"type": "array"}
        if known.items:
            schema = {"properties": {known.items: {"type": "array"}}}
        made["content"] = {**_named(content), "application/json": {"schema": schema}}
        made["headers"] = {"Link": {}}
    return made
