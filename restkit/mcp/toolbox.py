"""The tools of an App, made of the OpenAPI document of its chosen Operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from ..client.peer_document import PeerDocument, operations_of
from ..client.peer_operation import PeerParameter
from ..contract import Operation
from ..error_formats import DEFAULT_FORMATS
from ..media import is_json
from ..openapi.document import build
from .selection import reads
from .tool import BODY, NEXT, Tool, environ_key
from .tool_schemas import SelfContained

__all__ = ["make_tools"]

Node = Mapping[str, object]
_STYLES = {"path": "simple", "header": "simple", "query": "form"}
# What the endpoint itself sends, and what decides about the response as a whole.
_OTHER_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "authorization",
        "content-type",
        "cookie",
        "forwarded",
        "host",
        "origin",
        "prefer",
        "traceparent",
        "tracestate",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-request-id",
        "x-request-timeout-ms",
    }
)
_PROBLEM: Node = {
    "title": "Problem",
    "type": "object",
    "properties": {
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["status", "title"],
}

_NEXT: Node = {
    "type": "string",
    "description": "The URL of the next page, as the page before has it. The others are ignored.",
}


class _Source:
    """An App with some of its Operations, as a document is made of it."""

    contact: Mapping[str, str] | None = None
    license: Mapping[str, str] | None = None
    servers: Sequence[str | Mapping[str, object]] = ("/",)
    tags: Mapping[str, str] = MappingProxyType({})
    description = ""
    members: Mapping[str, object] = MappingProxyType({})
    document_hooks: Sequence[Callable[[dict[str, object]], dict[str, object] | None]] = ()

    def __init__(self, name: str, settings: object, operations: Sequence[Operation]) -> None:
        self.name, self.version, self.settings = name, "1", settings
        self._operations = tuple(each._replace(documented=True) for each in operations)

    def operations(self) -> tuple[Operation, ...]:
        """Return the Operations."""
        return self._operations


def make_tools(called: str, settings: object, operations: Sequence[Operation]) -> dict[str, Tool]:
    """Return the tools by name.

    Args:
        called: The name of the App.
        settings: Its settings.
        operations: The Operations that are tools.
    """
    source = _Source(called, settings, operations)
    document = PeerDocument(build(source, version="3.1.1"))
    known = {each.operation_id: each for each in operations}
    pages = {name: each.items is not None for name, each in operations_of(document.root).items()}
    found: dict[str, Tool] = {}
    for _, _, node, item in document.operations():
        name = str(node["operationId"])
        found[name] = _Maker(document, known[name], node, item, has_pages=pages[name]).tool()
    return {each.operation_id: found[each.operation_id] for each in operations}


class _Maker:
    """The maker of one tool."""

    def __init__(
        self,
        document: PeerDocument,
        operation: Operation,
        node: Node,
        item: Node,
        *,
        has_pages: bool,
    ) -> None:
        self._document = document
        self._operation = operation
        self._node = node
        given = [*_listed(item.get("parameters")), *_listed(node.get("parameters"))]
        self._given = [document.resolved(each) for each in given]
        self._parameters: dict[str, PeerParameter] = {}
        self._members: frozenset[str] = frozenset()
        self._media_type, self._needs_content = "", False
        self._has_pages = has_pages
        self._constants: dict[str, str] = {}

    def tool(self) -> Tool:
        """Return the tool."""
        operation = self._operation
        schema = self._input_schema()
        summary = str(self._node.get("summary", ""))
        words = f"{summary}\n\n{self._node.get('description', '')}".strip()
        common: dict[str, object] = {
            "name": operation.operation_id,
            "title": summary,
            "description": words,
            "inputSchema": schema,
            "annotations": _annotations(operation, summary),
        }
        output, former = self._output_schemas()
        return Tool(
            operation,
            _with_output(common, output),
            _with_output(common, former),
            self._parameters,
            self._members,
            self._media_type,
            self._needs_content,
            _accept(operation),
            self._has_pages,
            self._constants,
            tuple(_credentials(operation)),
        )

    # arguments

    def _input_schema(self) -> dict[str, object]:
        schemas = SelfContained(self._document)
        properties: dict[str, object] = {}
        required: list[str] = []
        for name, parameter, node in self._named_parameters():
            self._parameters[name] = parameter
            properties[name] = _described(schemas.copy(_schema_of(node)), node)
            if parameter.required:
                required.append(name)
        members, needed = self._content(schemas, properties)
        self._has_pages = self._has_pages and NEXT not in {**properties, **members}
        if self._has_pages:
            properties[NEXT] = _NEXT
        made: dict[str, object] = {"type": "object", "properties": {**properties, **members}}
        if required or needed:
            made["required"] = [*required, *needed]
        made["additionalProperties"] = False
        return schemas.finished(made)

    def _named_parameters(self) -> Iterator[tuple[str, PeerParameter, Node]]:
        taken: set[str] = set()
        for node in self._given:
            parameter = _parameter(node)
            if not self._is_argument(parameter) or self._is_constant(parameter, node):
                continue
            # Some models accept no other characters in the names of arguments.
            name = re.sub(r"[^A-Za-z0-9_.-]", "_", parameter.name)[:64]
            if name in taken or name == BODY:
                name = f"{parameter.location}_{name}"
            taken.add(name)
            yield name, parameter, node

    def _is_argument(self, parameter: PeerParameter) -> bool:
        if parameter.location not in _STYLES:
            return False
        if parameter.location != "header":
            return True
        if parameter.name.lower() in _OTHER_HEADERS:
            return False
        own = self._operation.input("headers")
        return parameter.required or (
            own is not None and parameter.name.lower() in _names_of(own.bound)
        )

    def _is_constant(self, parameter: PeerParameter, node: Node) -> bool:
        """Return whether a header can have one value only, and keep it for each call."""
        schema = self._document.resolved(_schema_of(node))
        values = _listed(schema.get("enum"))
        if parameter.location != "header" or len(values) != 1:
            return False
        self._constants[parameter.name] = str(values[0])
        return True

    def _content(
        self, schemas: SelfContained, properties: Node
    ) -> tuple[dict[str, object], list[str]]:
        """Return the arguments that are the content, and those of them that are required."""
        body = self._document.resolved(self._node.get("requestBody"))
        content = self._document.resolved(body.get("content"))
        offered = [each for each in content if is_json(each)]
        if not offered:
            return {}, []
        json = "application/json"
        self._media_type = json if json in offered else offered[0]
        self._needs_content = body.get("required") is True
        schema = self._document.resolved(content[self._media_type]).get("schema")
        root = schemas.root(schema)
        members = root.get("properties")
        if self._needs_content and _is_plain_object(root) and isinstance(members, dict):
            named = cast("dict[str, object]", members)
            if named.keys().isdisjoint({*properties, BODY}):
                self._members = frozenset(named)
                return named, [str(each) for each in _listed(root.get("required"))]
        return {BODY: _described(schemas.copy(schema), body)}, [BODY] * self._needs_content

    # results

    def _output_schemas(self) -> tuple[dict[str, object], dict[str, object]]:
        """Return the schema of the structured content, and that for earlier versions."""
        found = self._successes()
        if not found:
            return {}, {}
        schemas = SelfContained(self._document)
        roots = [schemas.root(each) for each in found]
        whole: dict[str, object] = {"anyOf": [*roots]}
        if len(roots) == 1:
            whole = roots[0]
        if not all(each.get("type") == "object" for each in roots):
            return schemas.finished(whole), {}
        # NOTE: clients before 2026-07-28 check the structured content of errors as well
        # (modelcontextprotocol/typescript-sdk#1943).
        is_problem = self._operation.errors == DEFAULT_FORMATS
        error: Node = _PROBLEM if is_problem else {"title": "Error", "type": "object"}
        former: dict[str, object] = {"type": "object", "anyOf": [*roots, dict(error)]}
        if len(roots) > 1:
            whole = {"type": "object", **whole}
        return schemas.finished(whole), schemas.finished(former)

    def _successes(self) -> list[object]:
        """Return the schemas of successful responses, [] if one of them is no JSON."""
        found: list[object] = []
        for status, response in self._document.resolved(self._node.get("responses")).items():
            node = self._document.resolved(response)
            if not status.startswith("2") or "Preference-Applied" in _keys(node, "headers", status):
                continue
            content = self._document.resolved(node.get("content"))
            kinds = [each for each in content if is_json(each)]
            media = self._document.resolved(content[kinds[0]]) if kinds else {}
            schema = media.get("schema")
            if not schema:
                return []
            if schema not in found:
                found.append(schema)
        return found


def _with_output(common: dict[str, object], schema: dict[str, object]) -> dict[str, object]:
    return {**common, "outputSchema": schema} if schema else common


def _keys(node: Node, name: str, status: str) -> Sequence[str]:
    """Return the names of the headers of a 204, which a preference alone may ask for."""
    found = node.get(name)
    return [*cast("Node", found)] if status == "204" and isinstance(found, Mapping) else []


def _is_plain_object(schema: Node) -> bool:
    words = {"anyOf", "oneOf", "allOf", "if", "not", "patternProperties", "minProperties"}
    return schema.get("type") == "object" and words.isdisjoint(schema)


def _parameter(node: Node) -> PeerParameter:
    location = str(node.get("in"))
    style = str(node.get("style", _STYLES.get(location, "form")))
    return PeerParameter(
        str(node.get("name")),
        location,
        node.get("required") is True,
        style,
        bool(node.get("explode", style == "form")),
        "content" in node,
    )


def _schema_of(node: Node) -> object:
    """Return the schema of a parameter, which may be JSON content."""
    if "schema" in node:
        return node["schema"]
    content = cast("Mapping[str, Node]", node.get("content", {}))
    return next((each.get("schema") for each in content.values()), {})


def _described(schema: dict[str, object], node: Node) -> dict[str, object]:
    words = node.get("description")
    return {**schema, "description": words} if words and "description" not in schema else schema


def _names_of(bound: object) -> frozenset[str]:
    """Return the names of the headers that a schema has."""
    fields: Mapping[str, object] = getattr(getattr(bound, "schema", None), "fields", {})
    keys = [getattr(each, "data_key", None) or name for name, each in fields.items()]
    return frozenset(key.replace("_", "-").lower() for key in keys)


def _annotations(operation: Operation, title: str) -> dict[str, object]:
    """Return the annotations of a tool: the promises of its method (RFC 9110, section 9.2)."""
    is_reading = reads(operation)
    creates = operation.method == "POST" and any(each.status == 201 for each in operation.outputs)
    return {
        "title": title,
        "readOnlyHint": is_reading,
        "destructiveHint": not (is_reading or creates),
        "idempotentHint": operation.method not in ("POST", "PATCH"),
    }


def _credentials(operation: Operation) -> Iterator[str]:
    for combination in operation.security:
        for scheme, _ in combination:
            document: Mapping[str, object] = scheme.document()
            if document.get("in") == "header":
                yield environ_key(str(document.get("name")))


def _accept(operation: Operation) -> str:
    kinds = [kind for each in operation.outputs for kind in each.media_types if each.has_content]
    offered = [kind for kind in kinds if is_json(kind)]
    others = ["application/problem+json", "*/*;q=0.1"]
    return ", ".join([*dict.fromkeys(offered), *others])


def _listed(node: object) -> list[object]:
    return cast("list[object]", node) if isinstance(node, list) else []
