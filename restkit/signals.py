"""Signals: notifications of an App to functions that connect to them, by blinker.

===================  =======================================  =============================
signal               sent                                     arguments
===================  =======================================  =============================
`app_started`        before the first request of a process
`app_stopped`        at the end of the process
`request_started`    before the operation                     ``request``
`request_finished`   when its response is made                ``request``, ``response``
`request_failed`     if an exception became a 500             ``request``, ``error``
`template_rendered`  after a template                         ``template``, ``context``
`message_flashed`    by `Session.flash`                       ``request``, ``message``, ``category``
===================  =======================================  =============================

The sender is the App. Nothing is sent, and nothing costs anything, before `Signals` is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from .environ_keys import ON_FLASH, UNEXPECTED_ERRORS
from .errors import DeclarationError, MissingExtraError
from .middleware import Middleware, Proceed
from .request import Request
from .response import Response

try:
    from blinker import Namespace
except ImportError as error:
    raise MissingExtraError("restkit.signals", "signals") from error

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "Signals",
    "app_started",
    "app_stopped",
    "message_flashed",
    "request_failed",
    "request_finished",
    "request_started",
    "template_rendered",
]

_signals = Namespace()
app_started = _signals.signal("app-started")
"""Sent before the first request of a process."""
app_stopped = _signals.signal("app-stopped")
"""Sent at the end of the process."""
request_started = _signals.signal("request-started")
"""Sent before the operation, with the request."""
request_finished = _signals.signal("request-finished")
"""Sent when the response is made, with the request and the response."""
request_failed = _signals.signal("request-failed")
"""Sent if an exception became a 500, with the request and the error."""
template_rendered = _signals.signal("template-rendered")
"""Sent after a template, with the template and its context."""
message_flashed = _signals.signal("message-flashed")
"""Sent by `Session.flash`, with the request, the message and its category."""


class _Owner(Protocol):
    """The part of an App that sends signals."""

    name: str

    @property
    def extensions(self) -> list[object]: ...
    def middleware(self, middleware: Middleware, /) -> Middleware: ...
    def on_start(self, function: Callable[[], object], /) -> object: ...
    def on_stop(self, function: Callable[[], object], /) -> object: ...


class Signals:
    """The signals of an App and of the Apps mounted on it; an extension.

    ::

        app.install(Signals())

        @request_finished.connect_via(app)
        def count(app, request, response): ...

    Install it before other middleware whose responses count too. A receiver runs in the request: an
    exception in it is one of the request.
    """

    def __init__(self) -> None:
        """Make the extension."""
        self._app: _Owner | None = None

    def install(self, app: _Owner) -> None:
        """Send the signals of an App.

        Raises:
            DeclarationError: The object is installed already.
        """
        if self._app is not None:
            raise DeclarationError(
                f"These Signals are installed in the App {self._app.name!r}. Write "
                "app.install(Signals()) for each App; those of an App cover what is mounted on it."
            )
        self._app = app
        app.middleware(self._send)
        app.on_start(lambda: app_started.send(app))
        app.on_stop(lambda: app_stopped.send(app))

    def _send(self, request: Request, proceed: Proceed) -> Response:
        """Send the signals of a request."""
        environ, app = request.environ, self._app
        errors: list[Exception] = environ.setdefault(UNEXPECTED_ERRORS, [])
        known = len(errors)
        environ[ON_FLASH] = self._flashed
        request_started.send(app, request=request)
        response = proceed(request)
        for error in errors[known:]:
            request_failed.send(app, request=request, error=error)
        request_finished.send(app, request=request, response=response)
        return response

    def _flashed(self, request: Request, message: str, category: str) -> None:
        message_flashed.send(self._app, request=request, message=message, category=category)

    def extend_environment(self, environment: Environment, /) -> None:
        """Send a signal after each template that is not one of restkit's forms."""
        base, app = environment.template_class, self._app

        class SignallingTemplate(base):  # type: ignore[misc, valid-type]  # a class of the program
            """A template that tells of its pages."""

            def render(self, *args: object, **values: object) -> str:
                """Render the template, and send the signal."""
                text = str(super().render(*args, **values))
                if not str(self.name).startswith("forms/"):
                    context = dict(*args, **values)
                    template_rendered.send(app, template=self, context=context)
                return text

        environment.template_class = SignallingTemplate
