"""Conditions of filters, scopes and row rules as SQL comparisons."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql.functions import FunctionElement

from ..crud.query import Condition, Operator
from ..errors import DeclarationError
from .comparing import comparisons_of, parameter_type

__all__ = ["compared", "compared_value", "condition_of", "scoped_column"]

_Clause = sa.ColumnElement[bool]

_PARAMETERS: dict[str, Any] = {
    "contains": sa.String,
    "startswith": sa.String,
    "null": sa.Boolean,
    "has": sa.String,
}


class _HasAll(FunctionElement[bool]):
    """The condition that a JSON array has all items of another one, which is one parameter."""

    inherit_cache = True
    name = "has_all"
    type = sa.Boolean()


@compiles(_HasAll, "sqlite")
def _has_all_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    array, wanted = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"NOT EXISTS (SELECT 1 FROM json_each({wanted}) AS wanted WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM json_each({array}) AS had WHERE had.value = wanted.value))"
    )


@compiles(_HasAll, "postgresql")
def _has_all_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    array, wanted = (compiler.process(each, **options) for each in element.clauses)
    return f"(CAST({array} AS JSONB) @> CAST({wanted} AS JSONB))"


def _like(column: Any, pattern: Any) -> Any:
    return sa.func.lower(column).like(sa.func.lower(pattern), escape="\\")


def _in(column: Any, values: Any) -> Any:
    return column.in_(values)


def _not_in(column: sa.ColumnElement[object], values: sa.BindParameter[object]) -> _Clause:
    return sa.or_(column.is_(None), column.not_in(values))  # NULL NOT IN (...) is not true


def _differs(column: Any, value: Any) -> Any:
    return column.is_distinct_from(value)  # unlike <>, also where the column is null


def _is_null(column: Any, value: Any) -> Any:
    if isinstance(column.type, sa.JSON):  # it stores None as JSON null, unless none_as_null is set
        return (sa.func.coalesce(sa.cast(column, sa.Text), "null") == "null") == value
    return column.is_(None) == value


_COMPARED: dict[str, Any] = {
    "eq": operator.eq,
    "ne": _differs,
    "in": _in,
    "not_in": _not_in,
    "null": _is_null,
    "contains": _like,
    "startswith": _like,
    "has": _HasAll,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def scoped_column(model: type, name: str) -> Any:
    """Return the attribute of a model that a scope or row rule names.

    Raises:
        DeclarationError: The model has no such attribute, or SQL cannot compare it with a value.
    """
    column = getattr(model, name, None)
    # SECURITY: Python would compare another attribute of the class: the result may be all rows.
    if isinstance(getattr(column, "type", None), sa.types.TypeEngine):
        return column
    named = f"A scope or row rule names {name!r}, "
    if column is None:
        hint = f" Write {name.replace('__', '.')!r} for related rows." if "__" in name else ""
        raise DeclarationError(f"{named}which {model.__qualname__} does not have.{hint}")
    relation = getattr(column, "property", None)
    if isinstance(relation, RelationshipProperty):
        raise DeclarationError(
            f"{named}a relationship of {model.__qualname__}. {_columns_of(relation)}'{name}.' with "
            "an attribute of the related model."
        )
    raise DeclarationError(
        f"{named}which is not a column of {model.__qualname__}. Name columns, or return an "
        "SQLAlchemy expression."
    )


def _columns_of(relation: RelationshipProperty[object]) -> str:
    """Return the advice to name the columns that a relationship joins by."""
    attributes = relation.parent.column_attrs
    keys = [each.key for each in attributes if relation.local_columns.intersection(each.columns)]
    return (
        f"Name a column, such as {' and '.join(map(repr, sorted(keys)))}, or " if keys else "Name "
    )


def condition_of(model: type, condition: Condition) -> _Clause:
    """Return a condition of a scope or row rule, with its value in it."""
    column = scoped_column(model, condition.name)
    value = partial(sa.bindparam, None, compared_value(condition))
    return compared(column, condition.operator, value)


def compared(
    column: Any, operator: Operator, parameter: Callable[..., sa.BindParameter[Any]]
) -> _Clause:
    """Return the comparison of a column with a parameter of the operator's type.

    Args:
        column: The attribute of the model.
        operator: The operator, other than ``search``.
        parameter: A function that makes the parameter, of the arguments of ``bindparam``.
    """
    kind = _PARAMETERS.get(operator, parameter_type(column.type))
    value = parameter(expanding=operator in ("in", "not_in"), type_=kind)
    compare = comparisons_of(column.type).get(operator, _COMPARED[operator])
    clause: _Clause = compare(column, value)
    return clause


def compared_value(condition: Condition) -> Any:
    """Return the value of a condition as the statement compares it."""
    value = condition.value
    if condition.operator in ("contains", "startswith"):
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%" if condition.operator == "contains" else f"{escaped}%"
    return json.dumps(value) if condition.operator == "has" else value
