"""How a request names its version, and the additions to the Operations of each version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ..contract import Failure, Header, Operation, Parameter
from ..contributor import Contribution
from ..errors import DeclarationError
from ..http.negotiation import parse_accept, parse_content_type
from ..media import JSON, check_media_types
from ..problems import BadRequest, Problem
from ..request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Choice", "HeaderChoice", "MediaTypeChoice", "check_names", "is_own_page"]

_PLACE = "{version}"
_HEADER = r"[A-Za-z][A-Za-z0-9-]{0,63}"
# Headers with a meaning of their own, which proxies and servers change.
_TAKEN = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "authorization"),
        *("cache-control", "connection", "content-encoding", "content-length", "content-type"),
        *("cookie", "date", "expect", "forwarded", "host", "idempotency-key", "if-match"),
        *("if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive"),
        *("last-event-id", "link", "origin", "prefer", "range", "referer", "set-cookie", "te"),
        *("trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via"),
    }
)
_CACHED_LENGTH = 256
_OWN_PAGES = ("restkit.mcp.", "restkit.openapi.")


class Choice(Protocol):
    """A way to name the version of a request.

    Attributes:
        vary: The request header on which every response depends.
    """

    vary: str

    def named(self, environ: WSGIEnvironment) -> str | None:
        """Return the version that a request names, None if it names none that is known."""
        ...

    def problem(self, request: Request, version: str, *, is_default: bool) -> Problem | None:
        """Return the problem of a request that another version should get, None without one."""
        ...

    def response_headers(self, version: str) -> Sequence[tuple[str, str]]:
        """Return the headers that say which version has responded."""
        ...

    def contribution(self, version: str, *, is_default: bool) -> Contribution:
        """Return the additions of the choice to each Operation of a version."""
        ...

    def documented(self, version: str) -> Mapping[str, str]:
        """Return the choice as the root of the document has it, in ``x-api-version``."""
        ...


class HeaderChoice:
    """The version in a header of its own: ``Api-Version: 2``."""

    def __init__(self, header: object, versions: Sequence[str]) -> None:
        """Keep the names.

        Raises:
            DeclarationError: The header cannot name a version.
        """
        if (
            not isinstance(header, str)
            or not re.fullmatch(_HEADER, header)
            or header.lower() in _TAKEN
        ):
            raise DeclarationError(
                f"Versions(header=...) must be the name of a header of its own, such as "
                f"'Api-Version', got {header!r}."
            )
        self.vary = header
        self._header = header
        self._key = f"HTTP_{header.upper().replace('-', '_')}"
        self._versions = versions

    def named(self, environ: WSGIEnvironment) -> str | None:
        """Return the value of the header."""
        given: str | None = environ.get(self._key)
        return given if given in self._versions else None

    def problem(self, request: Request, version: str, *, is_default: bool) -> Problem | None:
        """Return a 400 for an unknown version, and for none if there is no default."""
        given = request.environ.get(self._key)
        if given == version or (given is None and (is_default or is_own_page(request.operation))):
            return None
        what = "is required" if given is None else "names no version of this API"
        known = ", ".join(self._versions)
        return BadRequest(f"The header {self._header} {what}. Versions: {known}.")

    def response_headers(self, version: str) -> Sequence[tuple[str, str]]:
        """Return the header with the version."""
        return ((self._header, version),)

    def documented(self, version: str) -> Mapping[str, str]:
        """Return the name of the header."""
        return {"header": self._header}

    def contribution(self, version: str, *, is_default: bool) -> Contribution:
        """Return the parameter as it is enforced, the headers of responses, and the 400."""
        others = ", ".join(f"`{each}`" for each in self._versions if each != version)
        words = f"The version of the API: this one. Others: {others or 'none'}."
        schema: dict[str, object] = {"type": "string", "enum": [version]}
        if is_default:
            schema["default"] = version
        return Contribution(
            parameters=(Parameter(self._header, "header", words, schema, required=not is_default),),
            headers=(
                Header(self._header, "The version that has responded.", schema),
                _vary(self.vary),
            ),
            failures=(
                Failure(BadRequest, "versions", f"The header {self._header} names no version."),
            ),
        )


class MediaTypeChoice:
    """The version in a vendor's media type: ``Accept: application/vnd.shop.v2+json``."""

    vary = "Accept"

    def __init__(self, template: object, versions: Sequence[str], default: str | None) -> None:
        """Keep the media types.

        Raises:
            DeclarationError: The template is none.
        """
        if (
            not isinstance(template, str)
            or template.count(_PLACE) != 1
            or not template.endswith("+json")
        ):
            raise DeclarationError(
                "Versions(media_type=...) must be a media type of JSON with {version}, such as "
                f"'application/vnd.shop.v{{version}}+json', got {template!r}."
            )
        self._has_default = default is not None
        self._types = {each: template.replace(_PLACE, each.lower()) for each in versions}
        check_media_types(self._types.values(), "Versions(media_type=...)")
        self._by_type = {media_type: each for each, media_type in self._types.items()}
        if len(self._by_type) < len(self._types):
            raise DeclarationError(
                "Versions(media_type=...) has two versions of one media type, which knows no "
                "capital letters. Rename one of them."
            )

    def named(self, environ: WSGIEnvironment) -> str | None:
        """Return the version that Accept prefers among the known ones, or that of the content.

        None, which is the default version, if Accept prefers plain JSON to the types of versions.
        """
        accept: str = environ.get("HTTP_ACCEPT", "")
        preferred = _preferred_cached if len(accept) <= _CACHED_LENGTH else _preferred
        for media_type in preferred(accept):
            if media_type in self._by_type:
                return self._by_type[media_type]
            if media_type == JSON and self._has_default:
                break
        content = parse_content_type(environ.get("CONTENT_TYPE"))
        return self._by_type.get(content.media_type)

    def problem(self, request: Request, version: str, *, is_default: bool) -> Problem | None:
        """Return None: negotiation responds with 406, and the reader of content with 415."""
        return None

    def response_headers(self, version: str) -> Sequence[tuple[str, str]]:
        """Return nothing: Content-Type says it."""
        return ()

    def documented(self, version: str) -> Mapping[str, str]:
        """Return the media type."""
        return {"mediaType": self._types[version]}

    def contribution(self, version: str, *, is_default: bool) -> Contribution:
        """Return the header of responses, and the vendor's type in place of JSON.

        It stands beside JSON in the version of requests that name none.
        """
        own = self._types[version]
        types = (JSON, own) if is_default else (own,)
        return Contribution(headers=(_vary(self.vary),), media_types={JSON: types})


def _preferred(header: str) -> tuple[str, ...]:
    """Return the media types of an Accept header by their weight; ``q=0`` is not acceptable."""
    ranges = [each for each in parse_accept(header) if each.quality > 0]
    # The first of equal weights is preferred. JSON comes last: a type of a version says more.
    ranges.sort(key=lambda each: (-each.quality, f"{each.type}/{each.subtype}" == JSON))
    return tuple(f"{each.type}/{each.subtype}" for each in ranges)


# SECURITY: clients choose the headers; long ones are not kept.
_preferred_cached = lru_cache(maxsize=256)(_preferred)


def _vary(name: str) -> Header:
    return Header("Vary", f"{name}, and what else the response depends on.")


def is_own_page(operation: Operation | None) -> bool:
    """Return whether an Operation is that of a document or of MCP.

    Browsers and agents send no header of the program's own, and no media types but their own.
    """
    return operation is not None and operation.resource.__module__.startswith(_OWN_PAGES)


_NAMES = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def check_names(names: Mapping[str, object]) -> None:
    """Reject names of versions that a header or a media type cannot have.

    Raises:
        DeclarationError: One cannot.
    """
    for name in names:
        if not isinstance(name, str) or not _NAMES.fullmatch(name):
            raise DeclarationError(
                f"Versions has the name {name!r:.80}. A version is named with letters, digits, "
                "'.', '-' and '_': '2' or '2026-12-01'."
            )
