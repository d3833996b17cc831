"""Columns without which no row of a model can be inserted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipDirection, Session

from .column_values import is_generated
from .core_checks import creating_obstacle
from .descriptors import filled_by

__all__ = ["lacking_columns", "lacking_nested"]


def lacking_columns(mapper: Mapper[object], given: Collection[str]) -> list[str]:
    """Return the attributes that no insert can do without, and that nothing fills in.

    Args:
        mapper: The mapper of the model.
        given: The attributes that new objects get.

    Returns:
        Nothing, if code of the model (a constructor, a listener) may fill in attributes.
    """
    filled = filled_by(mapper, given)
    if filled is None or _is_constructed(mapper) or _is_heard(mapper):
        return []
    given = {*given, *filled}
    referring = _referring(mapper, given)
    return [
        each.key
        for each in mapper.column_attrs
        if each.key not in given and referring.isdisjoint(each.columns) and _is_needed(each, mapper)
    ]


def lacking_nested(
    mapper: Mapper[object], path: Sequence[str], given: Collection[str]
) -> list[str]:
    """Return the columns that every insert of a nested object needs, and nothing fills in.

    Args:
        mapper: The mapper of the model.
        path: The relations from the model to the nested objects.
        given: The attributes that nested objects get.

    Returns:
        Nothing, if nested content may name objects that exist, or objects of several classes.
    """
    filled: set[str] = set()
    for name in path:
        relation = mapper.relationships.get(name)
        if relation is None or relation.viewonly:
            return []
        mapper = relation.mapper
        filled = set()
        if relation.direction is RelationshipDirection.ONETOMANY:
            pairs = relation.synchronize_pairs
            filled = {mapper.get_property_by_column(remote).key for _, remote in pairs}
    keys = {mapper.get_property_by_column(each).key for each in mapper.primary_key}
    if mapper.polymorphic_on is not None or keys <= {*given}:
        return []
    return lacking_columns(mapper, {*given, *filled})


def _is_constructed(mapper: Mapper[object]) -> bool:
    """Return whether code of the model makes new objects: a constructor or a listener."""
    parent, manager = mapper.inherits, mapper.class_manager
    if parent is None or manager.original_init is not parent.class_.__init__:
        return bool(creating_obstacle(mapper))
    # A subclass has the constructor that SQLAlchemy gives to its base.
    return len(list(manager.dispatch.init)) > 1 or _is_constructed(parent)


def _is_heard(mapper: Mapper[object]) -> bool:
    """Return whether functions of the program see new objects before they are inserted."""
    listeners = mapper.dispatch.before_insert or Session().dispatch.before_flush
    return bool(mapper.validators or listeners)


def _referring(mapper: Mapper[object], given: Collection[str]) -> set[sa.ColumnElement[object]]:
    """Return the columns of the foreign keys that given related objects set."""
    relations = [mapper.relationships[name] for name in given if name in mapper.relationships]
    columns = (
        each.local_columns
        for each in relations
        if each.direction is RelationshipDirection.MANYTOONE
    )
    return set().union(*columns)


def _is_needed(prop: ColumnProperty[object], mapper: Mapper[object]) -> bool:
    column = prop.columns[0]
    if len(prop.columns) != 1 or not isinstance(column, sa.Column) or column.nullable:
        return False
    if column.default is not None or column.server_default is not None or column.identity:
        return False
    return not is_generated(prop, mapper) and _keeps_null(column.type)


def _keeps_null(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether a type stores None as NULL; a type of the program may store something else."""
    if not isinstance(kind, sa.TypeDecorator):
        return True
    try:
        return kind.process_bind_param(None, DefaultDialect()) is None
    except Exception:  # noqa: BLE001  # code of the program
        return False
