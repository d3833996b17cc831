"""The WSGI applications of the development server, and its problems for unreadable requests.

The server runs the App with its contract check, or shows the error that keeps it from starting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import WSGIRequestHandler

from ..app import App
from ..environ_keys import CONTRACT_CHECK, UNEXPECTED_ERRORS
from ..errors import ContractError
from ..problems import MEDIA_TYPE, InternalServerError, problem_class
from ..testing.contract import ContractCheck
from ..versioning import Versions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["BrokenProgram", "DevelopmentServer", "ProblemRequestHandler"]


class DevelopmentServer:
    """An App whose responses are checked: a response outside its contract becomes a 500."""

    def __init__(self, app: App | Versions, *, debugger: bool = False) -> None:
        """Wrap an App.

        Args:
            app: The App; its setting ``contract="off"`` disables the check.
            debugger: Whether exceptions propagate, for a debugger that wraps the App.
        """
        self._app: WSGIApplication = app
        self._check = ContractCheck() if app.settings.contract != "off" else None
        self._debugger = debugger

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        if self._check is not None:
            environ[CONTRACT_CHECK] = self._check
        if self._debugger:
            return self._debugged(environ, start_response)
        try:
            return self._app(environ, start_response)
        except ContractError as error:
            click.secho(f"ContractError: {error}", fg="red", err=True)
            return _error_response(str(error), start_response)

    def _debugged(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Return the App's response, or raise the exception behind its 500 response."""
        errors: list[Exception] = []
        started: list[tuple[Any, ...]] = []

        def start(*arguments: Any) -> Callable[[bytes], object]:
            started[:] = [arguments]
            return _refuse

        environ[UNEXPECTED_ERRORS] = errors
        body = self._app(environ, start)
        if errors:
            # NOTE: nothing has been sent yet, so that the debugger's page can be the response.
            close: Callable[[], object] | None = getattr(body, "close", None)
            if close is not None:
                close()
            raise errors[0]
        start_response(*started[0])
        return body


class BrokenProgram:
    """An application that responds to every request with a 500: the error of the App's start."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        return _error_response(self._message, start_response)


class ProblemRequestHandler(WSGIRequestHandler):
    """The request handler of the development server: its errors are problems without input."""

    error_content_type = MEDIA_TYPE

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send a problem for an unreadable request, such as one with too large header fields."""
        self.error_message_format = problem_class(code)().to_bytes().decode().replace("%", "%%")
        super().send_error(code)


def _refuse(_: bytes) -> object:
    raise NotImplementedError("An App returns its content; it does not call write().")


def _error_response(message: str, start_response: StartResponse) -> Iterable[bytes]:
    body = InternalServerError(message).to_bytes()
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    start_response("500 Internal Server Error", headers)
    return [body]
