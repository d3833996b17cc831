"""Single members of relations to many, added and removed without the rest of the list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import (
    Mapper,
    Session,
    aliased,
)

from ..crud.relations import Related, Relation
from ..crud.store import StaleWrite
from .core_checks import FLUSHES, has_listeners_of, overrides
from .loading import Visible, is_eager
from .related import AnyRelation, AnyValue, RelatedRowsMixin, relation_of
from .relations import touch
from .row_access import access_of
from .row_rules import RowRules
from .scopes import without_value
from .subqueries import OWN_ALIAS, check_subqueries, subqueried
from .violations import violations

__all__ = ["MembersMixin", "RelatingMixin"]

_AnyMapper = Mapper[object]
_SQLALCHEMY = frozenset({"sqlalchemy.orm.attributes", "sqlalchemy.orm.unitofwork"})
"""The modules whose functions listen to relations: back references and cascades."""
_CHANGES = ("append", "remove", "set", "init_collection", "bulk_replace")
_SESSION = ("before_flush", "after_flush")
"""The events of a flush, to which restkit itself listens with one function each."""


def _linking_obstacle(mapper: _AnyMapper, relation: Relation) -> str:
    """Return why a member is added with the whole list, ``""`` if it need not be.

    Args:
        mapper: The mapper of the items.
        relation: The relation.
    """
    found = mapper.relationships[relation.name]
    called = f"{mapper.class_.__name__}.{found.key}"
    if len(mapper.self_and_descendants) > 1 or mapper.inherits:
        return f"{mapper.class_.__name__} takes part in inheritance"
    if is_eager(found):
        return f"{called} is loaded with each item (lazy={found.lazy!r})"
    if found.collection_class not in (None, list, set):
        return f"{called} has a collection class of its own"
    if found.cascade.delete_orphan or found.post_update:
        return f"{called} has delete-orphan or post_update"
    return _side_obstacle(found) or _listening_obstacle(mapper, found)


def _side_obstacle(relation: AnyRelation) -> str:
    """Return why the columns of a relation are not set alone."""
    if relation.secondary is not None:
        return ""
    model = relation.mapper.class_
    if relation.mapper.validators:
        return f"{model.__name__} has validators"
    if overrides(model, "__setattr__"):
        return f"{model.__name__} has its own __setattr__"
    for _, column in relation.synchronize_pairs:
        name = relation.mapper.get_property_by_column(column).key
        if _are_heard(relation.mapper, name):
            return f"{model.__name__}.{name} has listeners"
    return ""


def _listening_obstacle(mapper: _AnyMapper, relation: AnyRelation) -> str:
    """Return who would see that a list is not changed as one."""
    name = relation.key
    if name in mapper.validators:
        return f"{mapper.class_.__name__}.{name} has validators"
    sides = [(mapper, name)]
    sides += [(each.parent, each.key) for each in _reverse(relation)]
    for owner, key in sides:
        if key in owner.validators or _are_heard(owner, key):
            return f"{owner.class_.__name__}.{key} has listeners"
    for each in (mapper, relation.mapper):
        if has_listeners_of(each.dispatch, FLUSHES):
            return f"{each.class_.__name__} has listeners of writes"
    return ""


def _reverse(relation: AnyRelation) -> Iterator[AnyRelation]:
    """Yield the relations of the other model that have the same rows."""
    for each in relation.mapper.relationships:
        is_named = each.key == relation.back_populates or each.back_populates == relation.key
        if is_named and each.mapper.common_parent(relation.parent):
            yield each


def _are_heard(mapper: _AnyMapper, name: str) -> bool:
    """Return whether changes of an attribute have listeners that are not SQLAlchemy's own."""
    dispatch = getattr(mapper.all_orm_descriptors[name], "dispatch")  # noqa: B009  # untyped
    heard: Iterator[object] = (each for event in _CHANGES for each in getattr(dispatch, event, ()))
    return any(getattr(each, "__module__", "") not in _SQLALCHEMY for each in heard)


def _listens_to_lists(session: Session) -> bool:
    """Return whether listeners of a session's flushes could look at the changes of lists."""
    return has_listeners_of(session.dispatch, _SESSION)


def _has_members(
    session: Session,
    mapper: _AnyMapper,
    relation: Relation,
    item: object,
    visible: Visible | None,
    *,
    member: object = None,
    most: int = 1,
) -> bool:
    """Return whether an item's list has so many members that the caller may see.

    Args:
        session: The session of the request.
        mapper: The mapper of the items.
        relation: The relation.
        item: The item.
        visible: The conditions on related rows.
        member: The only member to look for; any by default.
        most: The number of members.
    """
    found = mapper.relationships[relation.name]
    target = found.mapper
    owner: AnyValue = aliased(mapper.class_, name=OWN_ALIAS)
    statement: sa.Select[AnyValue] = sa.select(sa.literal_column("1")).select_from(owner)
    joined: AnyValue = target.class_
    statement = statement.join(getattr(owner, found.key).of_type(joined))
    statement = statement.where(*_is_row(owner, mapper, item))
    if member is not None:
        statement = statement.where(*_is_row(joined, target, member))
    condition = None if visible is None else visible(target)
    if condition is not None:
        statement = statement.where(condition)
    return session.execute(statement.offset(most - 1).limit(1)).first() is not None


def _is_row(entity: AnyValue, mapper: _AnyMapper, row: object) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the row of an object."""
    names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    return [getattr(entity, name) == getattr(row, name) for name in names]


def _link(
    session: Session, mapper: _AnyMapper, relation: Relation, item: object, member: object
) -> None:
    """Add a member to an item's list, and mark the item as changed."""
    found = mapper.relationships[relation.name]
    if found.secondary is None:
        _refer(found, item, member, is_member=True)
    else:
        statement = sa.insert(cast("sa.Table", found.secondary))
        connection = session.connection(bind_arguments={"mapper": mapper})
        connection.execute(statement, _association(found, item, member))
    _changed(session, mapper, found, item, member)


def _unlink(
    session: Session, mapper: _AnyMapper, relation: Relation, item: object, member: object
) -> None:
    """Remove a member from an item's list, and mark the item as changed.

    Raises:
        StaleWrite: Another request removed it in the meantime.
    """
    found = mapper.relationships[relation.name]
    if found.secondary is None:
        _refer(found, item, member, is_member=False)
    else:
        table = cast("sa.Table", found.secondary)
        pairs = _association(found, item, member).items()
        statement = sa.delete(table).where(*(table.c[key] == value for key, value in pairs))
        connection = session.connection(bind_arguments={"mapper": mapper})
        if not connection.execute(statement).rowcount:
            raise StaleWrite
    _changed(session, mapper, found, item, member)


def _association(relation: AnyRelation, item: object, member: object) -> dict[str, object]:
    """Return the row of the table between two models, by the keys of its columns."""
    ends = [(relation.parent, item, relation.synchronize_pairs)]
    ends.append((relation.mapper, member, relation.secondary_synchronize_pairs or []))
    return {
        str(column.key): getattr(row, mapper.get_property_by_column(own).key)
        for mapper, row, pairs in ends
        for own, column in pairs
    }


def _refer(relation: AnyRelation, item: object, member: object, *, is_member: bool) -> None:
    """Set the columns of a member that refer to its item."""
    for own, column in relation.synchronize_pairs:
        value = getattr(item, relation.parent.get_property_by_column(own).key)
        name = relation.mapper.get_property_by_column(column).key
        setattr(member, name, value if is_member else None)


def _changed(
    session: Session, mapper: _AnyMapper, relation: AnyRelation, item: object, member: object
) -> None:
    """Give the item a new version and stamps, as a change of the whole list does."""
    touch(mapper, item, [relation.key])
    session.flush()
    session.expire(item, [relation.key])
    if others := [each.key for each in _reverse(relation)]:
        session.expire(member, others)


class RelatingMixin:
    """The part of a store that describes relations; see `Relating` and `Linking`."""

    mapper: _AnyMapper
    rules: RowRules

    def relation(self, name: str, related: Related, /) -> Relation:
        """Return the description of a relation whose rows content names.

        Raises:
            DeclarationError: The model has no such relation, or content cannot write it.
        """
        found = self.mapper.relationships.get(name)
        rule = None if found is None else self.rules.rule_of(found.mapper)
        return relation_of(self.mapper, name, related, () if rule is None else rule.names)

    def check_hidden(self, models: Collection[type], /) -> None:
        """Reject attributes that would read rows which the scope of a collection hides.

        It implements `crud.related_rows.Subquerying`.

        Raises:
            DeclarationError: A subquery names the table of a model with such a collection.
        """
        read = {*subqueried(self.mapper), *self.mapper.base_mapper.self_and_descendants}
        hidden = {each for each in read if issubclass(each.class_, tuple(models))}
        check_subqueries(
            self.mapper,
            hidden,
            by="scope() of a collection",
            further='Or write related = "existing" in the CRUDResource, which then reads all rows.',
        )

    def without_value(self, clause: object, value: object, /) -> object:
        """Return an expression without comparisons with a value, which are true instead."""
        return without_value(clause, value)

    def linking_obstacle(self, relation: Relation, /) -> str:
        """Return why a member is written with the whole list, ``""`` if it need not be."""
        if self.rules.rules:
            return "the database has row rules"
        return _linking_obstacle(self.mapper, relation)


class MembersMixin(RelatedRowsMixin):
    """The part of a transaction that writes single members; see `LinkingRows`."""

    @property
    def _dialect(self) -> sa.Dialect:
        return self.session.get_bind().dialect

    def guarded(self, item: object) -> AbstractContextManager[None]:
        """Return a context in which content changes other rows as their collections allow."""
        access = access_of(self.session)
        if access is None or access.related is None:
            return nullcontext()
        return access.guard.within(self.session, item, access.related)

    def is_observed(self) -> bool:
        """Return whether somebody could look at the changes of lists in this request."""
        return _listens_to_lists(self.session)

    def has_members(
        self, relation: Relation, item: object, /, *, member: object = None, most: int = 1
    ) -> bool:
        """Return whether an item's list has so many members that the caller may see."""
        access = access_of(self.session)
        visible = None if access is None or access.related is None else access.visible
        return _has_members(
            self.session, self._mapper, relation, item, visible, member=member, most=most
        )

    def link(self, relation: Relation, item: object, member: object, /) -> None:
        """Add a member to an item's list."""
        self._write_member(_link, relation, item, member)

    def unlink(self, relation: Relation, item: object, member: object, /) -> None:
        """Remove a member from an item's list."""
        self._write_member(_unlink, relation, item, member)

    def _write_member(
        self, write: Callable[..., None], relation: Relation, item: object, member: object
    ) -> None:
        guarded = self.guarded(item)
        with violations(self._mapper, {}, self._dialect), self.session.no_autoflush, guarded:
            write(self.session, self._mapper, relation, item, member)
