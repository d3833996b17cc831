"""Related rows that other collections hide: not shown by lazy loads, not deleted with a parent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import (
    Mapper,
    ORMExecuteState,
    RelationshipDirection,
    RelationshipProperty,
    Session,
    with_loader_criteria,
    with_parent,
)

from ..crud.store import ReferenceViolation
from .row_access import RowAccess, access_of
from .scopes import expression_of
from .subqueries import on_alias, reads_itself, subqueried
from .write_guards import Scoped

__all__ = ["delete_visible", "hide_related"]


def hide_related(session: Session) -> None:
    """Let the lazy loads and subqueries of a session leave out rows that other collections hide."""
    if not event.contains(session, "do_orm_execute", _restrict):
        event.listen(session, "do_orm_execute", _restrict)


def _restrict(state: ORMExecuteState) -> None:
    access = access_of(state.session)
    mapper = state.bind_mapper
    if access is None or mapper is None or access.loads_hidden or not state.is_select:
        return
    for each, condition in _conditions(access, mapper, is_related=state.is_relationship_load):
        statement = cast("sa.Select[tuple[object]]", state.statement)
        option = with_loader_criteria(each.class_, condition, include_aliases=True)
        state.statement = statement.options(option)


def _conditions(
    access: RowAccess, mapper: Mapper[object], *, is_related: bool
) -> Iterator[tuple[Mapper[object], sa.ColumnElement[bool]]]:
    """Yield models with conditions on their rows in a statement.

    Args:
        access: The access of the request.
        mapper: The mapper of the rows that the statement loads.
        is_related: Whether these are related rows. The conditions on the rows of a page stand in
            its statement.
    """
    hidden = {*subqueried(mapper), mapper} if is_related else subqueried(mapper)
    family = mapper.base_mapper.self_and_descendants if reads_itself(mapper) else ()
    for each in hidden.union(family):
        condition = access.visible(each)
        if condition is not None:
            yield each, condition if each in hidden else on_alias(each, condition)


def delete_visible(session: Session, item: object) -> None:
    """Delete an item, if no row of its lists is in another scope.

    Rows that are soft-deleted are deleted with it.

    Raises:
        ReferenceViolation: Another caller's row belongs to the item.
    """
    access = access_of(session)
    if access is None or not isinstance(access.related, Scoped):
        session.delete(item)
        session.flush()
        return
    access.loads_hidden = True
    try:
        # What is loaded leaves out rows, whose references would remain.
        session.expire(item, [each.key for each in _lists(item)])
        session.delete(item)
        with session.no_autoflush:
            for each in (item, *session.deleted):
                _check_lists(session, access, access.related, each)
                access.rules.cascades.check(session, each, access.changeable)
        session.flush()
    finally:
        access.loads_hidden = False


def _check_lists(session: Session, access: RowAccess, related: Scoped, item: object) -> None:
    for relation in _lists(item):
        target = relation.mapper.class_
        clauses = related.scoped(target)
        if not clauses:
            continue
        # A condition that is null does not hold either.
        is_visible = sa.func.coalesce(expression_of(target, clauses), sa.false())
        of_item = with_parent(item, getattr(type(item), relation.key))
        # SECURITY: the row is another caller's, which must not be deleted or detached.
        if session.scalar(sa.select(sa.exists().where(of_item, is_visible.is_(sa.false())))):
            raise ReferenceViolation


def _lists(item: object) -> Iterator[RelationshipProperty[object]]:
    """Yield the relations whose rows refer to an item."""
    for relation in sa.inspect(type(item)).relationships:
        if relation.direction is RelationshipDirection.ONETOMANY and not relation.viewonly:
            yield relation
