"""Actions of one's own at mount: from a decorated method to the verb of an endpoint class."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from marshmallow import Schema

from ..contract import Failure, Header
from ..declaration_checks import check_returns
from ..declarations import Declarations, Return, declarations_of
from ..errors import DeclarationError
from ..media import JSON
from ..operations.operation_ids import english_singular, singular, stem
from ..operations.signatures import item_of, return_kind, without_none
from ..problems import PreconditionRequired
from ..resource import Resource
from .action_decorators import ActionPlace, own_actions
from .action_endpoints import CollectionActionEndpoint, ItemActionEndpoint, OwnAction
from .action_inputs import ActionInputs
from .binding import Binding
from .store import AnyField

__all__ = ["UNGUARDED", "OwnVerb", "check_places"]

_JSON = (JSON,)
_EMPTY = (204, 205, 304)
_READY = ("response", "value", "redirect")  # the annotation declares them
_APPLIED = Header("Preference-Applied", "The preference that the server applied (RFC 7240).")
_DONE = "The request succeeded; sent with `Prefer: return=minimal`."
UNGUARDED = Failure(
    PreconditionRequired, "preconditions", "The request must have If-Match, or If-None-Match: *."
)
"""The problem of a POST that lacks the precondition which the class requires."""


class OwnVerb:
    """The verb of one action of a class's own.

    Attributes:
        name: The name of the method.
        place: Its HTTP method and its URL.
        base: The base of its endpoint class.
        members: Members of the endpoint class.
    """

    def __init__(
        self, declared: type[Resource], binding: Binding, name: str, place: ActionPlace
    ) -> None:
        """Evaluate the declarations and the signature of a method.

        Args:
            declared: The `CRUDResource`.
            binding: Its binding.
            name: The name of the method.
            place: Its HTTP method and its URL.

        Raises:
            DeclarationError: The signature or a declaration cannot be meant.
        """
        self.name = name
        self.place = place
        self._binding = binding
        self._declared_at = f"{declared.__module__}.{declared.__qualname__}.{name}"
        function = inspect.getattr_static(declared, name)
        check_returns(function, f"The action {self._declared_at}")
        self._said = declarations_of(function)
        is_item = place.owner == "item"
        self._inputs = ActionInputs(self._said, function, int(is_item), self._declared_at)
        self._check_signature(is_item=is_item)
        self._returns = self._responses()
        first = self._returns[0] if self._returns else None
        returns_items = first is not None and first.schema is binding.views.answered
        self._can_be_minimal = returns_items and is_item and not place.is_safe
        self._is_guarded = is_item and declared.conditional == "required" and not place.is_safe
        self.base = ItemActionEndpoint if is_item else CollectionActionEndpoint
        own = OwnAction(
            name,
            self._inputs,
            self._declared_at,
            returns_items=returns_items,
            returns_value=first is not None and first.schema is not None,
        )
        self.members: dict[str, object] = {
            "own": own,
            "schema": None,
            "conditional": declared.conditional if is_item and not place.is_safe else False,
        }

    def contract(
        self, prefers: Mapping[str, AnyField], failures: tuple[Failure, ...], name: str
    ) -> Declarations:
        """Return the declarations of the verb.

        Args:
            prefers: The header by which clients ask for a response without content.
            failures: The problems that the collection itself may respond with.
            name: The name of the collection.
        """
        inputs = self._inputs.merged({"headers": prefers} if self._can_be_minimal else {})
        returns = self._returns
        if self._can_be_minimal and not any(each.status == 204 for each in returns):
            returns += (Return(None, 204, (_APPLIED,), (), _DONE, None),)
        if self._is_guarded and self.place.method == "POST":
            failures += (UNGUARDED,)
        return Declarations(
            inputs,
            self._said.media_types,
            returns,
            failures,
            words={"derived_id": self._operation_id(name)},
            max_size=self._said.max_size,
        )

    def function(self) -> Callable[..., object]:
        """Return the function of the verb; `contract` is called before."""
        key_in = self._binding.key.in_path

        def of_item(self: ItemActionEndpoint, **given: object) -> object:
            return self.act(key_in(given), given)

        def of_collection(self: CollectionActionEndpoint, **given: object) -> object:
            return self.act(given)

        function = of_item if self.place.owner == "item" else of_collection
        first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        given = inspect.Parameter("given", inspect.Parameter.VAR_KEYWORD)
        returned = (
            self._inputs.signature.returns
            if self._said.returns or not self._returns
            else (inspect.Signature.empty)
        )
        vars(function)["__signature__"] = inspect.Signature(
            [first, *self._inputs.parameters(), given], return_annotation=returned
        )
        return function

    def _check_signature(self, *, is_item: bool) -> None:
        names = list(self._inputs.signature.annotations)
        if is_item and not names:
            raise DeclarationError(
                f"{self._declared_at} is an action of an item: write def {self.name}(self, item)."
            )
        self._inputs.check_content()

    def _responses(self) -> tuple[Return, ...]:
        """Return the declared responses, or the one that the annotation says."""
        annotation = self._inputs.signature.returns
        kind = return_kind(annotation)
        if self._said.returns:
            first = self._said.returns[0]
            is_bare = first.schema is None and not first.is_open and first.status not in _EMPTY
            if is_bare and kind not in _READY and kind != "none":
                many = kind == "many" if first.many is None else first.many
                first = first._replace(schema=self._usual(annotation, many=many), many=many)
            return (first, *self._said.returns[1:])
        if kind in _READY:
            return ()
        if kind == "none":
            return (Return(None, 204, (), (), "", None),)
        many = kind == "many"
        return (Return(self._usual(annotation, many=many), 200, (), _JSON, "", many),)

    def _usual(self, annotation: object, *, many: bool) -> type[Schema]:
        """Return the collection's schema, for a method that returns its items.

        Raises:
            DeclarationError: The annotation says something else.
        """
        model = self._binding.store.model
        found = item_of(annotation) if many else without_none(annotation)
        is_absent = annotation is inspect.Signature.empty and self.place.owner == "item"
        if is_absent or _is_base(found, model):
            return self._binding.views.answered
        raise DeclarationError(
            f"{self._declared_at} does not say what it returns. Annotate it with {model.__name__}, "
            f"list[{model.__name__}] or None, or declare @returns(Schema)."
        )

    def _operation_id(self, collection: str) -> str:
        first, *rest = self.name.strip("_").split("_")
        verb = first + "".join(each.capitalize() for each in rest)
        if self.place.owner == "collection":
            return f"{verb}{collection}"
        declared = self._binding.views.declared
        return f"{verb}{singular(collection, stem(declared)) or english_singular(collection)}"


def _is_base(found: object, model: type) -> bool:
    # The loosest annotation is a class that has no subclasses.
    loose = isinstance(found, TypeVar) or getattr(found, "__module__", "") == "typing"
    return loose or (isinstance(found, type) and issubclass(model, found))


def check_places(declared: type, words: Collection[str], *, restores: bool) -> None:
    """Reject actions at URLs that a collection has already.

    Args:
        declared: The class.
        words: The segments after the URL of the collection that are not keys, such as ``bulk``.
        restores: Whether removed items can be restored.

    Raises:
        DeclarationError: A place is taken.
    """
    declared_at = f"{declared.__module__}.{declared.__qualname__}"
    for name, place in own_actions(declared).items():
        taken = words if place.owner == "collection" else ("restore",) * restores
        if place.path in taken:
            raise DeclarationError(
                f"{declared_at}.{name} has the URL {place.path!r}, which the collection has "
                f"already. Give it another one: @{place.owner}_action(path=...)."
            )
