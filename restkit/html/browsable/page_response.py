"""The response that has a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...contract import Operation
from ...problems import InternalServerError
from ...records import Record
from ...response import STATUS_LINES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["PageResponse", "failed_response", "page_response", "redirect_response"]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of browsable pages: no scripts at all."""

# Those of the response that the page shows describe its content, or would apply to the page.
_OF_CONTENT = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-range",
        "content-security-policy",
        "content-type",
        "expires",
        "last-modified",
        "referrer-policy",
        "refresh",
        "vary",
        "www-authenticate",
        "x-content-type-options",
        "x-sendfile",
        "x-accel-redirect",
    }
)


class PageResponse(Record):
    """A response to a browser.

    Attributes:
        status: The status.
        headers: The headers.
        body: The content.
        operation: The Operation that it is of, None for an unknown URL.
        is_page: Whether it is a page of the Operation.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    operation: Operation | None = None
    is_page: bool = True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response (PEP 3333)."""
        start_response(STATUS_LINES[self.status], list(self.headers))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


def page_response(
    status: int,
    text: str,
    headers: Sequence[tuple[str, str]],
    operation: Operation | None,
    language: Sequence[tuple[str, str]] = (),
) -> PageResponse:
    """Return the response of a page.

    Args:
        status: The status.
        text: The page.
        headers: The headers of the response that it shows.
        operation: The Operation.
        language: The headers that say the language of the page.
    """
    body = text.encode("utf-8", "replace")
    given = (*headers, *language)
    vary = [part for name, text in given if name.lower() == "vary" for part in text.split(",")]
    names = dict.fromkeys([*(each.strip() for each in vary), "Accept", "Cookie"])
    own = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Vary", ", ".join(names)),
        # A page may have what only one caller may see; and Back shows what is true now.
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        # SECURITY: with "no-referrer" browsers would send "Origin: null" with the page's forms.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    own += [each for each in language if each[0].lower() != "vary"]
    kept = [each for each in headers if each[0].lower() not in _OF_CONTENT]
    return PageResponse(status, [*own, *kept], body, operation)


def failed_response() -> PageResponse:
    """Return the response if the page of a form cannot be made."""
    problem = InternalServerError("The page cannot be shown. The failure was logged.")
    body = problem.to_bytes()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    return PageResponse(500, headers, body, is_page=False)


def redirect_response(location: str, cookies: Sequence[str] = ()) -> PageResponse:
    """Return the redirect to a URL of this server, to be read with GET."""
    headers = [("Location", location), ("Cache-Control", "no-store")]
    headers += [("Content-Type", "text/plain"), ("Content-Length", "0")]
    headers += [("Set-Cookie", each) for each in cookies]
    return PageResponse(303, headers, b"", None, is_page=False)
