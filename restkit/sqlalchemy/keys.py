"""Keys of items, and the marks of soft deletion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from ..errors import DeclarationError

__all__ = ["check_client_key", "identity_of", "is_writable", "live_of", "primary_key_of"]


def primary_key_of(mapper: Mapper[object]) -> tuple[str, ...]:
    """Return the attributes of the primary key."""
    return tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)


def identity_of(
    mapper: Mapper[object], key: str, scope: Iterable[str] = (), in_url: Sequence[str] = ()
) -> frozenset[str]:
    """Return the attributes that identify an item: its key, and perhaps variables of its URL.

    Args:
        mapper: The mapper of the model.
        key: The attribute that identifies an item in its collection.
        scope: The attributes that all items of the collection share.
        in_url: The other attributes in the URL of an item.

    Raises:
        DeclarationError: The attributes do not identify one row.
    """
    _check_columns(mapper, (*in_url, key))
    column = mapper.columns[key]
    _check_never_null(mapper, (*in_url, key) if in_url else ())
    scope = (*scope, *in_url)
    shared = {mapper.columns[name] for name in scope if name in mapper.columns}
    if not column.nullable:
        for unique in _unique_columns(mapper):
            if column in unique and unique <= {column, *shared}:
                return frozenset(mapper.get_property_by_column(each).key for each in unique)
    raise DeclarationError(
        f"The key {key!r} of {mapper.class_.__qualname__} does not name one row. Declare its "
        "column with unique=True and nullable=False, or let the variables of the URL pattern be "
        "the other columns of a unique constraint."
    )


def _check_columns(mapper: Mapper[object], names: Sequence[str]) -> None:
    """Reject the attributes of a key if one of them is no column, but a hybrid or an expression."""
    for name in names:
        if not isinstance(mapper.columns.get(name), sa.Column):
            raise DeclarationError(
                f"The key {name!r} of {mapper.class_.__qualname__} is not a column, so that "
                "nothing makes it name one row. Write key = ... with a unique column."
            )


def _check_never_null(mapper: Mapper[object], names: Sequence[str]) -> None:
    """Reject the attributes of a key if one of them may be null."""
    found = next((name for name in names if mapper.columns[name].nullable), None)
    if found is not None:
        raise DeclarationError(
            f"The key of {mapper.class_.__qualname__} has {found!r}, which may be null, so that an "
            "item may have no URL. Declare its column with nullable=False."
        )


def check_client_key(mapper: Mapper[object], key: str) -> None:
    """Reject a key that both clients and a sequence of the database choose.

    Raises:
        DeclarationError: The database generates the key from a sequence.
    """
    column = mapper.columns[key]
    is_sequential = column.identity is not None or isinstance(column.default, sa.Sequence)
    if is_sequential or column is getattr(column.table, "autoincrement_column", None):
        name = mapper.class_.__qualname__
        raise DeclarationError(
            f"{name}.{key} comes from a sequence of the database, which does not see the keys that "
            "upsert lets clients choose: a later POST would get a taken key. Set upsert = False, "
            "leave POST out of methods, or give the table a key without a sequence, such as a Uuid."
        )


def _unique_columns(mapper: Mapper[object]) -> Iterator[set[Any]]:
    """Yield the columns of the primary key and of each unique constraint of a model's tables."""
    yield set(mapper.primary_key)
    for table in mapper.tables:
        for each in getattr(table, "constraints", ()):
            if isinstance(each, (sa.UniqueConstraint, sa.PrimaryKeyConstraint)):
                yield set(each.columns)
        for index in getattr(table, "indexes", ()):
            if index.unique:
                yield set(index.columns)


def is_writable(mapper: Mapper[object]) -> bool:
    """Return whether rows of a model can be written: it is mapped to tables, not to a query."""
    return all(isinstance(each, sa.Table) for each in (mapper.local_table, *mapper.tables))


def live_of(mapper: Mapper[object], name: str) -> sa.ColumnElement[bool]:
    """Return the condition for rows that are not soft-deleted.

    Args:
        mapper: The mapper of the model.
        name: The attribute that marks removed rows: a nullable datetime or a boolean.

    Raises:
        DeclarationError: The attribute is of another type.
    """
    column: Any = getattr(mapper.class_, name)
    if not isinstance(mapper.columns.get(name), sa.Column):
        raise DeclarationError(
            f"{mapper.class_.__qualname__}.{name} is not a column, so that restkit cannot set it "
            "when an item is removed. Name the column in soft_delete."
        )
    kind = column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type
    if isinstance(kind, sa.Boolean):
        # A row that the database or another program made may have null, which is not removed.
        present: sa.ColumnElement[bool] = column.is_not(sa.true())
        return present
    if not isinstance(kind, sa.DateTime) or not mapper.columns[name].nullable:
        raise DeclarationError(
            f"{mapper.class_.__qualname__}.{name} does not say when an item was removed. Declare "
            "it as a nullable DateTime, null for items that are not removed, or as a Boolean."
        )
    live: sa.ColumnElement[bool] = column.is_(None)
    return live
