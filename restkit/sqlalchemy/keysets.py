"""Keyset windows: the rows behind a place in an order, as ranges of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.functions import FunctionElement

from ..crud.query import ListQuery, Order

__all__ = ["WHOLE", "Keysets", "Part"]

_Clause = sa.ColumnElement[bool]


class _Place(FunctionElement[Any]):
    """Is a value that a window begins behind, kept from PostgreSQL's planner.

    With the value it guesses how few rows are left, and where they are few reads a range of another index, the primary
    key's, and sorts: many times the rows of the page. Without, each page has the plan of the first one.
    """

    inherit_cache = True

    def __init__(self, value: Any) -> None:
        self.type = value.type
        super().__init__(value)


class _Rowid(_Place):
    """Is a value that is compared with SQLite's rowid.

    An index of SQLite ends with the rowid by itself. A row value is a range of both only where the rowid's side has a
    collation, which it lacks as an integer; without, all rows that are alike in the other columns are read.
    """

    inherit_cache = True


@compiles(_Place)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(_Place, "postgresql")
def _unknown(element: Any, compiler: Any, **options: Any) -> str:
    return f"(SELECT {_plain(element, compiler, **options)})"  # SQLAlchemy's own parameter


@compiles(_Rowid, "sqlite")
def _collated(element: Any, compiler: Any, **options: Any) -> str:
    return f"{_plain(element, compiler, **options)} COLLATE BINARY"


@dataclass(frozen=True, slots=True)
class Part:
    """Is a part of a window that is one range of an index on the order's keys.

    Attributes:
        nulls: Whether the first key is null in it, or is not; None where it is not asked.
        placed: Whether it begins behind the window's place, rather than where such rows begin.
    """

    nulls: bool | None
    placed: bool


WHOLE = Part(None, True)
"""A window that is not divided."""


class Keysets:
    """Makes the conditions and orders of one model's windows."""

    def __init__(self, mapper: Mapper[Any]) -> None:
        """Make it of the model's mapper."""
        self._mapper = mapper

    def parts(self, query: ListQuery) -> Sequence[Part]:
        """Return the parts of a page's window, one after the other; the next is needed where one does not fill it.

        Where the first key may be null, the rows with and those without a value are ranges of their own: no database
        finds both with one, and together they are a scan and a sort.
        """
        values = query.after if query.after is not None else query.before
        if (
            query.limit is None
            or query.offset
            or not query.order
            or not self._is_nullable(query.order[0].name)
        ):
            return (WHOLE,)
        nulls_first = query.order[0].descending is (query.before is None)  # nulls are the greatest
        kinds = [True, False] if nulls_first else [False, True]
        if values is None:
            return [Part(kind, False) for kind in kinds]
        begin = kinds.index(values[0] is None)
        return [Part(kind, index == 0) for index, kind in enumerate(kinds[begin:])]

    def condition(
        self, order: Sequence[Order], values: Sequence[Any] | None, part: Part
    ) -> _Clause | None:
        """Return what holds of the rows of a part, with the parameters ``key0``, ``key1``, ...

        Args:
            order: The keys, as they are passed through.
            values: Of the place, None where the window has none.
            part: The part.
        """
        placed = values if part.placed else None
        if part.nulls is None:
            return None if placed is None else self._behind(order, placed, 0)
        first = self._column(order[0].name)
        if part.nulls:
            null: _Clause = first.is_(None)
            return null if placed is None else sa.and_(null, self._behind(order[1:], placed[1:], 1))
        if placed is None:
            valued: _Clause = first.is_not(None)
            return valued
        return self._behind(order, placed, 0, valued=True)

    def ordered(self, order: Sequence[Order], part: Part) -> Sequence[Any]:
        """Return the keys of ORDER BY."""
        if part.nulls is None:
            return [self._key(each, nullable=self._is_nullable(each.name)) for each in order]
        # PERF: a first key that is null throughout stays in, or PostgreSQL does not see that its index has the order.
        rest = [self._key(each, nullable=self._is_nullable(each.name)) for each in order[1:]]
        return [self._key(order[0], nullable=False), *rest]

    def _column(self, name: str) -> Any:
        return getattr(self._mapper.class_, name)

    def _is_nullable(self, name: str) -> bool:
        return bool(self._mapper.columns[name].nullable)

    def _key(self, order: Order, *, nullable: bool) -> Any:
        """Return a key of ORDER BY; where it may be null, nulls are the greatest, as PostgreSQL has it."""
        column = self._column(order.name)
        made = column.desc() if order.descending else column.asc()
        if not nullable:
            return made
        return made.nulls_first() if order.descending else made.nulls_last()

    def _behind(
        self, order: Sequence[Order], values: Sequence[Any], begin: int, *, valued: bool = False
    ) -> _Clause:
        """Return what holds of the rows behind a place.

        Args:
            order: The keys.
            values: Of the place.
            begin: The number of the first parameter.
            valued: Whether only rows are meant whose first key has a value.
        """
        parameters = [self._parameter(each.name, begin + index) for index, each in enumerate(order)]
        nullable = [self._is_nullable(each.name) for each in order]
        if valued:
            nullable[0] = False
        if not any(nullable) and len({each.descending for each in order}) == 1:
            # PERF: a row value is one range of an index on both databases; the same written with OR is a scan.
            left = sa.tuple_(*(self._column(each.name) for each in order))
            right = sa.tuple_(
                *parameters[:-1], self._parameter(order[-1].name, begin + len(order) - 1, last=True)
            )
            return left < right if order[0].descending else left > right
        found: list[_Clause] = []
        equal: list[_Clause] = []
        for each, parameter, value, may in zip(order, parameters, values, nullable, strict=True):
            column = self._column(each.name)
            found.append(sa.and_(*equal, self._further(each, parameter, value is None, may)))
            equal.append(column.is_(None) if value is None else column == parameter)
        clause = sa.or_(*found)
        if values[0] is not None and not nullable[0]:
            # PERF: what the OR implies, said alone, is the range of an index on the first key.
            column = self._column(order[0].name)
            bound = column <= parameters[0] if order[0].descending else column >= parameters[0]
            return sa.and_(bound, clause)
        return clause

    def _parameter(self, name: str, number: int, *, last: bool = False) -> _Place:
        """Return the parameter of a key; the last key of a row value tells rows apart that are alike in the others."""
        column = self._mapper.columns[name]
        value = sa.bindparam(f"key{number}", type_=column.type)
        is_rowid = last and column.primary_key and isinstance(column.type, sa.Integer)
        return _Rowid(value) if is_rowid else _Place(value)

    def _further(self, order: Order, parameter: Any, is_null: bool, nullable: bool) -> _Clause:
        """Return what holds of the values of one key that stand behind another one."""
        column: Any = self._column(order.name)
        if is_null:  # nulls are the greatest
            return column.is_not(None) if order.descending else sa.false()
        if order.descending:
            clause: _Clause = column < parameter
            return clause
        return sa.or_(column > parameter, column.is_(None)) if nullable else column > parameter
