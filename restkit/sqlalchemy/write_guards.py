"""Rows that the content of one collection changes, under the write rules of their collections."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.util import IdentitySet

from ..crud.scopes import Clause
from ..crud.write_rules import ProtectedRow
from .scopes import expression_of

__all__ = ["Scoped", "WriteGuard", "changeable", "guarded_models"]


@runtime_checkable
class _Guarding(Protocol):
    """Conditions on related rows that tell rules for writes from others."""

    @property
    def guarded(self) -> frozenset[type]:
        """The models with such a rule."""
        ...

    def written(self, model: type, /) -> tuple[Clause, ...]:
        """Return the conditions on rows that a write of another row may change."""
        ...


@runtime_checkable
class Scoped(Protocol):
    """Conditions on related rows that tell scopes from soft deletion."""

    def scoped(self, model: type, /) -> tuple[Clause, ...]:
        """Return the scopes of the collections of a model."""
        ...


def guarded_models(related: object) -> frozenset[type]:
    """Return the models with rules for writes, by the conditions on related rows of a request."""
    return related.guarded if isinstance(related, _Guarding) else frozenset()


def changeable(related: object, model: type) -> tuple[Clause, ...]:
    """Return the conditions of collections on the rows that a deletion may delete or change."""
    scopes = related.scoped(model) if isinstance(related, Scoped) else ()
    return (*scopes, *(related.written(model) if isinstance(related, _Guarding) else ()))


def _named_by(item: object) -> Iterator[object]:
    """Yield the rows in the relations of a new item, which names them before it is added."""
    if not sa.inspect(item).transient:
        return
    values = vars(item)
    for relation in sa.inspect(type(item)).relationships:
        found = values.get(relation.key)
        if isinstance(found, (list, set, tuple)):
            yield from found
        elif found is not None:
            yield found


class WriteGuard:
    """The guard of the rows that one request changes beside the items of its collection.

    Rows that the program has changed itself before the content is written are its own matter.
    """

    def __init__(self) -> None:
        """Begin without anything to guard."""
        self._related: _Guarding | None = None
        self._beside: IdentitySet | None = None
        self._written: list[object] = []

    @contextmanager
    def within(self, session: Session, item: object, related: object) -> Generator[None]:
        """Guard the rows that a flush changes besides an item.

        Args:
            session: The session.
            item: The item of the collection.
            related: The conditions on related rows.
        """
        if self._related is not None or not isinstance(related, _Guarding) or not related.guarded:
            yield
            return
        own = IdentitySet((*session.dirty, *session.new, *session.deleted))
        own.difference_update(_named_by(item))
        own.add(item)
        self._related, self._beside, self._written = related, own, []
        try:
            yield
        finally:
            self._related = self._beside = None

    def look(self, session: Session, item: object, *, is_deleted: bool = False) -> None:
        """Check a row before it changes, and keep it in order to check its new state.

        Raises:
            ProtectedRow: The caller may not change the row.
        """
        if self._related is None or self._beside is None or item in self._beside:
            return
        state = sa.inspect(item)
        is_changed = is_deleted or session.is_modified(item, include_collections=False)
        if not is_changed or not self._related.written(type(item)):
            return
        self._beside.add(item)
        if state.identity is not None:
            self._check(session, state.mapper, state.identity)
        if not is_deleted:
            self._written.append(item)

    def look_again(self, session: Session) -> None:
        """Check the new state of rows, as PostgreSQL's WITH CHECK does.

        Raises:
            ProtectedRow: The caller may not have such a row.
        """
        written, self._written = self._written, []
        for item in written:
            mapper: Mapper[object] = sa.inspect(item).mapper
            self._check(session, mapper, mapper.primary_key_from_instance(item))

    def _check(self, session: Session, mapper: Mapper[object], key: Sequence[object]) -> None:
        model = mapper.class_
        clauses = () if self._related is None else self._related.written(model)
        names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
        same = dict(zip(names, key, strict=True))
        found = sa.select(getattr(model, names[0])).where(expression_of(model, (same, *clauses)))
        if session.execute(found).first() is None:
            raise ProtectedRow
