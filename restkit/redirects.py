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
        description: The sentence of the document.
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
            ValueError: A text that begins like a URL leads to another server.
            TypeError: A path has variables or a query besides.
        """
        if isinstance(target, str) and not target[:1].isalnum() and target[:1] != "_":
            if not is_local_url(target):
                raise ValueError(
                    f"{target!r:.80} is not a path of this server. Read it with a LocalURL field, "
                    f"or write {type(self).__name__}.away(url) for a URL that you trust."
                )
            if values or _query is not None:
                raise TypeError(
                    f"{target!r:.80} is a path, which takes neither variables nor a query."
                )
        self.target = target
        self.query = _query
        self.values = values
        self._url: str | None = None

    @classmethod
    def away(cls, url: str, /) -> Self:
        """Redirect to a URL of any server. Never pass what a client sent.

        Args:
            url: An absolute URL of the scheme http or https.

        Raises:
            ValueError: It is not one.
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
    """303: the client gets the other URL with GET (RFC 9110, section 15.4.4), as after a form."""

    status = 303
    description = "The result is at another URL, which the client gets with GET."


class TemporaryRedirect(Redirect):
    """307: the client repeats the request, method and content too (RFC 9110, section 15.4.8)."""

    status = 307
    description = "The request is to be repeated at another URL."


class PermanentRedirect(Redirect):
    """308: the URL has changed for good (RFC 9110, section 15.4.9)."""

    status = 308
    description = "The resource has another URL from now on, where the request is to be repeated."


class MovedPermanently(Redirect):
    """301: the URL has changed for good; a POST may become a GET (RFC 9110, section 15.4.2)."""

    status = 301
    description = "The resource has another URL from now on."
