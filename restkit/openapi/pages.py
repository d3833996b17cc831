"""The document and its pages as resources: /openapi.json, /openapi.yaml, /docs and /scalar.

Everything comes from this server: no other host is asked for anything, and the
Content-Security-Policy holds the pages to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from ..decorators import operation
from ..problems import NotFound
from ..request import Request
from ..resource import Resource
from ..response import Response
from ..schemas.json_values import text_value, watch_lazy_texts
from ..settings import Settings
from .assets import asset, edition, has_scalar, has_swagger_ui
from .audience import kept_from_caches, source_of
from .authorizing import REDIRECT, REDIRECT_PAGE, authorization_urls
from .discovery import text_response
from .document import build
from .markdown import METHODS
from .page_policy import page_policy
from .printed_documents import Form, printed_document
from .service_links import root_below, with_links, yaml_url
from .shared_components import expanded

__all__ = ["Asset", "OpenAPIJSON", "OpenAPIYAML", "Scalar", "SwaggerUI", "resources"]

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
        (yaml_url(settings.openapi_url), OpenAPIYAML),
    ]
    if settings.docs_url is not None:
        out.append((f"{settings.docs_url.rstrip('/')}/{REDIRECT}", OAuth2Redirect))
    for url, page in ((settings.docs_url, SwaggerUI), (settings.scalar_url, Scalar)):
        if url is not None:
            out += [(url, page), (f"{url.rstrip('/')}/<string:edition>/<string:filename>", Asset)]
    return out


def _own_url(request: Request) -> str:
    return quote(request.root_path + request.path)


def _printed(resource: Resource, own: str, form: Form, media_type: str) -> Response:
    root = root_below(resource.request, own)
    printed = printed_document(resource.request, root, form, {})
    resource.entity_tag = printed.entity_tag
    response = text_response(printed, media_type)
    return kept_from_caches(with_links(response, resource.app.settings, root), resource.app)


class OpenAPIJSON(Resource):
    """The document as JSON."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the document."""
        own = self.app.settings.openapi_url
        return _printed(self, own, "json", "application/json")


class OpenAPIYAML(Resource):
    """The document as YAML (RFC 9512)."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the document."""
        own = yaml_url(self.app.settings.openapi_url)
        return _printed(self, own, "yaml", "application/yaml")


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
        policy = page_policy([*self.app.servers, *authorization_urls(self.app)])
        return with_links(_html(text, policy), self.app.settings, root_below(self.request, own))


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
        page = _html(_SCALAR_PAGE.substitute(words), policy)
        return with_links(page, self.app.settings, root_below(self.request, own))


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
    root = root_below(request, own)
    document = root + app.settings.openapi_url
    assets = f"{_own_url(request).rstrip('/')}/{edition()}"
    return {
        name: escape(value)
        for name, value in (
            ("title", app.name),
            ("version", app.version),
            ("description", text_value(app.description)),
            ("document", document),
            ("yaml", yaml_url(document)),
            ("assets", assets),
        )
    }


def _plain_page(app: Any, request: Request, own: str, ui: str) -> Response:
    with watch_lazy_texts() as lazy:
        words = _words(app, request, own)
        document = expanded(build(source_of(request)[0]))
    operations = "\n".join(_section(*each) for each in _operations(document))
    text = _PLAIN_PAGE.substitute(words, notice=_NOTICE.substitute(ui=ui), operations=operations)
    page = _varied(_html(text, page_policy((), scripts=False)), bool(lazy))
    return kept_from_caches(with_links(page, app.settings, root_below(request, own)), app)


def _operations(document: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
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
