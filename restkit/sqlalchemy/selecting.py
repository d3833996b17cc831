"""List queries as SELECT statements: conditions, windows, loaded relations.

Each shape of query has one statement with parameters, so that SQLAlchemy compiles it once.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper, load_only
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.functions import FunctionElement

from ..crud.query import Condition, ListQuery
from ..crud.scopes import Scope
from ..errors import DeclarationError
from .comparing import comparisons_of, parameter_type
from .keysets import WHOLE, Keysets, Part
from .loading import Visible, loader_options

__all__ = ["Selecting", "Visible", "condition_of", "scoped_column"]

_MAX_SHAPES = 256
_Clause = sa.ColumnElement[bool]
_Select = sa.Select[Any]


class Selecting:
    """The maker of the SELECT statements of one model.

    Attributes:
        key: The attribute that identifies an item.
        live: The condition of rows that are not soft-deleted; None without soft deletion.
        searches: Functions from words to the condition of a full-text search, by name.
    """

    def __init__(
        self, mapper: Mapper[object], key: str, live: _Clause | None, searches: dict[str, Any]
    ) -> None:
        """Make the maker of a model's mapper and of the attributes described above."""
        self._mapper = mapper
        self._model = mapper.class_
        self.key = key
        self.live = live
        self.searches = searches
        self._keysets = Keysets(mapper)
        self._statements: dict[object, _Select] = {}

    def parts(self, query: ListQuery) -> Sequence[Part]:
        """Return the parts of a page in order; each is read if the earlier ones are short."""
        return self._keysets.parts(query)

    def page(
        self,
        query: ListQuery,
        part: Part = WHOLE,
        found: int = 0,
        visible: Visible | None = None,
    ) -> tuple[_Select, dict[str, Any]]:
        """Return the statement of a page, or of a part of it, and its parameters.

        The statement reads one row more than the page has, to know whether there is a next page.

        Args:
            query: The query.
            part: The part of the page's window.
            found: The number of rows in the earlier parts.
            visible: The conditions on related rows, which differ between requests.
        """
        values = query.after if query.after is not None else query.before
        shape = (_shape(query, values), part)
        if visible is not None and query.expand:
            statement: _Select | None = self._build_statement(query, part, visible)
        else:
            statement = self._statements.get(shape)
        if statement is None:
            statement = self._build_statement(query, part)
            self._keep(shape, statement, query)
        parameters = dict(_parameters(query))
        if query.limit is not None:
            parameters["limit"] = query.limit + 1 - found
        if query.offset:
            parameters["offset"] = query.offset
        if part.placed:
            for index, value in enumerate(values or ()):
                parameters[f"key{index}"] = value
        return statement, parameters

    def _keep(self, shape: object, statement: _Select, query: ListQuery) -> None:
        """Cache a statement. Shapes that clients choose must not keep the default one out."""
        is_default = not query.conditions and not query.expand and query.fields is None
        if is_default or len(self._statements) < _MAX_SHAPES:
            self._statements[shape] = statement

    def count(self, query: ListQuery) -> tuple[_Select, dict[str, Any]]:
        """Return the statement that counts the items of all pages, and its parameters."""
        statement = sa.select(sa.func.count()).select_from(self._model)
        return statement.where(*self._where(query)), dict(_parameters(query))

    def one(
        self,
        *,
        scope: Mapping[str, object],
        lock: bool,
        expand: Sequence[str],
        removed: bool,
        visible: Visible | None = None,
    ) -> _Select:
        """Return the statement of one item, with the parameters ``key`` and ``scope_...``."""
        shape = (_scope_shape(scope), lock, tuple(expand), removed)
        is_fixed = visible is None or not expand
        statement = self._statements.get(shape) if is_fixed else None
        if statement is None:
            column = self._column(self.key)
            statement = self._select(None).where(column == sa.bindparam("key", type_=column.type))
            statement = statement.where(*self._scoped(scope)).options(
                *self._options(expand, visible)
            )
            if self.live is not None:
                statement = statement.where(sa.not_(self.live) if removed else self.live)
            if lock:
                statement = statement.with_for_update(of=self._model).execution_options(
                    populate_existing=True
                )
            if is_fixed:
                self._statements[shape] = statement
        return statement

    def _build_statement(
        self, query: ListQuery, part: Part, visible: Visible | None = None
    ) -> _Select:
        statement = self._select(query).where(*self._where(query))
        backwards = query.before is not None
        order = list(query.order)
        if backwards:
            order = [each.reversed for each in order]
        window = self._keysets.condition(order, query.before if backwards else query.after, part)
        if window is not None:
            statement = statement.where(window)
        statement = statement.order_by(*self._keysets.ordered(order, part)).options(
            *self._options(query.expand, visible)
        )
        if query.limit is not None:
            statement = statement.limit(sa.bindparam("limit", type_=sa.Integer))
        if query.offset:
            statement = statement.offset(sa.bindparam("offset", type_=sa.Integer))
        return statement

    def _select(self, query: ListQuery | None) -> _Select:
        """Return the statement of all items, with the columns that a query needs."""
        statement = sa.select(self._model)
        if query is None or query.fields is None:
            return statement
        needed = {*query.fields, self.key, *(each.name for each in query.order)}
        names = sorted(needed & set(self._mapper.column_attrs.keys()))
        return statement.options(load_only(*map(self._column, names)))

    def _column(self, name: str) -> Any:
        return getattr(self._model, name)

    def _scoped(self, scope: Mapping[str, object]) -> Iterator[_Clause]:
        for name, value in scope.items():
            column = scoped_column(self._model, name)
            if value is None:
                yield column.is_(None)
            else:
                yield column == sa.bindparam(f"scope_{name}", type_=column.type)

    def _where(self, query: ListQuery) -> Iterator[_Clause]:
        if self.live is not None:
            yield self.live
        yield from self._scoped(Scope.of(query.scope).values)
        for index, condition in enumerate(query.conditions):
            yield self._condition(condition, f"value{index}")

    def _condition(self, condition: Condition, parameter: str) -> _Clause:
        if condition.operator == "search":
            clause: _Clause = self.searches[condition.name](
                sa.bindparam(parameter, type_=sa.String)
            )
            return clause
        column = self._column(condition.name)
        several = condition.operator == "in"
        kind = _PARAMETERS.get(condition.operator, parameter_type(column.type))
        compare = comparisons_of(column.type).get(condition.operator, _COMPARED[condition.operator])
        compared: _Clause = compare(column, sa.bindparam(parameter, expanding=several, type_=kind))
        return compared

    # relations

    def _options(
        self, expand: Sequence[str], visible: Visible | None = None
    ) -> Iterator[ExecutableOption]:
        """Return the loader options of relations: ``author``, ``author.publisher``."""
        return loader_options(self._mapper, expand, visible)


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
    if isinstance(column.type, sa.JSON):  # it stores None as JSON null, unless none_as_null is set
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


def scoped_column(model: type, name: str) -> Any:
    """Return the attribute of a model that a scope or row rule names.

    Raises:
        DeclarationError: The model has no such attribute.
    """
    column = getattr(model, name, None)
    if column is None:
        raise DeclarationError(
            f"A scope or row rule names {name!r}, which {model.__qualname__} does not have."
        )
    return column


def condition_of(model: type, condition: Condition) -> _Clause:
    """Return a condition of a scope or row rule, with its value in it."""
    column = scoped_column(model, condition.name)
    several = condition.operator == "in"
    kind = _PARAMETERS.get(condition.operator, parameter_type(column.type))
    value = sa.bindparam(None, _compared_value(condition), expanding=several, type_=kind)
    compare = comparisons_of(column.type).get(condition.operator, _COMPARED[condition.operator])
    compared: _Clause = compare(column, value)
    return compared


def _compared_value(condition: Condition) -> Any:
    """Return the value of a condition as the statement compares it."""
    value = condition.value
    if condition.operator in ("contains", "startswith"):
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%" if condition.operator == "contains" else f"{escaped}%"
    return json.dumps(value) if condition.operator == "has" else value


def _parameters(query: ListQuery) -> Iterator[tuple[str, Any]]:
    for name, value in Scope.of(query.scope).values.items():
        yield f"scope_{name}", value
    for index, condition in enumerate(query.conditions):
        yield f"value{index}", _compared_value(condition)


def _scope_shape(scope: Mapping[str, object]) -> tuple[tuple[str, bool], ...]:
    return tuple((name, value is None) for name, value in scope.items())


def _shape(query: ListQuery, values: Sequence[Any] | None) -> tuple[object, ...]:
    """Return everything of a query that its statement depends on."""
    conditions = tuple((each.name, each.operator) for each in query.conditions)
    nulls = tuple(value is None for value in values or ())
    return (
        conditions,
        query.order,
        query.before is not None,
        values is None,
        nulls,
        query.limit is not None,
        bool(query.offset),
        query.expand,
        query.fields,
        _scope_shape(Scope.of(query.scope).values),
    )
