"""How an API is found: its Markdown, /llms.txt, and the catalog of APIs (RFC 9727)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Protocol, cast
from urllib.parse import quote

from ..decorators import operation
from ..encoding import dumps_json
from ..operations.registry import Registry
from ..request import Request
from ..resource import Resource
from ..response import Response
from ..settings import Settings
from .audience import kept_from_caches
from .printed_documents import Form, Printed, printed_document
from .service_links import markdown_url, root_below, service_links, urls_by_title, with_links

__all__ = ["APICatalog", "LLMsText", "OpenAPIMarkdown", "discovery_resources", "text_response"]

_PROFILE = "https://www.rfc-editor.org/info/rfc9727"


def discovery_resources(settings: Settings) -> Iterator[tuple[str, type[Resource]]]:
    """Yield the URL patterns and resources by which programs find the document.

    Args:
        settings: Of the App: where they are, and whether they are at all.
    """
    if settings.openapi_url is None:
        return
    yield markdown_url(settings.openapi_url), OpenAPIMarkdown
    if settings.llms_url is not None:
        yield settings.llms_url, LLMsText
    if settings.catalog_url is not None:
        yield settings.catalog_url, APICatalog


def _text_of(resource: Resource, own: str, form: Form, media_type: str) -> Response:
    settings: Settings = resource.app.settings
    root = root_below(resource.request, own)
    urls = {title: url for title, url in urls_by_title(settings, root).items() if url != root + own}
    printed = printed_document(resource.request, root, form, urls)
    resource.entity_tag = printed.entity_tag
    response = text_response(printed, f"{media_type}; charset=utf-8")
    return kept_from_caches(with_links(response, settings, root), resource.app)


def text_response(printed: Printed, content_type: str) -> Response:
    """Return the response of a printed document.

    Its texts may depend on the language (RFC 9110, section 12.5.5): a lazy text chooses its
    language itself, by the header or by a cookie of the person's choice.
    """
    response = Response(printed.body, content_type=content_type)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if printed.is_translated:
        response.headers.add("Vary", "Accept-Language, Cookie")
    return response


class OpenAPIMarkdown(Resource):
    """The document as Markdown (RFC 7763)."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the document."""
        own = markdown_url(self.app.settings.openapi_url)
        return _text_of(self, own, "markdown", "text/markdown")


class LLMsText(Resource):
    """The index of the document for language models."""

    documented: ClassVar[bool] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the index."""
        return _text_of(self, self.app.settings.llms_url, "index", "text/plain")


class APICatalog(Resource):
    """The catalog of the APIs: the App, and the Apps that are mounted on it (RFC 9727)."""

    documented: ClassVar[bool] = False

    @operation(deprecated=False)
    def get(self) -> Response:
        """Return the links to the documents of each App, as a linkset (RFC 9264)."""
        own = self.app.settings.catalog_url
        root = root_below(self.request, own)
        base = f"{self.request.host_url.rstrip('/')}{root}"
        catalog = f"{base}{own}"
        entries = [each for each in _entries(self.request, base) if len(each) > 1]
        items = [{"href": each["anchor"]} for each in entries]
        linkset = [{"anchor": catalog, "item": items}, *entries]
        content = dumps_json({"linkset": linkset})
        content_type = f'application/linkset+json; profile="{_PROFILE}"'
        response = Response(content, content_type=content_type)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Link"] = f'<{catalog}>; rel="api-catalog"'
        return with_links(response, self.app.settings, root)


class _Registered(Protocol):
    @property
    def _registry(self) -> Registry: ...


def _documented(registry: Registry, prefix: str = "") -> Iterator[tuple[str, Settings]]:
    """Yield the Apps whose mounts are documented, with their prefixes.

    A prefix with variables has no one URL, and that of a host is elsewhere.
    """
    yield prefix, registry.app.settings
    for mounted in registry.mounts:
        at = mounted.at
        if mounted.documented and not at.host and "<" not in at.rule:
            yield from _documented(mounted.registry, prefix + at.rule)


def _entries(request: Request, base: str) -> Iterator[dict[str, object]]:
    """Yield the links of each App."""
    registry = cast("_Registered", request.app)._registry
    for prefix, settings in _documented(registry):
        root = f"{base}{quote(prefix)}"
        entry: dict[str, object] = {"anchor": f"{root}/"}
        for link in service_links(settings, root):
            targets = entry.setdefault(link.relation, [])
            target = {"href": link.url, "type": link.media_type, "title": link.title}
            cast("list[dict[str, str]]", targets).append(target)
        yield entry
