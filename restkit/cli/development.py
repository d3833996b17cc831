"""What the development server calls: the App with its contract checked, or the mistake that keeps it from starting.

And what it answers before it calls anything: requests that are none are told so as problems too.
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

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["BrokenProgram", "DevelopmentServer", "ProblemRequestHandler"]


class DevelopmentServer:
    """Is an App whose every answer is checked: one outside its contract becomes a 500 that says why."""

    def __init__(self, app: App, *, debugger: bool = False) -> None:
        """Wrap an App.

        Args:
            app: The App; its setting ``contract="off"`` turns the check off.
            debugger: Whether exceptions leave the App, for a debugger around it.
        """
        self._app: WSGIApplication = app
        self._check = ContractCheck() if app.settings.contract != "off" else None
        self._debugger = debugger

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        if self._check is not None:
            environ[CONTRACT_CHECK] = self._check
        if self._debugger:
            return self._debugged(environ, start_response)
        try:
            return self._app(environ, start_response)
        except ContractError as error:
            click.secho(f"ContractError: {error}", fg="red", err=True)
            return _answer_error(str(error), start_response)

    def _debugged(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or raise what the App would have answered with 500."""
        errors: list[Exception] = []
        started: list[tuple[Any, ...]] = []

        def start(*arguments: Any) -> Callable[[bytes], object]:
            started[:] = [arguments]
            return _refuse

        environ[UNEXPECTED_ERRORS] = errors
        body = self._app(environ, start)
        if errors:
            # NOTE: nothing has been sent yet, so that the debugger's page can be the answer.
            close: Callable[[], object] | None = getattr(body, "close", None)
            if close is not None:
                close()
            raise errors[0]
        start_response(*started[0])
        return body


class BrokenProgram:
    """Is an application that answers 500 with the sentence that says why the App does not start."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        return _answer_error(self._message, start_response)


class ProblemRequestHandler(WSGIRequestHandler):
    """Is the development server's reader of requests: what it refuses by itself is a problem that echoes nothing."""

    error_content_type = MEDIA_TYPE

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that cannot be read, such as one whose header fields are too large."""
        self.error_message_format = problem_class(code)().to_bytes().decode().replace("%", "%%")
        super().send_error(code)


def _refuse(_: bytes) -> object:
    raise NotImplementedError("An App hands over its content as the body; it does not write.")


def _answer_error(message: str, start_response: StartResponse) -> Iterable[bytes]:
    body = InternalServerError(message).to_bytes()
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    start_response("500 Internal Server Error", headers)
    return [body]
