"""Attributes that read rows of other models by subqueries: ``column_property`` and hybrids."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import Mapper, with_loader_criteria
from sqlalchemy.sql import visitors

from ..errors import DeclarationError
from .typed_columns import expression_of_hybrid

__all__ = ["check_subqueries", "subqueried"]

_AnyMapper = Mapper[object]
_MARK = "restkit_is_restricted"


@cache
def subqueried(mapper: _AnyMapper) -> frozenset[_AnyMapper]:
    """Return the mappers of the other models whose rows the attributes of a model read."""
    return frozenset(other for _, _, others in _found(mapper) for other in others)


def check_subqueries(mapper: _AnyMapper, ruled: Collection[_AnyMapper]) -> None:
    """Reject subqueries that loader criteria do not restrict, as they name tables, not models.

    Args:
        mapper: The mapper of the model with the attributes.
        ruled: The mappers of models with a row rule.

    Raises:
        DeclarationError: There is one that reads rows of such a model.
    """
    for name, expression, others in _found(mapper) if ruled else ():
        for other in others:
            if other in ruled and _marks(expression, other) < _selects(expression, other):
                model = other.class_.__qualname__
                raise DeclarationError(
                    f"{mapper.class_.__qualname__}.{name} has a subquery over the table of "
                    f"{model}, which the row rule of {model} cannot restrict. Name the model in "
                    f"it: select(func.count({model}.id)), and not {model}.__table__."
                )


def _found(
    mapper: _AnyMapper,
) -> Iterator[tuple[str, sa.ColumnElement[object], list[_AnyMapper]]]:
    """Yield the attributes with subqueries, their expressions and the models that they read."""
    others = [each for each in mapper.registry.mappers if not _is_related(each, mapper)]
    for name, expression in _expressions(mapper):
        found = [each for each in others if _selects(expression, each)]
        if found:
            yield name, expression, sorted(found, key=lambda each: each.class_.__qualname__)


def _is_related(other: _AnyMapper, mapper: _AnyMapper) -> bool:
    """Return whether two models take part in one inheritance, so that conditions hold for both."""
    return other.base_mapper is mapper.base_mapper


def _expressions(mapper: _AnyMapper) -> Iterator[tuple[str, sa.ColumnElement[object]]]:
    for prop in mapper.column_attrs:
        if not isinstance(prop.columns[0], sa.Column):
            yield prop.key, prop.columns[0]
    for name, each in mapper.all_orm_descriptors.items():
        is_hybrid = each.extension_type is HybridExtensionType.HYBRID_PROPERTY
        if is_hybrid and not name.startswith("_"):
            found = expression_of_hybrid(mapper, name)
            if found is not None:
                yield name, found


def _selects(expression: sa.ColumnElement[object], other: _AnyMapper) -> int:
    """Return how many SELECTs of an expression read the table of a model."""
    selects = (each for each in visitors.iterate(expression) if isinstance(each, sa.Select))
    return sum(_reads(each, other.local_table) for each in selects)


def _reads(select: sa.Select[tuple[object]], table: sa.FromClause) -> bool:
    # An annotated table equals its table, and is not the same object.
    sources = (part for each in select.get_final_froms() for part in visitors.iterate(each))
    return any(each == table for each in sources if isinstance(each, sa.FromClause))


def _marks(expression: sa.ColumnElement[object], other: _AnyMapper) -> int:
    """Return how many SELECTs of an expression get loader criteria of a model."""
    mark = with_loader_criteria(other.class_, sa.literal_column(_MARK), include_aliases=True)
    try:
        return str(sa.select(expression).options(mark)).count(_MARK)
    except SQLAlchemyError:  # no statement without its dialect
        return _selects(expression, other)
