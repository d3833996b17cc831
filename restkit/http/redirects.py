"""Redirects of Werkzeug's routing, which is loaded only where a URL pattern has variables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from werkzeug.routing import RequestRedirect

__all__ = ["is_redirect", "is_redirect_class"]


def is_redirect(error: object) -> TypeGuard[RequestRedirect]:
    """Return whether an object is Werkzeug's redirect to a pattern's own spelling of a URL."""
    return is_redirect_class(type(error))


def is_redirect_class(kind: type) -> bool:
    """Return whether a class is that of Werkzeug's redirects, or a subclass."""
    # PERF: cold start: where the module is not loaded, the class does not exist.
    routing = sys.modules.get("werkzeug.routing")
    return routing is not None and issubclass(kind, routing.RequestRedirect)
