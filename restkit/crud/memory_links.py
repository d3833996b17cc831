"""References between stores in memory, and the relations that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import DeclarationError
from ..records import Record
from .memory_model import MemoryModel
from .paths import ModelRelation, RelatedModel

__all__ = ["Link", "LinkedStore", "Reference", "described", "links_between"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference from the items of one store to the items of another.

    Attributes:
        table: The table of the referring items.
        name: The referring attribute.
        target: The table of the referenced items.
        key: The referenced attribute.
        is_many: Whether the referring attribute is a list of references.
        includes: A function that says whether an item of the other store can be referred to: one
            of another kind cannot.
    """

    table: object
    name: str
    target: object
    key: str
    is_many: bool
    includes: Callable[[object], bool]

    def keys(self, value: object) -> Sequence[object]:
        """Return the references in a value of the referring attribute."""
        if value is None or (self.is_many and isinstance(value, (list, tuple))):
            return value or ()
        return (value,)


class LinkedStore(RelatedModel, Protocol):
    """The part of a `MemoryStore` that its relations use."""

    table: object
    primary: str
    shape: MemoryModel


class Link(Record):
    """A relation of one store in memory to another one.

    Attributes:
        name: The name of the relation.
        is_many: Whether an item may have several related items.
        target: The store of the related items.
        local: The attribute of an item that equals ``remote`` of its related items.
        remote: The attribute of the related items.
    """

    name: str
    is_many: bool
    target: LinkedStore
    local: str
    remote: str


def described(links: Mapping[str, Link]) -> dict[str, ModelRelation]:
    """Return links as filters and sort orders know them, by name."""
    found = links.items()
    return {name: ModelRelation(name, each.is_many, each.target) for name, each in found}


def links_between(
    store: LinkedStore,
    name: str,
    attribute: str,
    back: str,
    references: Mapping[str, LinkedStore],
) -> Iterator[tuple[object, Link]]:
    """Yield the relations that a reference makes, each with the table of its items.

    Args:
        store: The store with the reference.
        name: The name of the relation to the referenced item.
        attribute: The attribute that refers.
        back: The name of the relation back, ``""`` without one.
        references: The stores that attributes refer to.

    Raises:
        DeclarationError: The attribute is not a reference, or a name is taken.
    """
    target = references.get(attribute)
    if target is None:
        raise DeclarationError(
            f"relate({name!r}, {attribute!r}): the attribute is not a reference of "
            f"{store.model.__qualname__}. Pass references={{{attribute!r}: ...}} to its "
            "MemoryStore."
        )
    for owner, wanted in ((store, name), (target, back)):
        if wanted in owner.attributes or wanted in owner.relations:
            raise DeclarationError(
                f"relate({name!r}, {attribute!r}): {owner.model.__qualname__} has an attribute or "
                f"a relation {wanted!r} already. Choose another name."
            )
    yield store.table, Link(name, False, target, attribute, target.primary)
    if back:
        yield target.table, Link(back, True, store, target.primary, attribute)
