"""Violations of the store as problems, with pointers to the members of the body."""

from __future__ import annotations

from ..http.conditional import Preconditions
from ..problems import Conflict, InvalidItem, PreconditionFailed, UnprocessableContent
from ..request import Request
from .store import RejectedValue, StaleWrite, Violation

__all__ = ["conflict_of", "stale_of"]

_STALE = "Another request changed or deleted the item. Fetch it again, then retry."


def conflict_of(error: Violation, request: Request) -> Conflict | UnprocessableContent:
    """Return the response to a violated constraint, with pointers to the members of the body."""
    binding = request.operation.resource.binding
    views = binding.update_views if request.method == "PATCH" else binding.create_views
    found = [views.pointer_of(name) for name in error.names]
    pointers = [each for each in found if each]
    errors: list[InvalidItem] = [
        {"pointer": each, "detail": error.detail, "code": error.code} for each in pointers
    ]
    if isinstance(error, RejectedValue):
        return UnprocessableContent(errors=errors)
    return Conflict(error.detail, errors=errors)


def stale_of(error: StaleWrite, request: Request) -> PreconditionFailed | Conflict:
    """Return the response to a write of an item that has changed since it was read."""
    if Preconditions.from_environ(request.environ).guards():
        return PreconditionFailed(_STALE)
    return Conflict(_STALE)
