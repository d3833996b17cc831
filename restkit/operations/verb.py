"""`Verb`: one method of a resource class at a URL pattern, with its declarations and signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from ..contract import Failure, IdempotencyRule, Injectable, Location, PathParameter
from ..declarations import declarations_of
from ..dependencies import factories_of
from ..errors import DeclarationError
from ..records import Record
from ..resource import FunctionResource, Resource
from .signatures import read_signature, redirects_of, response_value_of, return_kind

if TYPE_CHECKING:
    from .schema_bindings import Bindings

__all__ = ["Mount", "Shared", "Verb"]


class Mount(Record):
    """The place of a resource: its URL pattern, and whether unknown input is an error."""

    path: str
    rule: str
    parameters: tuple[PathParameter, ...]
    host: str = ""
    host_variables: tuple[str, ...] = ()
    strict: bool = True
    compiled: bool = True


class Shared:
    """The parts that the verbs of a resource share: place, factories and schemas.

    Attributes:
        mount: The place.
        provided: The failures of the factories of `provide`.
    """

    def __init__(self, resource: type[Resource], mount: Mount) -> None:
        self.mount = mount
        self.provided: list[Failure] = [
            each._replace(stage="provide")
            for factory in factories_of(resource)
            for each in declarations_of(factory).raises
        ]

    @cached_property
    def bindings(self) -> Bindings:
        """The bound schemas."""
        # cold start: it loads marshmallow, which a service without schemas never does
        from .schema_bindings import Bindings

        return Bindings(strict=self.mount.strict, compiled=self.mount.compiled)


class Verb:
    """One method of a resource class.

    Attributes:
        resource: The class.
        method: The HTTP method.
        function: The function that responds.
        shared: The parts that it shares with the other verbs of the class.
        mount: The place of the class.
        declared_at: The qualified name of the function, for messages.
        said: Its declarations.
        signature: Its signature.
        redirects: The redirects of its return annotation.
        injected: The classes of its parameters that are `Injectable`, by name.
        kind: The meaning of what remains of the annotation.
        value: Its `ResponseValue`, None if it is no such class.
    """

    def __init__(
        self, resource: type[Resource], method: str, function: Callable[..., object], shared: Shared
    ) -> None:
        is_function = issubclass(resource, FunctionResource)
        self.resource = resource
        self.method = method
        self.function = function
        self.shared = shared
        self.mount = shared.mount
        self.declared_at = f"{resource.__module__}.{resource.__qualname__}"
        if not is_function:
            self.declared_at = _method_name(self.declared_at, method, function)
        self.said = declarations_of(function)
        self.signature = read_signature(function, self.declared_at, method=not is_function)
        self.redirects, returns = redirects_of(self.signature.returns)
        if self.redirects:
            self.signature = self.signature._replace(returns=returns)
        self.kind = return_kind(returns)
        self.value = response_value_of(returns)
        self.injected = self._injected()

    def _injected(self) -> dict[str, type[Injectable]]:
        """Return the parameters that get an `Injectable`, by name.

        Variables of the URL and inputs have the values that the request has.
        """
        taken = {*get_args(Location), *self.mount.host_variables}
        taken.update(each.name for each in self.mount.parameters)
        found: dict[str, type[Injectable]] = {}
        for name, annotation in self.signature.annotations.items():
            if name in taken or not isinstance(annotation, type):
                continue
            factory = inspect.getattr_static(annotation, "from_request", None)
            if isinstance(factory, (classmethod, staticmethod)):
                found[name] = annotation
            elif factory is not None:
                raise DeclarationError(
                    f"{self.declared_at}: {annotation.__name__}.from_request, for the parameter "
                    f"{name!r}, must be a classmethod of the request."
                )
        return found

    @property
    def bindings(self) -> Bindings:
        """The bound schemas of the class."""
        return self.shared.bindings

    @property
    def idempotency(self) -> IdempotencyRule | None:
        """The rule for repeated requests, None if the class has none for this method."""
        rule = self.resource.idempotency
        return rule if rule is not None and self.method in rule.methods else None


def _method_name(class_name: str, method: str, function: Callable[..., object]) -> str:
    # Of a CRUDResource it is the action that users write: its verb is written nowhere.
    written = f"{function.__module__}.{function.__qualname__}"
    if written.startswith(f"{class_name}."):
        return written
    return f"{class_name}.{method.lower()}"
