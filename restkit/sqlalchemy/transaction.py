"""`SQLAlchemyTransaction`: the reads and writes of one store in a request's session."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state

from ..crud.item_keys import split_key
from ..crud.query import ListQuery, Page
from ..crud.row_rules import write_clause
from ..crud.scopes import Clause, Scope
from ..crud.store import KeyTaken, ReferenceViolation, RelatedRows, UniqueViolation
from ..crud.totals import Totals, TotalsQuery
from ..request import Request
from .column_values import of_other_forms
from .constraints import is_null, is_unbindable
from .core_writes import mark_of
from .estimates import estimated_rows
from .hidden_rows import delete_visible, hide_related
from .keys import primary_key_of
from .limited_loading import load_afterwards, loads_afterwards
from .linking import MembersMixin
from .loading import in_chunks, kept_large
from .references import exists
from .relations import assign, changed_relations, flush, make, referring_relations, resorted, touch
from .row_access import access_of
from .scopes import expression_of
from .selecting import Visible
from .sort_columns import page_of_rows
from .totals import raise_overflow, totals_statement
from .transacted_store import TransactedStore
from .violations import violations
from .write_guards import guarded_models

__all__ = ["LONGEST_STREAM", "SQLAlchemyTransaction"]

M = TypeVar("M")
_Rows = list[Any]
_Values = Mapping[str, object]
_Select = sa.Select[Any]
_CHUNK = 500
LONGEST_STREAM = "restkit_longest_stream"
"""The key of a session's info with the seconds that a stream may hold a connection."""
_TOO_SLOW = (
    "The client reads JSON Lines so slowly that the stream exceeds Limits(stream=...) of the "
    'Database. Raise the limit, or write lines = "pages" in the class.'
)


class SQLAlchemyTransaction(MembersMixin, Generic[M]):
    """The Transaction of one store on a request's session.

    Attributes:
        session: SQLAlchemy's session.
    """

    def __init__(self, store: TransactedStore, session: Session, request: Request) -> None:
        """Combine a store and the session of a request."""
        self._store = store
        self._request = request
        self.session = session

    # row rules

    def assigned(self) -> Mapping[str, object]:
        """Return the values that a row rule sets on new items of the caller."""
        access = access_of(self.session)
        return {} if access is None else access.assigned(self._store.mapper)

    def readable(self) -> Clause:
        """Return the condition on the items that the caller may read."""
        access = access_of(self.session)
        rule = None if access is None else access.rule(self._store.mapper)
        return True if rule is None else rule.read

    def writable(self) -> Clause:
        """Return the condition of the row rule on writes, ``{}`` if it has none of its own."""
        access = access_of(self.session)
        return write_clause(None if access is None else access.rule(self._store.mapper))

    def restrict(self, related: RelatedRows, /) -> None:
        """Let items show and refer to related rows only if they fulfil further conditions."""
        self._store.rules.adopt(self.session, self._request)
        access = access_of(self.session)
        if access is not None:
            access.related = related
            hide_related(self.session)
            self._store.rules.listen_to(guarded_models(related))

    @property
    def _visible(self) -> Visible | None:
        access = access_of(self.session)
        return None if access is None or access.related is None else access.visible

    # reading

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        if self._store.selecting.unknown_kinds is not None:
            self._store.selecting.unknown_kinds.look(self.session)
        if query.limit == 0:
            return Page((), total=self._total(query) if query.count != "none" else None)
        selected = self._store.selecting.selected(query)
        page: Page[M] = page_of_rows(self._rows(query, selected), query, selected)
        self._load_large(page.items, query.expand)
        return page if query.count == "none" else replace(page, total=self._total(query))

    def _rows(self, query: ListQuery, selected: Sequence[str]) -> _Rows:
        """Return the items of a page and one more, or rows with selected sort keys."""
        found: _Rows = []
        read = self.session.execute if selected else self.session.scalars
        selecting = self._store.selecting
        query = selecting.places.of_session(query, self.session, access_of(self.session))
        for part in selecting.parts(query):
            statement, parameters = selecting.page(query, part, len(found), self._visible)
            statement = self._within(statement, query.scope)
            found += read(statement, parameters)
            if query.limit is not None and len(found) > query.limit:
                break
        return found

    def _within(self, statement: _Select, scope: Clause) -> _Select:
        """Add the expressions of a scope to a statement."""
        clauses = Scope.of(scope).clauses
        if not clauses:
            return statement
        return statement.where(*(expression_of(self._store.model, each) for each in clauses))

    def _total(self, query: ListQuery) -> int:
        everything = not (
            query.conditions
            or Scope.of(query.scope)
            or self._store.soft_delete is not None
            or self._store.rules.rule_of(self._store.mapper)
        )
        if query.count == "estimated" and everything:
            estimate = estimated_rows(self.session, self._store.mapper)
            if estimate >= 0:
                return estimate
        statement, parameters = self._store.selecting.count(query, self._visible)
        return int(self.session.scalar(self._within(statement, query.scope), parameters) or 0)

    def totals(self, query: TotalsQuery, /) -> Totals:
        """Return the groups of a query with their aggregates, in one statement."""
        statement = totals_statement(self._store.mapper, query)
        statement, parameters = self._store.selecting.restricted(
            statement, query.selected, self._visible
        )
        statement = self._within(statement, query.selected.scope)
        try:
            rows = [tuple(each) for each in self.session.execute(statement, parameters)]
        except DBAPIError as error:
            raise_overflow(error)
            raise
        return Totals(rows[: query.limit], len(rows) > query.limit)

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item, with a few hundred in memory at a time."""
        if self._store.selecting.unknown_kinds is not None:
            self._store.selecting.unknown_kinds.look(self.session)
        everything = replace(query, limit=None, after=None, before=None, offset=0, lock=False)
        statement, parameters = self._store.selecting.page(everything, visible=self._visible)
        statement = self._within(statement, query.scope)
        found = self.session.scalars(statement, parameters, execution_options={"yield_per": _CHUNK})
        rows: Iterator[M] = iter(found)
        if loads_afterwards(self._store.mapper, query.expand):
            rows = in_chunks(rows, _CHUNK, lambda chunk: self._load_large(chunk, query.expand))
        end = time.monotonic() + self.session.info.get(LONGEST_STREAM, 300)
        try:
            for number, item in enumerate(rows):
                if number % _CHUNK == 0 and time.monotonic() > end:
                    raise TimeoutError(_TOO_SLOW)
                yield item
        finally:
            found.close()  # closes the server's cursor, also if the client disconnects

    def release(self) -> None:
        """End the transaction of a reader and return its connection to the pool."""
        self.session.close()

    def get(
        self,
        key: object,
        /,
        *,
        scope: Clause,
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, or None; a lock reads its latest state."""
        if self._store.keys:
            key, scope = split_key(key, self._store.keys, scope)
        fixed = Scope.of(scope).values
        statement = self._store.selecting.one(
            scope=fixed, lock=lock, expand=expand, removed=removed, visible=self._visible
        )
        statement = self._within(statement, scope)
        values = {"key": key, **{f"scope_{name}": value for name, value in fixed.items()}}
        try:
            found: M | None = self.session.scalars(statement, values).unique().one_or_none()
        except StatementError as error:
            if not is_unbindable(error):
                raise
            return None  # the type of the key's column rejects the key, so that no row has it
        self._load_large([] if found is None else [found], expand)
        if found is None and self._store.selecting.unknown_kinds is not None:
            self._store.selecting.unknown_kinds.look_at(self.session, self._store.key, key)
        return found

    def _load_large(self, items: Sequence[M], expand: Sequence[str]) -> None:
        """Load expanded relations that SQLAlchemy does not load with the items."""
        load_afterwards(self.session, self._store.mapper, items, expand, self._visible)

    def has_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether the rows exist that the foreign keys of a scope refer to."""
        return self._refers(scope, only_hidden=False)

    def hides_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether a row that the foreign keys of a scope refer to is missing or hidden."""
        return not self._refers(scope, only_hidden=True)

    def _refers(self, scope: Mapping[str, object], *, only_hidden: bool) -> bool:
        access = access_of(self.session)
        if access is None and only_hidden:
            return True
        for each in self._store.rules.references(self._store.mapper):
            values = [scope.get(name) for name in each.names]
            if None in values or (only_hidden and access and not access.hides(each.target)):
                continue
            visible = None if access is None else access.visible(each.target)
            if not exists(self.session, each, values, visible):
                return False
        return True

    # writing

    def build(self, values: Mapping[str, object], /) -> M:
        """Make an item with its nested items."""
        store, own = self._store, dict(values)
        if store.kinds:
            store = store.kinds[str(own.pop(store.discriminator))]
        return cast("M", make(store.mapper, own))

    def add(self, item: M, /) -> None:
        """Insert an item; if its own key is taken, the session stays usable."""
        store = self._store.of_item(item)
        if getattr(item, store.key) is None:
            with self._violations(dict(vars(item)), store, item):
                self.session.add(item)
                flush(self.session)
            self._read_again(item, {*store.decorated, *resorted(store.mapper, vars(item))})
            return
        if self._is_known(item):  # the session cannot hold two objects of one row
            names = primary_key_of(self._store.mapper)
            raise (KeyTaken if frozenset(names) == self._store.identity else UniqueViolation)(names)
        try:
            with self._violations(dict(vars(item)), store, item), self.session.begin_nested():
                self.session.add(item)
                flush(self.session)
        except UniqueViolation as error:
            if frozenset(error.names) == self._store.identity:
                raise KeyTaken(error.names) from error
            raise
        self._read_again(item, {*store.decorated, *resorted(store.mapper, vars(item))})

    @property
    def _mapper(self) -> Mapper[object]:
        return self._store.mapper

    @contextmanager
    def _violations(self, values: _Values, store: TransactedStore, item: object) -> Generator[None]:
        with violations(store.mapper, values, self._dialect), self.guarded(item):
            yield

    def _read_again(self, item: M, names: Iterable[str]) -> None:
        """Reload attributes that the database changed: values of columns, and orders of rows."""
        if written := kept_large(item):
            self._load_large([item], written)
        known, store = vars(item), self._store.of_item(item)
        stale = [name for name in names if known.get(name) is not None or name in store.never_null]
        stale += of_other_forms(known, store.forms)
        if stale:
            self.session.expire(item, stale)

    def _is_known(self, item: M) -> bool:
        """Return whether the session has an object with the primary key of a new one."""
        found = self._mapper.identity_key_from_instance(item)
        return None not in found[1] and found in self.session.identity_map

    def change(self, item: M, values: Mapping[str, object], /) -> None:
        """Set attributes of an item, and update its row if nobody changed it since it was read."""
        store = self._store.of_item(item)
        mapper = store.mapper
        with self._violations(values, store, item), self.session.no_autoflush:
            assign(mapper, item, values)
            touch(mapper, item, changed_relations(mapper, item, values))
            flush(self.session)
        self._read_changes(item, {*values}, store)

    def _read_changes(self, item: M, changed: set[str], store: TransactedStore) -> None:
        """Expire the attributes and relations of an item that depend on changed attributes."""
        self._read_again(item, store.decorated & changed)
        lists = changed.intersection(resorted(store.mapper, vars(item)))
        if relations := [*referring_relations(store.mapper, changed), *lists]:
            self.session.expire(item, relations)

    def settle(self, item: M, /) -> None:
        """Store the attributes that were set on an item since it was written."""
        session = self.session
        if not (session.dirty or session.new or session.deleted):
            return
        store = self._store.of_item(item)
        names = {*instance_state(item).committed_state}
        values = {name: value for name, value in vars(item).items() if name in names}
        with violations(store.mapper, values, self._dialect):
            session.flush()
        self._read_changes(item, names, store)

    def remove(self, item: M, /) -> None:
        """Delete an item, or mark it as removed, if nobody changed it since it was read."""
        if self._store.soft_delete is not None:
            column = self._store.mapper.columns[self._store.soft_delete]
            self.change(item, {self._store.soft_delete: mark_of(column.type)})
            return
        try:
            with self._violations({}, self._store.of_item(item), item):
                delete_visible(self.session, item)
        except IntegrityError as error:
            if is_null(error):  # SQLAlchemy sets references to the item to null
                raise ReferenceViolation from error
            raise

    def restore(self, item: M, /) -> None:
        """Restore a soft-deleted item."""
        name = str(self._store.soft_delete)
        is_boolean = isinstance(self._store.mapper.columns[name].type, sa.Boolean)
        self.change(item, {name: False if is_boolean else None})

    def attempt(self) -> AbstractContextManager[object]:
        """Return a savepoint of the transaction."""
        return self.session.begin_nested()
