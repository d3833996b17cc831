"""Totals as one SELECT statement with GROUP BY."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.functions import FunctionElement

from ..crud.totals import PARTS, Aggregate, Group, TotalsOrder, TotalsOverflow, TotalsQuery
from .comparing import is_moment, whole_text
from .constraints import sqlite_name, sqlstate

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["aggregations_of", "raise_overflow", "totals_statement"]

_OUT_OF_RANGE = "22003"
_Column = sa.ColumnElement[Any]
_Type = sa.types.TypeEngine[object]


def aggregations_of(column: sa.ColumnElement[object]) -> frozenset[str]:
    """Return the functions and groups that databases support for the values of a column.

    A type that converts values in Python has none but those that compare: the database would add
    the stored values, which may differ from those of the program.
    """
    found = {"group", "count", "distinct", "min", "max"}
    kind = _stored(column.type)
    if isinstance(kind, (sa.Integer, sa.Numeric, sa.Float)):
        found |= {"sum", "avg"}
    plain = _plain(column.type)
    if isinstance(plain, sa.Date) or (is_moment(plain) and isinstance(plain, sa.DateTime)):
        found |= {*PARTS}
    return frozenset(found)


def _plain(kind: _Type) -> _Type:
    return kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind


def _stored(kind: _Type) -> _Type | None:
    """Return the type behind a decorator that leaves values as they are, else the type itself."""
    if not isinstance(kind, sa.TypeDecorator):
        return kind
    own = (type(kind).process_bind_param, type(kind).process_result_value)
    plain = (sa.TypeDecorator.process_bind_param, sa.TypeDecorator.process_result_value)
    return kind.impl_instance if own == plain else None


def totals_statement(mapper: Mapper[object], query: TotalsQuery) -> sa.Select[Any]:
    """Return the statement of the groups of a query, without its conditions.

    It reads one row more than the limit, to know whether there are more groups.
    """
    groups = [_grouped(mapper, each) for each in query.groups]
    places: list[Group | Aggregate] = [*query.groups, *query.aggregates]
    columns = [*groups, *(_aggregated(mapper, each) for each in query.aggregates)]
    labelled = [each.label(f"total{number}") for number, each in enumerate(columns)]
    statement: sa.Select[Any] = sa.select(*labelled).select_from(mapper.class_)
    if not groups:
        return statement
    keys = [_ordered(labelled[places.index(each.by)], each) for each in query.order]
    return statement.group_by(*labelled[: len(groups)]).order_by(*keys).limit(query.limit + 1)


def raise_overflow(error: DBAPIError) -> None:
    """Raise `TotalsOverflow` if a sum is beyond the numbers of the database."""
    is_sqlite = sqlite_name(error) == "SQLITE_ERROR" and "integer overflow" in str(error.orig)
    if is_sqlite or sqlstate(error) == _OUT_OF_RANGE:
        raise TotalsOverflow from error


def _grouped(mapper: Mapper[object], group: Group) -> _Column:
    column = getattr(mapper.class_, group.name)
    if group.part:
        return _PARTS[group.part](column)
    return whole_text(column)


def _aggregated(mapper: Mapper[object], aggregate: Aggregate) -> _Column:
    if not aggregate.name:
        return sa.func.count()
    column = getattr(mapper.class_, aggregate.name)
    return _FUNCTIONS[aggregate.function](column)


def _ordered(column: _Column, order: TotalsOrder) -> _Column:
    made: _Column = column.desc().nulls_first() if order.descending else column.asc().nulls_last()
    return made


def _average(column: _Column) -> _Column:
    return sa.cast(sa.func.avg(column), sa.Double())


_FUNCTIONS: Mapping[str, Callable[[_Column], _Column]] = {
    "count": sa.func.count,
    "distinct": lambda column: sa.func.count(sa.distinct(whole_text(column))),
    "sum": sa.func.sum,
    "avg": _average,
    "min": sa.func.min,
    "max": sa.func.max,
}


class _Part(FunctionElement[str]):
    """A date or moment down to its year, month or day, as ISO 8601 writes it.

    The part stands in the SQL itself: databases compare the expressions of SELECT and GROUP BY,
    and two parameters are two expressions.
    """

    inherit_cache = True
    type = sa.String()
    length = 4
    pattern = "YYYY"


class _Month(_Part):
    """The year and month."""

    inherit_cache = True
    length = 7
    pattern = "YYYY-MM"


class _Day(_Part):
    """The date."""

    inherit_cache = True
    length = 10
    pattern = "YYYY-MM-DD"


_PARTS: dict[str, type[_Part]] = {"year": _Part, "month": _Month, "day": _Day}


@compiles(_Part)
@compiles(_Month)
@compiles(_Day)
def _truncated(element: _Part, compiler: SQLCompiler, **options: object) -> str:
    (column,) = element.clauses
    text = compiler.process(column, **options)
    if getattr(_plain(column.type), "timezone", False):
        text = f"timezone('UTC', {text})"
    return f"to_char({text}, '{element.pattern}')"


@compiles(_Part, "sqlite")
@compiles(_Month, "sqlite")
@compiles(_Day, "sqlite")
def _truncated_sqlite(element: _Part, compiler: SQLCompiler, **options: object) -> str:
    (column,) = element.clauses
    return f"substr({compiler.process(column, **options)}, 1, {element.length})"
