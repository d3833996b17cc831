"""Relations between items in memory: lists of keys, and single keys."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol, cast

from marshmallow import fields

from ..errors import DeclarationError
from .memory_links import Reference
from .relations import Related, Relation
from .rows import RELATED, Memory, Work
from .store import Attribute

__all__ = ["ReferencedStore", "RelatedItems", "relation_in_memory"]

_CanRefer = Callable[[object, object], bool]


class ReferencedStore(Protocol):
    """The part of a `MemoryStore` that other stores refer to."""

    @property
    def model(self) -> type:
        """The model."""
        ...

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes by name."""
        ...

    @property
    def assigned(self) -> frozenset[str]:
        """The attributes that a row rule sets on new items."""
        ...

    unique: Sequence[tuple[str, ...]]

    def lacking(self, given: Collection[str], /) -> Sequence[str]:
        """Return the attributes without which no item can be stored."""
        ...


class ReferringStore(ReferencedStore, Protocol):
    """The part of a `MemoryStore` that refers to other stores."""

    table: object

    @property
    def memory(self) -> Memory:
        """The memory that the store shares with those that it refers to."""
        ...


def relation_in_memory(
    owner: ReferringStore, name: str, how: Related
) -> tuple[Relation, Reference]:
    """Return the description of a relation, and its reference.

    Args:
        owner: The store of the items.
        name: The attribute that refers.
        how: The declaration.

    Raises:
        DeclarationError: The attribute refers to no store, or ``by`` does not name one item.
    """
    memory = owner.memory
    own = {each.name: each for each in memory.references if each.table is owner.table}
    if name not in own:
        raise DeclarationError(
            f"{owner.model.__qualname__}.{name} does not refer to another store. Pass "
            f"references={{{name!r}: ...}} to its MemoryStore."
        )
    store = cast("ReferencedStore", memory.stores[own[name].target])
    return _described(owner, own[name], store, how), own[name]


def _described(
    owner: ReferringStore, reference: Reference, store: ReferencedStore, how: Related
) -> Relation:
    attribute = owner.attributes[reference.name]
    by = how.by or reference.key
    called = f"{store.model.__qualname__}.{by}"
    if by not in store.attributes:
        known = ", ".join(sorted(store.attributes))
        raise DeclarationError(
            f"{store.model.__qualname__} has no attribute {by!r}. It has {known}."
        )
    if (by,) not in store.unique:
        raise DeclarationError(
            f"{called} does not name one item. Pass unique=({by!r},) to its MemoryStore."
        )
    named = store.attributes[by]
    field = copy.copy(named.field)
    field.validators = [*field.validators, *named.bounds]
    is_many = isinstance(attribute.field, fields.List)
    lacking = tuple(store.lacking({by})) if how.create else ()
    return Relation(
        store.model,
        attribute.name,
        by,
        field,
        is_many,
        attribute.nullable,
        False,
        () if is_many else (attribute.name,),
        not is_many and by == reference.key and not how.create,
        lacking,
        store.assigned,
    )


class RelatedItems:
    """The items that the items of one store refer to, for one request."""

    def __init__(self, work: Work, references: Sequence[Reference], can_refer: _CanRefer) -> None:
        """Combine the work of the request and the references of the store.

        Args:
            work: The work of the request.
            references: The references of the store that are relations.
            can_refer: A function that says of a table and an item whether it may be referred to.
        """
        self._work = work
        self._references = references
        self._can_refer = can_refer

    def attach(self, item: object) -> None:
        """Keep the related items that the request may see in an item."""
        if self._references:
            vars(item)[RELATED] = dict(self._related(item))

    def _related(self, item: object) -> Iterator[tuple[str, object]]:
        for each in self._references:
            keys = each.keys(getattr(item, each.name, None))
            rows = [row for key in keys if (row := self._find(each, key)) is not None]
            yield each.name, rows if each.is_many else next(iter(rows), None)

    def _find(self, reference: Reference, key: object) -> object:
        item = self._work.find(reference, key)
        return item if item is not None and self._can_refer(reference.target, item) else None

    def with_hidden(self, before: object, values: Mapping[str, object]) -> dict[str, object]:
        """Return written values; lists keep the keys of items that the request may not see."""
        out = dict(values)
        for each in self._references:
            if each.is_many and each.name in out:
                keys = each.keys(getattr(before, each.name))
                hidden = [key for key in keys if self._find(each, key) is None]
                out[each.name] = [*each.keys(out[each.name]), *hidden]
        return out

    def named(
        self, reference: Reference, by: str, values: Sequence[object]
    ) -> dict[object, object]:
        """Return the keys of items that the request may see, by another attribute of them."""
        found: dict[object, object] = {}
        for value in values:
            item = self._work.find(reference, value, by)
            if item is not None and self._can_refer(reference.target, item):
                found[value] = getattr(item, reference.key)
        return found
