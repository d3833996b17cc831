"""Member paths: whether a member of a list is added and removed without the rest of the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .binding import Binding
from .relations import Linking, LinkingRows, Relation
from .row_paths import RowPaths

__all__ = ["MemberPaths"]


class _Declared(Protocol):
    """The part of a `CRUDResource` class that its row paths depend on."""

    sorts: Sequence[str]
    order: Sequence[str]
    upsert: bool
    transitions: Mapping[str, object]


class MemberPaths(RowPaths):
    """How the members of one relation are written."""

    def __init__(self, declared: _Declared, binding: Binding, relation: Relation) -> None:
        """Keep the declarations.

        Args:
            declared: The `CRUDResource` of the items that have members.
            binding: Its binding.
            relation: The relation.
        """
        super().__init__(declared, binding)
        self._relation = relation

    def linked(self, rows: object) -> LinkingRows | None:
        """Return a transaction that writes single members; None if the whole list is needed.

        Args:
            rows: The transaction of the request.
        """
        if not isinstance(rows, LinkingRows) or rows.is_observed():
            return None
        return None if self._obstacle() else rows

    def explained(self, action: str) -> str:
        """Return a sentence on how a member is written."""
        obstacle = self._obstacle()
        if not obstacle:
            return "one member, without the rest of its list"
        return f"the whole list of {self._relation.name}: {obstacle}"

    def _obstacle(self) -> str:
        """Return why a member is written with its list, ``""`` if it need not be."""
        store = self._binding.store
        for action in ("update", "change"):
            if self.overrides(action):
                return f"the class overrides {action}()"
        if not isinstance(store, Linking):
            return f"{type(store).__name__} writes whole lists"
        return store.linking_obstacle(self._relation)
