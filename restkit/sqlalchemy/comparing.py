"""Values as a column stores them: single precision, and SQLite's texts of moments.

SQLite has no type for moments: it compares their texts. SQLAlchemy writes six digits of a second,
the database's own functions write none, and others write three. Each moment therefore has several
texts, of which the shortest is the least and the one with six digits is the greatest; no other
moment's text lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import DATETIME, TIME
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = [
    "Comparison",
    "comparisons_of",
    "is_moment",
    "is_read_otherwise",
    "parameter_type",
    "stored_text",
    "whole_text",
]

T = TypeVar("T")
_Column: TypeAlias = sa.ColumnElement[T]
Comparison: TypeAlias = Callable[[sa.ColumnElement[object], sa.ColumnElement[object]], "_Clause"]
_Clause: TypeAlias = sa.ColumnElement[bool]


def is_moment(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether SQLite stores the values of a type as texts with a fraction of a second."""
    if isinstance(kind, sa.TypeDecorator):
        return is_moment(kind.impl_instance)
    if isinstance(kind, (DATETIME, TIME)):
        return False  # they have a format of their own
    return isinstance(kind, (sa.DateTime, sa.Time, sa.Interval))


def is_read_otherwise(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether several stored values of a type may be read as the same one."""
    return is_moment(kind) or _is_on_calendar(kind)


def _is_on_calendar(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether a type has dates, which PostgreSQL may have beyond Python's calendar."""
    if isinstance(kind, sa.Interval):  # SQLAlchemy makes it of a DateTime
        return False
    plain = kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind
    return isinstance(plain, (sa.Date, sa.DateTime))


_FORM = "%Y-%m-%d %H:%M:%f"
"""SQLite's format of a moment with milliseconds."""


class _Moments(FunctionElement[bool]):
    """A comparison of a column with the texts of one moment."""

    inherit_cache = True
    type = sa.Boolean()


class _Equal(_Moments):
    """The column has the moment."""

    inherit_cache = True


class _Different(_Moments):
    """The column has another moment, or none."""

    inherit_cache = True


class _Read(_Moments):
    """The column has a value that is read as the moment.

    PostgreSQL's ``infinity`` and years outside of Python's calendar are read as its ends.
    """

    inherit_cache = True


class _Least(FunctionElement[object]):
    """The least text of a moment; the value itself on databases with a type for moments."""

    inherit_cache = True

    def __init__(self, value: sa.ColumnElement[object]) -> None:
        self.type = value.type
        super().__init__(value)


class _Full(FunctionElement[object]):
    """A column with six digits of a second in each of its texts."""

    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[object]) -> None:
        self.type = column.type
        super().__init__(column)


def whole_text(column: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
    """Return a column whose values are equal texts if they are equal, as GROUP BY needs them."""
    return _Full(column) if is_moment(column.type) else column


def _sides(
    element: FunctionElement[T], compiler: SQLCompiler, options: dict[str, object]
) -> list[str]:
    return [str(compiler.process(each, **options)) for each in element.clauses]


@compiles(_Equal)
def _equal(element: _Equal, compiler: SQLCompiler, **options: object) -> str:
    column, value = _sides(element, compiler, options)
    return f"({column} = {value})"


@compiles(_Equal, "sqlite")
def _equal_sqlite(element: _Moments, compiler: SQLCompiler, **options: object) -> str:
    column, value = _sides(element, compiler, options)
    return f"({column} BETWEEN {_shortest(value)} AND {value})"


@compiles(_Read, "sqlite")
def _read_sqlite(element: _Read, compiler: SQLCompiler, **options: object) -> str:
    """Return the condition, also for texts of other forms: 12:00, 2020-01-01T00:00:00Z."""
    column, value = _sides(element, compiler, options)
    same = _equal_sqlite(element, compiler, **options)
    # NOTE: Python reads some forms of ISO 8601 that SQLite does not know, which are null here.
    known = f"strftime('{_FORM}', {column})"
    return (
        f"({same} OR coalesce({known} = strftime('{_FORM}', {value}), typeof({column}) = 'text'))"
    )


@compiles(_Read)
def _read(element: _Read, compiler: SQLCompiler, **options: object) -> str:
    column, value = _sides(element, compiler, options)
    if not _is_on_calendar(next(iter(element.clauses)).type):
        return f"({column} = {value})"
    first, last = "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"
    return f"({column} = {value} OR {column} >= '{last}' OR {column} <= '{first}')"


@compiles(_Different)
def _different(element: _Different, compiler: SQLCompiler, **options: object) -> str:
    column, value = _sides(element, compiler, options)
    return f"({column} IS DISTINCT FROM {value})"


@compiles(_Different, "sqlite")
def _different_sqlite(element: _Different, compiler: SQLCompiler, **options: object) -> str:
    column, value = _sides(element, compiler, options)
    return f"(({column} BETWEEN {_shortest(value)} AND {value}) IS NOT TRUE)"


@compiles(_Least)
@compiles(_Full)
def _same(element: FunctionElement[object], compiler: SQLCompiler, **options: object) -> str:
    return _sides(element, compiler, options)[0]


@compiles(_Least, "sqlite")
def _least_sqlite(element: _Least, compiler: SQLCompiler, **options: object) -> str:
    return _shortest(_sides(element, compiler, options)[0])


@compiles(_Full, "sqlite")
def _full_sqlite(element: _Full, compiler: SQLCompiler, **options: object) -> str:
    (column,) = _sides(element, compiler, options)
    fraction = f"iif(instr({column}, '.'), '000000', '.000000')"
    return f"substr({column} || {fraction}, 1, instr({column} || '.', '.') + 6)"


def _shortest(text: str) -> str:
    return f"rtrim(rtrim({text}, '0'), '.')"


def _same_moment(column: _Column[object], value: _Column[object]) -> _Clause:
    return _Equal(column, value)


def _other_moment(column: _Column[object], value: _Column[object]) -> _Clause:
    return _Different(column, value)


def _one_of_moments(column: _Column[object], values: _Column[object]) -> _Clause:
    return _Full(column).in_(cast("sa.BindParameter[object]", values))


def _none_of_moments(column: _Column[object], values: _Column[object]) -> _Clause:
    return sa.or_(column.is_(None), sa.not_(_one_of_moments(column, values)))


def _from_moment(column: _Column[object], value: _Column[object]) -> _Clause:
    return column >= _Least(value)


def _before_moment(column: _Column[object], value: _Column[object]) -> _Clause:
    return column < _Least(value)


_OF_MOMENTS: dict[str, Comparison] = {
    "eq": _same_moment,
    "ne": _other_moment,
    "in": _one_of_moments,
    "not_in": _none_of_moments,
    "gte": _from_moment,
    "lt": _before_moment,
}


class _Single(sa.types.UserDefinedType[float]):
    """Single precision of parameters, which PostgreSQL otherwise compares as double precision."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: object) -> str:
        """Return the name of the type in SQL."""
        return "REAL"


def parameter_type(kind: sa.types.TypeEngine[T]) -> sa.types.TypeEngine[T]:
    """Return the type of the parameters that a column of a type is compared with."""
    return cast("sa.types.TypeEngine[T]", _Single()) if isinstance(kind, sa.REAL) else kind


def comparisons_of(kind: sa.types.TypeEngine[object]) -> Mapping[str, Comparison]:
    """Return the comparisons of a type that differ from those of other types, by operator."""
    return _OF_MOMENTS if is_moment(kind) else {}


class _StoredText(FunctionElement[object]):
    """The moment that one row stores, or the given one if the row has another by now."""

    inherit_cache = True

    def __init__(
        self, value: sa.ColumnElement[object], stored: sa.ScalarSelect[object], least: bool
    ) -> None:
        self.type = value.type
        super().__init__(value, stored, _Least(value) if least else value)


@compiles(_StoredText)
def _given(element: _StoredText, compiler: SQLCompiler, **options: object) -> str:
    value = next(iter(element.clauses))
    return str(compiler.process(value, **options))


@compiles(_StoredText, "postgresql")
@compiles(_StoredText, "sqlite")
def _stored(element: _StoredText, compiler: SQLCompiler, **options: object) -> str:
    _, stored, value = _sides(element, compiler, options)
    return f"coalesce({stored}, {value})"


def stored_text(
    value: sa.ColumnElement[object],
    column: sa.ColumnElement[object],
    row: sa.Select[tuple[object, ...]],
    *,
    descending: bool,
) -> sa.ColumnElement[object]:
    """Return a moment in the text that the row of a cursor has it in.

    Rows with equal moments are in the order of their texts, as an index has them, so that the
    position of a row is its text.

    Args:
        value: The moment.
        column: The column of the moment, of another alias of the table.
        row: The statement that reads the column of the cursor's row.
        descending: Whether the rows are read in descending order. If the row is gone, the position
            is before all texts of the moment, so that no row is left out.
    """
    stored = row.where(_Read(column, value)).scalar_subquery()
    return _StoredText(value, stored, not descending)
