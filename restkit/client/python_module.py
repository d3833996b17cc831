"""The module of a client for one service: its classes and the methods of its operations."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..errors import DeclarationError
from ..records import Record
from .arguments import argument_names
from .compact_document import compact
from .content import media_type_of
from .peer_document import Node, PeerDocument, operations_of
from .peer_operation import PeerOperation
from .python_names import names_of
from .python_types import ANY, FILE, TypeWriter, class_name, quoted, union
from .typed_client import TypedClient

__all__ = ["python_module"]

# A method of one of these names would hide the type from the annotations of the others.
_TYPES = ["bool", "bytes", "date", "datetime", "dict", "float", "int", "list", "str", "time"]
_OWN_NAMES = frozenset({*_TYPES, *dir(TypedClient), "client"})
_KEY, _MATCH = "idempotency_key", "if_match"
_HEADERS = frozenset({_KEY, _MATCH, "if_none_match"})


class _Body(Record):
    """The content of a method.

    Attributes:
        annotation: Its annotation, "" without content.
        is_unpacked: Whether its members are keyword arguments.
        is_optional: Whether it may be left out.
    """

    annotation: str = ""
    is_unpacked: bool = False
    is_optional: bool = False


def python_module(root: Node) -> str:
    """Return the text of a module that calls the service of a document.

    Args:
        root: The OpenAPI document (3.0, 3.1 or 3.2).

    Raises:
        DeclarationError: It is no such document, or two operations have one name in Python.
    """
    operations = operations_of(root)
    names = names_of(operations, _OWN_NAMES)
    for name, ids in names.items():
        if len(ids) > 1:
            raise DeclarationError(
                f"The operations {' and '.join(map(repr, ids))} are both {name!r} in Python. "
                "Change an operationId."
            )
    module = _Module(PeerDocument(root), operations)
    methods = [module.method(name, operations[ids[0]]) for name, ids in names.items()]
    return module.text([line for each in methods for line in ("", *each)])


class _Module:
    """One module, of which the classes come first."""

    def __init__(self, document: PeerDocument, operations: Mapping[str, PeerOperation]) -> None:
        self._document = document
        self._operations = operations
        self._nodes: dict[str, Node] = {}
        for _, _, node, item in document.operations():
            shared = {"x-path": item.get("parameters")}
            self._nodes[str(node.get("operationId"))] = {**node, **shared}
        components = document.resolved(document.root.get("components"))
        self._writer = TypeWriter(document, document.resolved(components.get("schemas")))
        info = document.resolved(document.root.get("info"))
        self._title = str(info.get("title") or "Service")

    def method(self, name: str, operation: PeerOperation) -> list[str]:
        """Return the lines of the method of an operation."""
        node = self._nodes[operation.operation_id]
        required, optional = self._parameters(operation, node)
        taken = [*required, *optional, "body"]
        body = self._body(operation, node, taken)
        lines = ["        self,"]
        signature = [f"        {wire}: {found}," for wire, found in required.items()]
        if body.annotation and not body.is_unpacked:
            default = " | None = None" if body.is_optional else ""
            signature.insert(len(required), f"        body: {body.annotation}{default},")
        for wire, found in optional.items():
            nullable = found if found == ANY or found.endswith("None") else f"{found} | None"
            signature.append(f"        {wire}: {nullable} = None,")
        if signature:
            lines.append("        *,")
        lines += signature
        if body.is_unpacked:
            lines.append(f"        **body: Unpack[{body.annotation}],")
        result = self._result(operation, node)
        return [
            f"    def {name}(",
            *lines,
            f"    ) -> {result}:",
            f"        {_docstring(node)}",
            *self._call(operation, [*required, *optional], body, result),
        ]

    def _call(
        self, operation: PeerOperation, parameters: Sequence[str], body: _Body, result: str
    ) -> Iterator[str]:
        given = ", ".join(f"{quoted(wire)}: {wire}" for wire in parameters)
        arguments = f"{quoted(operation.operation_id)}, {{{given}}}"
        if body.annotation:
            has_body = "body is not None" if body.is_optional else "True"
            arguments += f", body, has_body={has_body}"
        if result == "None":
            yield f"        self._call({arguments})"
        else:
            yield f"        return cast({quoted(result)}, self._call({arguments}))"

    def _parameters(
        self, operation: PeerOperation, node: Node
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Return the annotations of the required parameters, and those of the others.

        Both are by the names of Python.
        """
        schemas: dict[tuple[str, str], object] = {}
        for each in (*_listed(node.get("x-path")), *_listed(node.get("parameters"))):
            given = self._document.resolved(each)
            schemas[str(given.get("in")), str(given.get("name"))] = given.get("schema")
        required: dict[str, str] = {}
        optional: dict[str, str] = {}
        for name, parameter in argument_names(operation).items():
            if name in _HEADERS and not parameter.required:
                continue
            schema = schemas.get((parameter.location, parameter.name))
            kind = class_name(f"{operation.operation_id} {parameter.name}")
            found = self._writer.annotation(schema, kind, is_sent=True)
            (required if parameter.required else optional)[name] = found
        is_guarded = operation.method in ("PUT", "PATCH", "DELETE") and 412 in operation.statuses
        if is_guarded and _MATCH not in required:
            optional[_MATCH] = "str"
        if operation.takes_key:
            optional[_KEY] = "str"
        return required, optional

    def _body(self, operation: PeerOperation, node: Node, taken: Sequence[str]) -> _Body:
        if not operation.contents:
            return _Body()
        media_type = media_type_of(operation)
        request = self._document.resolved(node.get("requestBody"))
        content = self._document.resolved(request.get("content"))
        schema = self._document.resolved(content.get(media_type)).get("schema")
        is_optional = not operation.needs_content
        if self._document.members(schema):
            kind = class_name(f"{operation.operation_id} Body")
            is_unpacked = self._writer.is_unpacked(schema, taken) and not is_optional
            return _Body(self._sent(schema, kind, media_type), is_unpacked, is_optional)
        if media_type.endswith("json"):
            kind = class_name(f"{operation.operation_id} Body")
            return _Body(self._writer.annotation(schema, kind), False, is_optional)
        raw = "str" if media_type.startswith("text/") else "bytes | Iterable[bytes]"
        return _Body(raw, False, is_optional)

    def _sent(self, schema: object, kind: str, media_type: str) -> str:
        """Return the class of content; that of a form may have files."""
        if media_type.endswith("json"):
            return self._writer.annotation(schema, kind)
        return self._writer.define(kind, schema, is_sent=True)

    def _result(self, operation: PeerOperation, node: Node) -> str:
        """Return the annotation of the data of responses that are no errors."""
        found: list[str] = []
        responses = self._document.resolved(node.get("responses"))
        for status in operation.statuses:
            if 200 <= status < 300:
                response = self._document.resolved(responses.get(str(status)))
                found.append(self._data(operation, response))
        if operation.items is not None and found:
            return found[0]
        return union(found) or "None"

    def _data(self, operation: PeerOperation, response: Node) -> str:
        content = self._document.resolved(response.get("content"))
        if not content:
            return "None"
        kind = class_name(f"{operation.operation_id} Result")
        media_type = next((each for each in content if each.endswith("json")), "")
        if not media_type:
            is_text = all(each.startswith("text/") for each in content)
            return "str" if is_text else "bytes"
        schema = self._document.resolved(content.get(media_type)).get("schema")
        if operation.items is None:
            return self._writer.annotation(schema, kind)
        items = schema
        if operation.items:
            items = self._document.members(schema).get(operation.items)
        item = self._document.resolved(items).get("items")
        return f"Pages[{self._writer.annotation(item, f'{kind}Item')}]"

    def text(self, methods: Sequence[str]) -> str:
        """Return the module with the lines of its methods."""
        name = f"{class_name(self._title)}Client"
        classes = itertools.chain.from_iterable(
            (*each, "") for each in self._writer.classes.values()
        )
        embedded = json.dumps(compact(self._document, self._operations), separators=(",", ":"))
        lines = [
            f'"""A client of {_plain(self._title)}, written by `restkit client`: write it anew."""',
            "",
            "from __future__ import annotations",
            "",
            "from typing import TYPE_CHECKING, cast",
            "",
            "from restkit.client import TypedClient",
            "",
            "if TYPE_CHECKING:",
            *_indented(_IMPORTS),
            "",
            *_indented(classes),
            *self._aliases(),
            "",
            f"class {name}(TypedClient):",
            f'    """The service {_plain(self._title)}."""',
            "",
            f"    _document = {quoted(embedded)}",
            *methods,
        ]
        return "\n".join(lines) + "\n"

    def _aliases(self) -> Iterator[str]:
        """Yield the classes as ``dict`` for run time: making 500 classes would take long."""
        if self._writer.classes:
            yield "else:"
            yield f"    {' = '.join(self._writer.classes)} = dict"
            yield ""


_IMPORTS = (
    "from collections.abc import Iterable",
    "from datetime import date, datetime, time",
    f"from typing import {ANY}, Literal, NotRequired, TypedDict, Unpack",
    "from uuid import UUID",
    "",
    f"from restkit.client import {FILE}, Pages",
)


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}".rstrip() for line in lines]


def _docstring(node: Node) -> str:
    summary = str(node.get("summary") or node.get("operationId"))
    return f'"""{_plain(summary)}"""'


def _plain(text: str) -> str:
    """Return a text that cannot end a docstring: one line, without backslashes and quotes."""
    words = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    return "".join(each for each in words if each.isprintable())[:200]


def _listed(node: object) -> list[object]:
    return list(node) if isinstance(node, list) else []
