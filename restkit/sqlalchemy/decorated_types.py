"""Types of columns that models define: whether their values are those that restkit expects."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import MONEY, TSVECTOR
from sqlalchemy.dialects.postgresql.ranges import AbstractRange
from sqlalchemy.engine.default import DefaultDialect

__all__ = ["changes_null", "json_form", "obstacle_of"]

_Decorator = sa.TypeDecorator[object]
_DIALECT = DefaultDialect()
_SAMPLES: tuple[object, ...] = (
    *("a", 1, 1.5, True, b"a", Decimal("1.5"), uuid.UUID(int=1), dt.timedelta(seconds=1)),
    *(dt.date(2000, 1, 2), dt.time(1, 2)),
)
_UNCHECKED = (dt.datetime, dict, list)
_LIST = [1, None, "b", {"a": 1}]
_DOCUMENT = {"a": _LIST}


def obstacle_of(kind: sa.types.TypeEngine[object], python: type | None) -> str:
    """Return why values of a type cannot have the field of its Python type, ``""`` if they can.

    A value is converted as SQLAlchemy would write and read it.

    Args:
        kind: The type of a column.
        python: The Python type of the values that its field loads and dumps.
    """
    if not isinstance(kind, sa.TypeDecorator):
        return _own_obstacle(kind)
    if not _converts(kind) or json_form(kind):
        return ""
    if python in (None, object):
        return "has values of an unknown Python type"
    if python in _UNCHECKED or (python and issubclass(python, enum.Enum)):
        return ""
    sample = next((each for each in _SAMPLES if type(each) is python), None)
    if sample is None:
        return f"has values of {getattr(python, '__name__', python)}, which have no form in JSON"
    return _difference(kind, sample)


def _own_obstacle(kind: sa.types.TypeEngine[object]) -> str:
    """Return why values of a type of SQLAlchemy have no field, ``""`` if they have one."""
    if isinstance(kind, MONEY):
        return "has amounts as the database writes them, with a currency: Numeric has none"
    if isinstance(kind, TSVECTOR):
        return "has the words of a full-text search, which no client writes"
    if isinstance(kind, AbstractRange):
        return "has ranges, which have no form in JSON"
    if isinstance(kind, sa.Time) and kind.timezone:
        return "has times with an offset, which may differ from those that were written"
    return ""


def _difference(kind: _Decorator, sample: object) -> str:
    """Return how a type fails to keep a value of its Python type, ``""`` if it does not."""
    try:
        written = _written(kind, sample)
    except (ValueError, LookupError):
        return ""  # it validates values, which is a 422
    except Exception as error:  # noqa: BLE001  # it expects values of another type
        return f"does not store {_named(sample)}: {type(error).__name__}"
    try:
        read, null = _read(kind, written), _read(kind, _written(kind, None))
    except Exception as error:  # noqa: BLE001  # it cannot read what it has stored
        return f"does not read back {_named(sample)} that it has stored: {type(error).__name__}"
    if read is None:
        return f"does not store {_named(sample)}"
    strange = next((each for each in (read, null) if type(each) not in _types(sample)), None)
    return "" if strange is None else f"returns {_named(strange)} in place of {_named(sample)}"


def _types(sample: object) -> tuple[type, type]:
    return type(sample), type(None)


def json_form(kind: sa.types.TypeEngine[object]) -> type | None:
    """Return dict for a type that keeps any JSON value as text, list for one of lists, or None."""
    if not isinstance(kind, sa.TypeDecorator) or not _converts(kind):
        return None
    return next((type(each) for each in (_DOCUMENT, _LIST) if _is_kept(kind, each)), None)


def _is_kept(kind: _Decorator, value: object) -> bool:
    """Return whether a type stores a JSON value as text, and reads it back equal."""
    try:
        written = _written(kind, value)
        return isinstance(written, (str, bytes)) and _read(kind, written) == value
    except Exception:  # noqa: BLE001  # it expects values of another type
        return False


def _named(value: object) -> str:
    return f"a value of {type(value).__name__}"


def changes_null(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether a type stores or reads null as another value."""
    if not isinstance(kind, sa.TypeDecorator) or not _converts(kind):
        return False
    try:
        return _read(kind, _written(kind, None)) is not None
    except Exception:  # noqa: BLE001  # the type does not expect null
        return False


def _converts(kind: _Decorator) -> bool:
    """Return whether a type converts values when they are written or read."""
    own, base = type(kind), sa.TypeDecorator
    return (
        own.process_bind_param is not base.process_bind_param
        or own.process_result_value is not base.process_result_value
    )


def _written(kind: _Decorator, value: object) -> object:
    if type(kind).process_bind_param is sa.TypeDecorator.process_bind_param:
        return value
    return kind.process_bind_param(value, _DIALECT)


def _read(kind: _Decorator, value: object) -> object:
    if type(kind).process_result_value is sa.TypeDecorator.process_result_value:
        return value
    return kind.process_result_value(value, _DIALECT)
