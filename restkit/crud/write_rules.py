"""Rules for writes alone: which of the visible items a caller may change."""

from __future__ import annotations

from typing import Protocol, TypeVar, runtime_checkable

from ..problems import Forbidden
from .scopes import Clause, Scope
from .store import FORBIDDEN, Transaction, Violation

__all__ = ["ProtectedRow", "WriteRuled", "check_writable"]

M = TypeVar("M")


class ProtectedRow(Violation):
    """Raised when content of one collection changes a row that the caller may only read; a 409."""

    code = "protected"
    detail = "The request would change a related item that the caller may not write."


@runtime_checkable
class WriteRuled(Protocol):
    """The optional ability of a transaction to say which items the caller may write."""

    def writable(self) -> Clause:
        """Return the condition of the row rule on writes, ``{}`` if it has none of its own."""
        ...


def check_writable(
    rows: Transaction[M],
    key: object,
    scope: Clause,
    write_scope: Clause,
    *,
    removed: bool = False,
) -> None:
    """Reject the change of an item that the caller may only read.

    Args:
        rows: The request's transaction.
        key: The key of the item.
        scope: The items of the collection.
        write_scope: Those that the caller may change.
        removed: Whether the item was removed softly.

    Raises:
        Forbidden: The caller may not change the item.
    """
    rule = rows.writable() if isinstance(rows, WriteRuled) else {}
    if not Scope.of([write_scope, rule]):
        return
    if rows.get(key, scope=Scope.of([scope, write_scope, rule]), removed=removed) is None:
        raise Forbidden(FORBIDDEN)
