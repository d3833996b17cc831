"""The Operations of a URL as the tables of a page: parameters, content, responses, security."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from markupsafe import Markup

from ...contract import Operation
from ...openapi.document import build
from ...records import Record
from .content_view import Place, json_markup

if TYPE_CHECKING:
    from ...request import AppLike
    from ...settings import Settings

__all__ = ["OperationView", "SchemaView", "contract_view"]

_Json = Mapping[str, object]
_NONE: _Json = {}


class SchemaView(Record):
    """A schema: its name for a link, or itself."""

    name: str
    text: Markup


class ContentView(Record):
    """Content in a media type."""

    media_type: str
    schema: SchemaView | None


class ParameterView(Record):
    """A parameter."""

    name: str
    place: str
    required: bool
    description: str
    schema: SchemaView | None


class ResponseView(Record):
    """A response of an Operation."""

    status: str
    description: str
    content: Sequence[ContentView]
    headers: Sequence[tuple[str, str]]


class OperationView(Record):
    """An Operation."""

    method: str
    path: str
    operation_id: str
    summary: str
    description: str
    deprecated: bool
    parameters: Sequence[ParameterView]
    content: Sequence[ContentView]
    responses: Sequence[ResponseView]
    security: Sequence[str]
    extensions: Sequence[tuple[str, Markup]]


class _Part:
    """Some Operations of an App, as a document of their own."""

    description = ""
    contact: Mapping[str, str] | None = None
    license: Mapping[str, str] | None = None
    tags: Mapping[str, str] = MappingProxyType({})
    members: Mapping[str, object] = MappingProxyType({})
    document_hooks: Sequence[Callable[[dict[str, object]], dict[str, object] | None]] = ()

    def __init__(self, app: AppLike, operations: Iterable[Operation]) -> None:
        self.name = app.name
        self.version = app.version
        self.servers = app.servers
        self.settings: Settings = app.settings
        self._operations = tuple(each._replace(documented=True) for each in operations)

    def operations(self) -> tuple[Operation, ...]:
        """Return the Operations."""
        return self._operations


def contract_view(
    app: AppLike, operations: Sequence[Operation]
) -> tuple[list[OperationView], list[SchemaView]]:
    """Return Operations of one URL, and the schemas that they refer to.

    Args:
        app: The App.
        operations: The Operations, in the order of the page.
    """
    document = build(_Part(app, operations))
    components = _mapping(document.get("components"))
    paths = _mapping(document.get("paths"))
    found: list[OperationView] = []
    for each in operations:
        item = _mapping(paths.get(each.path))
        printed = item.get(each.method.lower()) or item.get(f"x-{each.method.lower()}")
        found.append(_operation(each, _mapping(printed), components))
    schemas = _mapping(components.get("schemas"))
    return found, [SchemaView(name, _text(each)) for name, each in schemas.items()]


def _operation(operation: Operation, printed: _Json, components: _Json) -> OperationView:
    responses = _mapping(components.get("responses"))
    body = _mapping(printed.get("requestBody"))
    schemes = _mapping(components.get("securitySchemes"))
    answers = _mapping(printed.get("responses")).items()
    found = [_response(status, _resolved(_mapping(each), responses)) for status, each in answers]
    parameters = [_parameter(each) for each in _mappings(printed.get("parameters"))]
    security = [_alternative(each, schemes) for each in _mappings(printed.get("security"))]
    extensions = [(name, _text(each)) for name, each in printed.items() if name[:2] == "x-"]
    return OperationView(
        operation.method,
        operation.path,
        str(printed.get("operationId", "")),
        str(printed.get("summary", "")),
        str(printed.get("description", "")),
        bool(printed.get("deprecated")),
        parameters,
        list(_content(body)),
        found,
        security,
        extensions,
    )


def _parameter(printed: _Json) -> ParameterView:
    return ParameterView(
        str(printed.get("name", "")),
        str(printed.get("in", "")),
        bool(printed.get("required")),
        str(printed.get("description", "")),
        _schema(printed.get("schema")),
    )


def _response(status: str, printed: _Json) -> ResponseView:
    headers = _mapping(printed.get("headers"))
    return ResponseView(
        status,
        str(printed.get("description", "")),
        list(_content(printed)),
        [(name, str(_mapping(each).get("description", ""))) for name, each in headers.items()],
    )


def _content(printed: _Json) -> Iterator[ContentView]:
    for media_type, media in _mapping(printed.get("content")).items():
        if media_type != "text/html":
            found = _mapping(media)
            yield ContentView(media_type, _schema(found.get("schema") or found.get("itemSchema")))


def _schema(printed: object) -> SchemaView | None:
    if not isinstance(printed, Mapping) or not printed:
        return None
    name = str(printed.get("$ref", "")).rpartition("/")[2]
    return SchemaView(name, _text(printed))


def _alternative(printed: _Json, schemes: _Json) -> str:
    """Return one of several ways to authenticate."""
    if not printed:
        return "None."
    parts: list[str] = []
    for name, scopes in printed.items():
        scheme = _mapping(schemes.get(name))
        words = [str(scheme[each]) for each in ("type", "scheme", "in") if each in scheme]
        demanded = list(map(str, cast("Sequence[object]", scopes or ())))
        parts.append(f"{name} ({' '.join([*words, *demanded])})")
    return " and ".join(parts)


def _text(schema: object) -> Markup:
    return json_markup(schema, _reference)[0]


def _reference(value: object, at: Place) -> str | None:
    """Return the place of a schema on the page."""
    if at.name == "$ref" and isinstance(value, str):
        return f"#schema-{value.rpartition('/')[2]}"
    return None


def _resolved(printed: _Json, responses: _Json) -> _Json:
    name = str(printed.get("$ref", "")).rpartition("/")[2]
    return _mapping(responses.get(name)) if name else printed


def _mapping(value: object) -> _Json:
    return cast("_Json", value) if isinstance(value, Mapping) else _NONE


def _mappings(value: object) -> list[_Json]:
    return list(map(_mapping, value)) if isinstance(value, list) else []
