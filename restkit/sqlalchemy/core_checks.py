"""Checks whether rows can be read and written without SQLAlchemy's unit of work.

They can if nobody could see a difference: no class, event or relation of the ORM takes part.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect
from sqlalchemy.orm import (
    ColumnProperty,
    InstrumentedAttribute,
    RelationshipDirection,
    Session,
    registry,
)

from .silence import Silence
from .units import AnyMapper

__all__ = [
    "FLUSHES",
    "Observers",
    "creating_obstacle",
    "deleting_obstacle",
    "has_listeners",
    "has_listeners_of",
    "overrides",
    "reading_obstacle",
    "returns_rows",
    "writing_obstacle",
]

_CONSTRUCTOR = registry().constructor
"""SQLAlchemy's own constructor of declarative classes."""
_LOADS = ("load", "refresh")
_REFRESHES = ("refresh_flush",)
FLUSHES = (
    *("before_insert", "after_insert", "before_update"),
    *("after_update", "before_delete", "after_delete"),
)
"""The events of a mapper that tell of writes."""
_SESSION = (
    *("do_orm_execute", "after_transaction_create", "after_transaction_end", "after_begin"),
    *("before_commit", "after_commit", "after_rollback"),
    "loaded_as_persistent",
)
_SESSION_WRITES = (
    *("after_flush_postexec", "before_attach", "after_attach", "transient_to_pending"),
    *("pending_to_persistent", "persistent_to_deleted", "deleted_to_detached"),
)
_STATEMENTS = ("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")
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
    if hasattr(model, "__getitem__") or overrides(model, "__getattribute__"):
        return f"{model.__name__} has its own access to attributes"
    found = ((name, _attribute_obstacle(mapper, name)) for name in sorted(names))
    return next((f"{model.__name__}.{name} {reason}" for name, reason in found if reason), "")


def overrides(model: type, name: str) -> bool:
    """Return whether a class has a special method of its own."""
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
    if overrides(model, "__setattr__"):
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
    if manager.original_init is not _CONSTRUCTOR or overrides(model, "__new__"):
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


class Observers:
    """The listeners to events of the ORM that would see how rows are read or written."""

    def __init__(self, mapper: AnyMapper, *, writes: bool) -> None:
        """Keep the mapper that has the events; listeners may be added at any time.

        Args:
            mapper: The mapper of the model.
            writes: Whether rows are written too.
        """
        self._mapper = mapper
        self._writes = writes
        self._known: tuple[Session, Silence] | None = None

    def exist(self, session: Session, *, is_pattern: bool) -> bool:
        """Return whether there are any.

        Args:
            session: A session as the request would have.
            is_pattern: Whether it is the same one for many requests.
        """
        if is_pattern:
            if self._known is None or self._known[0] is not session:
                sources = self._sources(session)
                self._known = (session, Silence(sources, dict.fromkeys(_SESSION_OWN, 1)))
            if self._known[1].holds:
                return False
        return any(has_listeners_of(dispatch, names) for dispatch, names in self._sources(session))

    def _sources(self, session: Session) -> Sequence[tuple[object, Sequence[str]]]:
        mapper, events = self._mapper, session.dispatch
        reads = [(mapper.class_manager.dispatch, _LOADS), (events, _SESSION)]
        if not self._writes:
            return reads
        return [
            *reads,
            (mapper.dispatch, FLUSHES),
            (mapper.class_manager.dispatch, _REFRESHES),
            (events, _SESSION_WRITES),
            (events, _SESSION_OWN),
        ]


def has_listeners(connection: Connection) -> bool:
    """Return whether statements of a connection have listeners, of its own or of its engine."""
    return has_listeners_of(connection.dispatch, _STATEMENTS)


def has_listeners_of(dispatch: object, names: Sequence[str]) -> bool:
    """Return whether one of the events has a listener that is not restkit's own."""
    numbers = (len(list(getattr(dispatch, name))) - (name in _SESSION_OWN) for name in names)
    return any(number > 0 for number in numbers)
