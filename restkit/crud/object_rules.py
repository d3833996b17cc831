"""Permissions that look at the item: checked before each change of an item, whatever calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias, cast

from marshmallow import fields

from ..contract import Operation
from ..errors import DeclarationError
from ..operations.declared_permissions import class_permissions
from ..problems import Forbidden
from ..request import Request
from ..resource import Owner, Resource
from .action_access import action_words
from .action_decorators import own_actions
from .binding import Binding
from .paths import relations_of
from .per_app import PerApp
from .relations import Related, Relating

__all__ = [
    "ObjectRule",
    "bind_object_rule",
    "check_guarded",
    "check_item",
    "check_written",
    "reject_object_rule",
]

_CHANGES = ("create", "replace", "update", "delete", "restore")


class ObjectRule(Protocol):
    """A permission that looks at the object of a request."""

    @property
    def description(self) -> str:
        """The rule in a few words."""
        ...

    def permits(self, caller: object, request: Request, found: object, /) -> bool:
        """Return whether the caller may make the request for an object."""
        ...


def bind_object_rule(actions: object, rule: object, request: Request) -> None:
    """Let the actions of one request check the rule on each item before they change it.

    Args:
        actions: The `CRUDResource` of the request.
        rule: The permission of the operation.
        request: The request.
    """
    # An action may change what the rule looks at, and call another one with the same item.
    checked: dict[int, object] = {}

    def guarded(action: Callable[..., object]) -> Callable[..., object]:
        def call(item: object, *given: object, **named: object) -> object:
            if id(item) not in checked:
                check_item(rule, request, item)
                checked[id(item)] = item
            return action(item, *given, **named)

        return call

    own = own_actions(type(actions)).items()
    names = (*_CHANGES, *(name for name, place in own if place.owner == "item"))
    for name in names:
        setattr(actions, name, guarded(getattr(actions, name)))


def check_item(rule: object, request: Request, item: object) -> None:
    """Reject a request for an item that the caller may see, but not change.

    Raises:
        Forbidden: The rule does not hold for the item.
    """
    found = cast("ObjectRule", rule)
    if getattr(rule, "needs_object", False) and not found.permits(request.caller, request, item):
        raise Forbidden(f"This needs the permission: {found.description}.")


def reject_object_rule(operation: Operation) -> None:
    """Reject a permission that looks at the item where a request reads items or has none.

    Raises:
        DeclarationError: The permission of the Operation is such a rule.
    """
    permission = operation.permission
    if getattr(permission, "needs_object", False) and permission is not None:
        raise DeclarationError(
            f"{operation.declared_at}: {operation.method} {operation.rule} has the permission "
            f"{permission.description!r}, which looks at one item and so cannot hold for lists. "
            "Say which items a caller may read in a row rule or scope(), which hold in every "
            "query, and declare the permission by @access on create, replace, update, delete, "
            "restore or actions of an item."
        )


_Collections: TypeAlias = Sequence[tuple[type[Resource], Binding]]
_collections: PerApp[list[tuple[type[Resource], Binding]]] = PerApp("collections", list)


def check_written(app: Owner, declared: type[Resource], binding: Binding) -> None:
    """Reject a collection if content of one changes items that another guards by such a rule.

    Args:
        app: The App.
        declared: The class.
        binding: Its binding.

    Raises:
        DeclarationError: Content or members of a collection would pass a rule by.
    """
    known = binding.neighbors = _collections.of(app)
    known.append((declared, binding))
    _check_written(known, {each.store.model: each for of, each in known if _has_rule(of)})


def check_guarded(operation: Operation, binding: Binding) -> None:
    """Reject collections whose content changes items that the permission of an operation guards.

    The class need not declare it: a mount and an App have permissions too.

    Raises:
        DeclarationError: Content or members of a collection would pass the permission by.
    """
    if getattr(operation.permission, "needs_object", False):
        _check_written(binding.neighbors, {binding.store.model: binding})


def _check_written(known: _Collections, guarded: Mapping[type, Binding]) -> None:
    for of, each in known if guarded else ():
        for name, model in (*_written_models(each), *_changed_models(of, each)):
            other = guarded.get(model)
            if other is not None:
                raise DeclarationError(
                    f"{each.declared_at}: requests change {model.__name__} objects by {name!r}, "
                    f"and {other.declared_at} has a permission that looks at each of them, which "
                    "such requests would pass by. Make a nested field dump_only, take the relation "
                    "out of relations and members, or say who may write which rows in a row rule "
                    "or in write_scope()."
                )


def _has_rule(declared: type[Resource]) -> bool:
    """Return whether a class or one of its actions declares a rule that looks at the item."""
    names = (*_CHANGES, *own_actions(declared))
    rules = [action_words(declared, each).get("permission") for each in names]
    rules += class_permissions(declared)
    return any(getattr(each, "needs_object", False) for each in rules)


def _changed_models(declared: type[Resource], binding: Binding) -> Iterator[tuple[str, type]]:
    """Yield the relations by key whose items a request changes or creates, with their models."""
    for name, each in binding.relations.items():
        if each.relation.changes_rows or each.related.create:
            yield name, each.relation.model
    members: Iterable[str] = getattr(declared, "members", ())
    store = binding.store
    for name in members:
        relation = store.relation(name, Related()) if isinstance(store, Relating) else None
        if relation is not None and relation.changes_rows:
            yield name, relation.model


def _written_models(binding: Binding) -> Iterator[tuple[str, type]]:
    """Yield the relations whose items bodies may change, with their models."""
    relations = relations_of(binding.store)
    for views in (binding.create_views, binding.replace_views, binding.update_views):
        for name, field in views.declared().load_fields.items():
            inner = field.inner if isinstance(field, fields.List) else field
            relation = relations.get(field.attribute or name)
            is_nested = isinstance(inner, fields.Nested) and not isinstance(inner, fields.Pluck)
            if relation is not None and is_nested:
                yield name, relation.target.model
