"""`Verb`: one method of a resource class at a URL pattern, with its declarations and signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, get_args, get_origin

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


# The parameters that a class of restkit gives to its verbs, by name: functions of the annotation
# and of the name of the verb.
_Injecting = Mapping[str, Callable[[object, str], type[Injectable]]]


class Mount(Record):
    """The URL pattern that a resource is mounted on, and two settings of its App.

    Attributes:
        path: The pattern as an OpenAPI path template.
        rule: The pattern as written.
        parameters: The variables of the path.
        host: The pattern of the host, "" for every host.
        host_parameters: The variables of the host.
        strict: Whether unknown fields and query parameters are errors.
        compiled: Whether schemas are compiled.
    """

    path: str
    rule: str
    parameters: tuple[PathParameter, ...]
    host: str = ""
    host_parameters: tuple[PathParameter, ...] = ()
    strict: bool = True
    compiled: bool = True


class Shared:
    """The parts that the verbs of a resource share: the mount, factories and schemas.

    Attributes:
        mount: The URL pattern and settings.
        provided: The problems that the factories of `provide` declare.
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
        mount: The URL pattern and settings of the class.
        declared_at: The qualified name of the function, for messages.
        declared: Its declarations.
        signature: Its signature. The redirects are removed from the return annotation.
        redirects: The redirects of its return annotation.
        injected: The classes of its parameters that are `Injectable`, by name.
        kind: The kind of the return annotation without redirects.
        value: The `ResponseValue` class of its return annotation, None without one.
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
        self.declared = declarations_of(function)
        self.signature = read_signature(function, self.declared_at, method=not is_function)
        self.redirects, returns = redirects_of(self.signature.returns)
        if self.redirects:
            self.signature = self.signature._replace(returns=returns)
        self.kind = return_kind(returns)
        self.value = response_value_of(returns)
        self.injected = self._injected()

    def _injected(self) -> dict[str, type[Injectable]]:
        """Return the classes of the parameters that get an `Injectable`, by name.

        Parameters of URL variables and inputs get the values of the request, whatever their class.
        """
        variables = (*self.mount.parameters, *self.mount.host_parameters)
        taken = {*get_args(Location), *(each.name for each in variables)}
        own: _Injecting = getattr(self.resource, "_injected", {})
        found: dict[str, type[Injectable]] = {}
        for name, annotated in self.signature.annotations.items():
            annotation = get_origin(annotated) or annotated  # Request[User]
            if name in own and name not in taken:
                found[name] = own[name](annotated, self.declared_at)
            if name in taken or name in own or not isinstance(annotation, type):
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
    # Users of a CRUDResource write actions, so a message names the action and not the verb.
    written = f"{function.__module__}.{function.__qualname__}"
    if written.startswith(f"{class_name}."):
        return written
    return f"{class_name}.{method.lower()}"
