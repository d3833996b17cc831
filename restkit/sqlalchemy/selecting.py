"""List queries as SELECT statements: conditions, windows, and what is loaded along.

A statement is made once for each shape of query, with its values as parameters, so that SQLAlchemy compiles it once.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper, joinedload, load_only, selectinload
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.functions import FunctionElement

from ..crud.query import Condition, ListQuery
from .keysets import WHOLE, Keysets, Part

__all__ = ["Selecting"]

_MAX_SHAPES = 256
_Clause = sa.ColumnElement[bool]


class Selecting:
    """Makes the SELECT statements of one model."""

    def __init__(
        self, mapper: Mapper[Any], key: str, live: _Clause | None, searches: dict[str, Any]
    ) -> None:
        """Make it.

        Args:
            mapper: The model's.
            key: The attribute that names an item.
            live: What holds of rows that are not removed softly, None where rows are removed for good.
            searches: By name, what makes a condition of the words of a full-text search.
        """
        self._mapper = mapper
        self._model = mapper.class_
        self._key = key
        self._live = live
        self._searches = searches
        self._keysets = Keysets(mapper)
        self._statements: dict[Any, sa.Select[Any]] = {}

    def parts(self, query: ListQuery) -> Sequence[Part]:
        """Return the parts of a page; the next one is asked for where the ones before do not fill it."""
        return self._keysets.parts(query)

    def page(
        self, query: ListQuery, part: Part = WHOLE, found: int = 0
    ) -> tuple[sa.Select[Any], dict[str, Any]]:
        """Return the statement of a page, or of a part of it, and its parameters.

        Args:
            query: What is asked for; one row more than the page has tells whether there is another one.
            part: Of the page's window.
            found: How many rows the parts before it had.
        """
        values = query.after if query.after is not None else query.before
        shape = (
            tuple((each.name, each.operator) for each in query.conditions),
            query.order,
            query.before is not None,
            values is not None and tuple(value is None for value in values),
            query.limit is not None,
            bool(query.offset),
            query.expand,
            query.fields,
            tuple(query.scope),
            part,
        )
        statement = self._statements.get(shape)
        if statement is None:
            statement = self._made(query, part)
            if len(self._statements) < _MAX_SHAPES:  # SECURITY: clients choose the keys
                self._statements[shape] = statement
        parameters = dict(_parameters(query))
        if query.limit is not None:
            parameters["limit"] = query.limit + 1 - found
        if query.offset:
            parameters["offset"] = query.offset
        if part.placed:
            for index, value in enumerate(values or ()):
                parameters[f"key{index}"] = value
        return statement, parameters

    def count(self, query: ListQuery) -> tuple[sa.Select[Any], dict[str, Any]]:
        """Return the statement that counts all pages, and its parameters."""
        statement = sa.select(sa.func.count()).select_from(self._model)
        return statement.where(*self._where(query)), dict(_parameters(query))

    def one(
        self, *, scope: Sequence[str], lock: bool, expand: Sequence[str], removed: bool
    ) -> sa.Select[Any]:
        """Return the statement of one item by its key, with the parameters ``key`` and ``scope_...``."""
        shape = (tuple(scope), lock, tuple(expand), removed)
        statement = self._statements.get(shape)
        if statement is None:
            column = self._column(self._key)
            statement = sa.select(self._model).where(
                column == sa.bindparam("key", type_=column.type)
            )
            statement = statement.where(*(self._scoped(name) for name in scope)).options(
                *self._options(expand)
            )
            if self._live is not None:
                statement = statement.where(sa.not_(self._live) if removed else self._live)
            if lock:
                statement = statement.with_for_update(of=self._model).execution_options(
                    populate_existing=True
                )
            self._statements[shape] = statement
        return statement

    def _made(self, query: ListQuery, part: Part) -> sa.Select[Any]:
        statement = sa.select(self._model).where(*self._where(query))
        backwards = query.before is not None
        order = [each.reversed for each in query.order] if backwards else list(query.order)
        window = self._keysets.condition(order, query.before if backwards else query.after, part)
        if window is not None:
            statement = statement.where(window)
        statement = statement.order_by(*self._keysets.ordered(order, part)).options(
            *self._options(query.expand)
        )
        if query.fields is not None:
            needed = {*query.fields, self._key, *(each.name for each in query.order)} & set(
                self._mapper.column_attrs.keys()
            )
            statement = statement.options(
                load_only(*(getattr(self._model, name) for name in sorted(needed)))
            )
        if query.limit is not None:
            statement = statement.limit(sa.bindparam("limit", type_=sa.Integer))
        if query.offset:
            statement = statement.offset(sa.bindparam("offset", type_=sa.Integer))
        return statement

    def _column(self, name: str) -> Any:
        return getattr(self._model, name)

    def _scoped(self, name: str) -> _Clause:
        column = self._column(name)
        clause: _Clause = column == sa.bindparam(f"scope_{name}", type_=column.type)
        return clause

    def _where(self, query: ListQuery) -> Iterator[_Clause]:
        if self._live is not None:
            yield self._live
        for name in query.scope:
            yield self._scoped(name)
        for index, condition in enumerate(query.conditions):
            yield self._condition(condition, f"value{index}")

    def _condition(self, condition: Condition, parameter: str) -> _Clause:
        if condition.operator == "search":
            clause: _Clause = self._searches[condition.name](
                sa.bindparam(parameter, type_=sa.String)
            )
            return clause
        column = self._column(condition.name)
        several = condition.operator == "in"
        kind = _PARAMETERS.get(condition.operator, column.type)
        compared: _Clause = _COMPARED[condition.operator](
            column, sa.bindparam(parameter, expanding=several, type_=kind)
        )
        return compared

    # what is loaded along

    def _options(self, expand: Sequence[str]) -> Iterator[ExecutableOption]:
        """Yield how relations are loaded with the items: ``author``, ``author.publisher``."""
        for path in expand:
            mapper: Mapper[Any] = self._mapper
            option: Any = None
            for name in path.split("."):
                if name not in mapper.relationships:
                    break  # a schema may nest what is no relation: a mapping in a column, a property
                relation = mapper.relationships[name]
                attribute = getattr(mapper.class_, name)
                load = selectinload if relation.uselist else joinedload
                if option is None:
                    option = load(attribute)
                else:
                    option = (
                        option.selectinload(attribute)
                        if relation.uselist
                        else option.joinedload(attribute)
                    )
                mapper = relation.mapper
            if option is not None:
                yield option


_PARAMETERS: dict[str, Any] = {
    "contains": sa.String,
    "startswith": sa.String,
    "null": sa.Boolean,
    "has": sa.String,
}


class _HasAll(FunctionElement[bool]):
    """Is whether a JSON array has all items of another one, which is a parameter: one statement for any number."""

    inherit_cache = True
    name = "has_all"
    type = sa.Boolean()


@compiles(_HasAll, "sqlite")
def _has_all_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    array, wanted = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"NOT EXISTS (SELECT 1 FROM json_each({wanted}) AS wanted WHERE NOT EXISTS "  # noqa: S608  # SQLAlchemy's own
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


def _differs(column: Any, value: Any) -> Any:
    return column.is_distinct_from(value)  # unlike <>, also where the column is null


def _is_null(column: Any, value: Any) -> Any:
    if isinstance(
        column.type, sa.JSON
    ):  # which keeps None as the null of JSON, unless none_as_null is set
        return (sa.func.coalesce(sa.cast(column, sa.Text), "null") == "null") == value
    return column.is_(None) == value


_COMPARED: dict[str, Any] = {
    "eq": operator.eq,
    "ne": _differs,
    "in": _in,
    "null": _is_null,
    "contains": _like,
    "startswith": _like,
    "has": _HasAll,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def _parameters(query: ListQuery) -> Iterator[tuple[str, Any]]:
    for name, value in query.scope.items():
        yield f"scope_{name}", value
    for index, condition in enumerate(query.conditions):
        value = condition.value
        if condition.operator in ("contains", "startswith"):
            escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            value = f"%{escaped}%" if condition.operator == "contains" else f"{escaped}%"
        elif condition.operator == "has":
            value = json.dumps(value)
        yield f"value{index}", value
