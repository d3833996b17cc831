"""The dispatcher of Apps in which a form may name another verb than POST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..contract import Input, Operation
from ..environ_keys import ROUTING_ERROR
from ..http.negotiation import parse_content_type
from ..media import FORM_TYPES, MULTIPART, covering
from ..request import Request
from ..routing.handlers import Handler
from ..schemas.form_policy import METHOD_FIELD, FormLimits
from .dispatcher import Dispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..operations.registry import Registry
    from ..settings import Settings

__all__ = ["ChooseMethod", "OverridingDispatcher", "choosers_of"]

_TARGETS = ("PUT", "PATCH", "DELETE")

ChooseMethod = Callable[[Request, FormLimits | None], str | None]
"""A function from a POST request with a form to the verb that the form names, None for POST.

It takes the limits of the form, None for those of the settings, and raises a problem if the form
must not name a verb.
"""


def choosers_of(registry: Registry) -> dict[object, ChooseMethod]:
    """Return the Apps whose forms may name a verb, each with its function.

    An extension with a method ``method_chooser(app)`` turns it on, for its App and for those that
    are mounted on it.

    Args:
        registry: The outermost App.
    """
    found: dict[object, ChooseMethod] = {}
    for _, app in registry.walk_apps():
        for around in app._registry.line():
            makers = (getattr(each, "method_chooser", None) for each in around.app.extensions)
            make = next(filter(None, makers), None)
            if make is not None:
                found.setdefault(app, make(app))
    return found


class OverridingDispatcher(Dispatcher):
    """A dispatcher that looks into the forms of POST requests for the verb that is meant.

    Routing, security, preconditions and everything else then see that verb alone.

    Attributes:
        choosers: The Apps whose forms may name a verb, each with its function.
    """

    choosers: Mapping[object, ChooseMethod] = MappingProxyType({})

    def _route(self, environ: WSGIEnvironment) -> tuple[Request, Handler]:
        request, handler = super()._route(environ)
        if environ["REQUEST_METHOD"] != "POST" or not _is_form(environ):
            return request, handler
        choose = self.choosers.get(handler.app)
        if choose is None or _is_own(handler):
            return request, handler
        try:
            method = choose(request, self.form_limits(environ, request.app.settings))
        except Exception as error:  # noqa: BLE001  # raised again inside middleware
            environ[ROUTING_ERROR] = error
            return request, self._set(request, self._unmatched.find(request).otherwise)
        if method is None:
            return request, handler
        environ["REQUEST_METHOD"] = request.method = method
        route = self._find_checked(request)
        found = route.handlers.get(method) or self._other_handler(request, route, method)
        return request, self._set(request, found)

    def form_limits(self, environ: WSGIEnvironment, settings: Settings) -> FormLimits | None:
        """Return the limits of a form that is read before its Operation is known.

        SECURITY: nobody is authenticated yet. Only where an Operation of the URL takes forms, which
        may have files, may a form be as large as an upload.

        Args:
            environ: The environ of a POST request with a form.
            settings: Those of its App.

        Returns:
            None for the limits of the settings.
        """
        if parse_content_type(environ.get("CONTENT_TYPE")).media_type != MULTIPART:
            return None
        operations = (self.request_at(environ, each).operation for each in ("POST", *_TARGETS))
        inputs = (each for found in operations if found is not None for each in found.inputs)
        if any(map(_takes_form, inputs)):
            return None
        largest = settings.max_body_size
        return FormLimits(largest, min(largest, settings.max_upload_size))

    def request_at(self, environ: WSGIEnvironment, method: str) -> Request:
        """Return the request of another verb of a URL, with its Operation, which may be None."""
        copied = {**environ, "REQUEST_METHOD": method}
        return Dispatcher._route(self, copied)[0]

    def _set(self, request: Request, handler: Handler) -> Handler:
        """Give a request its Operation and App."""
        request.operation = handler.operation
        request.app = handler.app
        return handler


def _takes_form(each: Input) -> bool:
    return any(covering(each.media_types, kind) for kind in FORM_TYPES)


def _is_form(environ: WSGIEnvironment) -> bool:
    header = environ.get("CONTENT_TYPE")
    return bool(header) and parse_content_type(header).media_type in FORM_TYPES


def _is_own(handler: Handler) -> bool:
    """Return whether a POST reads forms as raw content, or has a field of that name itself."""
    operation: Operation | None = handler.operation
    return operation is not None and any(map(_reads_itself, operation.inputs))


def _reads_itself(each: Input) -> bool:
    if each.schema is None:
        return _takes_form(each)
    return each.schema.source == "form" and METHOD_FIELD in each.schema.load_fields
