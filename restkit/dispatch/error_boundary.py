"""The error boundary: the one place where an exception becomes a response."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Collection, Sequence
from typing import Any, cast

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from ..environ_keys import (
    CONTRACT_CHECK,
    ERROR_FORMATS,
    PAGE_HEADERS,
    RAISED_BY,
    TRANSLATOR,
    UNEXPECTED_ERRORS,
)
from ..error_formats import DEFAULT_FORMATS, PROBLEM_DETAILS, ErrorFormat, FormatChooser
from ..errors import ContractError, DeclarationError
from ..http.redirects import is_redirect, is_redirect_class
from ..operations.entries import Handlers
from ..problems import InternalServerError, Problem, problem_class
from ..rendering.content import CONTENT_LENGTHS
from ..request import Request
from ..resource import ProblemHandler
from ..response import Outgoing, PlainResponse, header_items
from ..settings import Settings

__all__ = ["ErrorBoundary", "problem_response"]

_log = logging.getLogger("restkit")
_CONTENT_HEADERS = frozenset({"content-type", "content-length"})
_PROBLEM_TYPE = ("Content-Type", PROBLEM_DETAILS.content_type)


def problem_response(
    problem: Problem,
    body: bytes,
    error_format: ErrorFormat,
    format_headers: Sequence[tuple[str, str]] | None = None,
) -> PlainResponse:
    """Return the response for a problem.

    Args:
        problem: The problem, for its status and headers.
        body: The content: the problem as the format renders it.
        error_format: The format.
        format_headers: The headers of the content; those of the format by default.
    """
    headers = [("Content-Type", error_format.content_type), CONTENT_LENGTHS[len(body)]]
    headers += error_format.headers if format_headers is None else format_headers
    if problem.headers:
        headers += [
            item
            for item in header_items(problem.headers)
            if item[0].lower() not in _CONTENT_HEADERS
        ]
    return PlainResponse(problem.status, headers, body)


class ErrorBoundary:
    """The handler of every exception that is raised while an App responds.

    The problem handler of the exception's class, or of its nearest base class, is called first. The
    handlers of the resource take precedence over those of its App, and these over those of outer
    Apps. If a handler returns a problem, the remaining handlers are searched for this problem, so a
    handler of `Problem` is called for every problem. The handler of a class is called at most once.
    """

    def __init__(
        self,
        handlers: Sequence[Handlers],
        settings: Settings,
        errors: Sequence[ErrorFormat] = DEFAULT_FORMATS,
    ) -> None:
        """Make the boundary.

        Args:
            handlers: The problem handlers by exception class, the nearest first.
            settings: The settings. With ``debug``, a 500 includes the exception.
            errors: The formats of error responses, the default first.
        """
        self._handlers = tuple(each for each in handlers if each)
        self._settings = settings
        self._statuses: dict[int, frozenset[int]] = {}
        self._choose = FormatChooser(errors or DEFAULT_FORMATS)
        self._is_plain = not self._handlers and tuple(errors or DEFAULT_FORMATS) == DEFAULT_FORMATS

    def __call__(self, request: Request, error: Exception) -> Outgoing:
        """Return the response for an exception.

        Raises:
            ContractError: The exception is one. It must reach the test or the development server.
        """
        environ = request.environ
        if CONTRACT_CHECK in environ or self._is_undeclared(request, error):
            environ[RAISED_BY] = _raiser(error)
        elif (
            self._is_plain
            and isinstance(error, Problem)
            and TRANSLATOR not in environ
            and ERROR_FORMATS not in environ
        ):
            # PERF: most problems; `_responded` costs 10 thousand instructions more.
            try:
                body = error.to_bytes()
                if error.headers:
                    return problem_response(error, body, PROBLEM_DETAILS)
                headers = [_PROBLEM_TYPE, CONTENT_LENGTHS[len(body)], *PROBLEM_DETAILS.headers]
                return PlainResponse(error.status, headers, body)
            except Exception:  # noqa: BLE001  # a member or header that cannot be written
                return self._responded(request, error)
        return self._responded(request, error)

    def _responded(self, request: Request, error: Exception) -> Outgoing:
        """Call the problem handlers, and return the response to an exception."""
        outcome: object = error
        called: set[type] = set()
        while not isinstance(outcome, WerkzeugResponse):
            if isinstance(outcome, ContractError):
                raise outcome
            found = self._handler(type(outcome), called)
            if found is not None:
                called.add(found[0])
                outcome = _handled(found[1], outcome, request)
            elif isinstance(outcome, Problem) or _is_ready(outcome):
                return self._response(request, outcome, error)
            elif isinstance(outcome, HTTPException):
                outcome = _problem_of(outcome)
            else:
                outcome = self._unexpected(request, outcome, error)
        return outcome

    def _is_undeclared(self, request: Request, error: Exception) -> bool:
        """Return whether an exception is a problem that the Operation does not declare."""
        operation = request.operation
        if operation is None or not isinstance(error, Problem):
            return False
        # PERF: `statuses` builds a set at each call. The ids stay valid, since Operations live as
        # long as this boundary.
        statuses = self._statuses.get(id(operation))
        if statuses is None:
            statuses = self._statuses[id(operation)] = operation.statuses
        return error.status not in statuses

    def handles(self, kind: type[Exception]) -> bool:
        """Return whether there is a handler for an exception class."""
        return self._handler(kind, ()) is not None

    def _handler(self, kind: type, called: Collection[type]) -> tuple[type, ProblemHandler] | None:
        """Return the nearest handler, and its exception class, that was not called yet.

        A handler of `Exception` does not handle problems, HTTP exceptions or redirects.
        """
        if not self._handlers or not issubclass(kind, Exception):
            return None
        bases: Sequence[type] = kind.__mro__
        if issubclass(kind, HTTPException) and is_redirect_class(kind):
            bases = bases[: bases.index(HTTPException)]
        elif issubclass(kind, (Problem, HTTPException)):
            bases = bases[: bases.index(Exception)]
        for handlers in self._handlers:
            for base in bases:
                if base in handlers and base not in called:
                    return base, handlers[base]
        return None

    def _response(self, request: Request, outcome: object, error: Exception) -> Outgoing:
        """Return the response for a problem or an HTTP exception that no handler changes."""
        if is_redirect(outcome):
            headers = [
                ("Location", outcome.new_url),
                ("Content-Type", "text/plain"),
                ("Content-Length", "0"),
            ]
            return PlainResponse(outcome.code or 308, headers, b"")
        if isinstance(outcome, HTTPException):
            ready: Any = outcome.response  # abort() takes any WSGI response
            return WerkzeugResponse.force_type(ready, request.environ)
        if not isinstance(outcome, Problem):
            raise TypeError(outcome)
        chosen = self._choose(request.environ.get("HTTP_ACCEPT"))
        for each in (chosen, chosen, PROBLEM_DETAILS):
            try:
                request.environ.pop(PAGE_HEADERS, None)
                shown = _translated(outcome, request)
                body = each.content(shown, request)
                headers = request.environ.get(PAGE_HEADERS, each.headers)
                response = problem_response(outcome, body, each, headers)
            except Exception as raised:  # noqa: BLE001  # a member or header that cannot be written
                request.environ.pop(TRANSLATOR, None)  # which may have raised
                outcome = self._unexpected(request, raised, error)
            else:
                if CONTRACT_CHECK in request.environ:
                    _check_format(request, outcome, response, each)
                return self._negotiated(request, response, each)
        raise error

    def _negotiated(
        self, request: Request, response: PlainResponse, used: ErrorFormat
    ) -> PlainResponse:
        """Return a response with Vary if Accept chose its format (RFC 9110, section 12.5.5)."""
        if self._choose.varies:
            names = [text for name, text in response.headers if name.lower() == "vary"]
            response.headers = [each for each in response.headers if each[0].lower() != "vary"]
            response.headers.append(("Vary", ", ".join(dict.fromkeys([*names, "Accept"]))))
        seen: list[str] | None = request.environ.get(ERROR_FORMATS)
        if seen is not None:
            seen.append(used.media_type)
        return response

    def _unexpected(
        self, request: Request, outcome: object, error: Exception
    ) -> InternalServerError:
        """Log an unhandled exception, and return a 500; only ``debug`` includes the exception."""
        if not isinstance(outcome, Exception):
            outcome = DeclarationError(
                f"A problem handler of {type(error).__name__} returned {type(outcome).__name__}. "
                "Return a Problem or a Response."
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
            return InternalServerError(
                "The server failed to process the request. The failure was logged."
            )
        lines = traceback.format_exception(outcome)
        return InternalServerError(f"{type(outcome).__name__}: {outcome}", traceback="".join(lines))


def _translated(problem: Problem, request: Request) -> Problem:
    """Return a problem in the language of the request, if the App has translations."""
    translator = request.environ.get(TRANSLATOR)
    return problem if translator is None else cast("Problem", translator.problem(problem))


def _check_format(
    request: Request, problem: Problem, response: PlainResponse, used: ErrorFormat
) -> None:
    """Check an error response at a URL or method without an Operation against its format.

    The dispatcher checks all other responses against their Operation.

    Raises:
        ContractError: The content does not have the schema of its format, in tests and the
            development server.
    """
    check = request.environ.get(CONTRACT_CHECK)
    check_problem = getattr(check, "check_problem", None)
    if request.operation is None and check_problem is not None:
        name = f"The error response {problem.status} at a URL or method without an operation"
        check_problem(name, used, type(problem), response.status, response.body)


def _handled(handler: ProblemHandler, error: Any, request: Request) -> object:
    """Call a handler. It may return its result, or raise it."""
    try:
        return handler(error, request)
    except Exception as raised:  # noqa: BLE001  # a handler may raise its result
        return raised


def _is_ready(error: object) -> bool:
    """Return whether an exception is a response already: a redirect, or ``abort(response)``."""
    if is_redirect(error):
        return True
    return isinstance(error, HTTPException) and error.response is not None


def _problem_of(error: HTTPException) -> Problem:
    """Return the Problem of the status of one of Werkzeug's HTTP exceptions, with its headers."""
    code = error.code if error.code is not None and 400 <= error.code <= 599 else 500
    headers: dict[str, str] = {}
    for name, value in error.get_headers():
        if name.lower() not in _CONTENT_HEADERS:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return problem_class(code)(error.description, headers=headers)


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = ("marshmallow.", "sqlalchemy.", "werkzeug.")  # which restkit calls


def _raiser(error: Exception) -> str:
    """Return the name of the user's function that restkit called and that raised, "" without one.

    If user code and restkit's code alternate in the traceback, the innermost function counts.
    """
    name, by_restkit = "", True
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        is_own = code.co_filename.startswith(_PACKAGE) or module.startswith(_LIBRARIES)
        if not is_own and by_restkit:
            name = code.co_qualname
        by_restkit = is_own
        trace = trace.tb_next
    return name
