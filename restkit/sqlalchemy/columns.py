"""Columns as attributes of a collection: the field, the bounds and the filter operators of each."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate
from marshmallow_sqlalchemy import ModelConverter
from marshmallow_sqlalchemy.exceptions import ModelConversionError
from sqlalchemy.orm import Mapper

from ..crud.query import Operator
from ..crud.store import Attribute
from .fields import Base64, InUTC, LocalTime

__all__ = ["attributes_of", "bounds_of", "field_of", "is_rewritten"]

_EQUAL: tuple[Operator, ...] = ("eq", "ne", "in")
_ORDERED: tuple[Operator, ...] = (*_EQUAL, "gt", "gte", "lt", "lte")
_TEXT: tuple[Operator, ...] = (*_ORDERED, "contains", "startswith")
# SQLite stores an interval as a datetime relative to 1970, within the years 1 to 9999.
_PERIODS = (dt.timedelta(seconds=-62_135_596_800), dt.timedelta(seconds=253_402_300_799))
_SQLITE_DIGITS = 15
_BITS = ((sa.SmallInteger, 16), (sa.BigInteger, 64), (sa.Integer, 32))


def attributes_of(mapper: Mapper[Any], backend: str = "") -> dict[str, Attribute]:
    """Return the Attribute of each column of a model, by name.

    Args:
        mapper: The mapper of the model.
        backend: The database, for example ``"sqlite"``; ``""`` if it is unknown.
    """
    return {name: _attribute(name, column, mapper, backend) for name, column in _columns(mapper)}


def _columns(mapper: Mapper[Any]) -> Iterator[tuple[str, sa.Column[Any]]]:
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if isinstance(column, sa.Column):
            yield prop.key, column


def _attribute(name: str, column: sa.Column[Any], mapper: Mapper[Any], backend: str) -> Attribute:
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
        _unfit(name, column, mapper, backend),
    )


def _unfit(name: str, column: sa.Column[Any], mapper: Mapper[Any], backend: str) -> str:
    """Return why a database cannot store the values of a column, ``""`` if it can."""
    if backend == "sqlite" and isinstance(column.type, sa.DateTime) and column.type.timezone:
        return (
            f"{mapper.class_.__name__}.{name} is a DateTime(timezone=True), of which SQLite drops the time zone; "
            "declare it as mapped_column(UTCDateTime), of restkit.sqlalchemy, which every database reads back alike."
        )
    return ""


def _is_generated(column: sa.Column[Any], mapper: Mapper[Any]) -> bool:
    if (
        column is mapper.version_id_col
        or column.info.get("generated")
        or column.computed is not None
    ):
        return True
    return column.primary_key and column is mapper.local_table.autoincrement_column  # type: ignore[attr-defined]  # a Table has it


def _default(column: sa.Column[Any]) -> Any:
    """Return a column's default: a value, or a callable without arguments; None without."""
    default = column.default
    if default is not None and default.is_scalar:
        return default.arg  # type: ignore[attr-defined]  # a scalar default has it
    if default is not None and default.is_callable:
        return lambda: default.arg(None)  # type: ignore[attr-defined]  # SQLAlchemy hands its context over
    given: Any = getattr(default if default is not None else column.server_default, "arg", None)
    if (
        isinstance(given, str)
        and isinstance(column.type, sa.String)
        and not isinstance(column.type, sa.Enum)
    ):
        return given
    if given is None or column.computed is not None:
        return None
    # PUT sets an omitted attribute to the database's own default, as an expression.
    made = sa.cast(sa.literal(given), column.type) if isinstance(given, str) else given
    return lambda: made


def is_rewritten(column: sa.Column[Any], backend: str) -> bool:
    """Return whether the database may change a value: by a TypeDecorator, or by its precision.

    Args:
        column: The column.
        backend: The database, for example ``"sqlite"``.
    """
    kind = column.type
    if isinstance(kind, sa.Float):
        return isinstance(kind, sa.REAL)
    if isinstance(kind, sa.Numeric) and backend == "sqlite":  # which keeps decimals as floats
        return kind.precision is None or kind.precision > _SQLITE_DIGITS
    return isinstance(kind, sa.TypeDecorator)


def bounds_of(column: sa.Column[Any]) -> Iterator[validate.Validator]:
    """Yield the validators of a column's values, the same for every database."""
    kind = _plain(column.type)
    for base, bits in _BITS:
        if isinstance(kind, base):
            yield validate.Range(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return
    if isinstance(kind, sa.String) and not isinstance(kind, sa.Enum) and kind.length:
        yield validate.Length(max=kind.length)
    if (
        isinstance(kind, sa.Numeric)
        and not isinstance(kind, sa.Float)
        and kind.precision is not None
    ):
        most = Decimal(10) ** (kind.precision - (kind.scale or 0)) - Decimal(1).scaleb(
            -(kind.scale or 0)
        )
        yield validate.Range(-most, most)
    if isinstance(column.type, sa.Interval):
        yield validate.Range(*_PERIODS)
    if _is_aware(column.type):
        yield InUTC()


def field_of(column: sa.Column[Any]) -> tuple[fields.Field[Any], tuple[Operator, ...]]:
    """Return the field of a column's values, and the operators that filters on it may use."""
    kind = column.type
    if isinstance(kind, sa.TypeDecorator) and _python_type(kind) in (None, object):
        kind = kind.impl_instance
    if isinstance(kind, sa.Enum):
        return (
            (fields.Enum(kind.enum_class), _EQUAL)
            if kind.enum_class
            else (fields.Str(validate=validate.OneOf(kind.enums)), _EQUAL)
        )
    if isinstance(kind, sa.JSON):
        return fields.Raw(), ("has",)
    if isinstance(kind, sa.ARRAY):
        inner: sa.Column[Any] = sa.Column(column.name, kind.item_type)
        item = field_of(inner)[0]
        item.validators = [*item.validators, *bounds_of(inner)]
        return fields.List(item) if kind.dimensions in (None, 1) else fields.Raw(), ()
    python = _python_type(kind)
    if python is dt.datetime:
        return (
            fields.AwareDateTime() if _is_aware(column.type) else fields.NaiveDateTime()
        ), _ORDERED
    if python is Decimal:
        return fields.Decimal(places=getattr(kind, "scale", None), as_string=True), _ORDERED
    for base, make, operators in _KINDS:
        if isinstance(python, type) and issubclass(python, base):
            return make(), operators
    return _converted(kind), ()


def _plain(kind: Any) -> Any:
    return kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind


def _is_aware(kind: Any) -> bool:
    return isinstance(_plain(kind), sa.DateTime) and bool(
        getattr(kind, "aware", False) or getattr(_plain(kind), "timezone", False)
    )


def _converted(kind: Any) -> fields.Field[Any]:
    """Return marshmallow-sqlalchemy's field for a type of one database: addresses, bits, money."""
    try:
        return ModelConverter().column2field(sa.Column("value", kind, nullable=True))
    except ModelConversionError:
        return fields.Raw()


_KINDS: tuple[tuple[type, Any, tuple[Operator, ...]], ...] = (
    (bool, fields.Bool, ("eq",)),
    (int, fields.Int, _ORDERED),
    (float, fields.Float, _ORDERED),
    (dt.date, fields.Date, _ORDERED),
    (dt.time, LocalTime, _ORDERED),
    (dt.timedelta, fields.TimeDelta, _ORDERED),
    (enum.Enum, fields.Raw, ()),
    (uuid.UUID, fields.UUID, (*_EQUAL, "gt", "gte", "lt", "lte")),
    (bytes, Base64, ()),
    (str, fields.Str, _TEXT),
)


def _python_type(kind: Any) -> type | None:
    try:
        found: type = kind.python_type
    except NotImplementedError:
        return None
    return found
