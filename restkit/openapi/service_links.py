"""Where the forms of a document are: as links of a service (RFC 8631), and as URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import quote

from ..request import Request
from ..response import Response

__all__ = [
    "ServiceLink",
    "URLs",
    "markdown_url",
    "root_below",
    "service_links",
    "urls_by_title",
    "with_links",
    "yaml_url",
]


class URLs(Protocol):
    """The settings that say where a document and its pages are."""

    @property
    def openapi_url(self) -> str | None:
        """The path of the document as JSON."""
        ...

    @property
    def docs_url(self) -> str | None:
        """The path of Swagger UI."""
        ...

    @property
    def llms_url(self) -> str | None:
        """The path of the index."""
        ...


class ServiceLink(NamedTuple):
    """One link of a service.

    Attributes:
        relation: ``service-desc`` for programs, or ``service-doc`` for readers.
        url: The URL.
        media_type: The media type of the content.
        title: A title.
    """

    relation: str
    url: str
    media_type: str
    title: str


def yaml_url(json_url: str) -> str:
    """Return the path of the document as YAML."""
    return json_url.removesuffix(".json") + ".yaml"


def markdown_url(json_url: str) -> str:
    """Return the path of the document as Markdown."""
    return json_url.removesuffix(".json") + ".md"


def service_links(settings: URLs, root: str) -> list[ServiceLink]:
    """Return the links to the forms of a document.

    Args:
        settings: The settings of the App.
        root: The URL or the path below which the App responds.
    """
    found: list[ServiceLink] = []
    if settings.openapi_url is None:
        return found

    def add(relation: str, path: str | None, media_type: str, title: str) -> None:
        if path is not None:
            found.append(ServiceLink(relation, f"{root}{path}", media_type, title))

    json_url = settings.openapi_url
    add("service-desc", json_url, "application/json", "OpenAPI as JSON")
    add("service-desc", yaml_url(json_url), "application/yaml", "OpenAPI as YAML")
    add("service-doc", settings.docs_url, "text/html", "Documentation")
    add("service-doc", markdown_url(json_url), "text/markdown", "Documentation as Markdown")
    add("service-doc", settings.llms_url, "text/plain", "Index for language models")
    return found


def root_below(request: Request, own: str) -> str:
    """Return the path below which the App responds, seen from a URL of its own.

    With ``trailing_slash="ignore"`` a request may have a slash at the end that the URL has not.
    """
    path = request.root_path + request.path
    return quote(path.rstrip("/").removesuffix(own.rstrip("/")))


def with_links(response: Response, settings: URLs, root: str) -> Response:
    """Add the links to a response (RFC 8288, section 3)."""
    links = [
        f'<{each.url}>; rel="{each.relation}"; type="{each.media_type}"'
        for each in service_links(settings, root)
    ]
    response.headers.add("Link", ", ".join(links))
    return response


def urls_by_title(settings: URLs, root: str) -> Mapping[str, str]:
    """Return the URLs of the forms of a document by their titles."""
    return {each.title: each.url for each in service_links(settings, root)}
