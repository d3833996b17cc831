"""Foreign keys as references between mapped models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

from ..records import Record

__all__ = ["Reference", "exists", "is_pending", "models_of", "references_of"]

_AnyMapper = Mapper[object]


class Reference(Record):
    """A foreign key of a model.

    Attributes:
        names: The attributes that refer.
        target: The mapper of the referenced rows.
        columns: The referenced columns.
        on_delete: The database's action on the row if the referenced one is deleted, such as
            ``"CASCADE"``; ``""`` for nothing.
    """

    names: tuple[str, ...]
    target: _AnyMapper
    columns: tuple[sa.Column[object], ...]
    on_delete: str = ""


def references_of(mapper: _AnyMapper) -> Iterator[Reference]:
    """Yield the foreign keys of a model whose targets are mapped."""
    for table in mapper.tables:
        constraints: Iterable[sa.ForeignKeyConstraint] = getattr(
            table, "foreign_key_constraints", ()
        )
        for constraint in sorted(constraints, key=lambda each: tuple(each.column_keys)):
            target = _mapper_of(mapper, constraint.referred_table)
            columns = list(constraint.columns)
            if target is None or not all(mapper.columns.contains_column(each) for each in columns):
                continue
            names = tuple(mapper.get_property_by_column(each).key for each in columns)
            referenced = tuple(each.column for each in constraint.elements)
            yield Reference(names, target, referenced, (constraint.ondelete or "").upper())


def models_of(references: Iterable[Reference]) -> dict[str, type]:
    """Return the models by the attributes that hold the primary key of a row."""
    found: dict[str, type] = {}
    for each in references:
        if len(each.names) == 1 and each.columns == tuple(each.target.primary_key):
            found.setdefault(each.names[0], each.target.class_)
    return found


def _mapper_of(mapper: _AnyMapper, table: object) -> _AnyMapper | None:
    """Return the mapper of a table, the base if several classes are in one table."""
    found = [each for each in mapper.registry.mappers if each.local_table is table]
    bases = [each for each in found if each.inherits not in found]
    return bases[0] if bases else None


def exists(
    session: Session,
    reference: Reference,
    values: Sequence[object],
    visible: sa.ColumnElement[bool] | None,
) -> bool:
    """Return whether the request may see the row that values refer to."""
    target = reference.target
    key = getattr(target.class_, target.get_property_by_column(target.primary_key[0]).key)
    pairs = zip(reference.columns, values, strict=True)
    found = sa.select(key).where(*(column == value for column, value in pairs))
    if visible is not None:
        found = found.where(visible)
    return session.execute(found.limit(1)).first() is not None


def is_pending(session: Session, reference: Reference, values: Sequence[object]) -> bool:
    """Return whether the referenced row is inserted by the same flush."""
    target = reference.target
    names = [target.get_property_by_column(each).key for each in reference.columns]
    pending = (each for each in session.new if isinstance(each, target.class_))
    return any(_has_values(each, names, values) for each in pending)


def _has_values(item: object, names: Sequence[str], values: Sequence[object]) -> bool:
    return all(getattr(item, name) == value for name, value in zip(names, values, strict=True))
