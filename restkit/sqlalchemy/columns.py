"""Columns as attributes of a collection: which field takes a column's values, within what bounds, asked how."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate
from sqlalchemy.orm import Mapper

from ..crud.query import Operator
from ..crud.store import Attribute

__all__ = ["attributes_of", "bounds_of", "field_of"]

_EQUAL: tuple[Operator, ...] = ("eq", "ne", "in")
_ORDERED: tuple[Operator, ...] = (*_EQUAL, "gt", "gte", "lt", "lte")
_TEXT: tuple[Operator, ...] = (*_ORDERED, "contains", "startswith")
_BITS = ((sa.SmallInteger, 16), (sa.BigInteger, 64), (sa.Integer, 32))


def attributes_of(mapper: Mapper[Any]) -> dict[str, Attribute]:
    """Return what is known of each column of a model, by attribute."""
    return {name: _attribute(name, column, mapper) for name, column in _columns(mapper)}


def _columns(mapper: Mapper[Any]) -> Iterator[tuple[str, sa.Column[Any]]]:
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if isinstance(column, sa.Column):
            yield prop.key, column


def _attribute(name: str, column: sa.Column[Any], mapper: Mapper[Any]) -> Attribute:
    field, operators = field_of(column)
    if column.nullable:
        operators = (*operators, "null")
    return Attribute(
        name,
        field,
        bool(column.nullable),
        frozenset(operators),
        tuple(bounds_of(column)),
        _default(column),
        _is_generated(column, mapper),
    )


def _is_generated(column: sa.Column[Any], mapper: Mapper[Any]) -> bool:
    if column is mapper.version_id_col or column.info.get("generated") or column.computed is not None:
        return True
    return column.primary_key and column is mapper.local_table.autoincrement_column  # type: ignore[attr-defined]  # a Table has it


def _default(column: sa.Column[Any]) -> Any:
    """Return a column's default in Python: a value, or a callable without arguments; None without."""
    default = column.default
    if default is None:
        return None
    if default.is_scalar:
        return default.arg  # type: ignore[attr-defined]  # a scalar default has it
    if default.is_callable:
        return lambda: default.arg(None)  # type: ignore[attr-defined]  # SQLAlchemy hands its context over
    return None


def bounds_of(column: sa.Column[Any]) -> Iterator[validate.Validator]:
    """Yield what a value must hold to fit into a column, on every database alike."""
    kind = column.type
    if isinstance(kind, sa.TypeDecorator):
        kind = kind.impl_instance
    for base, bits in _BITS:
        if isinstance(kind, base):
            yield validate.Range(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return
    if isinstance(kind, sa.String) and not isinstance(kind, sa.Enum) and kind.length:
        yield validate.Length(max=kind.length)
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float) and kind.precision is not None:
        most = Decimal(10) ** (kind.precision - (kind.scale or 0)) - Decimal(1).scaleb(-(kind.scale or 0))
        yield validate.Range(-most, most)


def field_of(column: sa.Column[Any]) -> tuple[fields.Field[Any], tuple[Operator, ...]]:
    """Return a field that takes a column's values, and the operators that conditions on it may have."""
    kind = column.type
    if isinstance(kind, sa.TypeDecorator) and not _python_type(kind):
        kind = kind.impl_instance
    if isinstance(kind, sa.Enum):
        return (
            (fields.Enum(kind.enum_class), _EQUAL)
            if kind.enum_class
            else (fields.Str(validate=validate.OneOf(kind.enums)), _EQUAL)
        )
    if isinstance(kind, sa.JSON):
        return fields.Raw(), ("has",)
    python = _python_type(kind)
    if python is dt.datetime:
        aware = bool(getattr(kind, "timezone", False)) or bool(getattr(kind, "aware", False))
        return (fields.AwareDateTime() if aware else fields.NaiveDateTime()), _ORDERED
    if python is Decimal:
        return fields.Decimal(places=getattr(kind, "scale", None), as_string=True), _ORDERED
    for base, make, operators in _KINDS:
        if isinstance(python, type) and issubclass(python, base):
            return make(), operators
    return fields.Raw(), ()


_KINDS: tuple[tuple[type, Any, tuple[Operator, ...]], ...] = (
    (bool, fields.Bool, ("eq",)),
    (int, fields.Int, _ORDERED),
    (float, fields.Float, _ORDERED),
    (dt.date, fields.Date, _ORDERED),
    (dt.time, fields.Time, _ORDERED),
    (dt.timedelta, fields.TimeDelta, _ORDERED),
    (enum.Enum, fields.Raw, ()),
    (uuid.UUID, fields.UUID, (*_EQUAL, "gt", "gte", "lt", "lte")),
    (str, fields.Str, _TEXT),
)


def _python_type(kind: Any) -> type | None:
    try:
        found: type = kind.python_type
    except NotImplementedError:
        return None
    return found
