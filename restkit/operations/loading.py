"""The method ``load`` of a resource: the object of its URL, and the problems that it may raise."""

from __future__ import annotations

import inspect

from ..contract import Failure, Operation
from ..declarations import declarations_of, plain_function
from ..errors import DeclarationError
from ..problems import NotFound
from .contributions import add_failures

__all__ = ["loading"]

_MISSING = Failure(NotFound, "load", "Nothing exists at this URL.")


def loading(operation: Operation) -> Operation:
    """Return an Operation with the problems of its class's ``load``, if the class has one.

    Raises:
        DeclarationError: The method takes something else than variables of the URL.
    """
    if not hasattr(operation.resource, "load"):
        return operation
    load: object = inspect.getattr_static(operation.resource, "load", None)
    if load is None:
        return operation
    declared_at = f"{operation.resource.__module__}.{operation.resource.__qualname__}.load"
    known = {each.name for each in operation.path_parameters}
    function = plain_function(load)
    if not inspect.isfunction(function):
        raise DeclarationError(f"{declared_at} must be a plain method with self, got {load!r:.80}.")
    _, *names = inspect.signature(function).parameters
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DeclarationError(
            f"{declared_at} takes {', '.join(unknown)}, but the URL pattern {operation.rule!r} has "
            f"the variables {', '.join(sorted(known)) or '(none)'}. `load` returns the object of "
            "the URL: name its parameters like variables, or rename the method to _load."
        )
    return add_failures(operation, (_MISSING, *declarations_of(load).raises), "load")
