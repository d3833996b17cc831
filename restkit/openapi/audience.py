"""The document of one caller: the operations that it may use, with the fields that it may see."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ..contract import Operation
from ..errors import DeclarationError
from ..hidden_fields import HiddenFields
from ..request import Request
from ..response import Response

__all__ = ["Audience", "kept_from_caches", "source_of"]

Audience = tuple[tuple[int, HiddenFields], ...]
"""The operations that a caller may use, by their number, each with what is hidden from it."""

_App = Any
_WHOLE = HiddenFields()
_operations: WeakKeyDictionary[_App, tuple[Operation, ...]] = WeakKeyDictionary()
_lock = threading.Lock()


def source_of(request: Request) -> tuple[_App, Audience | None]:
    """Return the source of the document: the App, or the part of it that the caller may use."""
    app: _App = request.app
    if not app.settings.docs_by_caller:
        return app, None
    audience = _audience_of(app, request)
    return _CallersDocument(app, audience), audience


def kept_from_caches(response: Response, app: _App) -> Response:
    """Keep a document of one caller out of shared caches."""
    if app.settings.docs_by_caller:
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers.add("Vary", "Authorization, Cookie")
    return response


def _audience_of(app: _App, request: Request) -> Audience:
    """Return the operations of an App that the caller of a request may use."""
    found: list[tuple[int, HiddenFields]] = []
    for number, operation in enumerate(_operations_of(app)):
        if not operation.documented or not _may_use(operation, request):
            continue
        hidden = _WHOLE if operation.masks is None else operation.masks.hidden(request)
        found.append((number, hidden))
    return tuple(found)


def _operations_of(app: _App) -> tuple[Operation, ...]:
    """Return the operations of an App, which do not change once it responds."""
    with _lock:
        if app not in _operations:
            _operations[app] = app.operations()
        return _operations[app]


def _may_use(operation: Operation, request: Request) -> bool:
    """Return whether a caller may use an operation.

    Its caller may be another one for another security scheme; an anonymous one may use public
    operations, and those that do not need credentials.
    """
    if not operation.security:
        return True
    if request.caller is None and () not in operation.security:
        return False
    if operation.permission is None:
        return True
    try:
        return operation.permission.allows(request.caller, request)
    except DeclarationError:
        raise
    except Exception:  # noqa: BLE001  # a rule may need what only its own request has
        return False


class _CallersDocument:
    """An App with the operations of one audience, as a document is made of it."""

    def __init__(self, app: _App, audience: Audience) -> None:
        """Combine the App and the audience."""
        self._app = app
        self._audience = audience

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._app, name)
        return found

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations as the caller has them."""
        return tuple(self._views())

    def _views(self) -> Sequence[Operation]:
        known = _operations_of(self._app)
        found: list[Operation] = []
        for number, hidden in self._audience:
            operation = known[number]
            view = operation
            if operation.masks is not None:
                seen = operation.masks.view(operation, hidden)
                if seen is None:
                    continue
                view = seen
            extensions = {k: v for k, v in view.extensions.items() if k != "x-field-masks"}
            found.append(view._replace(extensions=extensions))
        return found
