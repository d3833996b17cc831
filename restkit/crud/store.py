"""The persistence protocol below `CRUDResource`: a `Store` of one model, and a `Transaction` on it for one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from marshmallow import Schema, fields
from marshmallow.validate import Validator

from ..contract import Failure
from ..request import Request
from ..resource import Owner
from .query import ListQuery, Operator, Page

__all__ = [
    "Attribute",
    "KeyTaken",
    "ReferenceViolation",
    "StaleWrite",
    "Store",
    "Transaction",
    "UniqueViolation",
    "Violation",
]

M = TypeVar("M")


class Violation(Exception):
    """Is raised by a Transaction where a rule of the store forbids a write; answered with 409.

    Attributes:
        names: The attributes that the rule is about, as far as they are known.
    """

    code = "conflict"
    detail = "It is in conflict with what is stored."

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__(f"{type(self).__name__} of {', '.join(names) or 'unknown attributes'}")
        self.names = tuple(names)


class UniqueViolation(Violation):
    """Is raised where another item has the value that may be had once."""

    code = "unique"
    detail = "Another item has this value."


class KeyTaken(UniqueViolation):
    """Is raised by `Transaction.add` where an item with the key exists; what was done before it still stands."""


class ReferenceViolation(Violation):
    """Is raised where an item names one that does not exist, or one that is named would cease to."""

    code = "reference"
    detail = "There is no such item to refer to, or this item is still referred to."


class StaleWrite(Exception):
    """Is raised by a Transaction where an item was changed or removed since it was read; answered with 412 or 409."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Is what a store knows of one attribute of its model.

    Attributes:
        name: Its name.
        field: A field that takes and writes its values exactly.
        nullable: Whether it may be None.
        operators: The operators that conditions on it may have.
        bounds: What a value must hold to fit into the store, as validators.
        default: What it is where nothing is said: a value, or a callable that makes one; None without.
        generated: Whether the store gives the value, and nobody may write it.
        unfit: Why values do not come back as they were stored, and what to do: a collection that shows the attribute is
            refused with this sentence; ``""`` where they do.
    """

    name: str
    field: fields.Field[Any]
    nullable: bool
    operators: frozenset[Operator]
    bounds: tuple[Validator, ...] = ()
    default: Any = None
    generated: bool = False
    unfit: str = ""


class Transaction(Protocol[M]):
    """Is one request's work on a store: all of it is kept, or none.

    Writes raise `UniqueViolation`, `ReferenceViolation` and `StaleWrite`; what the client cannot mend
    (a lost database, a lock that is not had in time) is raised as a Problem, or turned into one by the
    handlers that the store's owner has installed.
    """

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        ...

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item, without holding all of them in memory."""
        ...

    def get(
        self,
        key: Any,
        /,
        *,
        scope: Mapping[str, Any],
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, None where there is none.

        Args:
            key: The value of the store's key.
            scope: Attributes that it must have.
            lock: Whether nobody else may change it until the transaction ends.
            expand: Relations to load with it.
            removed: Whether items count that were removed softly, and those only.
        """
        ...

    def has_parents(self, scope: Mapping[str, Any], /) -> bool:
        """Return whether what the attributes of a scope refer to exists."""
        ...

    def build(self, values: Mapping[str, Any], /) -> M:
        """Make an item, not stored yet, of attributes."""
        ...

    def add(self, item: M, /) -> None:
        """Store a new item.

        Raises:
            KeyTaken: An item with its key exists; nothing else is lost by that.
        """
        ...

    def change(self, item: M, values: Mapping[str, Any], /) -> None:
        """Set attributes of an item, and store it where it is still what was read."""
        ...

    def remove(self, item: M, /) -> None:
        """Remove an item where it is still what was read: softly, where the store is told to."""
        ...

    def restore(self, item: M, /) -> None:
        """Take back that an item was removed softly."""
        ...

    def attempt(self) -> AbstractContextManager[object]:
        """Return a context in which what is written is undone where it raises; what was written before stands."""
        ...


class Store(Protocol[M]):
    """Is where the items of one model are kept.

    Attributes:
        model: The model.
        key: The attribute that names an item in its URL.
        attributes: What is known of each attribute, by name.
        failures: The problems that its transactions may raise, for the document.
    """

    @property
    def model(self) -> type[M]:
        """The model."""
        ...

    @property
    def key(self) -> str:
        """The attribute that names an item in its URL."""
        ...

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """What is known of each attribute, by name."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that every operation on it may answer."""
        ...

    def configured(self, *, key: str, soft_delete: str | None) -> Store[M]:
        """Return the store with another key, or with an attribute that says when an item was removed.

        Raises:
            DeclarationError: The model has no such attribute, or it cannot be what it should be.
        """
        ...

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return a schema of the model, for resources that declare none.

        Args:
            expand: Relations that are answered where a client asks for them.

        Raises:
            DeclarationError: The model does not say enough.
        """
        ...

    def open(self, request: Request, app: Owner, /) -> Transaction[M]:
        """Return the request's transaction, begun at the first call and ended with the request."""
        ...

    def version(self, item: M, /) -> str | int | None:
        """Return what changes with each change of an item, None where the model has nothing of the kind."""
        ...

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        ...
