"""Sort keys as columns: those of the model, and of related rows that a statement joins.

SECURITY: a related row that the caller may not see sorts as a missing one. The row rules of a
session hold in the joins, with the conditions by which other collections hide rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, QueryableAttribute, RelationshipProperty, aliased
from sqlalchemy.orm.util import AliasedClass

from ..crud.query import ListQuery, Order, Page
from .loading import Visible
from .subqueries import OWN_ALIAS
from .typed_columns import is_selected, typed_column

__all__ = ["SortColumns", "page_of_rows"]

_Clause = sa.ColumnElement[bool]
_Column = sa.ColumnElement[object]
_Entity = type[object] | AliasedClass[object]
_Select = sa.Select[tuple[object, ...]]
M = TypeVar("M")
S = TypeVar("S", bound=_Select)


class SortColumns:
    """The sort keys of one model, by the names of `Order`."""

    def __init__(self, mapper: Mapper[object]) -> None:
        """Make them of the model's mapper."""
        self._mapper = mapper
        self._aliases: dict[str, _Entity] = {"": mapper.class_}

    def attribute(self, name: str) -> QueryableAttribute[object]:
        """Return a sort key as statements name it."""
        path, _, last = name.rpartition(".")
        found: QueryableAttribute[object] = getattr(self._entity(path), last)
        return found

    def kind(self, name: str) -> sa.types.TypeEngine[object]:
        """Return the type of a sort key."""
        path, _, last = name.rpartition(".")
        column = typed_column(self._target(path), last)
        return cast("_Column", column).type  # start-up has refused what has no type

    def is_nullable(self, name: str) -> bool:
        """Return whether a sort key may be null: of a related row, it may be missing."""
        column = typed_column(self._mapper, name)
        return "." in name or bool(getattr(column, "nullable", True))

    def joined(self, statement: S, order: Iterable[Order], visible: Visible | None) -> S:
        """Return a statement with the related rows that an order needs, and their sort keys."""
        related = [each.name for each in order if "." in each.name]
        for path in _paths(related):
            above, _, name = path.rpartition(".")
            attribute: QueryableAttribute[object] = getattr(self._entity(above), name)
            attribute = attribute.of_type(self._entity(path))
            hidden = None if visible is None else visible(self._target(path))
            if hidden is not None:
                attribute = attribute.and_(self._on_alias(path, hidden))
            statement = statement.outerjoin(attribute)
        selected = self.selected(order)
        if selected:
            statement = statement.add_columns(*map(self.attribute, selected))  # type: ignore[assignment]  # rows get longer
        return statement

    def selected(self, order: Iterable[Order]) -> list[str]:
        """Return the sort keys whose values a statement reads beside the items, in order."""
        return [name for each in order if self.is_read_apart(name := each.name)]

    def is_read_apart(self, name: str) -> bool:
        """Return whether items lack the value of a sort key, as the database has it."""
        return "." in name or is_selected(self._mapper, name)

    def other(self, name: str, same: Mapping[str, _Column]) -> tuple[_Column, _Select]:
        """Return a sort key of another alias, and the statement that reads it for one item.

        Args:
            name: The sort key.
            same: The attributes that identify the item, with their values.
        """
        last = name.rpartition(".")[2]
        item: _Entity = aliased(self._mapper.class_, name=OWN_ALIAS)
        is_same = [getattr(item, each) == value for each, value in same.items()]
        entity = item
        steps: list[QueryableAttribute[object]] = []
        for step in _paths([name]):
            following = aliased(self._target(step).class_)
            attribute: QueryableAttribute[object] = getattr(entity, step.rpartition(".")[2])
            steps.append(attribute.of_type(following))
            entity = following
        column: _Column = getattr(entity, last)
        statement = sa.select(column).select_from(item).where(*is_same)
        for each in steps:
            statement = statement.join(each)
        return column, cast("_Select", statement)

    def related(self, name: str) -> Iterator[Mapper[object]]:
        """Yield the mappers of the related rows on the way to a sort key."""
        for path in _paths([name]):
            yield self._target(path)

    def _entity(self, path: str) -> _Entity:
        """Return the model or the alias of a path, always the same one."""
        found = self._aliases.get(path)
        if found is None:
            found = self._aliases.setdefault(path, aliased(self._target(path).class_))
        return found

    def _target(self, path: str) -> Mapper[object]:
        mapper = self._mapper
        for name in filter(None, path.split(".")):
            relation: RelationshipProperty[object] = mapper.relationships[name]
            mapper = relation.mapper
        return mapper

    def _on_alias(self, path: str, condition: _Clause) -> _Clause:
        """Return a condition on the class of a path as one on its alias."""
        target = self._target(path)
        names = [target.get_property_by_column(each).key for each in target.primary_key]
        keys = sa.select(*(getattr(target.class_, name) for name in names)).where(condition)
        own = sa.tuple_(*(getattr(self._entity(path), name) for name in names))
        return own.in_(keys.correlate(None))


def _paths(names: Iterable[str]) -> list[str]:
    """Return the paths of the relations in names, the nearer ones first, each once."""
    found: dict[str, None] = {}
    for name in names:
        steps = name.split(".")[:-1]
        for length in range(1, len(steps) + 1):
            found[".".join(steps[:length])] = None
    return list(found)


def page_of_rows(rows: Sequence[M], query: ListQuery, selected: Collection[str] = ()) -> Page[M]:
    """Return a page, without a total, of fetched rows: one more than its limit if there are more.

    Args:
        rows: The items. With selected sort keys: the item, then those sort keys.
        query: The query.
        selected: The sort keys that `SortColumns.selected` returns.
    """
    has_more = query.limit is not None and len(rows) > query.limit
    found = list(rows[: query.limit] if has_more else rows)
    backwards = query.before is not None
    if backwards:
        found.reverse()
    page = Page(found, backwards or has_more, has_more if backwards else query.after is not None)
    if not selected:
        return page
    items, ends = _split(cast("list[list[M]]", found), query.order, selected)
    return replace(page, items=items, ends=ends)


def _split(
    rows: Sequence[Sequence[M]], order: Sequence[Order], selected: Collection[str]
) -> tuple[list[M], list[tuple[object, ...]]]:
    """Return the items of rows, and the sort key values of the first and the last one.

    Args:
        rows: The rows of a statement with `SortColumns.joined`: the item, then the sort keys.
        order: The order.
        selected: The sort keys in the rows.
    """
    items = [row[0] for row in rows]
    ends = [rows[0], rows[-1]] if rows else []
    return items, [tuple(_values(row, order, selected)) for row in ends]


def _values(
    row: Sequence[object], order: Sequence[Order], selected: Collection[str]
) -> Iterator[object]:
    """Yield the sort key values of a row."""
    read = iter(row[1:])
    for each in order:
        yield next(read) if each.name in selected else getattr(row[0], each.name)
