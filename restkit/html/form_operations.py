"""Which operation takes the form of a page; without marshmallow, which most pages do not need."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ..contract import Input, Operation
from .environment import TemplateOwner

__all__ = ["form_inputs", "form_operation", "names_verb"]

_METHODS = ("POST", "PUT", "PATCH")
_known: WeakKeyDictionary[object, dict[tuple[object, str], Operation | None]] = WeakKeyDictionary()


def form_operation(app: TemplateOwner, operation: Operation) -> Operation | None:
    """Return the operation of the form on a page: the operation itself, or one of its URL.

    Args:
        app: The App.
        operation: The operation that takes a form, or that responds with the page.
    """
    known = _known.setdefault(app, {})
    key = (operation.resource, operation.method)
    if key not in known:
        known[key] = operation if form_inputs(operation) else _beside(app, operation)
    return known[key]


def form_inputs(operation: Operation) -> list[Input]:
    """Return the inputs of an operation that are fields or files of a form."""
    return [
        each
        for each in operation.inputs
        if each.schema is not None and each.schema.source == "form"
    ]


def names_verb(app: TemplateOwner, operation: Operation) -> bool:
    """Return whether the form of an operation names its verb, see `MethodOverride`."""
    if operation.method == "POST":
        return False
    around = (each for registry in app._registry.line() for each in registry.app.extensions)
    return any(hasattr(each, "method_chooser") for each in around)


def _beside(app: TemplateOwner, operation: Operation) -> Operation | None:
    """Return the operation with a form of another verb of the URL."""
    entries = app._registry.entries
    own = [entry for entry in entries if entry.resource is operation.resource]
    rules = {entry.pattern.rule for entry in own}
    own += [entry for entry in entries if entry.pattern.rule in rules]
    found = [each for entry in own for each in entry.operations if _is_sent(each)]
    return min(found, key=lambda each: _METHODS.index(each.method), default=None)


def _is_sent(operation: Operation) -> bool:
    return operation.method in _METHODS and bool(form_inputs(operation))
