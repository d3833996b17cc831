"""The places of cursors whose sort key values are stored otherwise than they are read.

A cursor has the values that the program read. SQLite holds a column to no type, so that the row of
a cursor may stand elsewhere in the order: a text that is no date is read as null, 1.234 as a
decimal of two digits, 5 as true, bytes that are not UTF-8 as U+FFFD. The next page would begin
before the row, and repeat, or after rows that nobody has seen. For types with such values, a
statement reads the stored value of the cursor's row, and the page begins there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from ..crud.query import ListQuery, Order
from ..crud.scopes import Scope
from .comparing import is_moment
from .sort_columns import SortColumns
from .unreadable_values import MISFITS

__all__ = [
    "MAX_STATEMENTS",
    "ReadPlace",
    "StoredPlaces",
    "StoredValue",
    "identifying",
    "place_parameter",
    "place_parameters",
]

_Select = sa.Select[tuple[object, ...]]
_Type = sa.types.TypeEngine[object]
ReadPlace = Callable[[_Select, Mapping[str, object]], Sequence[object]]
"""A function from a statement and its parameters to its only row."""


MAX_STATEMENTS = 64
"""How many statements are kept for each model: clients choose the order."""
_REPLACED = "\ufffd"


class Hiding(Protocol):
    """The rows that a request may read."""

    def hides(self, mapper: Mapper[object], /) -> bool:
        """Return whether the request may not see every row of a model."""
        ...


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A sort key value as a row stores it, and not as the type of its column reads it.

    Attributes:
        value: The value; the bytes of a text of SQLite, which may not be UTF-8.
        is_text: Whether it is a text.
    """

    value: object
    is_text: bool


def place_parameter(name: str, kind: _Type, value: object) -> sa.ColumnElement[object]:
    """Return the parameter of a sort key value at which a window begins.

    Args:
        name: The name of the parameter.
        kind: The type of the parameters that the column is compared with.
        value: The value, or a stored one.
    """
    if not isinstance(value, StoredValue):
        return sa.bindparam(name, type_=kind)
    found: sa.ColumnElement[object] = sa.bindparam(name, type_=NullType())
    if not value.is_text:
        return found
    # PostgreSQL does not compare an enumeration with a text.
    is_enumeration = isinstance(_plain(kind), sa.Enum)
    return sa.cast(found, kind if is_enumeration else sa.Text())


def place_parameters(values: Sequence[object]) -> Iterator[tuple[str, object]]:
    """Yield the parameters ``key0``, ``key1``, ... of a place, by name."""
    for number, value in enumerate(values):
        yield f"key{number}", value.value if isinstance(value, StoredValue) else value


def identifying(
    mapper: Mapper[object], order: Sequence[Order], shared: Collection[str], begin: int = 0
) -> dict[str, sa.ColumnElement[object]]:
    """Return the attributes that identify the row of a cursor, with their parameters.

    Args:
        mapper: The mapper of the model.
        order: The sort keys with the parameters ``key0``, ``key1``, ..., the last of which is
            unique together with the other attributes of the item's key.
        shared: The attributes that all rows have in common, with the parameters ``scope_...``.
        begin: The number of the first parameter.
    """
    columns = mapper.columns
    found: dict[str, sa.ColumnElement[object]] = {
        name: sa.bindparam(f"scope_{name}", type_=columns[name].type)
        for name in shared
        if name in columns
    }
    for number, each in enumerate(order, begin):
        column = columns.get(each.name)
        is_last = each is order[-1]
        if column is not None and (is_last or column.primary_key or _may_be_key(column)):
            found[each.name] = sa.bindparam(f"key{number}", type_=column.type)
    return found


def _may_be_key(column: sa.ColumnElement[object]) -> bool:
    """Return whether a column may be a part of a composite key, which has no null."""
    is_nullable = getattr(column, "nullable", True)
    return not is_nullable and isinstance(column.type, (sa.Integer, sa.Uuid))


class _Raw(FunctionElement[object]):
    """The value of a column as SQLite stores it; a text as bytes."""

    inherit_cache = True
    type = cast("_Type", NullType())


class _IsText(FunctionElement[object]):
    """Whether a column has a text, in a row of SQLite."""

    inherit_cache = True
    type = cast("_Type", NullType())


@compiles(_Raw, "sqlite")
def _raw_sqlite(element: _Raw, compiler: SQLCompiler, **options: object) -> str:
    column = _inner(element, compiler, options)
    return f"CASE typeof({column}) WHEN 'text' THEN CAST({column} AS BLOB) ELSE {column} END"


@compiles(_Raw)
def _raw(element: _Raw, compiler: SQLCompiler, **options: object) -> str:
    return f"CAST({_inner(element, compiler, options)} AS TEXT)"


@compiles(_IsText, "sqlite")
def _is_text_sqlite(element: _IsText, compiler: SQLCompiler, **options: object) -> str:
    return f"(typeof({_inner(element, compiler, options)}) = 'text')"


@compiles(_IsText)
def _is_text(element: _IsText, compiler: SQLCompiler, **options: object) -> str:
    return "true"


def _inner(
    element: FunctionElement[object], compiler: SQLCompiler, options: Mapping[str, object]
) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


class StoredPlaces:
    """The reader of the stored values of one model's sort keys."""

    def __init__(self, mapper: Mapper[object], columns: SortColumns) -> None:
        """Make it of the model's mapper and its sort keys."""
        self._mapper = mapper
        self._columns = columns
        self._statements: dict[object, _Select] = {}

    def of_session(self, query: ListQuery, session: Session, access: Hiding | None) -> ListQuery:
        """Return the query that `placed` returns, read by a session."""
        if query.after is None and query.before is None:
            return query

        def read(statement: _Select, parameters: Mapping[str, object]) -> Sequence[object]:
            return session.execute(statement, parameters).one()

        dialect = session.get_bind().dialect.name
        return self.placed(query, dialect, read, access)

    def placed(
        self, query: ListQuery, dialect: str, read: ReadPlace, access: Hiding | None = None
    ) -> ListQuery:
        """Return a query whose window begins where the row of its cursor stands.

        Args:
            query: The query.
            dialect: The name of the dialect.
            read: A function that runs a statement.
            access: The rows that the request may read; hidden related rows sort as missing ones.
        """
        values = query.after if query.after is not None else query.before
        if values is None or not query.order:
            return query
        places = [*self._inexact(query.order, values, dialect, access)]
        if not places:
            return query
        made = self._stored(query, values, places, read)
        if query.after is None:
            return replace(query, before=made)
        return replace(query, after=made)

    def _stored(
        self, query: ListQuery, values: Sequence[object], places: Sequence[int], read: ReadPlace
    ) -> tuple[object, ...]:
        """Return the values of a place, some of them as its row stores them."""
        scope = Scope.of(query.scope).values
        shared = tuple(name for name, value in scope.items() if value is not None)
        statement = self._statement(query.order, tuple(places), shared)
        named = {f"scope_{name}": scope[name] for name in shared}
        found = iter(read(statement, named | dict(place_parameters(values))))
        made = list(values)
        for number in places:
            value, raw, is_text = next(found), next(found), next(found)
            # A row that has another value by now does not say where the page begins.
            if raw is not None and _is_same(value, values[number]):
                made[number] = StoredValue(raw, bool(is_text))
        return tuple(made)

    def _inexact(
        self,
        order: Sequence[Order],
        values: Sequence[object],
        dialect: str,
        access: Hiding | None,
    ) -> Iterator[int]:
        """Yield the places of values that the database may store otherwise."""
        is_exact = _is_exact_in_sqlite if dialect == "sqlite" else _is_exact
        for number, (each, value) in enumerate(zip(order[:-1], values, strict=False)):
            column = self._mapper.columns.get(each.name)
            if column is not None and column.primary_key:
                continue
            # SECURITY: a place must not tell anything of a related row that rules hide.
            related = (
                () if value is not None or access is None else self._columns.related(each.name)
            )
            is_hidden = access is not None and any(map(access.hides, related))
            if not is_hidden and not is_exact(self._columns.kind(each.name), value):
                yield number

    def _statement(
        self, order: Sequence[Order], places: tuple[int, ...], shared: tuple[str, ...]
    ) -> _Select:
        """Return the statement of three values for each place: as read, as stored, whether text."""
        shape = (tuple(order), places, shared)
        statement = self._statements.get(shape)
        if statement is None:
            same = identifying(self._mapper, order, shared)
            selected: list[sa.ColumnElement[object]] = []
            for number in places:
                column, row = self._columns.other(order[number].name, same)
                for each in (column, _Raw(column), _IsText(column)):
                    asked = row.with_only_columns(each, maintain_column_froms=True)
                    found: sa.ColumnElement[object] = asked.scalar_subquery()
                    selected.append(found.label(f"value{len(selected)}"))
            statement = cast("_Select", sa.select(*selected))
            if len(self._statements) < MAX_STATEMENTS:  # SECURITY: clients choose the order
                self._statements[shape] = statement
        return statement


def _is_exact(kind: _Type, value: object) -> bool:
    """Return whether PostgreSQL can store a value in one form only."""
    # NOTE: an enumeration of texts may have lost a member, which is read as null.
    return value is not None or not isinstance(_plain(kind), sa.Enum)


def _is_exact_in_sqlite(kind: _Type, value: object) -> bool:
    """Return whether SQLite can store a value of a type in one form only."""
    if is_moment(kind):
        return value is not None  # `stored_text` has the forms of a moment
    if isinstance(kind, sa.TypeDecorator):
        return False
    if isinstance(kind, sa.Enum):
        return value is not None
    if isinstance(kind, sa.String):
        return value is None or (type(value) is str and _REPLACED not in value)
    if isinstance(kind, (sa.Integer, sa.Float)):
        return value is None or type(value) in (int, float)
    return False


def _plain(kind: _Type) -> _Type:
    return kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind


def _is_same(value: object, other: object) -> bool:
    try:
        return bool(value == other)
    except MISFITS:  # a signaling NaN equals nothing
        return False
