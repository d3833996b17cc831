"""List queries as SELECT statements: conditions, windows, loaded relations.

Each shape of query has one statement with parameters, so that SQLAlchemy compiles it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, load_only, undefer
from sqlalchemy.sql.base import ExecutableOption

from ..crud.query import Condition, ListQuery
from ..crud.scopes import Scope
from .conditions import compared, compared_value, scoped_column
from .keysets import WHOLE, Keysets, Part
from .loading import Visible, loader_options
from .polymorphism import known_kinds, known_related, subclass_options
from .related_conditions import related_clauses
from .sort_columns import SortColumns
from .stored_places import StoredPlaces, StoredValue, place_parameters
from .unknown_kinds import UnknownKinds

__all__ = ["Selecting", "Visible"]

_MAX_SHAPES = 256
_Clause = sa.ColumnElement[bool]
_Select = sa.Select[Any]
_Bound = tuple[_Select, dict[str, Any]]
_Named = tuple[str, Condition]


class Selecting:
    """The maker of the SELECT statements of one model.

    Attributes:
        key: The attribute that identifies an item.
        live: The condition of rows that are not soft-deleted; None without soft deletion.
        searches: Functions from words to the condition of a full-text search, by name.
        places: The reader of where cursors stand in an order.
        unknown_kinds: The log of rows that no class of the program can have; None without kinds.
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
        self._sort_columns = SortColumns(mapper)
        self._keysets = Keysets(mapper, self._sort_columns)
        self.places = StoredPlaces(mapper, self._sort_columns)
        self._known = known_kinds(mapper)
        self.unknown_kinds = UnknownKinds.of(mapper)
        self._known_related = known_related(mapper)
        self._deferred = [each.key for each in mapper.column_attrs if each.deferred]
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
    ) -> _Bound:
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
        if visible is not None and (query.expand or query.is_related):
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
            parameters.update(place_parameters(values or ()))
        return statement, parameters

    def _keep(self, shape: object, statement: _Select, query: ListQuery) -> None:
        """Cache a statement. Shapes that clients choose must not keep the default one out."""
        is_default = not query.conditions and not query.expand and query.fields is None
        if is_default or len(self._statements) < _MAX_SHAPES:
            self._statements[shape] = statement

    def selected(self, query: ListQuery) -> Sequence[str]:
        """Return the sort keys that the rows of a page have beside the items."""
        return self._sort_columns.selected(query.order)

    def count(self, query: ListQuery, visible: Visible | None = None) -> _Bound:
        """Return the statement that counts the items of all pages, and its parameters."""
        return self.restricted(sa.select(sa.func.count()).select_from(self._model), query, visible)

    def restricted(
        self, statement: _Select, query: ListQuery, visible: Visible | None = None
    ) -> _Bound:
        """Return a statement with the conditions of a query, and its parameters."""
        return statement.where(*self._where(query, visible)), dict(_parameters(query))

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
            if self._known is not None:
                statement = statement.where(self._known)
            if lock:
                statement = self._locked(statement)
            if is_fixed:
                self._statements[shape] = statement
        return statement

    def _build_statement(
        self, query: ListQuery, part: Part, visible: Visible | None = None
    ) -> _Select:
        statement = self._select(query).where(*self._where(query, visible))
        backwards = query.before is not None
        order = list(query.order)
        if backwards:
            order = [each.reversed for each in order]
        edge = query.before if backwards else query.after
        scope = Scope.of(query.scope).values.items()
        shared = [name for name, value in scope if value is not None]
        window = self._keysets.condition(order, edge, part, shared)
        if window is not None:
            statement = statement.where(window)
        statement = self._sort_columns.joined(statement, query.order, visible)
        statement = statement.order_by(*self._keysets.ordered(order, part)).options(
            *self._options(query.expand, visible)
        )
        if query.lock:
            statement = self._locked(statement)
        if query.limit is not None:
            statement = statement.limit(sa.bindparam("limit", type_=sa.Integer))
        if query.offset:
            statement = statement.offset(sa.bindparam("offset", type_=sa.Integer))
        return statement

    def _locked(self, statement: _Select) -> _Select:
        locked = statement.with_for_update(of=self._model)
        return locked.execution_options(populate_existing=True)

    def _select(self, query: ListQuery | None) -> _Select:
        """Return the statement of all items, with the columns that a query needs."""
        statement = sa.select(self._model)
        options = subclass_options(self._mapper) if query is None else self._columns(query)
        return statement.options(*options, *self._known_related)

    def _columns(self, query: ListQuery) -> Iterator[ExecutableOption]:
        """Yield the loader options of columns: all that the response reads, in one statement."""
        columns = self._mapper.column_attrs.keys()
        yield from self._subclass_columns(query)
        if query.fields is None:
            yield from (
                undefer(self._column(name)) for name in self._deferred if name in query.dumped
            )
            return
        # A hybrid or a property reads columns that are not known here.
        if all(name in columns or name in self._mapper.relationships for name in query.fields):
            needed = {*query.fields, self.key, *(each.name for each in query.order)}
            yield load_only(*map(self._column, sorted(needed & {*columns})))

    def _subclass_columns(self, query: ListQuery) -> Iterator[ExecutableOption]:
        """Yield the loader options of the columns of subclasses, which the items may have."""
        if len(self._mapper.self_and_descendants) > 1:
            read = query.dumped if query.fields is None else query.fields
            if any(name not in self._mapper.attrs for name in read):
                yield from subclass_options(self._mapper, read)

    def _column(self, name: str) -> Any:
        return getattr(self._model, name)

    def _scoped(self, scope: Mapping[str, object]) -> Iterator[_Clause]:
        for name, value in scope.items():
            column = scoped_column(self._model, name)
            if value is None:
                yield column.is_(None)
            else:
                yield column == sa.bindparam(f"scope_{name}", type_=column.type)

    def _where(self, query: ListQuery, visible: Visible | None) -> Iterator[_Clause]:
        if self.live is not None:
            yield self.live
        if self._known is not None:
            yield self._known
        yield from self._scoped(Scope.of(query.scope).values)
        yield from self._all(_named(query.conditions), visible)

    def _all(self, conditions: Iterable[_Named], visible: Visible | None) -> Iterator[_Clause]:
        """Yield conditions, each with the name of its parameter; those of one relation as one."""
        related: list[Condition] = []
        for parameter, condition in conditions:
            if condition.operator == "or":
                each = (
                    self._all([named], visible)
                    for named in _named(condition.value, f"{parameter}_")
                )
                yield sa.or_(sa.false(), *chain.from_iterable(each))
            elif condition.operator == "any":
                related.append(condition)
            elif condition.is_related:
                made = partial(sa.bindparam, parameter)
                related.append(Condition(condition.name, condition.operator, made))
            else:
                yield self._condition(condition, parameter)
        yield from related_clauses(self._mapper, related, visible)

    def _condition(self, condition: Condition, parameter: str) -> _Clause:
        if condition.operator == "search":
            clause: _Clause = self.searches[condition.name](
                sa.bindparam(parameter, type_=sa.String)
            )
            return clause
        column = self._column(condition.name)
        return compared(column, condition.operator, partial(sa.bindparam, parameter))

    # relations

    def _options(
        self, expand: Sequence[str], visible: Visible | None = None
    ) -> Iterator[ExecutableOption]:
        """Return the loader options of relations: ``author``, ``author.publisher``."""
        return loader_options(self._mapper, expand, visible)


def _parameters(query: ListQuery) -> Iterator[tuple[str, object]]:
    for name, value in Scope.of(query.scope).values.items():
        yield f"scope_{name}", value
    yield from _values(_named(query.conditions))


def _named(conditions: Iterable[Condition], prefix: str = "value") -> Iterator[_Named]:
    """Yield conditions with the names of their parameters."""
    for index, condition in enumerate(conditions):
        yield f"{prefix}{index}", condition


def _values(conditions: Iterable[_Named]) -> Iterator[tuple[str, object]]:
    """Yield the parameters of conditions; the value of ``any`` is a part of the statement."""
    for parameter, condition in conditions:
        if condition.operator == "or":
            yield from _values(_named(condition.value, f"{parameter}_"))
        elif condition.operator != "any":
            yield parameter, compared_value(condition)


def _scope_shape(scope: Mapping[str, object]) -> tuple[tuple[str, bool], ...]:
    return tuple((name, value is None) for name, value in scope.items())


def _condition_shape(condition: Condition) -> tuple[object, ...]:
    if condition.operator == "or":
        return "or", *map(_condition_shape, condition.value)
    value = condition.value if condition.operator == "any" else None
    return condition.name, condition.operator, value


def _form(value: object) -> object:
    """Return the form of a sort key value where a window begins; the statement depends on it."""
    if isinstance(value, StoredValue):
        return "text" if value.is_text else "stored"
    return value is None


def _shape(query: ListQuery, values: Sequence[Any] | None) -> tuple[object, ...]:
    """Return everything of a query that its statement depends on."""
    conditions = tuple(map(_condition_shape, query.conditions))
    nulls = tuple(map(_form, values or ()))
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
        query.dumped,
        query.lock,
    )
