"""The endpoints of actions of one's own: `item_action` and `collection_action`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, cast

from ..contract import Operation
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..problems import NotFound
from ..rendering.content import SerializedContent
from .action_inputs import ActionInputs
from .action_returns import stated
from .actions import Actions
from .endpoint import MINIMAL, NO_COLLECTION, Endpoint
from .endpoints import ItemEndpoint
from .object_rules import check_guarded, reject_object_rule
from .scopes import Scope

__all__ = ["CollectionActionEndpoint", "ItemActionEndpoint", "OwnAction"]

_Given = Mapping[str, object]


class OwnAction:
    """One action as its endpoint calls it.

    Attributes:
        name: The name of the method.
        inputs: Its inputs.
        returns_items: Whether it returns items of the collection in the collection's schema.
    """

    def __init__(
        self,
        name: str,
        inputs: ActionInputs,
        declared_at: str,
        *,
        returns_items: bool,
        returns_value: bool,
    ) -> None:
        """Keep the facts that are known at mount.

        Args:
            name: The name of the method.
            inputs: Its inputs.
            declared_at: Its full name, for messages.
            returns_items: Whether it returns items of the collection in the collection's schema.
            returns_value: Whether its usual response has content.
        """
        self.name = name
        self.inputs = inputs
        self.returns_items = returns_items
        self._declared_at = declared_at
        self._returns_value = returns_value

    def call(self, actions: Actions, given: _Given, *item: object) -> object:
        """Call the method with an item, if it has one, and the inputs of the request.

        Raises:
            DeclarationError: The method forgets to return something.
        """
        method = cast("Callable[..., object]", getattr(actions, self.name))
        result = method(*item, **self.inputs.arguments(given))
        if result is None and self._returns_value:
            raise DeclarationError(
                f"{self._declared_at} returned None. End it with `return ...`, or annotate it with "
                "`-> None` if its response has no content."
            )
        return result


class CollectionActionEndpoint(Endpoint):
    """The endpoint of an action of a collection.

    Attributes:
        own: The action.
    """

    own: ClassVar[OwnAction]

    @classmethod
    def check_object_rule(cls, operation: Operation, /) -> None:
        """Reject a permission that looks at one item: the action has none."""
        reject_object_rule(operation)

    def act(self, given: _Given) -> object:
        """Call the action."""
        actions = self.actions()
        scope = Scope.of(actions.scope())
        if scope.values and not actions.rows.has_parents(scope.values):
            raise NotFound(NO_COLLECTION)
        return self.own.call(actions, given)


class ItemActionEndpoint(ItemEndpoint):
    """The endpoint of an action of an item.

    Attributes:
        own: The action.
    """

    own: ClassVar[OwnAction]

    @classmethod
    def check_object_rule(cls, operation: Operation, /) -> None:
        """Accept a permission that looks at the item, of safe actions too.

        Raises:
            DeclarationError: Other collections pass it by.
        """
        check_guarded(operation, cls.binding)

    def act(self, key: object, given: _Given) -> object:
        """Read the item, call the action with it, and store the attributes that it has set."""
        actions = self.actions(self.binding.views.relations(None, ()))
        item = actions.read(key)
        if self.request.method in SAFE_METHODS:
            return self._response(self.own.call(actions, given, item), item, given)
        self.demand_precondition()
        self.state(item)
        scope = Scope.of(actions.scope())
        before = self._known(item)
        transitions = self.binding.transitions
        states = None if transitions is None else transitions.state(item)
        result = self.own.call(actions, given, item)
        changed = {
            name: value
            for name, value in self._known(item).items()
            if name not in before or before[name] is not value
        }
        if transitions is not None:
            transitions.check(states, item)
        if changed:
            actions.rows.change(item, changed)
        is_ruled = scope.clauses or self.row_paths.overrides("write_scope")
        if is_ruled and actions.rows.get(key, scope={}) is not None:
            self.check_scope(actions, item, scope)
        return self._response(result, item, given)

    def _known(self, item: object) -> dict[str, object]:
        """Return the attributes of an item that are loaded and that code may set."""
        known = self.binding.store.attributes
        loaded = vars(item).items()
        return {
            name: value for name, value in loaded if name in known and not known[name].generated
        }

    def _response(self, result: object, item: object, given: _Given) -> object:
        """Return the response, with the item's new entity tag if the response shows the item."""
        value, status, headers = stated(result)
        is_safe = self.request.method in SAFE_METHODS
        if value is not item or not self.own.returns_items:
            return result
        text = self.whole.text(item)
        if not is_safe:
            self.state(item, text)
        asked = cast("Mapping[str, str]", given.get("headers") or {})
        if not is_safe and status is None and self.wants_minimal(asked):
            return None, 204, {**headers, "Preference-Applied": MINIMAL}
        content = SerializedContent(self.whole.data(item) if status == 201 else None, text)
        return (content, headers) if status is None else (content, status, headers)
