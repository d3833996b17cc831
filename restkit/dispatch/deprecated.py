"""Deprecated Operations: the headers on every response, and 410 after the sunset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ..contract import Operation
from ..deprecation import Deprecation, text_of
from ..errors import DeclarationError
from ..http.conditional import format_http_date
from ..http.request_target import near_url
from ..middleware import Boundary, Endpoint
from ..operations.entries import Entry
from ..problems import Gone
from ..request import Request
from ..response import Outgoing, PlainResponse

if TYPE_CHECKING:
    from ..routing.patterns import Pattern
    from ..routing.router import Router

__all__ = ["Successors", "deprecating"]

_Link = Callable[[Request], str]


class Successors:
    """The operations that the successors of deprecated ones name, among those of one router."""

    def __init__(self, router: Router, entries: Iterable[Entry]) -> None:
        """Read the operationIds."""
        self._router = router
        self._patterns = {
            each.operation_id: entry.pattern for entry in entries for each in entry.operations
        }

    def link_of(self, operation: Operation, rule: Deprecation, own: Pattern) -> _Link | None:
        """Return the function that makes the target of the Link to a successor.

        Args:
            operation: The deprecated Operation.
            rule: Its deprecation.
            own: The pattern of its URL.

        Raises:
            DeclarationError: No operation has the operationId, or its path has a variable that the
                path of the deprecated one has not.
        """
        name = rule.successor
        if not name:
            return None
        if name.startswith("/") and not name.startswith("//"):
            return lambda request: request.root_path + name
        if "/" in name or ":" in name:
            return lambda request: name
        pattern = self._patterns.get(name)
        if pattern is None:
            raise DeclarationError(
                f"{operation.declared_at} is deprecated with successor={name!r}, but no operation "
                "of the App has this operationId. `restkit routes` lists them; a URL begins "
                "with /."
            )
        if missing := sorted(pattern.variables - own.variables):
            raise DeclarationError(
                f"{operation.declared_at} is deprecated with successor={name!r}, whose path "
                f"{pattern.path} has the variable {missing[0]}, which {own.path} has not. Give the "
                "variables the same names, or give a URL."
            )
        return _link_to(pattern, self._router)


def _link_to(pattern: Pattern, router: Router) -> _Link:
    names = pattern.variables
    builder: list[Callable[[Mapping[str, object], str], str | None]] = []

    def link(request: Request) -> str:
        if not builder:  # the router is not finished while Operations are compiled
            builder.append(router.builder(pattern))
        values = {**request.mount_parameters, **request.path_parameters}
        chosen = {name: value for name, value in values.items() if name in names}
        url = builder[0](chosen, request.root_path) or pattern.path
        return near_url(url, request) if pattern.host else url

    return link


def deprecating(
    call: Endpoint, boundary: Boundary, rule: Deprecation, successor: _Link | None
) -> tuple[Endpoint, Boundary]:
    """Return an endpoint and its boundary with the headers of a deprecation on every response.

    Args:
        call: The endpoint inside its middleware.
        boundary: The callable that turns its exceptions into responses.
        rule: The deprecation.
        successor: The function that makes the target of the Link to the successor.
    """
    fixed = _headers(rule)
    ends = "" if rule.sunset is None else text_of(rule.sunset)

    def marked(request: Request, response: Outgoing) -> Outgoing:
        headers = fixed
        if successor is not None:
            headers = [*fixed, ("Link", f'<{successor(request)}>; rel="successor-version"')]
        if isinstance(response, PlainResponse):
            response.headers = [*response.headers, *headers]
        else:
            response.headers.extend(headers)
        return response

    def respond_to_error(request: Request, error: Exception) -> Outgoing:
        return marked(request, boundary(request, error))

    def respond(request: Request) -> Outgoing:
        if rule.gone and rule.is_over:
            return respond_to_error(request, Gone(f"This operation ended on {ends}."))
        return marked(request, call(request))

    return respond, respond_to_error


def _headers(rule: Deprecation) -> list[tuple[str, str]]:
    """Return the headers that are the same on each response."""
    found = [("Deprecation", f"@{int(rule.since.timestamp())}")]
    if rule.sunset is not None:
        found.append(("Sunset", format_http_date(rule.sunset)))
    if rule.documentation:
        found.append(("Link", f'<{rule.documentation}>; rel="deprecation"'))
    return found
