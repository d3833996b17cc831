"""The OpenAPI document as Markdown: one page for people and language models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from .schema_words import words_of
from .shared_components import expanded

__all__ = ["METHODS", "operations_by_tag", "to_markdown"]

Node = Mapping[str, object]
METHODS = (
    *("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"),
    "x-query",  # before OpenAPI 3.2
)
_Row = Sequence[str]


def to_markdown(document: Mapping[str, object]) -> str:
    """Return a document as Markdown (CommonMark with tables): every operation, every schema.

    Args:
        document: A dict of JSON values.
    """
    whole = expanded(document)
    lines = [*_head(whole)]
    for tag, operations in operations_by_tag(whole):
        lines += [f"## {_inline(str(tag['name']))}", "", *_text(tag.get("description"))]
        for method, path, operation in operations:
            lines += _operation(method, path, operation)
    lines += _webhooks(_node(whole.get("webhooks")))
    schemas = _node(_node(whole.get("components")).get("schemas"))
    if schemas:
        lines += ["## Schemas", ""]
        for name, schema in schemas.items():
            lines += [f"### Schema {name}", "", *_schema(_node(schema))]
    return "\n".join(lines).rstrip() + "\n"


def _webhooks(webhooks: Node) -> Iterator[str]:
    if webhooks:
        yield "## Webhooks"
        yield ""
    for name, item in webhooks.items():
        for method in METHODS:
            if method in _node(item):
                yield from _operation(method.upper(), name, _node(_node(item)[method]))


def operations_by_tag(document: Node) -> Iterator[tuple[Node, list[tuple[str, str, Node]]]]:
    """Yield each tag with its operations: method, path and Operation Object.

    An operation of several tags is in the first of them, one without a tag in "Operations".
    """
    found: dict[str, list[tuple[str, str, Node]]] = {}
    for path, item in _node(document.get("paths")).items():
        for method in METHODS:
            if method in _node(item):
                operation = _node(_node(item)[method])
                tags = _listed(operation.get("tags")) or ["Operations"]
                name = method.removeprefix("x-").upper()
                found.setdefault(str(tags[0]), []).append((name, path, operation))
    described = {
        str(_node(each).get("name")): _node(each) for each in _listed(document.get("tags"))
    }
    ordered = dict.fromkeys([*described, *found])
    for name in ordered:
        if name in found:
            yield described.get(name, {"name": name}), found[name]


def _head(document: Node) -> Iterator[str]:
    info = _node(document.get("info"))
    yield f"# {_inline(str(info.get('title', '')))} {_inline(str(info.get('version', '')))}"
    yield ""
    yield from _text(info.get("description"))
    servers = [f"`{_node(each).get('url')}`" for each in _listed(document.get("servers"))]
    if servers:
        yield f"URLs are relative to {' or '.join(servers)}."
        yield ""
    schemes = _node(_node(document.get("components")).get("securitySchemes"))
    if schemes:
        yield "## Authentication"
        yield ""
        yield from _table(("Scheme", "Description"), [_scheme(*each) for each in schemes.items()])


def _scheme(name: str, scheme: object) -> _Row:
    node = _node(scheme)
    words = [str(node[key]) for key in ("type", "scheme", "in", "name") if key in node]
    return f"`{name}`", f"{' '.join(words)}. {node.get('description', '')}".strip()


def _operation(method: str, path: str, operation: Node) -> Iterator[str]:
    yield f"### {operation.get('operationId') or path}"
    yield ""
    ended = " (deprecated)" if operation.get("deprecated") else ""
    yield f"`{method} {path}`{ended}"
    yield ""
    yield from _text(operation.get("summary"))
    yield from _text(operation.get("description"))
    if security := _security(operation.get("security")):
        yield f"Credentials: {security}."
        yield ""
    parameters = [_parameter(_node(each)) for each in _listed(operation.get("parameters"))]
    yield from _table(("Parameter", "In", "Required", "Values", "Description"), parameters)
    body = _node(operation.get("requestBody"))
    if body:
        needed = "required" if body.get("required") else "may be left out"
        yield f"Content ({needed}): {_content(body)}"
        yield ""
        yield from _text(body.get("description"))
    responses = _node(operation.get("responses")).items()
    rows = [_response(status, _node(each)) for status, each in responses]
    yield from _table(("Status", "Content", "Description"), rows)


def _security(given: object) -> str:
    """Return the alternatives of credentials, "" if none are needed."""
    found: list[str] = []
    for each in _listed(given):
        schemes = [_demanded(name, scopes) for name, scopes in _node(each).items()]
        found.append(" and ".join(schemes) or "none")
    return " or ".join(found)


def _demanded(scheme: str, scopes: object) -> str:
    return " ".join(f"`{each}`" for each in (scheme, *_listed(scopes)))


def _parameter(node: Node) -> _Row:
    schema = node.get("schema")
    if schema is None:
        media = next(iter(_node(node.get("content")).values()), {})
        schema = _node(media).get("schema")
    return (
        f"`{node.get('name')}`",
        str(node.get("in")),
        "yes" if node.get("required") else "no",
        words_of(schema),
        str(node.get("description", "")),
    )


def _response(status: str, node: Node) -> _Row:
    return status, _content(node), str(node.get("description", ""))


def _content(node: Node) -> str:
    kinds = _node(node.get("content")).items()
    return "; ".join(f"`{kind}`: {words_of(_node(media).get('schema'))}" for kind, media in kinds)


def _schema(schema: Node) -> Iterator[str]:
    yield from _text(schema.get("description"))
    members = _node(schema.get("properties"))
    if not members:
        yield f"Values: {words_of(schema)}."
        yield ""
        return
    required = {str(each) for each in _listed(schema.get("required"))}
    yield from _table(
        ("Member", "Required", "Values", "Description"),
        [_member(name, _node(each), name in required) for name, each in members.items()],
    )
    if schema.get("additionalProperties") is False:
        yield "It has no other members."
        yield ""


def _member(name: str, schema: Node, is_required: bool) -> _Row:
    values = words_of(schema)
    access = [words for key, words in _ACCESS.items() if schema.get(key)]
    shown = ", ".join([values, *access])
    return f"`{name}`", "yes" if is_required else "no", shown, str(schema.get("description", ""))


_ACCESS = {"readOnly": "in responses only", "writeOnly": "in requests only"}


def _table(names: Sequence[str], rows: Sequence[_Row]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _cell(text: str) -> str:
    """Return a text that ends neither its cell nor the table."""
    return _inline(text).replace("\\|", "|").replace("|", "\\|")


def _inline(text: str) -> str:
    return " ".join(text.split())


def _text(text: object) -> Iterator[str]:
    """Yield a paragraph of CommonMark as it was written, without headings of the page's levels."""
    if not text:
        return
    for line in str(text).strip().splitlines():
        yield f"\\{line}" if line.lstrip().startswith("#") else line
    yield ""


def _node(value: object) -> Node:
    return cast("Node", value) if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
