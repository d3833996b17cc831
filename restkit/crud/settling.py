"""Changes that an action makes to an item after the store's part: the response has them too."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Settling", "settle"]


@runtime_checkable
class Settling(Protocol):
    """The optional ability of a transaction to store attributes that were set on an item."""

    def settle(self, item: object, /) -> None:
        """Store the attributes that were set on an item since it was written.

        The item gets what storing it changes, such as its version. Raises what
        `Transaction.change` raises.
        """
        ...


class _Actions(Protocol):
    @property
    def rows(self) -> object:
        """The request's transaction."""
        ...


def settle(actions: _Actions, item: object, model: type[object]) -> None:
    """Store what an action has set on the item that it returns.

    Args:
        actions: The actions of the request.
        item: The returned item.
        model: The model of the collection; an action may return something else.
    """
    if type(item) is dict or not isinstance(item, model):
        return
    rows = actions.rows
    if isinstance(rows, Settling):
        rows.settle(item)
