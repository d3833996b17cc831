"""Nested writes: mappings that content nests become rows of the related models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.attributes import flag_modified

from ..crud.store import ReferenceViolation

__all__ = ["assign", "make", "touch"]


def make(mapper: Mapper[Any], values: Mapping[str, Any]) -> Any:
    """Return a new object of a model, with those that are nested in it."""
    item = mapper.class_()
    assign(mapper, item, values)
    return item


def assign(mapper: Mapper[Any], item: Any, values: Mapping[str, Any]) -> None:
    """Set attributes of an object; what is nested in a relation becomes objects of it.

    An object of the relation whose primary key is named is changed; others are new, and those that are
    not named are left out (and deleted, where the relation cascades ``delete-orphan``).

    Raises:
        ReferenceViolation: A key that the database gives is named, and no object of the relation has it: it is
            another one's, or nobody's, or was named before.
    """
    relations = mapper.relationships
    for name, value in values.items():
        if name not in relations:
            setattr(item, name, value)
            continue
        relation = relations[name]
        present = getattr(item, name)
        if not relation.uselist:
            left = [present] if present is not None else []
            setattr(item, name, None if value is None else _made(relation, value, left))
        else:
            left = list(present)
            setattr(item, name, [_made(relation, each, left) for each in value or ()])


def _made(relation: RelationshipProperty[Any], value: Any, left: list[Any]) -> Any:
    """Return the object that a mapping means: one of those that are left to be named, or a new one."""
    if not isinstance(value, Mapping):
        return value
    mapper = relation.mapper
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    wanted = [value.get(name) for name in names]
    for each in left:
        if None not in wanted and [getattr(each, name) for name in names] == wanted:
            left.remove(each)
            assign(
                mapper, each, {name: given for name, given in value.items() if name not in names}
            )
            return each
    if None not in wanted and mapper.local_table.autoincrement_column is not None:  # type: ignore[attr-defined]  # a Table has it
        # SECURITY: it would be taken from another parent, or stand where the database puts a later one.
        raise ReferenceViolation((relation.key,))
    return make(mapper, value)


def touch(mapper: Mapper[Any], item: Any, names: Iterable[str]) -> None:
    """Let an object's own row be updated where only what is nested in it changes: its version speaks for the whole.

    Args:
        mapper: The object's.
        item: The object.
        names: The attributes that are set.
    """
    if any(name in mapper.relationships for name in names):
        own = {*mapper.primary_key, mapper.version_id_col}
        present = vars(item)
        found = (
            prop.key
            for prop in mapper.column_attrs
            if prop.columns[0] not in own and prop.key in present
        )
        if (name := next(found, None)) is not None:
            flag_modified(item, name)
