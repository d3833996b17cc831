"""Keyset windows: the rows after a position in an order, as ranges of an index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from ..crud.query import ListQuery, Order
from .comparing import is_read_otherwise, parameter_type, stored_text
from .sort_columns import SortColumns
from .stored_places import StoredValue, identifying, place_parameter

__all__ = ["WHOLE", "Keysets", "Part"]

_Clause = sa.ColumnElement[bool]


class _Place(FunctionElement[Any]):
    """A sort key value where a window begins, hidden from PostgreSQL's planner.

    If the planner saw the value, it would estimate the number of remaining rows. For few rows it
    reads the primary key's index and sorts, which costs many times the rows of the page. Without
    the value, each page has the plan of the first one. The cast is needed because a parameter
    that is selected by itself is text to PostgreSQL.
    """

    inherit_cache = True

    def __init__(self, value: Any) -> None:
        self.type = value.type
        super().__init__(value)


class _Rowid(_Place):
    """A value that is compared with SQLite's rowid.

    Every index of SQLite ends with the rowid. SQLite reads a row value as a range of both only if
    the rowid's side has a collation, which integers lack. Without it, SQLite reads all rows that
    are equal in the other columns.
    """

    inherit_cache = True


@compiles(_Place)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(_Place, "postgresql")
def _unknown(element: Any, compiler: Any, **options: Any) -> str:
    (value,) = element.clauses
    if not isinstance(element.type, NullType):
        value = sa.cast(value, element.type)
    return f"(SELECT {compiler.process(value, **options)})"  # SQLAlchemy's own parameter


@compiles(_Rowid, "sqlite")
def _collated(element: Any, compiler: Any, **options: Any) -> str:
    return f"{_plain(element, compiler, **options)} COLLATE BINARY"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a window that is one range of an index on the sort keys.

    Attributes:
        nulls: Whether the first key is null in all its rows, or in none; None if undivided.
        placed: Whether the part begins at the window's position, not at its own first row.
    """

    nulls: bool | None
    placed: bool


WHOLE = Part(None, True)
"""A window that is not divided."""


class Keysets:
    """The maker of the conditions and orders of one model's windows."""

    def __init__(self, mapper: Mapper[object], columns: SortColumns) -> None:
        """Make it of the model's mapper and its sort keys."""
        self._mapper = mapper
        self._columns = columns

    def parts(self, query: ListQuery) -> Sequence[Part]:
        """Return the parts of a page's window in order; each is read if the earlier ones are short.

        If the first key is nullable, the rows with and without a value are separate ranges. In one
        condition they would cost a scan and a sort on every database.
        """
        values = query.after if query.after is not None else query.before
        is_keyset = query.limit is not None and not query.offset and bool(query.order)
        if not is_keyset or not self._is_nullable(query.order[0].name):
            return (WHOLE,)
        nulls_first = query.order[0].descending is (query.before is None)  # nulls are the greatest
        kinds = [True, False] if nulls_first else [False, True]
        if values is None:
            return [Part(kind, False) for kind in kinds]
        begin = kinds.index(values[0] is None)
        return [Part(kind, index == 0) for index, kind in enumerate(kinds[begin:])]

    def condition(
        self,
        order: Sequence[Order],
        values: Sequence[Any] | None,
        part: Part,
        shared: Collection[str] = (),
    ) -> _Clause | None:
        """Return the condition of a part, with the parameters ``key0``, ``key1``, ...

        Args:
            order: The sort keys in reading direction.
            values: The sort key values where the window begins, if any.
            part: The part.
            shared: The attributes that all rows of the window have in common, with the parameters
                ``scope_...``. The last sort key may be unique only together with them.
        """
        placed = values if part.placed else None
        if part.nulls is None:
            return None if placed is None else self._behind(order, placed, 0, shared)
        first = self._column(order[0].name)
        if part.nulls:
            null: _Clause = first.is_(None)
            return (
                null
                if placed is None
                else sa.and_(null, self._behind(order[1:], placed[1:], 1, shared))
            )
        if placed is None:
            valued: _Clause = first.is_not(None)
            return valued
        return self._behind(order, placed, 0, shared, valued=True)

    def ordered(self, order: Sequence[Order], part: Part) -> Sequence[Any]:
        """Return the keys of ORDER BY."""
        if part.nulls is None:
            return [self._key(each, nullable=self._is_nullable(each.name)) for each in order]
        # PERF: PostgreSQL uses its index only if the first key stays, although it is always null.
        rest = [self._key(each, nullable=self._is_nullable(each.name)) for each in order[1:]]
        return [self._key(order[0], nullable=False), *rest]

    def _column(self, name: str) -> Any:
        return self._columns.attribute(name)

    def _is_nullable(self, name: str) -> bool:
        return self._columns.is_nullable(name)

    def _key(self, order: Order, *, nullable: bool) -> Any:
        """Return a key of ORDER BY; nulls are the greatest, as in PostgreSQL."""
        column = self._column(order.name)
        made = column.desc() if order.descending else column.asc()
        if not nullable:
            return made
        return made.nulls_first() if order.descending else made.nulls_last()

    def _behind(
        self,
        order: Sequence[Order],
        values: Sequence[Any],
        begin: int,
        shared: Collection[str],
        *,
        valued: bool = False,
    ) -> _Clause:
        """Return the condition of the rows after a position.

        Args:
            order: The sort keys.
            values: The sort key values of the position.
            begin: The number of the first parameter.
            shared: The attributes that all rows have in common.
            valued: Whether to exclude rows whose first key is null.
        """
        parameters = self._parameters(order, values, begin, shared)
        nullable = [self._is_nullable(each.name) for each in order]
        if valued:
            nullable[0] = False
        if not any(nullable) and len({each.descending for each in order}) == 1:
            return self._row_value(order, parameters)
        found: list[_Clause] = []
        equal: list[_Clause] = []
        for each, parameter, value, may in zip(order, parameters, values, nullable, strict=True):
            found.append(sa.and_(*equal, self._further(each, parameter, value is None, may)))
            equal.append(self._equal(each, parameter, is_null=value is None))
        clause = sa.or_(*found)
        if values[0] is not None and not nullable[0]:
            # PERF: the OR implies this bound, which alone is a range of an index on the first key.
            column = self._column(order[0].name)
            bound = column <= parameters[0] if order[0].descending else column >= parameters[0]
            return sa.and_(bound, clause)
        return clause

    def _equal(self, order: Order, parameter: _Place, *, is_null: bool) -> _Clause:
        column = self._column(order.name)
        clause: _Clause = column.is_(None) if is_null else column == parameter
        return clause

    def _row_value(self, order: Sequence[Order], parameters: Sequence[_Place]) -> _Clause:
        """Return a row value comparison. PERF: it is one range of an index; OR would be a scan."""
        left = sa.tuple_(*(self._column(each.name) for each in order))
        key = self._mapper.columns[order[-1].name]
        if key.primary_key and isinstance(key.type, sa.Integer):
            parameters = [*parameters[:-1], _Rowid(*parameters[-1].clauses)]
        right = sa.tuple_(*parameters)
        return left < right if order[0].descending else left > right

    def _parameters(
        self, order: Sequence[Order], given: Sequence[object], begin: int, shared: Collection[str]
    ) -> list[_Place]:
        """Return the parameters of sort keys.

        The attributes of the key identify the position's row, together with the shared ones.
        """
        kinds = [parameter_type(self._columns.kind(each.name)) for each in order]
        values: list[Any] = [
            place_parameter(f"key{number}", kind, value)
            for number, (kind, value) in enumerate(zip(kinds, given, strict=True), begin)
        ]
        if not any(map(is_read_otherwise, kinds)):
            return [_Place(value) for value in values]
        same = identifying(self._mapper, order, shared, begin)
        for index, each in enumerate(order):
            is_stored = isinstance(given[index], StoredValue)
            if is_read_otherwise(kinds[index]) and not is_stored:
                stored, row = self._columns.other(each.name, same)
                values[index] = stored_text(values[index], stored, row, descending=each.descending)
        return [_Place(value) for value in values]

    def _further(self, order: Order, parameter: Any, is_null: bool, nullable: bool) -> _Clause:
        """Return the condition of the values of one key after another value."""
        column: Any = self._column(order.name)
        if is_null:  # nulls are the greatest
            return column.is_not(None) if order.descending else sa.false()
        if order.descending:
            clause: _Clause = column < parameter
            return clause
        return sa.or_(column > parameter, column.is_(None)) if nullable else column > parameter
