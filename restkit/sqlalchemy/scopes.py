"""Scopes as SQL: mappings, conditions and expressions as one condition of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from ..crud.query import Condition
from ..crud.scopes import AnyOf, Clause, Scope
from ..errors import DeclarationError
from .conditions import condition_of, scoped_column

__all__ = ["expression_of"]

_Expression = sa.ColumnElement[bool]


def expression_of(model: type, clause: Clause) -> _Expression:
    """Return the SQL condition of a clause.

    Args:
        model: The mapped class whose rows the clause is about.
        clause: The clause.

    Raises:
        DeclarationError: The clause is neither data nor an SQLAlchemy expression.
    """
    if isinstance(clause, bool):
        return sa.true() if clause else sa.false()
    if isinstance(clause, Mapping):
        return _all_of(map(partial(_equal, model), clause, clause.values()))
    if isinstance(clause, Scope):
        return _all_of(map(partial(expression_of, model), (clause.values, *clause.clauses)))
    if isinstance(clause, AnyOf):
        return sa.or_(sa.false(), *map(partial(expression_of, model), clause.clauses))
    if isinstance(clause, (list, tuple)):
        return _all_of(map(partial(expression_of, model), clause))
    if isinstance(clause, Condition):
        return condition_of(model, clause)
    try:
        expression: _Expression = sa.and_(sa.true(), clause)  # type: ignore[arg-type]  # checked
    except ArgumentError:
        raise DeclarationError(
            f"A scope or row rule of {model.__qualname__} is a {type(clause).__name__}. Return a "
            "mapping of attributes, an SQLAlchemy expression, True, False, or a list of those."
        ) from None
    return expression


def _all_of(conditions: Iterable[_Expression]) -> _Expression:
    return sa.and_(sa.true(), *conditions)


def _equal(model: type, name: str, value: object) -> _Expression:
    column = scoped_column(model, name)
    expression: _Expression = column.is_(None) if value is None else column == value
    return expression
