"""The persistence protocol below `CRUDResource`: a `Store` of one model and its `Transaction`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from marshmallow import Schema, fields
from marshmallow.validate import Validator

from ..contract import Failure
from ..request import Request
from ..resource import Owner
from .query import ListQuery, Operator, Page
from .scopes import Clause

__all__ = [
    "FORBIDDEN",
    "AnyField",
    "AnyStore",
    "Attribute",
    "CollectionChecked",
    "DecidedValue",
    "KeyTaken",
    "ReferenceViolation",
    "RejectedValue",
    "RelatedRows",
    "Releasing",
    "RowRuled",
    "RuledRows",
    "StaleWrite",
    "Store",
    "Transaction",
    "UniqueViolation",
    "Violation",
]

M = TypeVar("M")
FORBIDDEN = "The caller may not write this item."

RelatedRows = Callable[[type], "tuple[Clause, ...]"]
"""A function from a model to the conditions on the rows that other items may refer to."""

AnyField = fields.Field[Any]


class Violation(Exception):
    """Raised when a constraint of the store rejects a write; the response is a 409.

    Attributes:
        names: The attributes of the constraint, if they are known.
    """

    code = "conflict"
    detail = "The request conflicts with stored data."

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__(f"{type(self).__name__} of {', '.join(names) or 'unknown attributes'}")
        self.names = tuple(names)


class UniqueViolation(Violation):
    """Raised when another item already has a unique value."""

    code = "unique"
    detail = "Another item has this value."


class RejectedValue(Violation):
    """Raised when the model rejects a value that its schema accepts; the response is a 422."""

    code = "invalid"
    detail = "The value is not valid."


class DecidedValue(RejectedValue):
    """Raised when nested content contradicts a value that the item around it decides; a 422."""

    code = "scope"
    detail = "The server decides this value. Leave it out."


class KeyTaken(UniqueViolation):
    """Raised when `Transaction.add` finds an item with the same key; earlier writes stay valid."""


class ReferenceViolation(Violation):
    """Raised when an item refers to a missing item, or a removed item is still referred to."""

    code = "reference"
    detail = "The referenced item does not exist, or other items still refer to this item."


class StaleWrite(Exception):
    """Raised when an item was changed or removed after it was read; a 412 or 409 response."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The store's description of one attribute of its model.

    Attributes:
        name: The name of the attribute.
        field: A field that loads and dumps its values exactly, also those of a read-only key.
        nullable: Whether the value may be None.
        operators: The operators of conditions on it.
        bounds: The validators that every stored value passes.
        default: The default value, or a function that returns it; None without a default.
        generated: Whether the store generates the value, so that clients cannot write it.
        unfit: Why no collection may show the attribute: its values change; ``""`` otherwise.
        default_from: A function from the other values of an item to the default, or None.
        is_stamped: Whether the store gives items a value, which a PUT without it leaves.
        is_derived: Whether the value may change without the item.
        advice: The remedy for messages, if it has no operators; ``""`` without one.
        searched: The attributes that a full-text search looks at.
    """

    name: str
    field: AnyField
    nullable: bool
    operators: frozenset[Operator]
    bounds: tuple[Validator, ...] = ()
    default: Any = None
    generated: bool = False
    unfit: str = ""
    default_from: Callable[[Mapping[str, object]], object] | None = None
    is_stamped: bool = False
    is_derived: bool = False
    advice: str = ""
    searched: tuple[str, ...] = ()


class Transaction(Protocol[M]):
    """The reads and writes of one request on a store, committed together or not at all.

    Writes raise `UniqueViolation`, `ReferenceViolation` and `StaleWrite`. A failure that the client
    did not cause (a lost database, a lock timeout) is a Problem, raised here or by the problem
    handlers of the store's owner.
    """

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        ...

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield all items of a query, whatever its limit, without loading all of them."""
        ...

    def get(
        self,
        key: object,
        /,
        *,
        scope: Clause,
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, or None.

        Args:
            key: The value of the store's key attribute.
            scope: The scope that the item must be in, as `CRUDResource.scope` returns it.
            lock: Whether other transactions must not change the item until this one ends.
            expand: The relations to load with the item.
            removed: Whether to look for soft-deleted items only.
        """
        ...

    def has_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether the items exist that the attributes of a scope refer to."""
        ...

    def build(self, values: Mapping[str, object], /) -> M:
        """Make an item from attribute values, without storing it."""
        ...

    def add(self, item: M, /) -> None:
        """Store a new item.

        Raises:
            KeyTaken: An item with the same key exists; the transaction can go on.
        """
        ...

    def change(self, item: M, values: Mapping[str, object], /) -> None:
        """Set attributes, and store the item, if one is new and nobody changed it meanwhile."""
        ...

    def remove(self, item: M, /) -> None:
        """Remove an item, or mark it as removed, if nobody changed it since it was read."""
        ...

    def restore(self, item: M, /) -> None:
        """Restore a soft-deleted item."""
        ...

    def attempt(self) -> AbstractContextManager[object]:
        """Return a savepoint: a context whose writes are undone if an exception leaves it."""
        ...


class Store(Protocol[M]):
    """The storage of the items of one model.

    Attributes:
        model: The model.
        key: The attribute that identifies an item in its URL.
        attributes: The attributes by name.
        failures: The problems that its transactions may raise, for the document.
    """

    @property
    def model(self) -> type[M]:
        """The model."""
        ...

    @property
    def key(self) -> str:
        """The attribute that identifies an item in its URL."""
        ...

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes by name."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that every operation on the store may return."""
        ...

    def configured(
        self, *, key: str, soft_delete: str | None, scope: Sequence[str] = ()
    ) -> Store[M]:
        """Return the store with another key, or with an attribute that marks removed items.

        Args:
            key: The attribute that identifies an item; ``""`` for the store's own.
            soft_delete: The attribute that marks removed items.
            scope: The variables of the URL pattern, with which the key has to be unique.

        Raises:
            DeclarationError: The model has no such attribute, or the attribute does not qualify.
        """
        ...

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return a schema of the model, for resources that declare none.

        Args:
            expand: The relations that clients can ask for.

        Raises:
            DeclarationError: The schema cannot be derived from the model.
        """
        ...

    def open(self, request: Request, app: Owner, /) -> Transaction[M]:
        """Return the request's transaction, which begins with the first call and ends with it."""
        ...

    def version(self, item: M, /) -> str | int | None:
        """Return the version of an item, which each change increases; None if it has none."""
        ...

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        ...


@runtime_checkable
class RowRuled(Protocol):
    """The optional ability of a store to have row rules; its transactions are `RuledRows`.

    Attributes:
        assigned: The attributes that a row rule sets on new items.
        is_ruled: Whether the model, or one that it refers to, has a row rule.
    """

    @property
    def assigned(self) -> frozenset[str]:
        """The attributes that a row rule sets on new items."""
        ...

    @property
    def is_ruled(self) -> bool:
        """Whether the model, or one that it refers to, has a row rule."""
        ...


@runtime_checkable
class RuledRows(Protocol):
    """The optional abilities of a transaction on a store with row rules."""

    def assigned(self) -> Mapping[str, object]:
        """Return the values that a row rule sets on new items of the caller."""
        ...

    def readable(self) -> Clause:
        """Return the condition on the items that the caller may read."""
        ...

    def hides_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether a row that the attributes of a scope refer to is missing or hidden.

        Returns:
            False, also for a missing row, if nothing can hide rows of the model.
        """
        ...

    def restrict(self, related: RelatedRows, /) -> None:
        """Let items show and refer to related rows only if they fulfil further conditions."""
        ...


@runtime_checkable
class CollectionChecked(Protocol):
    """The optional ability of a store to check a collection when it is mounted."""

    def check_collection(
        self, scope: Sequence[str], *, creates: bool, writes: bool, upserts: bool
    ) -> None:
        """Reject a collection that the store cannot serve.

        Args:
            scope: The variables of the URL pattern, which are attributes of all its items.
            creates: Whether clients can create items.
            writes: Whether clients can create, change or delete items.
            upserts: Whether clients can create items by PUT and by POST.

        Raises:
            DeclarationError: The model does not support it.
        """
        ...


@runtime_checkable
class Releasing(Protocol):
    """The optional ability of a transaction to let go of its connection between two reads."""

    def release(self) -> None:
        """End the transaction; the next read begins another one."""
        ...


AnyStore = Store[Any]
"""A store of any model."""
