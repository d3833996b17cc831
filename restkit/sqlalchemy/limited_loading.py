"""Related rows with a limit for each item: one statement for all items, with a window function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipProperty, Session, aliased, lazyload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import ORMOption

from ..crud.expansions import RelationPath, limits_of
from ..errors import DeclarationError
from .loading import (
    LARGE,
    Visible,
    below,
    keep_large,
    large_relations,
    load_large,
    loader_options,
    nested_large,
    owners,
)
from .polymorphism import known_related
from .subqueries import OWN_ALIAS

__all__ = ["load_afterwards", "loads_afterwards"]

M = TypeVar("M")
_Relation = RelationshipProperty[object]
_Key = tuple[object, ...]
_Column = sa.ColumnElement[object]


def loads_afterwards(mapper: Mapper[M], expand: Sequence[str]) -> bool:
    """Return whether `load_afterwards` loads one of some relations."""
    return bool(expand) and bool(limits_of(expand) or large_relations(mapper, expand))


def load_afterwards(
    session: Session,
    mapper: Mapper[M],
    items: Sequence[M],
    expand: Sequence[str],
    visible: Visible | None,
) -> None:
    """Load those relations into items that no loader option of their statement has loaded."""
    if items and loads_afterwards(mapper, expand):
        load_large(session, mapper, items, expand, visible)
        _load_limited(session, mapper, items, expand, visible)


def _load_limited(
    session: Session,
    mapper: Mapper[M],
    items: Sequence[object],
    expand: Sequence[str],
    visible: Visible | None,
    above: str = "",
) -> None:
    """Load the relations that have a limit into items, and those of their related rows.

    Each relation is one statement for all items.

    Args:
        session: The session of the items.
        mapper: The mapper of the items.
        items: The items, without those that are hidden.
        expand: The relations; nested ones come after the relation that they begin with.
        visible: The conditions on related rows.
        above: The path of the items themselves, for messages.
    """
    limits = limits_of(expand)
    for name in dict.fromkeys(path.partition(".")[0] for path in expand):
        rest, path = below(name, expand), limits.get(name)
        if path is None and not limits_of(rest):
            continue
        for owner, relation, own in _having(mapper, name, items):
            if above and relation.lazy in LARGE:
                raise DeclarationError(nested_large(owner, relation, f"{above}.{name}"))
            rows = _Loading(session, owner, relation, visible).load(own, path, rest)
            _load_limited(session, relation.mapper, rows, rest, visible, name)


def _having(
    mapper: Mapper[M], name: str, items: Sequence[object]
) -> Iterator[tuple[Mapper[object], _Relation, Sequence[object]]]:
    """Yield the mappers that have a relation, with their items: subclasses may have it."""
    for owner in owners(mapper, name):
        own = [item for item in items if isinstance(item, owner.class_)]
        relation = owner.relationships.get(name)
        if own and relation is not None:
            yield owner, relation, own


def _distinct(found: Iterable[object]) -> list[object]:
    """Return related rows, or the members of related lists, each once."""
    rows: dict[int, object] = {}
    for each in found:
        members = each if isinstance(each, (list, tuple, set)) else (each,)
        rows |= {id(row): row for row in members if row is not None}
    return list(rows.values())


class _Loading:
    """The loading of one relation to several rows."""

    def __init__(
        self,
        session: Session,
        owner: Mapper[object],
        relation: _Relation,
        visible: Visible | None,
    ) -> None:
        self._session = session
        self._relation = relation
        self._visible = visible
        self._owner = owner
        self._parent = aliased(owner.class_, name=OWN_ALIAS)
        self._keys = [owner.get_property_by_column(each).key for each in owner.primary_key]

    def load(
        self, items: Sequence[object], path: RelationPath | None, rest: Sequence[str]
    ) -> list[object]:
        """Set the relation of items, and return all rows.

        Args:
            items: The items.
            path: The relation with its bounds; None if it is loaded already.
            rest: The relations to load with the rows.
        """
        if path is None or not self._relation.uselist:
            return _distinct(getattr(item, self._relation.key) for item in items)
        found: dict[_Key, dict[int, object]] = {self._key_of(item): {} for item in items}
        options = loader_options(self._relation.mapper, rest, self._visible)
        statement = self._statement(list(found), path).options(*options, *self._left_out(rest))
        statement = statement.options(*known_related(self._owner))
        for row in self._session.execute(statement).unique():
            found[tuple(row[1:])][id(row[0])] = row[0]
        for item in items:
            self._set(item, list(found[self._key_of(item)].values()))
        return _distinct(row for rows in found.values() for row in rows.values())

    def _set(self, item: object, rows: list[object]) -> None:
        if self._relation.lazy in LARGE:
            keep_large(item, self._relation.key, rows)
        else:
            set_committed_value(item, self._relation.key, self._collected(rows))

    def _left_out(self, rest: Sequence[str]) -> Iterator[ORMOption]:
        """Yield options for relations of the rows that a model loads by a statement a row."""
        loaded = {path.partition(".")[0] for path in rest}
        for relation in self._relation.mapper.relationships:
            if relation.lazy == "immediate" and relation.key not in loaded:
                yield lazyload(getattr(self._relation.mapper.class_, relation.key))

    def _key_of(self, item: object) -> _Key:
        return tuple(getattr(item, name) for name in self._keys)

    def _collected(self, rows: list[object]) -> object:
        """Return rows as the class of the relation's collection takes them."""
        kind = self._relation.collection_class
        return set(rows) if kind is set else rows

    def _statement(self, keys: Sequence[_Key], path: RelationPath) -> sa.Select[_Key]:
        """Return the statement of the rows, each with the key of its item."""
        columns, target = self._columns(), self._relation.mapper
        names = [target.get_property_by_column(each).key for each in target.primary_key]
        own = [getattr(target.class_, name) for name in names]
        place = sa.func.row_number().over(
            partition_by=columns, order_by=list(self._order(path, own))
        )
        numbered = sa.select(
            *_labelled(columns, "item"), *_labelled(own, "row"), place.label("place")
        )
        numbered = numbered.select_from(self._parent)
        numbered = numbered.join(getattr(self._parent, self._relation.key))
        numbered = numbered.where(sa.tuple_(*columns).in_(keys))
        condition = None if self._visible is None else self._visible(target)
        if condition is not None:
            numbered = numbered.where(condition)
        places = numbered.subquery()
        same = (each == places.c[f"row{index}"] for index, each in enumerate(own))
        items = (places.c[f"item{index}"] for index in range(len(columns)))
        found = sa.select(self._relation.entity, *items).join(places, sa.and_(*same))
        found = found.where(places.c.place <= path.limit).order_by(places.c.place)
        return cast("sa.Select[_Key]", found)

    def _columns(self) -> list[_Column]:
        """Return the columns of the key of the items."""
        return [getattr(self._parent, name) for name in self._keys]

    def _order(self, path: RelationPath, key: Sequence[_Column]) -> Iterator[_Column]:
        """Yield the sort keys of the rows; None is the greatest value, as in lists."""
        for each in path.order:
            column = getattr(self._relation.mapper.class_, each.name)
            yield column.desc().nulls_first() if each.descending else column.asc().nulls_last()
        if not path.order:
            yield from self._relation.order_by or ()
        yield from key


def _labelled(columns: Sequence[_Column], label: str) -> Iterator[sa.Label[object]]:
    return (each.label(f"{label}{index}") for index, each in enumerate(columns))
