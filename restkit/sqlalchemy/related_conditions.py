"""Conditions on related rows, as EXISTS: no row of a page is repeated, whatever it is related to.

SECURITY: the row rules of a session hold inside of ``any()`` and ``has()``, as they do in every ORM
statement. The conditions by which other collections hide rows are added here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, QueryableAttribute, aliased

from ..crud.paths import by_relation
from ..crud.query import Condition
from .conditions import compared
from .loading import Visible
from .subqueries import OWN_ALIAS

__all__ = ["member_scope", "related_clauses"]

_Clause = sa.ColumnElement[bool]
_AnyMapper = Mapper[object]


def related_clauses(
    mapper: _AnyMapper, conditions: Iterable[Condition], visible: Visible | None
) -> Iterator[_Clause]:
    """Yield conditions on related rows as SQL.

    Args:
        mapper: The mapper of the items.
        conditions: The conditions. Each value is a function that makes the parameter, of the
            arguments of ``bindparam``; that of ``any`` is a boolean.
        visible: The conditions on related rows.
    """
    yield from _clauses(_Entity(mapper, frozenset()), conditions, visible)


class _Entity:
    """A model as a statement names it: the class, or an alias if the class stands further out."""

    def __init__(self, mapper: _AnyMapper, used: frozenset[_AnyMapper]) -> None:
        self.mapper = mapper
        self.used = used | {mapper}
        self.is_alias = any(each.common_parent(mapper) for each in used)
        self.entity = aliased(mapper.class_) if self.is_alias else mapper.class_

    def visible(self, condition: _Clause) -> _Clause:
        """Return a condition on the class as one on the entity."""
        if not self.is_alias:
            return condition
        names = [self.mapper.get_property_by_column(each).key for each in self.mapper.primary_key]
        keys = sa.select(*(getattr(self.mapper.class_, name) for name in names)).where(condition)
        own = sa.tuple_(*(getattr(self.entity, name) for name in names))
        return own.in_(keys.correlate(None))


def _clauses(
    at: _Entity, conditions: Iterable[Condition], visible: Visible | None
) -> Iterator[_Clause]:
    """Yield the conditions on an entity, with one EXISTS for each relation."""
    own, related = by_relation(conditions)
    for each in own:
        if each.operator == "any":
            found = _some(at, each.name, (), visible)
            yield found if each.value else sa.not_(found)
        else:
            yield compared(getattr(at.entity, each.name), each.operator, each.value)
    for name, further in related.items():
        yield _some(at, name, further, visible)


def _some(
    at: _Entity, name: str, conditions: Iterable[Condition], visible: Visible | None
) -> _Clause:
    """Return the condition that a related row fulfils all of some conditions."""
    relation = at.mapper.relationships[name]
    target = _Entity(relation.mapper, at.used)
    found = list(_clauses(target, conditions, visible))
    hidden = None if visible is None else visible(relation.mapper)
    if hidden is not None:
        found.append(target.visible(hidden))
    attribute: QueryableAttribute[object] = getattr(at.entity, name)
    if target.is_alias:
        attribute = attribute.of_type(target.entity)
    exists = attribute.any if relation.uselist else attribute.has
    clause: _Clause = exists(sa.and_(sa.true(), *found))
    return clause


def member_scope(mapper: _AnyMapper, name: str, item: object) -> sa.ColumnElement[bool]:
    """Return the condition on the rows of a relation to many that are members of an item's list."""
    relation = mapper.relationships[name]
    owner = aliased(mapper.class_, name=OWN_ALIAS)
    member = aliased(relation.mapper.class_, name=f"{OWN_ALIAS}_member")
    target = relation.mapper.class_
    names = [
        relation.mapper.get_property_by_column(each).key for each in relation.mapper.primary_key
    ]
    keys = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    found = sa.select(*(getattr(member, each) for each in names)).select_from(owner)
    found = found.join(getattr(owner, name).of_type(member)).where(
        *(getattr(owner, each) == getattr(item, each) for each in keys)
    )
    return sa.tuple_(*(getattr(target, each) for each in names)).in_(found)
