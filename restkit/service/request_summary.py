"""`Summary`: a request and its response, for the access log."""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING

from ..contract import Operation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Summaries", "Summary", "json_text", "request_members", "summaries_of", "summarize"]

_MOST_KNOWN = 100


class Summary:
    """A request and its response, for the access log.

    Attributes:
        members: The members of a line of JSON, from ``message`` to ``status``.
        method: The method.
        path: The path without the query.
        status: The status of the response.
        operation: The Operation, None for an unknown URL or method.
        is_probe: Whether the operation is a probe.
    """

    __slots__ = ("is_probe", "members", "method", "operation", "path", "status")

    def __init__(self, method: str, path: str, status: int, operation: Operation | None) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.operation = operation
        name, route, self.is_probe = None, None, False
        if operation is not None:
            name, route, self.is_probe = operation.operation_id, operation.path, operation.is_probe
        message = f"{method} {path} {status}"
        self.members = request_members(message, name, method, path, route, status)


Summaries = tuple[
    dict[tuple[str, str | None, int], Summary], Callable[["WSGIEnvironment", int], Summary]
]
"""The summaries of an Operation that are known, by method, path and status; and what makes one."""


def summaries_of(operation: Operation | None) -> Summaries:
    """Return the summaries of an Operation.

    PERF: those of a URL without variables are kept, which saves three thousand instructions.
    """
    known: dict[tuple[str, str | None, int], Summary] = {}
    is_kept = operation is not None and not operation.path_parameters

    def make(environ: WSGIEnvironment, status: int) -> Summary:
        made = summarize(environ, status, operation)
        if is_kept and len(known) < _MOST_KNOWN:
            known[environ["REQUEST_METHOD"], environ.get("PATH_INFO"), status] = made
        return made

    return known, make


def summarize(environ: WSGIEnvironment, status: int, operation: Operation | None) -> Summary:
    """Return the summary of a request."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")
    return Summary(method, path, status, operation)


def request_members(
    message: str, operation: str | None, method: str, path: str, route: str | None, status: int
) -> str:
    """Return the members of a line of JSON that say which request it was."""
    return (
        f'"message":{json_text(message)},"operation":{_nullable(operation)},'
        f'"method":{json_text(method)},"path":{json_text(path)},"route":{_nullable(route)},'
        f'"status":{status}'
    )


def _nullable(text: str | None) -> str:
    return "null" if text is None else json_text(text)
