"""Keys of items, and the marks of soft deletion."""

from __future__ import annotations

from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from ..errors import DeclarationError

__all__ = ["check_client_key", "check_key", "live_of", "primary_key_of"]

M = TypeVar("M")


def primary_key_of(mapper: Mapper[Any]) -> str:
    """Return the attribute of the primary key, ``""`` if the key has several columns."""
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    return names[0] if len(names) == 1 else ""


def check_key(mapper: Mapper[Any], key: str) -> None:
    """Reject an attribute that may be null or equal in two rows.

    Raises:
        DeclarationError: The attribute does not identify one row.
    """
    column = mapper.columns[key]
    table: Any = mapper.local_table
    unique = [
        tuple(each.columns) for each in table.constraints if isinstance(each, sa.UniqueConstraint)
    ]
    unique += [tuple(each.columns) for each in table.indexes if each.unique]
    if column.nullable or not (
        (column.primary_key and len(table.primary_key) == 1) or (column,) in unique
    ):
        raise DeclarationError(
            f"The key {key!r} of {mapper.class_.__qualname__} does not name one row: declare its column with "
            "unique=True and nullable=False."
        )


def check_client_key(mapper: Mapper[M], key: str) -> None:
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


def live_of(mapper: Mapper[Any], name: str) -> sa.ColumnElement[bool]:
    """Return the condition for rows that are not soft-deleted.

    Args:
        mapper: The mapper of the model.
        name: The attribute that marks removed rows: a nullable datetime or a boolean.

    Raises:
        DeclarationError: The attribute is of another type.
    """
    column: Any = getattr(mapper.class_, name)
    kind = column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type
    if isinstance(kind, sa.Boolean):
        # A row that the database or another program made may have null, which is not removed.
        present: sa.ColumnElement[bool] = column.is_not(sa.true())
        return present
    if not isinstance(kind, sa.DateTime) or not mapper.columns[name].nullable:
        raise DeclarationError(
            f"{mapper.class_.__qualname__}.{name} does not say when an item was removed: let it be a DateTime that is "
            "nullable, null for items that are there, or a Boolean."
        )
    live: sa.ColumnElement[bool] = column.is_(None)
    return live
