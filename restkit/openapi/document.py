"""The OpenAPI document of an App: printed from its Operations, the same each time."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..contract import Operation
from ..operations.operation_ids import noun, operation_id
from ..resource import FunctionResource, Resource
from ..schemas.json_values import json_value, text_value
from .document_hooks import run_hooks
from .host_servers import servers_of_hosts
from .names import component_names, given_name

__all__ = [
    "Documented",
    "build",
    "component_names",
    "noun",
    "operation_id",
    "to_compact_json",
    "to_json",
    "to_yaml",
]

_QUERY_BEFORE_3_2 = (
    "The operation of the HTTP method QUERY (RFC 10008): safe and idempotent, with content. "
    "OpenAPI has a member for it since 3.2, so it stands in an extension here."
)

# One license; an expression of several has no page.
_SPDX = re.compile(r"(?!LicenseRef-)[A-Za-z0-9.-]+")


class Documented(Protocol):
    """The source of a document: an App, or an object with the same members."""

    name: str
    version: str
    description: str
    contact: Mapping[str, str] | None
    license: Mapping[str, str] | None
    servers: Sequence[str | Mapping[str, Any]]
    tags: Mapping[str, str]
    settings: Any

    @property
    def members(self) -> Mapping[str, object]:
        """More members of the document's root."""
        ...

    @property
    def document_hooks(self) -> Sequence[Callable[[dict[str, Any]], dict[str, Any] | None]]:
        """Functions that change the document, in order."""
        ...

    def operations(self) -> tuple[Operation, ...]:
        """Return all operations."""
        ...


def build(app: Documented, *, version: str | None = None, server_root: str = "") -> dict[str, Any]:
    """Build the OpenAPI document of an App.

    Args:
        app: The App.
        version: The version of OpenAPI, 3.0.x, 3.1.x or 3.2.x; the App's setting where left out.
        server_root: The path below which the App answers, for the server where it names none
            itself.

    Returns:
        A plain dict of JSON values, in a stable order.
    """
    # NOTE: cold start; apispec is loaded by the first request for a document.
    from apispec import APISpec

    from .conversion import SchemaCollector
    from .links import links_of
    from .operations import OperationPrinter, copied
    from .shared_components import share
    from .webhooks import add_webhooks, printed_webhooks, webhooks_of

    dialect = version or app.settings.openapi_version
    # What claims one name for two things was refused when it was added.
    operations = _documented(app)
    spec = APISpec(text_value(app.name), text_value(app.version), dialect, info=_info(app, dialect))
    collector = SchemaCollector(dialect=dialect, strict=app.settings.strict)
    for op in operations:
        for _, declared, _ in component_names(op):
            if name := given_name(declared):
                collector.names.give(declared, name)
    printer = OperationPrinter(collector, dialect, links_of(operations))
    printer.problems.reserve(operations)
    printed = [printer.print(op) for op in operations]
    sent = printed_webhooks(webhooks_of(app), collector, dialect)
    servers = _servers(app, server_root)
    on_hosts = servers_of_hosts(app.operations(), servers)
    for op, each in zip(operations, printed, strict=True):
        each.update(on_hosts.get((op.path, op.method), {}))
    # PERF: apispec would copy the paths, and search them for references that are resolved here:
    # it would double the time.
    paths: dict[str, dict[str, Any]] = {}
    for op, each in zip(operations, printed, strict=True):
        paths.setdefault(op.path, {}).update(_member(op, each, dialect))
    components = {
        **share(paths),
        "schemas": {**collector.components(), **printer.problems.components},
        "securitySchemes": printer.security_schemes,
    }
    for tag in _tags(app, operations):
        spec.tag(tag)
    document = _ordered(spec.to_dict() | {"paths": paths, "components": components}, servers)
    whole = _with_members(document, copied(app.members), dialect)
    return run_hooks(app.document_hooks, add_webhooks(whole, sent, dialect))


def _with_members(
    document: dict[str, Any], members: Mapping[str, object], dialect: str
) -> dict[str, Any]:
    """Return a document with the members of the root that its App was given."""
    for name, value in members.items():
        if name == "termsOfService":
            document["info"][name] = value
        elif name == "webhooks" and dialect.startswith("3.0"):
            document["x-webhooks"] = value  # 3.0 has no webhooks
        else:
            document[name] = value
    return document


def _member(op: Operation, printed: dict[str, Any], dialect: str) -> dict[str, Any]:
    """Return a member of a Path Item Object: QUERY has one of its own since OpenAPI 3.2."""
    if op.method != "QUERY" or dialect.startswith("3.2"):
        return {op.method.lower(): printed}
    said = f"{printed.get('description', '')}\n\n{_QUERY_BEFORE_3_2}".strip()
    return {"x-query": {**printed, "description": said}}


def _documented(app: Documented) -> list[Operation]:
    """Return the first operation mounted for each method of each path."""
    found: dict[tuple[str, str], Operation] = {}
    for op in app.operations():
        if op.documented:
            found.setdefault((op.path, op.method), op)
    return list(found.values())


def _info(app: Documented, dialect: str) -> dict[str, Any]:
    words = text_value(app.description) if app.description else f"The operations of {app.name}."
    out: dict[str, Any] = {"description": words}
    if app.contact:
        out["contact"] = json_value(app.contact)
    if app.license:
        given = _license_3_0(app.license) if dialect.startswith("3.0") else app.license
        out["license"] = json_value(given)
    return out


def _license_3_0(given: Mapping[str, str]) -> dict[str, str]:
    """Return a license with a URL instead of the SPDX identifier (OpenAPI 3.0.4, section 4.7.4)."""
    out = {name: value for name, value in given.items() if name != "identifier"}
    identifier = given.get("identifier", "")
    if _SPDX.fullmatch(identifier):
        out.setdefault("url", f"https://spdx.org/licenses/{identifier}.html")
    return out


def _servers(app: Documented, root: str) -> list[dict[str, Any]]:
    given = [_server(each) for each in app.servers]
    return given or [{"url": root or "/"}]


def _server(given: str | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return {"url": text_value(given)}
    out: Any = json_value(given)
    return dict(out)


def _tags(app: Documented, operations: Iterable[Operation]) -> list[dict[str, Any]]:
    given = {text_value(name): text_value(words) for name, words in app.tags.items()}
    used: dict[str, str] = {}
    for op in operations:
        for tag in map(text_value, op.tags):
            used[tag] = used.get(tag) or _class_words(op.resource)
    names = dict.fromkeys([*(name for name in given if name in used), *used])
    return [
        {"name": name, "description": given.get(name) or used[name] or f"Operations of {name}."}
        for name in names
    ]


def _class_words(resource: type[Resource]) -> str:
    """Return the docstring of a resource class, which describes its tag."""
    own = vars(resource).get("__doc__")
    return inspect.cleandoc(own) if own and not issubclass(resource, FunctionResource) else ""


def _ordered(made: dict[str, Any], servers: list[dict[str, Any]]) -> dict[str, Any]:
    """Put a document's members in the order in which one reads them."""
    info = {name: made["info"][name] for name in ("title", "version") if name in made["info"]}
    out: dict[str, Any] = {
        "openapi": made["openapi"],
        "info": {**info, **made["info"]},
        "servers": servers,
    }
    if "tags" in made:
        out["tags"] = made["tags"]
    # NOTE: said once for all, so that linters can tell "open to everybody" from "forgotten".
    out["security"] = []
    out["paths"] = made["paths"]
    components = {
        name: dict(sorted(found.items())) for name, found in made["components"].items() if found
    }
    if components:
        out["components"] = components
    return out


def to_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON in its own order, indented by two spaces, with a final newline."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def to_compact_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON in its own order, without white space, for programs."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


# What YAML 1.2 takes for a number, and PyYAML, which speaks YAML 1.1, would write without quotes.
_LIKE_A_NUMBER = re.compile(r"[-+]?(\.?[0-9][0-9_.eExXoO+\-a-fA-F:]*|\.(inf|Inf|INF|nan|NaN|NAN))")
_LIKE_A_WORD = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ""})


def to_yaml(document: Mapping[str, Any]) -> str:
    """Return a document as YAML in block style, without aliases, with ambiguous strings quoted.

    Args:
        document: A dict of JSON values.
    """
    import yaml  # NOTE: cold start, as above

    class Dumper(yaml.SafeDumper):
        """A YAML writer of block style only, with indented items."""

        def ignore_aliases(self, data: Any) -> bool:
            """Say that nothing is written as an alias."""
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            """Indent the items of a list below its name."""
            super().increase_indent(flow, False)

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None
        if _LIKE_A_NUMBER.fullmatch(value) or value.lower() in _LIKE_A_WORD:
            style = "'"
        elif not value.replace("\n", "").isprintable():
            style = '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(dict(document), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
