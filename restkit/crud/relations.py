"""Relations that content names by keys: their declaration, and their description by a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from ..errors import DeclarationError
from ..records import Record
from .scopes import Clause
from .store import AnyField

__all__ = [
    "Linking",
    "LinkingRows",
    "Related",
    "Relating",
    "RelatingRows",
    "Relation",
    "declared_relations",
    "values_of_new",
]


class Related(Record):
    """A declaration of how content names the rows of a relation.

    ::

        relations = {"tags": Related("name", create=True), "author": Related()}

    Attributes:
        by: The attribute of the related rows that names them: their primary key by default.
        create: Whether rows that do not exist are created.
        max_length: The maximum number of rows of a relation to many.
    """

    by: str = ""
    create: bool = False
    max_length: int = 100


class Relation(Record):
    """The store's description of a relation.

    Attributes:
        model: The model of the related rows.
        name: The attribute of the items that holds the related rows. An association proxy reads
            them from another one than that which is declared.
        by: The attribute that names related rows.
        field: A field of its values.
        is_many: Whether an item has a list of related rows.
        is_nullable: Whether an item may have no related row.
        is_ordered: Whether the store decides the order of the related rows.
        references: For a relation to one row, the attributes of the items that refer to it.
        is_reference: Whether the value is that of the one reference itself.
        lacking: The attributes besides ``by`` without which no related row can be created.
        assigned: The attributes that a row rule sets on new related rows.
        changes_rows: Whether a write of the relation changes the related rows themselves.
    """

    model: type
    name: str
    by: str
    field: AnyField
    is_many: bool
    is_nullable: bool
    is_ordered: bool
    references: tuple[str, ...]
    is_reference: bool
    lacking: tuple[str, ...] = ()
    assigned: frozenset[str] = frozenset()
    changes_rows: bool = False


def values_of_new(
    relation: Relation, value: object, decided: Mapping[str, object]
) -> dict[str, object] | None:
    """Return the attributes of a related row that is created, None if it cannot be.

    Args:
        relation: The relation.
        value: The value that names the row.
        decided: The attributes that the scope of its collection and its row rule decide.
    """
    if decided.get(relation.by, value) != value or not decided.keys() >= {*relation.lacking}:
        return None
    return {**decided, relation.by: value}


@runtime_checkable
class Relating(Protocol):
    """The optional ability of a store to let content name related rows."""

    def relation(self, name: str, related: Related, /) -> Relation:
        """Return the description of a relation.

        Raises:
            DeclarationError: The model has no such relation, or content cannot write it.
        """
        ...


@runtime_checkable
class RelatingRows(Protocol):
    """The optional ability of a transaction on a store that is `Relating`."""

    def find_related(
        self, relation: Relation, values: Sequence[object], /, *, create: bool
    ) -> Mapping[object, object]:
        """Return the member that names related rows, with the attribute of the items.

        That is a member of the list for a relation to many, and a tuple of the values of
        ``references`` for a relation to one. Rows that do not exist or that the caller may not see
        are missing.

        Args:
            relation: The relation.
            values: The values of ``by``, without duplicates.
            create: Whether missing rows are created.
        """
        ...

    def members(self, relation: Relation, item: object, /) -> Sequence[object]:
        """Return the members of an item's list that the caller may see, as they are written."""
        ...

    def member_scope(self, relation: Relation, item: object, /) -> Clause:
        """Return the condition on the related rows that are members of an item's list."""
        ...


@runtime_checkable
class Linking(Protocol):
    """The optional ability of a store to add and remove a member without the rest of its list."""

    def linking_obstacle(self, relation: Relation, /) -> str:
        """Return why members of a relation are written with the whole list, ``""`` if not."""
        ...


@runtime_checkable
class LinkingRows(RelatingRows, Protocol):
    """The abilities of a transaction on a store that is `Linking`."""

    def is_observed(self) -> bool:
        """Return whether somebody could look at the changes of lists in this request."""
        ...

    def has_members(
        self, relation: Relation, item: object, /, *, member: object = None, most: int = 1
    ) -> bool:
        """Return whether an item's list has so many members that the caller may see.

        Args:
            relation: The relation.
            item: The item.
            member: The only member to look for; any by default.
            most: The number of members.
        """
        ...

    def link(self, relation: Relation, item: object, member: object, /) -> None:
        """Add a member, which is not in the item's list."""
        ...

    def unlink(self, relation: Relation, item: object, member: object, /) -> None:
        """Remove a member, which is in the item's list."""
        ...


def declared_relations(declared: object, declared_at: str) -> dict[str, Related]:
    """Return the relations that a `CRUDResource` declares, by name.

    Raises:
        DeclarationError: They are something else than names, or a mapping from names.
    """
    given: object = getattr(declared, "relations", ())
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, (tuple, list)):
        pairs = [(name, Related()) for name in given]
    else:
        raise _unknown(declared_at, given)
    found: dict[str, Related] = {}
    for name, how in pairs:
        related = Related(how) if isinstance(how, str) else how
        if not isinstance(name, str) or not isinstance(related, Related):
            raise _unknown(declared_at, given)
        if type(related.max_length) is not int or related.max_length < 1:
            raise DeclarationError(
                f"{declared_at}.relations[{name!r}]: max_length must be at least 1, got "
                f"{related.max_length!r}."
            )
        found[name] = related
    return found


def _unknown(declared_at: str, given: object) -> DeclarationError:
    return DeclarationError(
        f"{declared_at}.relations is {given!r}. Give the names of relations, or a mapping from "
        'them to the attribute that names related rows: relations = {"tags": "name"}.'
    )
