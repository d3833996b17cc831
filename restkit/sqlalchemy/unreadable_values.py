"""Stored values that the type of their column cannot read: they are read as null, and logged.

SQLite holds a column to no type, and another program, or an older version of this one, may have
stored a text that is no JSON, no date or no member of an enumeration. One such row would make every
list with it fail.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Protocol, TypeAlias, cast

from sqlalchemy import Dialect
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = [
    "MISFITS",
    "Convert",
    "guarded",
    "quick_conversions",
    "read_unreadable_values",
    "replaces_wrong_bytes",
]

_Type: TypeAlias = "TypeEngine[object]"
Convert: TypeAlias = Callable[[object], object]
"""A function from what a driver read to the value of an attribute."""
MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What conversions raise for a value that does not suit them."""
_log = logging.getLogger(__name__)
_are_quick: ContextVar[bool] = ContextVar("_are_quick", default=False)


def read_unreadable_values(dialect: Dialect) -> None:
    """Let a dialect read as None the values that the type of a column cannot read."""
    original = dialect.type_descriptor

    def type_descriptor(kind: _Type) -> _Type:
        found: _Type = original(kind)
        # The type that a decorator adds to is guarded itself.
        return found if isinstance(found, TypeDecorator) else _guarding(found)

    # SQLAlchemy asks for the type of a dialect here, once for each type.
    setattr(dialect, "type_descriptor", type_descriptor)  # noqa: B010  # it is a method


def _guarding(kind: _Type) -> _Type:
    """Return a type with guarded conversions."""
    made = copy.copy(kind)
    original = kind.result_processor

    def result_processor(dialect: Dialect, coltype: object) -> Convert | None:
        convert = original(dialect, coltype)
        if convert is None or _are_quick.get():
            return convert
        return guarded(convert, type(kind).__name__)

    setattr(made, "result_processor", result_processor)  # noqa: B010  # it is a method
    return made


@contextmanager
def quick_conversions() -> Generator[None]:
    """Let types return conversions that fail, for callers who convert again with guarded ones."""
    token = _are_quick.set(True)
    try:
        yield
    finally:
        _are_quick.reset(token)


def guarded(convert: Convert, name: str) -> Convert:
    """Return a conversion that returns None, and logs it, where another one fails.

    Args:
        convert: The conversion.
        name: The type or the attribute that it reads, for the log.
    """

    def read(value: object) -> object:
        try:
            return convert(value)
        except MISFITS as error:
            # SECURITY: the value is data of users, which logs must not show.
            _log.warning(
                "A stored value cannot be read as %s (%s). It is read as null.",
                name,
                type(error).__name__,
            )
            return None

    return read


class _SQLite(Protocol):
    """The part of a connection of SQLite that reads texts."""

    text_factory: Callable[[bytes], object]


def replaces_wrong_bytes(pooled: PoolProxiedConnection, error: Exception) -> bool:
    """Return whether a read that failed at a text which is not UTF-8 may be tried again.

    A connection of SQLite reads such bytes as U+FFFD from then on; a quicker one cannot.
    """
    connection = cast("_SQLite", pooled.dbapi_connection)
    is_wrong = str(error).startswith("Could not decode to UTF-8")
    if not is_wrong or getattr(connection, "text_factory", None) is not str:
        return False
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    _log.warning("A stored text is not UTF-8. Its wrong bytes are read as U+FFFD.")
    return True
