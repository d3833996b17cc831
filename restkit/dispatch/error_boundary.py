"""The error boundary: the one place where an exception becomes an answer."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as WerkzeugResponse

from ..environ_keys import UNEXPECTED_ERRORS
from ..errors import ContractError, DeclarationError
from ..operations.registry import Handlers
from ..problems import MEDIA_TYPE, InternalServerError, Problem, problem_class
from ..request import Request
from ..response import Outgoing, PlainResponse, header_items
from ..settings import Settings

__all__ = ["ErrorBoundary", "problem_response"]

_log = logging.getLogger("restkit")
_OWN = frozenset({"content-type", "content-length"})


def problem_response(problem: Problem) -> PlainResponse:
    """Render a problem (RFC 9457, section 3)."""
    body = problem.to_bytes()
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    headers += [item for item in header_items(problem.headers) if item[0].lower() not in _OWN]
    return PlainResponse(problem.status, headers, body)


class ErrorBoundary:
    """Turns whatever is raised while a request is answered into an answer.

    A handler of the exception's class, or of the nearest of its bases, is asked first: the resource's, then
    those of the Apps from the inside out.
    """

    def __init__(self, handlers: Sequence[Handlers], settings: Settings) -> None:
        """Make the boundary.

        Args:
            handlers: By exception class, the nearest first.
            settings: ``debug`` shows what failed; ``contract`` says what becomes of undeclared problems.
        """
        self._handlers = tuple(handlers)
        self._settings = settings

    def __call__(self, request: Request, error: Exception) -> Outgoing:
        """Return the answer to an exception.

        Raises:
            ContractError: In tests and the dev server; it is for the programmer.
        """
        if isinstance(error, ContractError):
            raise error
        handler = self._handler(type(error))
        outcome: Any = error
        if handler is not None:
            try:
                outcome = handler(error, request)
            except Exception as raised:  # noqa: BLE001  # a handler may raise the problem that it means
                outcome = raised
        return self._answer(request, outcome, error)

    def handles(self, kind: type[Exception]) -> bool:
        """Whether a handler would be asked for an exception class."""
        return self._handler(kind) is not None

    def _handler(self, kind: type[Exception]) -> Any:
        """Return the nearest handler; one of every exception is none of answers that are meant, nor of redirects."""
        bases = kind.__mro__
        if issubclass(kind, RequestRedirect):
            bases = bases[: bases.index(HTTPException)]
        elif issubclass(kind, (Problem, HTTPException)):
            bases = bases[: bases.index(Exception)]
        for handlers in self._handlers:
            for base in bases:
                if base in handlers:
                    return handlers[base]
        return None

    def _answer(self, request: Request, outcome: Any, error: Exception) -> Outgoing:
        if isinstance(outcome, WerkzeugResponse):
            return outcome
        if isinstance(outcome, RequestRedirect):
            headers = [
                ("Location", outcome.new_url),
                ("Content-Type", "text/plain"),
                ("Content-Length", "0"),
            ]
            return PlainResponse(outcome.code or 308, headers, b"")
        if isinstance(outcome, HTTPException):
            if outcome.response is not None:
                return WerkzeugResponse.force_type(outcome.response, request.environ)  # type: ignore[arg-type]  # abort() takes any WSGI response
            outcome = _problem_of(outcome)
        if not isinstance(outcome, Problem):
            outcome = self._unexpected(request, outcome, error)
        try:
            return problem_response(outcome)
        except Exception as raised:  # noqa: BLE001  # a member or header that cannot be written
            return problem_response(self._unexpected(request, raised, error))

    def _unexpected(self, request: Request, outcome: Any, error: Exception) -> InternalServerError:
        """Log what nobody expected; a stranger is told no more than that it happened."""
        if not isinstance(outcome, Exception):
            outcome = DeclarationError(
                f"A problem handler of {type(error).__name__} returned {type(outcome).__name__}; return a Problem or a "
                "Response."
            )
        collected = request.environ.get(UNEXPECTED_ERRORS)
        if collected is not None:
            collected.append(outcome)
        # SECURITY: a line break in the URL would let a client write log lines of its own.
        _log.error(
            "%s %s failed",
            *(ascii(text)[1:-1] for text in (request.method, request.path)),
            exc_info=outcome,
        )
        if not self._settings.debug:
            return InternalServerError("The server failed; the failure has been logged.")
        lines = traceback.format_exception(outcome)
        return InternalServerError(f"{type(outcome).__name__}: {outcome}", traceback="".join(lines))


def _problem_of(error: HTTPException) -> Problem:
    """Turn one of Werkzeug's HTTP exceptions into the Problem of its status, with its headers."""
    code = error.code if error.code is not None and 400 <= error.code <= 599 else 500
    headers: dict[str, str] = {}
    for name, value in error.get_headers():
        if name.lower() not in _OWN:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return problem_class(code)(error.description, headers=headers)
