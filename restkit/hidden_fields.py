"""The fields that a caller may not read or write, and the masks of an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, runtime_checkable

from .records import Record

if TYPE_CHECKING:
    from .request import Request

__all__ = ["FieldPlace", "HiddenFields", "OperationMasks"]

T = TypeVar("T")
FieldPlace: TypeAlias = tuple[type, str]
"""A field: the class that declares it, a resource or a model, and its name or path."""


class HiddenFields(Record):
    """The fields that one caller may not read, and those that it may not write."""

    read: frozenset[FieldPlace] = frozenset()
    write: frozenset[FieldPlace] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether the caller may read and write everything."""
        return not (self.read or self.write)


@runtime_checkable
class OperationMasks(Protocol):
    """The field masks of an operation, and the operation as each caller has it."""

    @property
    def document(self) -> Mapping[str, object]:
        """The masks as the value of ``x-field-masks``."""
        ...

    def hidden(self, request: Request, /) -> HiddenFields:
        """Return the fields that the caller of a request may not read or write."""
        ...

    def view(self, operation: T, hidden: HiddenFields, /) -> T | None:
        """Return the operation without hidden fields, None if the caller cannot have it."""
        ...
