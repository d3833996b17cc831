"""Actions of a `CRUDResource` that declare inputs or responses of their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Protocol

from ..declarations import Declarations, Return, declarations_of
from ..errors import DeclarationError
from ..records import Record
from ..resource import Resource
from .action_contracts import check_action
from .action_inputs import ActionInputs
from .action_returns import ActionReturns, Stated, stated
from .actions import Actions
from .binding import Binding

__all__ = ["Acting", "DeclaredAction", "declared_action"]


class _Endpoint(Protocol):
    """The part of an endpoint that a declared action uses."""

    acting: Acting | None


class DeclaredAction(Record):
    """An action with inputs or responses of its own.

    Attributes:
        name: The action.
        said: Its declarations.
        inputs: Its inputs.
        returns: Its responses; those of a list are pages.
    """

    name: str
    said: Declarations
    inputs: ActionInputs
    returns: ActionReturns

    def changed(
        self, function: Callable[..., object], usual: Declarations
    ) -> tuple[Callable[..., object], Declarations]:
        """Return the function and the declarations of the verb, with those of the action."""
        complete = self.contract(usual)
        return self.verb(function), complete

    def verb(self, function: Callable[..., object]) -> Callable[..., object]:
        """Return the function of a verb, which hands the inputs on to the action."""

        def receive(self: _Endpoint, **given: object) -> object:
            self.acting = Acting(declared, declared.inputs.arguments(given))
            return function(self, **given)

        declared = self
        vars(receive)["__signature__"] = self._signature()
        return receive

    def contract(self, usual: Declarations) -> Declarations:
        """Return the declarations of the verb: those of the collection, and those of the action."""
        return usual._replace(
            inputs=self.inputs.merged(usual.inputs),
            returns=self._returned(usual.returns),
            max_size=self.said.max_size,
        )

    def _returned(self, usual: tuple[Return, ...]) -> tuple[Return, ...]:
        if self.name != "list":
            return self.returns.outputs(usual)
        headers = tuple(header for each in self.said.returns for header in each.headers)
        return tuple(each._replace(headers=(*each.headers, *headers)) for each in usual)

    def _signature(self) -> inspect.Signature:
        first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        given = inspect.Parameter("given", inspect.Parameter.VAR_KEYWORD)
        return inspect.Signature([first, *self.inputs.parameters(), given])


def declared_action(declared: type[Resource], name: str, binding: Binding) -> DeclaredAction:
    """Return an action of a `CRUDResource` that declares inputs or responses.

    Args:
        declared: The class.
        name: The action.
        binding: The binding of the class.

    Raises:
        DeclarationError: A declaration cannot be meant.
    """
    check_action(declared, name)
    function = inspect.getattr_static(declared, name)
    said = declarations_of(function)
    declared_at = f"{declared.__module__}.{declared.__qualname__}.{name}"
    inputs = ActionInputs(said, function, 2 if name in ("replace", "update") else 1, declared_at)
    if "files" in said.inputs:
        inputs.check_content()
    bulk, upsert = (bool(getattr(declared, each)) for each in ("bulk", "upsert"))
    if also := _also_called_by(name, upsert=upsert, bulk=bulk):
        inputs.check_optional(also)
    if said.returns and bulk and name in ("create", "update", "delete"):
        raise DeclarationError(
            f"{declared_at} has @returns and {declared.__qualname__} bulk = True, but a bulk "
            "response has items of the collection's schema. Remove one of the two."
        )
    returns = () if name == "list" else said.returns
    usual = None if name == "delete" else binding.views.answered
    return DeclaredAction(
        name, said, inputs, ActionReturns(returns, usual, binding.serializer_of, declared_at)
    )


def _also_called_by(name: str, *, upsert: bool, bulk: bool) -> str:
    """Return which requests call an action besides those of its verb, ``""`` for none."""
    if name == "read":
        return "a PUT, PATCH or DELETE"
    if name == "create" and upsert:
        return "a PUT"
    return "a bulk request" if bulk and name in ("create", "update", "delete") else ""


class Acting:
    """The call of a declared action in one request.

    Attributes:
        result: The value that the action returned.
    """

    def __init__(self, declared: DeclaredAction, arguments: Mapping[str, object]) -> None:
        """Keep the arguments until the action is called.

        Args:
            declared: The action.
            arguments: The arguments of its own.
        """
        self.result = Stated(None)
        self._declared = declared
        self._arguments = arguments

    @property
    def returns(self) -> ActionReturns:
        """The declared responses."""
        return self._declared.returns

    def bind(self, actions: Actions) -> None:
        """Give the request's action its arguments, and keep its return value."""
        action = getattr(actions, self._declared.name)

        def call(*given: object) -> object:
            returned = action(*given, **self._arguments)
            if self.returns.is_empty:
                return returned
            self.result = stated(returned)
            return self.result.value

        setattr(actions, self._declared.name, call)
