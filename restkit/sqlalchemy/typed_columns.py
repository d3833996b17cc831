"""Attributes of models as SQL names them, with the type of their values."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper

__all__ = ["expression_of_hybrid", "is_selected", "typed_column"]

_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, SQLAlchemyError)


def typed_column(mapper: Mapper[object], name: str) -> sa.ColumnElement[object] | None:
    """Return the column or expression of an attribute; None for relations, proxies and the like."""
    column = mapper.columns.get(name)
    if column is not None:
        return column
    synonym = mapper.synonyms.get(name)
    if synonym is not None:
        return typed_column(mapper, synonym.name)
    return expression_of_hybrid(mapper, name) if name in mapper.all_orm_descriptors else None


def is_selected(mapper: Mapper[object], name: str) -> bool:
    """Return whether the value of an attribute in SQL may differ from that of an object."""
    return name not in mapper.attrs


def expression_of_hybrid(mapper: Mapper[object], name: str) -> sa.ColumnElement[object] | None:
    """Return the SQL expression of a hybrid, None if its code makes none."""
    try:
        found: object = getattr(mapper.class_, name)
        clause: object = getattr(found, "__clause_element__", lambda: found)()
    except _UNFIT:  # the code of the model is made for objects
        return None
    return clause if isinstance(clause, sa.ColumnElement) else None
