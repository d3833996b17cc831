"""Redirects as values: ``return SeeOther(BookItem, book_id=3)``.

The return annotation declares the status: ``-> SeeOther``, or ``-> SeeOther | Book``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Self, cast
from urllib.parse import urlsplit

from .http.uris import is_local_url, uri_of

if TYPE_CHECKING:
    from .request import Request

__all__ = ["MovedPermanently", "PermanentRedirect", "Redirect", "SeeOther", "TemporaryRedirect"]


class Redirect:
    """A response that sends the client to another URL; use one of the subclasses.

    Attributes:
        status: The HTTP status.
        description: The description of the response in the document.
    """

    status: ClassVar[int]
    description: ClassVar[str] = ""

    def __init__(
        self,
        target: object,
        /,
        *,
        _query: Mapping[str, object] | None = None,
        **values: object,
    ) -> None:
        """Redirect to a URL of this server.

        Args:
            target: A Resource class, a function, a name or an operationId, as for `App.url_for`,
                or a path such as ``/login?next=%2F``.
            _query: Query parameters, as for `App.url_for`.
            values: The variables of the target's URL pattern.

        Raises:
            ValueError: The target is a URL of another server.
            TypeError: The target is a path, and variables or a query are given too.
        """
        if isinstance(target, str) and not target[:1].isalnum() and target[:1] != "_":
            if not is_local_url(target):
                raise ValueError(
                    f"{target!r:.80} is not a path of this server. Read it with a LocalURL field, "
                    f"or write {type(self).__name__}.away(url) for a URL that you trust."
                )
            if values or _query is not None:
                raise TypeError(
                    f"{target!r:.80} is a path, which takes neither variables nor _query. Write "
                    "them into the path."
                )
        self.target = target
        self.query = _query
        self.values = values
        self._url: str | None = None

    @classmethod
    def away(cls, url: str, /) -> Self:
        """Redirect to a URL of any server. Never pass a URL that a client sent (open redirect).

        Args:
            url: An absolute URL with the scheme http or https.

        Raises:
            ValueError: The URL is not absolute, or has another scheme.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r:.80} is not an absolute URL with http or https.")
        made = cls("/")
        made._url = uri_of(url)
        return made

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._url or self.target!r}>"

    def location(self, request: Request) -> str:
        """Return the value of the Location header (RFC 9110, section 10.2.2).

        Raises:
            LookupError: The target has no URL, see `App.url_for`.
        """
        if self._url is not None:
            return self._url
        if isinstance(self.target, str) and self.target.startswith("/"):
            return uri_of(self.target)
        url_for = cast("Callable[..., str]", request.app.url_for)
        return url_for(self.target, _query=self.query, **self.values)


class SeeOther(Redirect):
    """303: the client fetches the other URL with GET, as after a form (RFC 9110, 15.4.4)."""

    status = 303
    description = "The result is at another URL. Fetch it with GET."


class TemporaryRedirect(Redirect):
    """307: the client repeats the request, with method and content (RFC 9110, 15.4.8)."""

    status = 307
    description = "The resource is temporarily at another URL. Repeat the request there."


class PermanentRedirect(Redirect):
    """308: the URL has changed permanently; the client repeats the request (RFC 9110, 15.4.9)."""

    status = 308
    description = "The resource has moved permanently to another URL. Repeat the request there."


class MovedPermanently(Redirect):
    """301: the URL has changed permanently; a POST may become a GET (RFC 9110, 15.4.2)."""

    status = 301
    description = "The resource has moved permanently to another URL."
