"""`SecurityHeaders`: headers by which browsers protect the users of an App."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contract import Header, Operation
from ..contributor import Contribution
from ..declaration_checks import check_text
from ..dispatch.edge import HEADERS
from ..dispatch.response_headers import set_headers
from ..errors import DeclarationError
from ..response import PlainResponse, header_items
from .installation import Owner, check_single

if TYPE_CHECKING:
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["SecurityHeaders"]

_POLICY = "Content-Security-Policy"
_DESCRIPTIONS = {
    "X-Content-Type-Options": "``nosniff``: browsers take the Content-Type as it is.",
    "Referrer-Policy": "What other sites learn of the URL.",
    "Cross-Origin-Resource-Policy": "The sites whose pages may include the response.",
    _POLICY: "What the response may load, and who may frame it.",
}
_USUAL = frozenset(
    {
        "Age",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Allow",
        "Cache-Control",
        "Content-Length",
        "Content-Type",
        "ETag",
        "Last-Modified",
        "Link",
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "Set-Cookie",
        "Strict-Transport-Security",
        "Vary",
        "WWW-Authenticate",
        "X-Request-Id",
    }
)
"""Headers that are not of this part."""


class SecurityHeaders:
    """Headers by which browsers protect users: ``app.install(SecurityHeaders())``.

    Every response has ``X-Content-Type-Options: nosniff``, ``Referrer-Policy``,
    ``Cross-Origin-Resource-Policy`` and ``Content-Security-Policy``. Content that is not HTML may
    load nothing and not be framed; a page may not be framed. A response keeps the headers that it
    has itself, such as the policy of a page.
    """

    edge_order = HEADERS

    def __init__(
        self,
        *,
        frame_ancestors: str = "'none'",
        referrer: str = "no-referrer",
        resource_policy: str = "same-origin",
    ) -> None:
        """Check and keep the values.

        Args:
            frame_ancestors: Who may frame responses: ``"'none'"``, ``"'self'"`` or origins.
            referrer: The value of Referrer-Policy.
            resource_policy: ``"same-origin"``, ``"same-site"`` or ``"cross-origin"``: the sites
                whose pages may include responses as images or scripts. CORS is apart from it.

        Raises:
            DeclarationError: A value is not a text for a header, or not one of those.
        """
        check_text(frame_ancestors, "SecurityHeaders(frame_ancestors=...)", "'self'")
        check_text(referrer, "SecurityHeaders(referrer=...)", "no-referrer")
        if resource_policy not in ("same-origin", "same-site", "cross-origin"):
            raise DeclarationError(
                "SecurityHeaders(resource_policy=...) must be 'same-origin', 'same-site' or "
                f"'cross-origin', got {resource_policy!r}."
            )
        framing = f"frame-ancestors {frame_ancestors}"
        always = [
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", referrer),
            ("Cross-Origin-Resource-Policy", resource_policy),
        ]
        self._of_data = [*always, (_POLICY, f"default-src 'none'; {framing}")]
        self._of_pages = [*always, (_POLICY, framing)]
        try:
            header_items(self._of_data)
        except ValueError as error:
            raise DeclarationError(f"SecurityHeaders: {error}") from None

    def install(self, app: Owner) -> None:
        """Check that the App has no others; it finds these when it is frozen."""
        check_single(app, SecurityHeaders, "Install one.")

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers."""
        return Contribution(headers=tuple(Header(*each) for each in _DESCRIPTIONS.items()))

    def response_finisher(self, operation: Operation | None, /) -> Finish:
        """Return the function that adds the headers to a response."""
        of_data, of_pages = self._of_data, self._of_pages

        def finish(request: Request, response: Outgoing) -> None:
            # PERF: the usual headers first; the rest costs two thousand instructions more.
            if type(response) is PlainResponse:
                for name, value in response.headers:
                    if name not in _USUAL or (name == "Content-Type" and "html" in value):
                        break
                else:
                    response.headers = response.headers + of_data
                    return
            _add(response, of_data, of_pages)

        return finish


def _add(
    response: Outgoing, of_data: list[tuple[str, str]], of_pages: list[tuple[str, str]]
) -> None:
    """Add the headers that a response does not have itself."""
    headers = response.headers if isinstance(response, PlainResponse) else [*response.headers]
    own = {name.lower(): value for name, value in headers}
    added = of_pages if "html" in own.get("content-type", "").lower() else of_data
    more = [item for item in added if item[0].lower() not in own]
    set_headers(response, [*headers, *more])
