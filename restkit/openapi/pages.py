"""The document and its pages as resources: /openapi.json, /openapi.yaml, /docs and /scalar.

Everything comes from this server: no other host is asked for anything, and the
Content-Security-Policy holds the pages to that.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any, ClassVar, Literal, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

from ..decorators import operation
from ..problems import NotFound
from ..request import Request
from ..resource import Resource
from ..response import Response
from ..schemas.json_values import text_value, watch_lazy_texts
from ..settings import Settings
from .assets import asset, edition, has_scalar, has_swagger_ui
from .audience import Audience, kept_from_caches, source_of
from .authorizing import REDIRECT, REDIRECT_PAGE, authorization_urls
from .document import build, to_compact_json, to_yaml
from .page_policy import page_policy
from .shared_components import expanded

__all__ = ["Asset", "OpenAPIJSON", "OpenAPIYAML", "Scalar", "SwaggerUI", "resources"]

_METHODS = (
    *("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"),
    "x-query",  # before OpenAPI 3.2
)


class _Printed(NamedTuple):
    """A printed document."""

    body: bytes
    entity_tag: str
    is_translated: bool
    """Whether the document has lazy texts, which may depend on the request's language."""


_ROOTS = 8
_documents: WeakKeyDictionary[Any, dict[tuple[str, str, Audience | None], _Printed]] = (
    WeakKeyDictionary()
)
_lock = threading.Lock()

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="stylesheet" href="$assets/page.css">
"""
_SWAGGER_PAGE = Template(
    _HEAD
    + """\
<link rel="stylesheet" href="$assets/swagger-ui.css">
<link rel="icon" type="image/png" href="$assets/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui" data-document="$document" data-redirect="$redirect"></div>
<noscript>This page needs scripts; <a href="$document">the document</a> does not.</noscript>
<script src="$assets/swagger-ui-bundle.js"></script>
<script src="$assets/swagger-start.js"></script>
</body>
</html>
"""
)
_SCALAR_PAGE = Template(
    _HEAD
    + """\
<link rel="icon" href="data:,">
</head>
<body>
<div id="scalar" data-document="$document"></div>
<noscript>This page needs scripts; <a href="$document">the document</a> does not.</noscript>
<script src="$assets/scalar.js"></script>
<script src="$assets/scalar-start.js"></script>
</body>
</html>
"""
)
_PLAIN_PAGE = Template(
    _HEAD
    + """\
<link rel="icon" href="data:,">
</head>
<body class="plain">
<h1>$title <small>$version</small></h1>
$notice
<p>$description</p>
<p>The document: <a href="$document">OpenAPI as JSON</a>, <a href="$yaml">as YAML</a>.</p>
$operations
</body>
</html>
"""
)
_NOTICE = Template("<p>For $ui on this page: <code>pip install 'restkit[swagger]'</code></p>")


def resources(settings: Settings) -> list[tuple[str, type[Resource]]]:
    """Return the URL patterns and resources of the document and its pages.

    Args:
        settings: Of the App: where they are, and whether they are at all.
    """
    if settings.openapi_url is None:
        return []
    out: list[tuple[str, type[Resource]]] = [
        (settings.openapi_url, OpenAPIJSON),
        (_yaml_url(settings.openapi_url), OpenAPIYAML),
    ]
    if settings.docs_url is not None:
        out.append((f"{settings.docs_url.rstrip('/')}/{REDIRECT}", OAuth2Redirect))
    for url, page in ((settings.docs_url, SwaggerUI), (settings.scalar_url, Scalar)):
        if url is not None:
            out += [(url, page), (f"{url.rstrip('/')}/<string:edition>/<string:filename>", Asset)]
    return out


def _yaml_url(json_url: str) -> str:
    return json_url.removesuffix(".json") + ".yaml"


def _document(request: Request, root: str, media_type: Literal["json", "yaml"]) -> _Printed:
    """Return the printed document.

    The document is printed once, as an App that responds does not change; with ``docs_by_caller``
    once for each audience. With lazy texts, which may depend on the language of the request, it is
    printed for each request.
    """
    source, audience = source_of(request)
    with _lock:
        known = _documents.setdefault(request.app, {})
        key = (root, media_type, audience)
        if key not in known:
            if len(known) >= 2 * _ROOTS:
                known.clear()
            with watch_lazy_texts() as lazy:
                document = build(source, server_root=root)
            is_json = media_type == "json"
            body = to_compact_json(document) if is_json else to_yaml(document).encode()
            made = _Printed(body, hashlib.sha256(body).hexdigest()[:24], is_translated=bool(lazy))
            if lazy:
                return made
            known[key] = made
        return known[key]


def _own_url(request: Request) -> str:
    return quote(request.root_path + request.path)


def _root(request: Request, own: str) -> str:
    """Return the path below which the App answers, seen from a URL of its own."""
    return (request.root_path + request.path).removesuffix(own)


class OpenAPIJSON(Resource):
    """The document as JSON."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the document."""
        root = quote(_root(self.request, self.app.settings.openapi_url))
        printed = _document(self.request, root, "json")
        self.entity_tag = printed.entity_tag
        response = _response(printed.body, "application/json", "no-cache")
        return kept_from_caches(_varied(response, printed.is_translated), self.app)


class OpenAPIYAML(Resource):
    """The document as YAML (RFC 9512)."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the document."""
        root = quote(_root(self.request, _yaml_url(self.app.settings.openapi_url)))
        printed = _document(self.request, root, "yaml")
        self.entity_tag = printed.entity_tag
        response = _response(printed.body, "application/yaml", "no-cache")
        return kept_from_caches(_varied(response, printed.is_translated), self.app)


class SwaggerUI(Resource):
    """The page with Swagger UI, or a plain page if its package is not installed."""

    documented: ClassVar[bool] = False

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the page."""
        own = self.app.settings.docs_url
        if not has_swagger_ui():
            return _plain_page(self.app, self.request, own, "Swagger UI")
        words = _words(self.app, self.request, own)
        redirect = f"{_own_url(self.request).rstrip('/')}/{REDIRECT}"
        text = _SWAGGER_PAGE.substitute(words, redirect=escape(redirect))
        return _html(text, page_policy([*self.app.servers, *authorization_urls(self.app)]))


class OAuth2Redirect(Resource):
    """The page where an authorization server sends the browser back to Swagger UI."""

    documented: ClassVar[bool] = False
    _any_query: ClassVar[bool] = True  # errors of authorization servers have members of their own

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the page, which gives its parameters to the page that has opened it."""
        docs = _own_url(self.request).removesuffix(f"/{REDIRECT}")
        text = REDIRECT_PAGE.format(assets=escape(f"{docs}/{edition()}"))
        return _html(text, page_policy(()))


class Scalar(Resource):
    """The page with Scalar, or a plain page if its package is not installed."""

    documented: ClassVar[bool] = False

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the page."""
        own = self.app.settings.scalar_url
        if not has_scalar():
            return _plain_page(self.app, self.request, own, "Scalar")
        words = _words(self.app, self.request, own)
        # SECURITY: Scalar creates its style sheets in the browser. Inline scripts stay forbidden.
        policy = page_policy(self.app.servers, styles="'self' 'unsafe-inline'")
        return _html(_SCALAR_PAGE.substitute(words), policy)


class Asset(Resource):
    """A file of the pages. Its URL changes with its content, so clients may cache it for a year."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self, edition: str, filename: str) -> Response:
        """Return the file."""
        found = asset(filename) if edition == _edition() else None
        if found is None:
            raise NotFound
        self.entity_tag = f"{edition}-{filename}"
        return _response(*found, "public, max-age=31536000, immutable")


_edition = edition


def _words(app: Any, request: Request, own: str) -> dict[str, str]:
    """Return the values that stand on every page, escaped."""
    root = quote(_root(request, own))
    document = root + app.settings.openapi_url
    assets = f"{_own_url(request).rstrip('/')}/{edition()}"
    return {
        name: escape(value)
        for name, value in (
            ("title", app.name),
            ("version", app.version),
            ("description", text_value(app.description)),
            ("document", document),
            ("yaml", _yaml_url(document)),
            ("assets", assets),
        )
    }


def _plain_page(app: Any, request: Request, own: str, ui: str) -> Response:
    with watch_lazy_texts() as lazy:
        words = _words(app, request, own)
        document = expanded(build(source_of(request)[0]))
    operations = "\n".join(_section(*each) for each in _operations(document))
    text = _PLAIN_PAGE.substitute(words, notice=_NOTICE.substitute(ui=ui), operations=operations)
    return kept_from_caches(_varied(_html(text, page_policy((), scripts=False)), bool(lazy)), app)


def _operations(document: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.removeprefix("x-").upper(), path, item[method]


def _section(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = [
        (
            f"<code>{escape(each['name'])}</code>",
            escape(f"{each['in']}. {each.get('description', '')}"),
        )
        for each in operation.get("parameters", ())
    ]
    for status, response in operation["responses"].items():
        rows.append((status, escape(response["description"])))
    table = "".join(f"<tr><th>{name}</th><td>{says}</td></tr>" for name, says in rows)
    words = f"{operation['summary']} {operation.get('description', '')}".strip()
    kind = ' class="deprecated"' if operation.get("deprecated") else ""
    return (
        f'<h3 id="{escape(operation["operationId"])}"{kind}><b>{method}</b> {escape(path)}</h3>'
        f"<p>{escape(words)}</p><table>{table}</table>"
    )


def _varied(response: Response, is_translated: bool) -> Response:
    """Add Vary to a response whose texts may depend on the language (RFC 9110, section 12.5.5).

    A lazy text chooses its language itself, by the header or by a cookie of the person's choice.
    """
    if is_translated:
        response.headers.add("Vary", "Accept-Language, Cookie")
    return response


def _html(text: str, policy: str) -> Response:
    response = _response(text.encode(), "text/html; charset=utf-8", "no-cache")
    response.headers["Content-Security-Policy"] = policy
    return response


def _response(body: bytes, content_type: str, caching: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = caching
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
