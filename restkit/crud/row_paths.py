"""Row paths: which actions of a collection read and write rows as dicts, without its model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

from ..problems import NotFound
from ..records import Record
from ..request import Request
from ..resource import Owner
from .actions import Actions
from .binding import Binding
from .query import ListQuery, Page
from .scopes import Scope

__all__ = ["RowActions", "RowOpener", "RowPaths", "RowStore", "RowTransaction", "RowUse"]

_Row = dict[str, object]
_OWN_MODULE = "restkit.crud.resource"
_CALLED = {
    "list": ("list",),
    "read": ("read",),
}


class RowUse(Record):
    """What an action does with the attributes of items.

    Attributes:
        action: The action.
        reads: The attributes that it reads.
        writes: The attributes that it may write.
    """

    action: str
    reads: frozenset[str]
    writes: frozenset[str]


class RowTransaction(Protocol):
    """A transaction whose items are dicts; it has a part of the methods of `Transaction`."""

    def list(self, query: ListQuery, /) -> Page[object]:
        """Return one page, without a total."""
        ...

    def get(self, key: object, /, *, scope: Mapping[str, object], lock: bool) -> _Row | None:
        """Return the item of a key, or None."""
        ...


RowOpener = Callable[[Request, Owner], RowTransaction | None]
"""A function that opens a request's transaction; None if the request needs items of the model."""


@runtime_checkable
class RowStore(Protocol):
    """The optional ability of a store to read and write items as dicts, which costs less."""

    def row_opener(self, use: RowUse, /) -> RowOpener | str:
        """Return how to open transactions for an action, or why it needs items of the model."""
        ...


class _Declared(Protocol):
    """The part of a `CRUDResource` class that decides the order of its items."""

    sorts: Sequence[str]
    order: Sequence[str]


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

    def opener(self, action: str) -> RowOpener | None:
        """Return how an action opens its transaction, None if it takes items of the model."""
        found = self.found[action]
        return None if isinstance(found, str) else found

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
        for name in _CALLED[action]:
            written = inspect.getattr_static(self._declared, name)
            if getattr(written, "__module__", "") != _OWN_MODULE:
                return f"the class overrides {name}()"
        views = self._binding.list_views if action == "list" else self._binding.views
        serializer = views.serializer(None, ())
        reads = serializer.bound.reads
        if serializer.relations:
            return f"{views.declared.__name__} nests {serializer.relations[0]!r}"
        if reads is None:
            return f"{views.declared.__name__} has hooks or fields that read whole items"
        return store.row_opener(RowUse(action, reads | self._ordered(), frozenset()))

    def _ordered(self) -> frozenset[str]:
        """Return the attributes that may decide the order."""
        names = (*self._declared.sorts, *self._declared.order, self._binding.store.key)
        return frozenset(name.removeprefix("-") for name in names)


class RowActions:
    """The actions of one request, which are not overridden, on items as dicts."""

    def __init__(self, actions: Actions, rows: RowTransaction) -> None:
        """Combine the user's resource and the transaction."""
        self._actions = actions
        self._rows = rows

    def list(self, query: ListQuery) -> Page[object]:
        """Return one page."""
        if query.expand or query.count != "none" or Scope.of(query.scope).clauses:
            return self._actions.list(query)
        return self._rows.list(query)

    def read(self, key: object) -> object:
        """Return the item of a key."""
        scope = Scope.of(self._actions.scope())
        if scope.clauses:
            return self._actions.read(key)
        item = self._rows.get(key, scope=scope.values, lock=False)
        if item is None:
            raise NotFound("No item exists at this URL.")
        return item
