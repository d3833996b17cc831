"""Checks whether rows can be read and written without SQLAlchemy's unit of work.

They can if nobody could see a difference: no class, event or relation of the ORM takes part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.orm import (
    ColumnProperty,
    InstrumentedAttribute,
    RelationshipDirection,
    Session,
    registry,
)

from .units import AnyMapper

__all__ = [
    "creating_obstacle",
    "deleting_obstacle",
    "is_observed",
    "reading_obstacle",
    "returns_rows",
    "writing_obstacle",
]

_CONSTRUCTOR = registry().constructor
"""SQLAlchemy's own constructor of declarative classes."""
_LOADS = ("load", "refresh")
_REFRESHES = ("refresh_flush",)
_FLUSHES = (
    *("before_insert", "after_insert", "before_update"),
    *("after_update", "before_delete", "after_delete"),
)
_SESSION = (
    *("do_orm_execute", "after_transaction_create", "after_transaction_end", "after_begin"),
    *("before_commit", "after_commit", "after_rollback"),
    "loaded_as_persistent",
)
_SESSION_WRITES = (
    *("after_flush_postexec", "before_attach", "after_attach", "transient_to_pending"),
    *("pending_to_persistent", "persistent_to_deleted", "deleted_to_detached"),
)
_SESSION_OWN = ("before_flush", "after_flush", "after_soft_rollback")
"""The events of a session that restkit itself listens to, with one function each."""


def reading_obstacle(mapper: AnyMapper, names: Collection[str]) -> str:
    """Return why attributes of a model are read with the ORM, ``""`` if they need not be.

    Args:
        mapper: The mapper of the model.
        names: The attributes.
    """
    model = mapper.class_
    if mapper.inherits or mapper.polymorphic_on is not None or len(mapper.self_and_descendants) > 1:
        return f"{model.__name__} takes part in inheritance"
    if not isinstance(mapper.persist_selectable, sa.Table):
        return f"{model.__name__} is not mapped to one table"
    if hasattr(model, "__getitem__") or _overrides(model, "__getattribute__"):
        return f"{model.__name__} has its own access to attributes"
    found = ((name, _attribute_obstacle(mapper, name)) for name in sorted(names))
    return next((f"{model.__name__}.{name} {reason}" for name, reason in found if reason), "")


def _overrides(model: type, name: str) -> bool:
    return getattr(model, name) is not getattr(object, name)


def _attribute_obstacle(mapper: AnyMapper, name: str) -> str:
    descriptor = mapper.all_orm_descriptors.get(name)
    prop = mapper.attrs.get(name)
    if type(descriptor) is not InstrumentedAttribute or not isinstance(prop, ColumnProperty):
        return "is not a column"
    if vars(mapper.class_).get(name, descriptor) is not descriptor:
        return "is overridden by the class"
    column = prop.columns[0]
    is_plain = isinstance(column, sa.Column) and column.table is mapper.persist_selectable
    if len(prop.columns) != 1 or not is_plain:
        return "is not one column of the table"
    return "is deferred" if prop.deferred else ""


def writing_obstacle(mapper: AnyMapper, names: Collection[str]) -> str:
    """Return why attributes of a model are written with the ORM, ``""`` if they need not be.

    Args:
        mapper: The mapper of the model, which has no `reading_obstacle`.
        names: The attributes.
    """
    model = mapper.class_
    if mapper.validators:
        return f"{model.__name__} has validators"
    if _overrides(model, "__setattr__"):
        return f"{model.__name__} has its own __setattr__"
    for name in sorted(names):
        if name not in mapper.column_attrs:
            return f"{model.__name__}.{name} is not a column"
    for name in sorted(mapper.column_attrs.keys()):  # scopes and soft deletion write others too
        if getattr(mapper.all_orm_descriptors[name], "dispatch").set:  # noqa: B009  # untyped
            return f"{model.__name__}.{name} has listeners"
    if any(not each.passive_updates for each in mapper.relationships):
        return f"{model.__name__} has a relation with passive_updates=False"
    return ""


def creating_obstacle(mapper: AnyMapper) -> str:
    """Return why new rows of a model are made with the ORM, ``""`` if they need not be."""
    model, manager = mapper.class_, mapper.class_manager
    if manager.original_init is not _CONSTRUCTOR or _overrides(model, "__new__"):
        return f"{model.__name__} has its own __init__ or __new__"
    if len(list(manager.dispatch.init)) > 1:  # SQLAlchemy listens itself
        return f"{model.__name__} has listeners of init"
    return ""


def deleting_obstacle(mapper: AnyMapper) -> str:
    """Return why rows of a model are deleted with the ORM, ``""`` if they need not be."""
    for each in mapper.relationships:
        if each.direction is not RelationshipDirection.MANYTOONE or each.cascade.delete:
            return f"the relation {mapper.class_.__name__}.{each.key} may change other rows"
    return ""


def returns_rows(dialect: Dialect) -> bool:
    """Return whether statements that write return the rows, on a database's version."""
    return dialect.insert_returning and dialect.update_returning and dialect.delete_returning


def is_observed(mapper: AnyMapper, session: Session, *, writes: bool) -> bool:
    """Return whether events of the ORM have listeners, which may be added at any time.

    Args:
        mapper: The mapper of the model.
        session: A session as the request would have.
        writes: Whether rows are written too.
    """
    if _has_any(mapper.class_manager.dispatch, _LOADS) or _has_any(session.dispatch, _SESSION):
        return True
    if not writes:
        return False
    events = session.dispatch
    return (
        _has_any(mapper.dispatch, _FLUSHES)
        or _has_any(mapper.class_manager.dispatch, _REFRESHES)
        or _has_any(events, _SESSION_WRITES)
        or any(len(list(getattr(events, name))) > 1 for name in _SESSION_OWN)
    )


def _has_any(dispatch: object, names: Iterable[str]) -> bool:
    for name in names:  # noqa: SIM110  # PERF: a generator costs as much as the listeners
        if getattr(dispatch, name):
            return True
    return False
