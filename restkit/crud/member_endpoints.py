"""The URLs of the members of an item's relation: the list of them, and each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from ..problems import Conflict, NotFound
from .actions import Actions
from .binding import Binding
from .endpoint import opened
from .endpoints import CollectionEndpoint, ItemEndpoint
from .relations import RelatingRows, Relation
from .scopes import Scope
from .store import ReferenceViolation

__all__ = ["MemberEndpoint", "MemberListEndpoint"]

_MISSING = "No item exists at this URL."


class MemberListEndpoint(CollectionEndpoint):
    """The endpoint of the list of members.

    Attributes:
        parent: The `CRUDResource` of the item that has the members.
        parent_binding: Its binding.
        relation: The relation.
    """

    parent: ClassVar[Callable[..., Actions]]
    parent_binding: ClassVar[Binding]
    relation: ClassVar[Relation]

    def actions(self, expand: tuple[str, ...] = ()) -> Actions:
        """Return the resource of the members, in the scope of their item."""
        binding = self.parent_binding
        parent = opened(self.parent, binding, self.request, self.app, ())
        item = parent.read(binding.key.in_path(self.request.path_parameters))
        made = super().actions(expand)
        rows = parent.rows
        if isinstance(rows, RelatingRows):
            setattr(made, "within", rows.member_scope(self.relation, item))  # noqa: B010
        return made


class MemberEndpoint(ItemEndpoint):
    """The endpoint of one member.

    Attributes:
        relation: The relation.
        variable: The variable of the URL that has the member's key.
        most: The maximum number of members.
    """

    relation: ClassVar[Relation]
    variable: ClassVar[str]
    most: ClassVar[int]

    def add_member(self, key: object) -> None:
        """Add a row to the relation; it may be in it already."""
        actions, item, rows, present = self._opened(key)
        given = self.request.path_parameters[self.variable]
        found = rows.find_related(self.relation, [given], create=False)
        if given not in found:
            raise NotFound(_MISSING)
        member = found[given]
        if member in present:
            return
        if len(present) >= self.most:
            raise Conflict(f"The item has {self.most} members, which is the most.")
        self._write(actions, item, [*present, member])

    def remove_member(self, key: object) -> None:
        """Remove a row from the relation."""
        actions, item, rows, present = self._opened(key)
        given = self.request.path_parameters[self.variable]
        member = rows.find_related(self.relation, [given], create=False).get(given)
        if member is None or member not in present:
            raise NotFound(_MISSING)
        self._write(actions, item, [each for each in present if each != member])

    def _opened(self, key: object) -> tuple[Actions, object, RelatingRows, Sequence[object]]:
        """Return the resource, the locked item, the transaction, and the members."""
        binding = self.binding
        loaded = dict.fromkeys((self.relation.name, *binding.tagged))
        actions = self.actions(tuple(loaded))
        item = actions.read(key)
        self.decide(item)
        rows = actions.rows
        if not isinstance(rows, RelatingRows):
            raise NotFound(_MISSING)
        return actions, item, rows, rows.members(self.relation, item)

    def _write(self, actions: Actions, item: object, members: Sequence[object]) -> None:
        scope = Scope.of(actions.scope())
        try:
            updated = actions.update(item, {self.relation.name: list(members)})
        except ReferenceViolation:
            raise NotFound(_MISSING) from None
        self.check_scope(actions, updated, scope)
        self.entity_tag = None  # that of the item is not that of the member
