"""Changes that an action makes to an item after the store's part: the response has them too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

__all__ = ["Including", "Settling", "settle"]


@runtime_checkable
class Settling(Protocol):
    """The optional ability of a transaction to store attributes that were set on an item."""

    def settle(self, item: object, /) -> None:
        """Store the attributes that were set on an item since it was written.

        The item gets the attributes that storing it changes, such as its version. Raises the
        exceptions of `Transaction.change`.
        """
        ...


@runtime_checkable
class Including(Protocol):
    """The optional ability of a transaction to set the related items that a response has."""

    def include(self, item: object, relations: Sequence[str], /) -> None:
        """Set the related items of a written item, as far as the store knows the relations."""
        ...


class _Actions(Protocol):
    @property
    def rows(self) -> object:
        """The request's transaction."""
        ...


def settle(actions: _Actions, item: object, model: type[object], relations: Sequence[str]) -> None:
    """Store the attributes that an action has set on the item that it returns.

    Args:
        actions: The actions of the request.
        item: The returned item.
        model: The model of the collection; an action may return something else.
        relations: The relations that each response nests.
    """
    if type(item) is dict or not isinstance(item, model):
        return
    rows = actions.rows
    if isinstance(rows, Settling):
        rows.settle(item)
    if relations and isinstance(rows, Including):
        rows.include(item, relations)
