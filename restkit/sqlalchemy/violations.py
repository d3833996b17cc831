"""Constraint violations of a flush as the exceptions of the Store protocol."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import CircularDependencyError, IntegrityError, StatementError
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import StaleDataError, UnmappedColumnError

from ..crud.store import ReferenceViolation, RejectedValue, StaleWrite, UniqueViolation
from .constraints import columns_of, is_reference, is_unbindable, is_unique

__all__ = ["violations"]


@contextmanager
def violations(
    mapper: Mapper[object], values: Mapping[str, object], dialect: sa.Dialect
) -> Generator[None]:
    """Translate the errors of a write to the exceptions of the Store protocol.

    Args:
        mapper: The mapper of the written model.
        values: The written attributes.
        dialect: The dialect of the database.

    Raises:
        StaleWrite: The row was changed or removed after it was read.
        UniqueViolation: Another row has a unique value.
        ReferenceViolation: A reference has no target, or the row is still referred to.
        RejectedValue: The type of a column raised ValueError or LookupError.
    """
    try:
        yield
    except StaleDataError:
        raise StaleWrite from None
    except CircularDependencyError as error:  # rows that refer to themselves or to each other
        raise ReferenceViolation from error
    except IntegrityError as error:
        if is_unique(error):
            raise UniqueViolation(_names(error, mapper)) from error
        if is_reference(error):
            names = _names(error, mapper) or _only_reference(mapper)
            raise ReferenceViolation(names) from error
        raise
    except StatementError as error:
        if not is_unbindable(error):
            raise
        raise _rejected(mapper, values, dialect) from error


def _rejected(
    mapper: Mapper[object], values: Mapping[str, object], dialect: sa.Dialect
) -> Exception:
    """Return the error of a value that cannot be bound: of the request, or of the program."""
    names = _unbindable(mapper, values, dialect)
    if values and not names and not _is_nested_unbindable(mapper, values, dialect):
        return RuntimeError(f"A default or onupdate of {mapper.class_.__qualname__} failed.")
    return RejectedValue(names)


def _is_nested_unbindable(
    mapper: Mapper[object],
    values: Mapping[str, object],
    dialect: sa.Dialect,
    seen: frozenset[int] = frozenset(),
) -> bool:
    """Return whether the type of a column rejects a value of nested content, at any depth."""
    for of, each in _nested(mapper, values):
        own = each if isinstance(each, Mapping) else vars(each)
        if id(each) in seen:
            continue
        if _unbindable(of, own, dialect):
            return True
        if _is_nested_unbindable(of, own, dialect, seen | {id(each)}):
            return True
    return False


def _nested(
    mapper: Mapper[object], values: Mapping[str, object]
) -> Iterator[tuple[Mapper[object], object]]:
    """Yield the nested content of values, and the objects that were made of it."""
    for relation in mapper.relationships:
        given = values.get(relation.key)
        for each in given if isinstance(given, (list, tuple, set)) else (given,):
            if isinstance(each, Mapping):
                yield relation.mapper, each
            elif isinstance(each, relation.mapper.class_):
                yield sa.inspect(type(each)), each


def _unbindable(
    mapper: Mapper[object], values: Mapping[str, object], dialect: sa.Dialect
) -> list[str]:
    """Return the attributes whose values the type of their column rejects."""
    found = []
    for prop in mapper.column_attrs:
        value = values.get(prop.key)
        column = cast("sa.ColumnElement[object]", prop.expression)
        bind = column.type.bind_processor(dialect)
        try:
            if bind is not None and value is not None:
                bind(value)
        except (ValueError, LookupError):
            found.append(prop.key)
    return found


def _names(error: IntegrityError, mapper: Mapper[object]) -> Sequence[str]:
    """Return the attributes of the violated constraint, which may be one of a parent's table."""
    for table in _tables_of(mapper):
        names = columns_of(error, table)
        if names:
            return _attributes([table.columns[name] for name in names], mapper)
    return ()


def _only_reference(mapper: Mapper[object]) -> Sequence[str]:
    """Return the only attribute with a foreign key, as SQLite does not name the violated one."""
    found = {key.parent for table in _tables_of(mapper) for key in table.foreign_keys}
    own = [column for column in found if not column.primary_key or len(found) == 1]
    return _attributes(own, mapper) if len(own) == 1 else ()


def _tables_of(mapper: Mapper[object]) -> Iterable[sa.Table]:
    """Yield the tables of a model: its own, and those of the models that it inherits from."""
    return (table for table in reversed(mapper.tables) if isinstance(table, sa.Table))


def _attributes(columns: Iterable[sa.Column[object]], mapper: Mapper[object]) -> Sequence[str]:
    found = []
    for column in columns:
        try:
            found.append(mapper.get_property_by_column(column).key)
        except UnmappedColumnError:
            continue
    return found
