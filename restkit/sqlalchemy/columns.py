"""Columns as attributes of a collection: the field, the bounds and the filter operators of each."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, cast, get_args, get_origin

import sqlalchemy as sa
from marshmallow import fields, validate
from marshmallow_sqlalchemy import ModelConverter
from marshmallow_sqlalchemy.exceptions import ModelConversionError
from sqlalchemy.dialects.postgresql import BIT, DOMAIN, HSTORE
from sqlalchemy.orm import ColumnProperty, Mapper

from ..crud.query import Operator
from ..crud.store import Attribute
from .column_values import default_from, default_of, is_generated, is_stamped
from .decorated_types import json_form
from .fields import Base64, InUTC, LocalTime, Rectangular

__all__ = ["attributes_of", "bounds_of", "columns_of", "field_of", "python_type_of"]

_Type = sa.types.TypeEngine[object]

_EQUAL: tuple[Operator, ...] = ("eq", "ne", "in", "not_in")
_ORDERED: tuple[Operator, ...] = (*_EQUAL, "gt", "gte", "lt", "lte")
_TEXT: tuple[Operator, ...] = (*_ORDERED, "contains", "startswith")
# SQLite stores an interval as a datetime relative to 1970, within the years 1 to 9999.
_PERIODS = (dt.timedelta(seconds=-62_135_596_800), dt.timedelta(seconds=253_402_300_799))
# A value with a newline at its end is none, though "$" of Python matches before it.
_UUID = r"^[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}$(?!\n)"
_BITS = ((sa.SmallInteger, 16), (sa.BigInteger, 64), (sa.Integer, 32))


def attributes_of(mapper: Mapper[object], backend: str = "") -> dict[str, Attribute]:
    """Return the Attribute of each column of a model, by name.

    Args:
        mapper: The mapper of the model.
        backend: The database, for example ``"sqlite"``; ``""`` if it is unknown.
    """
    return {prop.key: _attribute(prop, mapper, backend) for prop in columns_of(mapper)}


def columns_of(mapper: Mapper[object]) -> Iterator[ColumnProperty[object]]:
    """Yield the attributes of a model that are columns, not expressions."""
    columns = (prop for prop in mapper.column_attrs if isinstance(prop.columns[0], sa.Column))
    # The discriminator of concrete inheritance is a column of the union of all tables alone.
    return (prop for prop in columns if hasattr(mapper.class_, prop.key))


def _attribute(prop: ColumnProperty[object], mapper: Mapper[object], backend: str) -> Attribute:
    name, column = prop.key, cast("sa.Column[object]", prop.columns[0])
    field, operators = field_of(column)
    if column.nullable:
        operators = (*operators, "null")
    return Attribute(
        name,
        field,
        bool(column.nullable),
        frozenset(operators),
        tuple(bounds_of(column)),
        default_of(column),
        is_generated(prop, mapper),
        _unfit(prop, column, mapper, backend),
        default_from(column, mapper),
        is_stamped(column),
    )


def _unfit(
    prop: ColumnProperty[object], column: sa.Column[object], mapper: Mapper[object], backend: str
) -> str:
    """Return why items cannot have the values of a column, ``""`` if they can."""
    name = prop.key
    if prop.raiseload:
        return (
            f"{mapper.class_.__name__}.{name} has deferred_raiseload=True, so that an item does "
            "not load it. Leave that out of the model, or the attribute out of the schema."
        )
    if backend == "sqlite" and isinstance(column.type, sa.DateTime) and column.type.timezone:
        return (
            f"{mapper.class_.__name__}.{name} is a DateTime(timezone=True), whose time zone SQLite "
            "drops. Declare it as mapped_column(UTCDateTime) from restkit.sqlalchemy, which every "
            "database reads back alike."
        )
    return ""


def bounds_of(column: sa.Column[object]) -> Iterator[validate.Validator]:
    """Yield the validators of a column's values, the same for every database."""
    kind = _plain(column.type)
    # A decorator over a text or number may have values of another class, a UUID over CHAR(36).
    is_own = kind is column.type or isinstance(column.type, DOMAIN)
    if is_own or python_type_of(column) is _python_type(kind):
        yield from _stored_bounds(kind)
    if isinstance(column.type, sa.Interval):
        yield validate.Range(*_PERIODS)
    if _is_aware(column.type):
        yield InUTC()


def _stored_bounds(kind: object) -> Iterator[validate.Validator]:
    """Yield the validators of values that a database stores as they are."""
    for base, bits in _BITS:
        if isinstance(kind, base):
            yield validate.Range(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return
    if isinstance(kind, sa.Uuid) and not kind.as_uuid:
        yield validate.Regexp(_UUID, error="Not a valid UUID.")
    if isinstance(kind, sa.String) and not isinstance(kind, sa.Enum) and kind.length:
        yield validate.Length(max=kind.length)
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        yield from _digits(kind)
    yield from _bounds_of_postgresql(kind)


def _bounds_of_postgresql(kind: object) -> Iterator[validate.Validator]:
    """Yield the validators of arrays, and of bits, which PostgreSQL would cut, fill or drop."""
    if isinstance(kind, sa.ARRAY) and _dimensions(kind) > 1:
        yield Rectangular()
    if not isinstance(kind, BIT):
        return
    yield validate.Regexp(r"^[01]*$(?!\n)", error="Only the digits 0 and 1 are bits.")
    length = kind.length if kind.varying else kind.length or 1
    if length:
        yield validate.Length(min=None if kind.varying else length, max=length)


def _dimensions(kind: sa.ARRAY[object]) -> int:
    return kind.dimensions or 1


def _digits(kind: sa.Numeric[Any]) -> Iterator[validate.Range]:
    """Yield the range of a decimal column with a precision."""
    if kind.precision is not None:
        scale = kind.scale or 0
        most = Decimal(10) ** (kind.precision - scale) - Decimal(1).scaleb(-scale)
        yield validate.Range(-most, most)


def python_type_of(column: sa.Column[object]) -> type | None:
    """Return the Python type of the values of a column's field, None if it is not known."""
    kind = _typed(column.type)
    return _python_type(kind)


def field_of(column: sa.Column[object]) -> tuple[fields.Field[Any], tuple[Operator, ...]]:
    """Return the field of a column's values, and the operators that filters on it may use."""
    kind = _typed(column.type)
    if isinstance(kind, DOMAIN):  # SQLAlchemy warns of comparisons with one
        return field_of(sa.Column(column.name, cast("_Type", kind.data_type)))[0], ()
    found = _of_type(kind, column)
    if found is not None:
        return found
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


def _of_type(
    kind: Any, column: sa.Column[object]
) -> tuple[fields.Field[Any], tuple[Operator, ...]] | None:
    """Return the field and operators of enumerations, JSON, texts by name and arrays."""
    if isinstance(kind, HSTORE):
        return fields.Dict(keys=fields.Str(), values=fields.Str(allow_none=True)), ()
    if form := json_form(column.type):
        value = fields.Raw(allow_none=True)
        return (value if form is dict else fields.List(value)), ()
    if isinstance(kind, sa.Enum):
        if kind.enum_class:
            return fields.Enum(kind.enum_class), _EQUAL
        return fields.Str(validate=validate.OneOf(kind.enums)), _EQUAL
    if isinstance(kind, sa.JSON):
        return fields.Raw(), ("has",)
    if isinstance(kind, sa.ARRAY):
        inner: sa.Column[object] = sa.Column(column.name, kind.item_type)
        item = field_of(inner)[0]
        item.validators = [*item.validators, *bounds_of(inner)]
        item.allow_none = True  # no array can be declared without nulls
        for _ in range(_dimensions(kind)):
            item = fields.List(item)
        return item, ()
    return None


def _plain(kind: _Type) -> _Type:
    kind = kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind
    return cast("_Type", kind.data_type) if isinstance(kind, DOMAIN) else kind


def _is_aware(kind: _Type) -> bool:
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


def _typed(kind: _Type) -> _Type:
    """Return a type, or the one that it is made of if it does not say the class of its values."""
    while isinstance(kind, sa.TypeDecorator) and _python_type(kind) in (None, object):
        kind = kind.impl_instance
    return kind


def _python_type(kind: _Type) -> type | None:
    """Return the class of a type's values, also of ``Annotated[UUID, ...]`` and ``dict[str, int]``.

    Returns:
        None, if the type does not say it.
    """
    try:
        found: object = kind.python_type
    except NotImplementedError:
        return None
    if get_origin(found) is Annotated:
        found = get_args(found)[0]
    found = get_origin(found) or getattr(found, "__supertype__", found)
    return found if isinstance(found, type) else None
