"""Row paths: which actions of a collection read and write rows as dicts, without its model."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from ..compiler import Compiled
from ..problems import NotFound
from ..request import Request
from ..resource import Owner
from .actions import Actions
from .binding import Binding
from .query import ListQuery, Page
from .row_store import RowOpener, RowStore, RowTransaction, RowUse
from .schema_views import Views
from .scopes import Scope
from .store import Transaction

__all__ = [
    "AnyActions",
    "RowActions",
    "RowPaths",
    "build",
    "has_parents",
]

_OWN_MODULE = "restkit.crud.resource"
_CALLED = {
    "list": ("list",),
    "read": ("read",),
    "create": ("create", "write_scope"),
    "replace": ("read", "replace", "change", "write_scope"),
    "update": ("read", "update", "change", "write_scope"),
    "delete": ("read", "delete", "write_scope"),
}
_READING = ("list", "read")


class _Declared(Protocol):
    """The part of a `CRUDResource` class that decides the order of its items."""

    sorts: Sequence[str]
    order: Sequence[str]
    upsert: bool
    transitions: Mapping[str, object]


class RowPaths:
    """The row paths of one collection."""

    def __init__(self, declared: _Declared, binding: Binding) -> None:
        """Keep the declarations; the paths are decided when they are needed.

        Args:
            declared: The `CRUDResource`.
            binding: Its binding.
        """
        self._declared = declared
        self._binding = binding

    @cached_property
    def found(self) -> Mapping[str, RowOpener | str]:
        """How each action opens its transaction, or why it takes items of the model."""
        return {action: self._path(action) for action in _CALLED}

    def chosen(self, action: str, actions: Actions, request: Request, app: Owner) -> AnyActions:
        """Return the actions of a request: those on dicts if it can have them.

        Args:
            action: The action that the request calls.
            actions: The user's resource.
            request: The request.
            app: The App.
        """
        opener = self.found[action]
        if isinstance(opener, str):
            return actions
        writes = action not in _READING
        if writes and getattr(request.operation.permission, "needs_object", False):
            return actions
        rows = opener(request, app, actions._related_rows if writes else None)
        if rows is None:
            return actions
        return RowActions(actions, rows, self._binding.store.key, lock=writes)

    def explained(self, action: str) -> str:
        """Return a sentence on how an action reads and writes items."""
        found = self.found.get(action, "the store writes them")
        if not isinstance(found, str):
            return "dicts, without the model"
        return f"objects of {self._binding.store.model.__name__}: {found}"

    def _path(self, action: str) -> RowOpener | str:
        store = self._binding.store
        if not isinstance(store, RowStore):
            return f"{type(store).__name__} has items of the model only"
        if override := self._override(action):
            return f"the class overrides {override}()"
        if self._declared.transitions and action in ("create", "replace", "update"):
            return "the class has transitions"
        views = self._binding.list_views if action == "list" else self._binding.views
        serializer = views.serializer(None, ())
        if serializer.relations:
            return f"{views.declared.__name__} nests {serializer.relations[0]!r}"
        reads = serializer.bound.reads
        if reads is None:
            return _obscure(views)
        written = self._written(action)
        patched = _patched(written) if action == "update" else frozenset[str]()
        if patched is None:
            return _obscure(written)
        writes = () if action in (*_READING, "delete") else written.written
        needed = reads | patched | self._ordered()
        return store.row_opener(RowUse(action, needed, frozenset(writes)))

    def _override(self, action: str) -> str:
        """Return an action that the class overrides and the request calls, ``""`` without one."""
        called = _CALLED[action]
        if action == "replace" and self._declared.upsert:
            called = (*called, "create")
        return next(filter(self.overrides, called), "")

    def overrides(self, action: str) -> bool:
        """Return whether the class overrides an action, or ``scope``."""
        return action in self._overridden

    @cached_property
    def _overridden(self) -> frozenset[str]:
        names = {*itertools.chain.from_iterable(_CALLED.values()), "scope"}
        found = {name: inspect.getattr_static(self._declared, name) for name in names}
        return frozenset(
            name for name, each in found.items() if getattr(each, "__module__", "") != _OWN_MODULE
        )

    def _written(self, action: str) -> Views:
        binding = self._binding
        return binding.update_views if action == "update" else binding.create_views

    def _ordered(self) -> frozenset[str]:
        """Return the attributes that may decide the order."""
        names = (*self._declared.sorts, *self._declared.order, *self._binding.key.names)
        plain = (name.removeprefix("-") for name in names)
        return frozenset(name for name in plain if name in self._binding.store.attributes)


def _patched(views: Views) -> frozenset[str] | None:
    """Return the attributes that a patch reads, None if fields may use the item itself."""
    source = views.patch_source
    return source.reads if isinstance(source, Compiled) else None


def _obscure(views: Views) -> str:
    return f"{views.declared.__name__} has hooks or fields that read whole items"


class RowActions:
    """The actions of one request, which are not overridden, on items as dicts."""

    def __init__(self, actions: Actions, rows: RowTransaction, key: str, *, lock: bool) -> None:
        """Combine the user's resource and the transaction.

        Args:
            actions: The user's resource, which handles the requests that need the model.
            rows: The transaction.
            key: The attribute that identifies an item.
            lock: Whether items are read in order to write them.
        """
        self._actions = actions
        self._rows = rows
        self._key = key
        self._lock = lock
        self.scope = actions.scope
        self.restore = actions.restore
        self.check_writable = actions.check_writable

    @property
    def rows(self) -> Transaction[object]:
        """The request's transaction on items of the model."""
        return self._actions.rows

    def list(self, query: ListQuery) -> Page[object]:
        """Return one page."""
        if query.expand or query.count == "estimated" or Scope.of(query.scope).clauses:
            return self._actions.list(query)
        if query.is_related:
            return self._actions.list(query)
        return self._rows.list(query)

    def read(self, key: object) -> object:
        """Return the item of a key."""
        scope = Scope.of(self._actions.scope())
        if scope.clauses:
            return self._actions.read(key)
        item = self._rows.get(key, scope=scope.values, lock=self._lock)
        if item is None:
            raise NotFound("No item exists at this URL.")
        return item

    def build(self, values: Mapping[str, object]) -> object:
        """Make an item from attribute values, without storing it."""
        if self._rows.has_columns(values):
            return dict(values)
        return self._actions.rows.build(values)  # a scope may name a relation

    def create(self, item: object) -> object:
        """Store a new item and return it."""
        if type(item) is not dict:
            return self._actions.create(item)
        self._rows.add(item, self._key)
        return item

    def create_many(self, rows: Sequence[Mapping[str, object]]) -> Sequence[object] | None:
        """Store new items in their order; `RowTransaction.add_many` describes the result."""
        if not self._rows.has_columns({name for row in rows for name in row}):
            return None  # a scope may name a relation
        return self._rows.add_many(rows)

    def has_parents(self, scope: Mapping[str, object]) -> bool:
        """Return whether the items exist that the attributes of a scope refer to."""
        return self._rows.has_parents(scope)

    def replace(self, item: object, values: Mapping[str, object]) -> object:
        """Set all writable attributes and return the item."""
        if type(item) is not dict:
            return self._actions.replace(item, values)
        self._rows.change(item, values)
        return item

    def update(self, item: object, values: Mapping[str, object]) -> object:
        """Set the attributes that a patch changes and return the item."""
        if type(item) is not dict:
            return self._actions.update(item, values)
        self._rows.change(item, values)
        return item

    def update_many(self, items: Sequence[object], values: Mapping[str, object]) -> None:
        """Set the same attributes of several items, which were read with a lock."""
        self._rows.change_many([item for item in items if type(item) is dict], values)

    def upsert_many(
        self,
        rows: Sequence[Mapping[str, object]],
        written: Sequence[Collection[str]],
        identity: Sequence[str],
    ) -> Sequence[tuple[object, bool] | None] | None:
        """Create or replace items; `RowTransaction.upsert` describes the arguments."""
        scope = Scope.of(self._actions.scope())
        return self._rows.upsert(rows, written, identity, scope.values)

    def delete_many(self, items: Sequence[object]) -> None:
        """Remove several items that were read with a lock, or mark them as removed."""
        self._rows.remove_many([item for item in items if type(item) is dict])

    def delete(self, item: object) -> None:
        """Remove an item, or mark it as removed."""
        if type(item) is not dict:
            self._actions.delete(item)
        else:
            self._rows.remove(item)


AnyActions = Actions | RowActions
"""The actions of one request, on items of the model or on dicts."""


def build(actions: AnyActions, values: Mapping[str, object]) -> object:
    """Make an item from attribute values, without storing it."""
    return actions.build(values) if isinstance(actions, RowActions) else actions.rows.build(values)


def has_parents(actions: AnyActions, scope: Mapping[str, object]) -> bool:
    """Return whether the items exist that the attributes of a scope refer to."""
    rows = actions if isinstance(actions, RowActions) else actions.rows
    return rows.has_parents(scope)
