"""Scopes as SQL: mappings, conditions and expressions as one condition of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import visitors

from ..crud.query import Condition
from ..crud.scopes import AnyOf, Clause, Scope
from ..errors import DeclarationError
from .conditions import compared_value, condition_of, scoped_column
from .related_conditions import related_clauses

__all__ = ["expression_of", "without_value"]

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
        return _condition(model, clause)
    try:
        expression: _Expression = sa.and_(sa.true(), clause)  # type: ignore[arg-type]  # checked
    except ArgumentError:
        raise DeclarationError(
            f"A scope or row rule of {model.__qualname__} is a {type(clause).__name__}. Return a "
            "mapping of attributes, an SQLAlchemy expression, True, False, or a list of those."
        ) from None
    return expression


def without_value(clause: object, value: object) -> object:
    """Return an expression in which each comparison with a value is true; other objects as given.

    Args:
        clause: The expression.
        value: An object that no database knows: a variable of which nothing is known.
    """
    if not isinstance(clause, sa.ColumnElement):
        return clause

    def replaced(element: object, **_: object) -> _Expression | None:
        if isinstance(element, sa.BinaryExpression) and _mentions(element, value):
            return sa.true()
        return None

    return visitors.replacement_traverse(clause, {}, replaced)


def _mentions(expression: sa.BinaryExpression[object], value: object) -> bool:
    """Return whether one of the values of an expression is this object."""
    for each in visitors.iterate(expression):
        if isinstance(each, sa.BindParameter):
            values = each.value if isinstance(each.value, (list, tuple)) else (each.value,)
            if any(one is value for one in values):
                return True
    return False


def _all_of(conditions: Iterable[_Expression]) -> _Expression:
    return sa.and_(sa.true(), *conditions)


def _condition(model: type, condition: Condition) -> _Expression:
    """Return a condition, which may be one on related rows, with its value in it."""
    if condition.operator == "or":
        return sa.or_(sa.false(), *map(partial(_condition, model), condition.value))
    if not condition.is_related:
        return condition_of(model, condition)
    mapper: Mapper[object] = sa.inspect(model)
    _check_path(mapper, condition)
    if condition.operator != "any":
        value = partial(sa.bindparam, None, compared_value(condition))
        condition = Condition(condition.name, condition.operator, value)
    return _all_of(related_clauses(mapper, [condition], None))


def _check_path(mapper: Mapper[object], condition: Condition) -> None:
    """Reject a path that names no attribute of a related model."""
    names = condition.name.split(".")
    relations, last = (names, "") if condition.operator == "any" else (names[:-1], names[-1])
    at = mapper
    for name in relations:
        if name not in at.relationships:
            raise DeclarationError(
                f"A scope or row rule names {condition.name!r}, but {at.class_.__qualname__} has "
                f"no relation {name!r}."
            )
        at = at.relationships[name].mapper
    if last:
        scoped_column(at.class_, last)


def _equal(model: type, name: str, value: object) -> _Expression:
    if "." in name:
        return _condition(model, Condition.equal(name, value))
    column = scoped_column(model, name)
    expression: _Expression = column.is_(None) if value is None else column == value
    return expression
