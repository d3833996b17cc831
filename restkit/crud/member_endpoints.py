"""The URLs of the members of an item's relation: the list of them, and each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from ..http.conditional import Preconditions
from ..problems import Conflict, NotFound
from .actions import Actions
from .binding import Binding
from .endpoint import opened
from .endpoints import CollectionEndpoint, ItemEndpoint
from .member_paths import MemberPaths
from .object_rules import check_item
from .relations import LinkingRows, RelatingRows, Relation
from .scopes import Clause, Scope
from .store import ReferenceViolation

__all__ = ["MemberEndpoint", "MemberListEndpoint"]

_MISSING = "No item exists at this URL."


class MemberListEndpoint(CollectionEndpoint):
    """The endpoint of the list of members.

    Attributes:
        parent: The `CRUDResource` of the item that has the members.
        parent_binding: Its binding.
        relation: The relation.
        is_bare: Whether no class says how members are listed.
    """

    parent: ClassVar[Callable[..., Actions]]
    parent_binding: ClassVar[Binding]
    relation: ClassVar[Relation]
    is_bare: ClassVar[bool]

    def actions(self, expand: tuple[str, ...] = ()) -> Actions:
        """Return the resource of the members, in the scope of their item."""
        binding = self.parent_binding
        parent = opened(self.parent, binding, self.request, self.app, ())
        item = parent.read(binding.key.in_path(self.request.path_parameters))
        made = super().actions(expand)
        rows = parent.rows
        if isinstance(rows, RelatingRows):
            within = [rows.member_scope(self.relation, item), *self._visible(parent)]
            setattr(made, "_within", within)  # noqa: B010
        return made

    def _visible(self, parent: Actions) -> tuple[Clause, ...]:
        """Return the conditions by which other collections hide members, unless a class decides."""
        related = parent._related_rows
        # SECURITY: without a class, the scope and the soft deletion of the members' own
        # collection would not hold here.
        return related(self.relation.model) if self.is_bare and related else ()


class MemberEndpoint(ItemEndpoint):
    """The endpoint of one member.

    Attributes:
        member_paths: How members are written.
        relation: The relation.
        variable: The variable of the URL that has the member's key.
        most: The maximum number of members.
    """

    member_paths: ClassVar[MemberPaths]
    relation: ClassVar[Relation]
    variable: ClassVar[str]
    most: ClassVar[int]

    def add_member(self, key: object) -> None:
        """Add a row to the relation; it may be in it already."""
        members = self._opened(key)
        member = self._named(members.rows)
        if members.has(member):
            return
        if members.are(self.most):
            raise Conflict(f"The item has {self.most} members, which is the most.")
        self._write(members, members.add, member)

    def remove_member(self, key: object) -> None:
        """Remove a row from the relation."""
        members = self._opened(key)
        member = self._named(members.rows)
        if not members.has(member):
            raise NotFound(_MISSING)
        self._write(members, members.remove, member)

    def _opened(self, key: object) -> _Members:
        """Return the members of the locked item."""
        linking = self.member_paths.linked(self.binding.store.open(self.request, self.app))
        actions = self.actions(self._loaded(is_whole=linking is None))
        item = actions.read(key)
        check_item(self.request.operation.permission, self.request, item)
        self.decide(item)
        rows = actions.rows
        if linking is not None and isinstance(rows, LinkingRows):
            return _LinkedMembers(actions, rows, self.relation, item)
        if not isinstance(rows, RelatingRows):
            raise NotFound(_MISSING)
        return _ListedMembers(actions, rows, self.relation, item)

    def _loaded(self, *, is_whole: bool) -> tuple[str, ...]:
        """Return the relations to read: the list itself, and those of the entity tag."""
        has_conditions = Preconditions.from_environ(self.request.environ).given
        if is_whole:
            return tuple(dict.fromkeys((self.relation.name, *self.binding.tagged)))
        return tuple(self.binding.tagged) if has_conditions else ()

    def _named(self, rows: RelatingRows) -> object:
        """Return the member that the URL names."""
        given = self.request.path_parameters[self.variable]
        found = rows.find_related(self.relation, [given], create=False)
        if given not in found:
            raise NotFound(_MISSING)
        return found[given]

    def _write(self, members: _Members, write: Callable[[object], object], member: object) -> None:
        scope = Scope.of(members.actions.scope())
        try:
            updated = write(member)
        except ReferenceViolation:
            raise NotFound(_MISSING) from None
        self.check_scope(members.actions, updated, scope)
        self.entity_tag = None  # that of the item is not that of the member


class _ListedMembers:
    """The members of an item, which are read and written as a list by the action ``update``."""

    def __init__(
        self, actions: Actions, rows: RelatingRows, relation: Relation, item: object
    ) -> None:
        self.actions = actions
        self.rows = rows
        self._name = relation.name
        self._item = item
        self._present = rows.members(relation, item)

    def has(self, member: object) -> bool:
        """Return whether a row is a member."""
        return member in self._present

    def are(self, number: int) -> bool:
        """Return whether there are so many members."""
        return len(self._present) >= number

    def add(self, member: object) -> object:
        """Add a member, and return the item."""
        return self._write([*self._present, member])

    def remove(self, member: object) -> object:
        """Remove a member, and return the item."""
        return self._write([each for each in self._present if each != member])

    def _write(self, members: Sequence[object]) -> object:
        return self.actions.update(self._item, {self._name: members})


class _LinkedMembers:
    """The members of an item, which are looked up and written one by one."""

    def __init__(
        self, actions: Actions, rows: LinkingRows, relation: Relation, item: object
    ) -> None:
        self.actions = actions
        self.rows = rows
        self._relation = relation
        self._item = item

    def has(self, member: object) -> bool:
        """Return whether a row is a member."""
        return self.rows.has_members(self._relation, self._item, member=member)

    def are(self, number: int) -> bool:
        """Return whether there are so many members."""
        return self.rows.has_members(self._relation, self._item, most=number)

    def add(self, member: object) -> object:
        """Add a member, and return the item."""
        self.rows.link(self._relation, self._item, member)
        return self._item

    def remove(self, member: object) -> object:
        """Remove a member, and return the item."""
        self.rows.unlink(self._relation, self._item, member)
        return self._item


_Members = _ListedMembers | _LinkedMembers
