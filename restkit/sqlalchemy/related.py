"""Relations that content names by keys: their start-up checks, and the rows that are named."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty, Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ..crud.relations import Related, Relation, values_of_new
from ..crud.scopes import Clause, fixed_values
from ..crud.store import AnyField, Attribute, UniqueViolation
from ..errors import DeclarationError
from .columns import attributes_of
from .constraints import is_unbindable
from .construction import check_constructor
from .keys import identity_of, primary_key_of
from .loading import LARGE, Visible
from .polymorphism import kinds_of
from .related_conditions import member_scope
from .relations import make
from .row_access import access_of
from .violations import violations

__all__ = [
    "AnyRelation",
    "AnyValue",
    "RelatedRowsMixin",
    "find_related",
    "relation_of",
]

_AnyMapper = Mapper[object]
AnyValue = Any
"""A value of a mapped attribute."""
AnyRelation = RelationshipProperty[AnyValue]
"""A relation to rows of any model."""
_NESTED = "Nest its items in the schema instead: fields.List(fields.Nested(...))."


def relation_of(
    mapper: _AnyMapper, name: str, related: Related, decided: Iterable[str]
) -> Relation:
    """Return the description of a relation whose rows content names.

    Args:
        mapper: The mapper of the items.
        name: The relation, or an association proxy.
        related: The declaration.
        decided: The attributes of related rows that a row rule sets.

    Raises:
        DeclarationError: There is no such relation, or content cannot write it.
    """
    found, by = _found(mapper, name, related)
    called = f"{mapper.class_.__qualname__}.{name}"
    target = found.mapper
    by = _checked_key(target, by or _only_key(target), called)
    identity_of(target, by, decided)
    references: tuple[str, ...] = ()
    if found.uselist:
        _check_list(found, called)
    else:
        references = _references(mapper, found, called)
    attributes = attributes_of(target)
    lacking: tuple[str, ...] = ()
    if related.create:
        _check_creation(target, called)
        lacking = tuple(_lacking(target, attributes, by))
    foreign = [remote for _, remote in found.local_remote_pairs or ()]
    is_nullable = all(mapper.columns[each].nullable for each in references)
    return Relation(
        target.class_,
        found.key,
        by,
        _field(attributes[by]),
        bool(found.uselist),
        is_nullable,
        _is_ordered(found),
        references,
        len(references) == 1 and foreign == [target.columns[by]] and not related.create,
        lacking,
        frozenset(decided),
        found.direction is RelationshipDirection.ONETOMANY,
    )


def _only_key(mapper: Mapper[object]) -> str:
    """Return the attribute of the primary key, ``""`` if the key has several columns."""
    names = primary_key_of(mapper)
    return names[0] if len(names) == 1 else ""


def _checked_key(target: _AnyMapper, by: str, called: str) -> str:
    if not by:
        raise DeclarationError(
            f"{called} leads to rows with a primary key of several columns, such as those of an "
            f"association table with columns of its own. {_NESTED}"
        )
    attributes = attributes_of(target)
    if by not in attributes:
        known = ", ".join(sorted(attributes))
        raise DeclarationError(
            f"{target.class_.__qualname__} has no attribute {by!r}; it has {known}."
        )
    return by


def _found(mapper: _AnyMapper, name: str, related: Related) -> tuple[AnyRelation, str]:
    """Return a relation, and the attribute that an association proxy reads of its rows."""
    if name in mapper.relationships:
        return mapper.relationships[name], related.by
    proxy = mapper.all_orm_descriptors.get(name)
    if isinstance(proxy, AssociationProxy):
        target = mapper.relationships.get(proxy.target_collection)
        if target is not None and proxy.value_attr in target.mapper.column_attrs:
            return target, related.by or proxy.value_attr
    known = ", ".join(sorted(mapper.relationships.keys())) or "none"
    raise DeclarationError(
        f"{mapper.class_.__qualname__} has no relation {name!r}; it has {known}."
    )


def _field(attribute: Attribute) -> AnyField:
    made = copy.copy(attribute.field)
    made.validators = [*made.validators, *attribute.bounds]
    return made


def _is_ordered(relation: AnyRelation) -> bool:
    """Return whether rows are in the order of columns of their own table."""
    own = relation.mapper.columns
    columns = [getattr(each, "element", each) for each in _order(relation)]
    return bool(columns) and all(_is_column(own, each) for each in columns)


def _is_column(own: ReadOnlyColumnCollection[str, AnyValue], expression: object) -> bool:
    return isinstance(expression, sa.Column) and own.contains_column(expression)


def _order(relation: AnyRelation) -> Sequence[AnyValue]:
    return tuple(relation.order_by or ())


def _check_list(relation: AnyRelation, called: str) -> None:
    """Reject a relation to many whose rows cannot be added and removed by their keys."""
    if relation.viewonly:
        reason = "is viewonly"
    elif relation.lazy in LARGE:
        reason = f"is loaded lazily (lazy={relation.lazy!r})"
    elif relation.direction is RelationshipDirection.ONETOMANY:
        reason = _owning(relation)
    else:
        reason = _needing(relation)
    if reason:
        raise DeclarationError(f"{called} {reason}. {_NESTED}")


def _owning(relation: AnyRelation) -> str:
    """Return why a relation's rows cannot leave their item, ``""`` if they can."""
    columns = [remote for _, remote in relation.local_remote_pairs or ()]
    can_leave = not relation.cascade.delete_orphan and all(each.nullable for each in columns)
    return "" if can_leave else "has rows that do not exist without their item"


def _needing(relation: AnyRelation) -> str:
    """Return why both keys are not enough for the table between two models."""
    table = relation.secondary
    if not isinstance(table, sa.Table):
        return ""
    written = {remote for _, remote in relation.local_remote_pairs or ()}
    needed = (each.name for each in table.columns if each not in written and _is_needed(each))
    first = next(needed, "")
    return f"has a table that requires {first!r} as well" if first else ""


def _is_needed(column: sa.Column[AnyValue]) -> bool:
    is_given = column.default is not None or column.server_default is not None
    is_counted = column is getattr(column.table, "autoincrement_column", None)
    return not (column.nullable or is_given or is_counted)


def _references(mapper: _AnyMapper, relation: AnyRelation, called: str) -> tuple[str, ...]:
    """Return the attributes of the items that refer to the one related row."""
    if relation.direction is not RelationshipDirection.MANYTOONE or relation.viewonly:
        raise DeclarationError(
            f"{called} does not refer to a row by a foreign key of its own. {_NESTED}"
        )
    pairs = relation.local_remote_pairs or ()
    return tuple(mapper.get_property_by_column(local).key for local, _ in pairs)


def _check_creation(target: _AnyMapper, called: str) -> None:
    """Reject the creation of rows of several kinds, and of those that need an own constructor."""
    if kinds := kinds_of(target):
        raise DeclarationError(
            f"{called} cannot create rows of {target.class_.__qualname__}: a new one is "
            f"{' or '.join(map(repr, kinds))}. Remove create=True."
        )
    check_constructor(target)


def _lacking(target: _AnyMapper, attributes: Mapping[str, Attribute], by: str) -> Iterator[str]:
    """Yield the attributes besides its name without which no row can be created."""
    for name, attribute in attributes.items():
        if name != by and not attribute.generated and _is_needed(target.columns[name]):
            yield name


def find_related(
    session: Session,
    mapper: _AnyMapper,
    relation: Relation,
    values: Sequence[object],
    *,
    create: bool,
) -> dict[object, object]:
    """Return the values that name related rows, with the rows, or their keys for a relation to one.

    Args:
        session: The session of the request.
        mapper: The mapper of the items.
        relation: The relation.
        values: The values that name the rows.
        create: Whether missing rows are created.
    """
    found = mapper.relationships[relation.name]
    access = access_of(session)
    related = None if access is None else access.related
    visible = None if access is None or related is None else access.visible
    rows = _rows(session, found, relation.by, values, visible)
    if create and len(rows) < len(values):
        decided = fixed_values(() if related is None else related(found.mapper.class_))
        if access is not None:
            decided |= access.assigned(found.mapper)
        missing = [each for each in values if each not in rows]
        _create(session, found.mapper, relation, missing, decided)
        rows = _rows(session, found, relation.by, values, visible)
    return rows if relation.is_many else _references_to(rows, found)


def _references_to(rows: Mapping[object, object], relation: AnyRelation) -> dict[object, object]:
    """Return the values that refer to each row."""
    target = relation.mapper
    columns = [remote for _, remote in relation.local_remote_pairs or ()]
    names = [target.get_property_by_column(each).key for each in columns]
    found: dict[object, object] = {}
    for value, row in rows.items():
        found[value] = tuple(getattr(row, name) for name in names)
    return found


def _rows(
    session: Session,
    relation: AnyRelation,
    by: str,
    values: Sequence[object],
    visible: Visible | None,
) -> dict[object, object]:
    """Return the rows that the caller may see, by one statement, in the order of the relation.

    They are locked until the end of the transaction against being deleted.
    """
    target = relation.mapper
    model = target.class_
    statement = sa.select(model).where(getattr(model, by).in_(values))
    condition = None if visible is None else visible(target)
    if condition is not None:
        statement = statement.where(condition)
    order = _order(relation) if _is_ordered(relation) else ()
    statement = statement.order_by(*order, *target.primary_key)
    if not target.inherits:
        statement = statement.with_for_update(read=True, key_share=True, of=model)
    try:
        found = session.scalars(statement).unique().all()
    except StatementError as error:
        if not is_unbindable(error):
            raise
        return {}  # the type of the column rejects a value, so that no row has it
    return {getattr(each, by): each for each in found}


def _create(
    session: Session,
    target: _AnyMapper,
    relation: Relation,
    values: Sequence[object],
    decided: Mapping[str, object],
) -> None:
    """Insert rows that do not exist yet; another request may insert them at the same time.

    The order is the same in every request, so that two of them cannot wait for each other.
    """
    dialect = session.get_bind().dialect
    for value in sorted(values, key=str):
        made = values_of_new(relation, value, decided)
        if made is None:
            continue  # the caller gets no such row, which is then missing
        row = make(target, made)
        try:
            with violations(target, {relation.by: value}, dialect), session.begin_nested():
                session.add(row)
        except UniqueViolation:
            continue  # it exists by now, or the caller may not see it


class RelatedRowsMixin:
    """The part of a transaction that finds rows which content names; see `RelatingRows`."""

    session: Session

    @property
    def _mapper(self) -> _AnyMapper:
        raise NotImplementedError

    def find_related(
        self, relation: Relation, values: Sequence[object], /, *, create: bool
    ) -> Mapping[object, object]:
        """Return the values that name related rows, with the values that the items get."""
        return find_related(self.session, self._mapper, relation, values, create=create)

    def members(self, relation: Relation, item: object, /) -> Sequence[object]:
        """Return the members of an item's list that the caller may see."""
        return list(getattr(item, relation.name))

    def member_scope(self, relation: Relation, item: object, /) -> Clause:
        """Return the condition on the related rows that are members of an item's list."""
        return member_scope(self._mapper, relation.name, item)
