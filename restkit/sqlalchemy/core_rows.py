"""Rows as dicts: the transaction of requests that nobody's ORM classes or events take part in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from ..crud.item_keys import split_key
from ..crud.query import ListQuery, Page
from ..crud.row_store import RowOpener, RowUse
from ..crud.scopes import Scope
from ..crud.store import RelatedRows
from ..records import Record
from ..request import Request
from ..resource import Owner
from .constraints import is_unbindable
from .core_checks import (
    Observers,
    creating_obstacle,
    deleting_obstacle,
    has_listeners,
    reading_obstacle,
    returns_rows,
    writing_obstacle,
)
from .core_selecting import CoreSelecting
from .core_statements import CoreStatement, Row
from .core_upserts import CoreUpserting
from .core_writes import CoreWriting, mark_of
from .lent_connections import AnyConnection, LentConnection
from .references import Reference
from .selecting import Selecting
from .units import AnyMapper, SessionFactory, Units
from .writing_connections import whole

__all__ = ["CoreRows", "TableShape", "row_opener"]


class TableShape(Record):
    """The parts of a store that its rows as dicts depend on.

    Attributes:
        mapper: The mapper of the model.
        identity: The attributes that identify an item.
        keys: Several attributes that identify an item together in its URL; ``()`` for one.
        soft_delete: The attribute that marks removed rows.
        references: The foreign keys of the model.
        has_cascades: Whether the database changes other rows when it deletes one.
    """

    mapper: AnyMapper
    identity: frozenset[str]
    keys: tuple[str, ...]
    soft_delete: str | None
    references: tuple[Reference, ...]
    has_cascades: bool


class CoreTable:
    """The statements on the table of one model.

    Attributes:
        shape: The parts of the store.
        selecting: The maker of SELECT statements.
        writing: The writer of rows.
        upserting: The writer of rows that may exist.
        parents: The foreign keys, each with the statement that looks for the row.
        columns: The attributes that are columns.
    """

    def __init__(
        self,
        shape: TableShape,
        selecting: Selecting,
        names: Collection[str],
        session: SessionFactory,
        units: Units,
    ) -> None:
        """Prepare the statements.

        Args:
            shape: The parts of the store.
            selecting: The maker of the statements of whole items.
            names: The attributes of a row, each a column.
            session: The factory of a request's session.
            units: The units of work of the database.
        """
        self.shape = shape
        self.selecting = CoreSelecting(shape.mapper, selecting, names)
        self.writing = CoreWriting(shape.mapper, shape.identity, names)
        self.upserting = CoreUpserting(shape.mapper, selecting.live, names, self.writing)
        self.parents = [(each, _referenced(each)) for each in shape.references]
        self.columns = frozenset(shape.mapper.column_attrs.keys())
        self._session = session
        self._units = units

    def used(self, request: Request, app: Owner) -> tuple[AnyConnection, Session | None]:
        """Return the connection of a request, which sees its session's writes, and the session.

        The session is None if the request has none.
        """
        return self._units.used(self._session, self.shape.mapper, request, app)

    def lent(self, request: Request, app: Owner, *, several: bool) -> LentConnection | None:
        """Return a connection for one read; None if the read belongs to a transaction."""
        return self._units.lent(self._session, request, app, several=several)


def _referenced(reference: Reference) -> CoreStatement:
    """Return the statement that looks for the row of a foreign key."""
    pairs = zip(reference.columns, reference.names, strict=True)
    where = [column == sa.bindparam(name, type_=column.type) for column, name in pairs]
    first = reference.columns[0]
    return CoreStatement(sa.select(first).where(*where), [(first.key, first.type)])


class CoreRows:
    """The transaction of one request on one table."""

    def __init__(self, table: CoreTable, request: Request, app: Owner) -> None:
        """Combine a table and a request."""
        self._table = table
        self._request = request
        self._app = app

    @property
    def _connection(self) -> AnyConnection:
        return self._table.used(self._request, self._app)[0]

    @property
    def _whole(self) -> Connection:
        """SQLAlchemy's connection of the request, for work that a driver's cursor cannot do."""
        return whole(self._connection)

    def list(self, query: ListQuery, /) -> Page[object]:
        """Return one page, with its exact total if the query asks for it."""
        selecting = self._table.selecting
        if query.count == "none":
            several = len(selecting.parts(query)) > 1
            with self._reading(several=several) as connection:
                return page_of(self._rows_of(query, connection), query, None)
        shared = self._whole
        total = int(shared.scalar(*selecting.count(query)) or 0)
        if query.limit == 0:
            return Page((), total=total)
        return page_of(self._rows_of(query, shared), query, total)

    def _rows_of(self, query: ListQuery, connection: AnyConnection) -> Sequence[Row]:
        """Return the rows of a page, and one more if there are more."""
        selecting = self._table.selecting
        query = selecting.placed_rows(query, connection)
        found: list[Row] = []
        for part in selecting.parts(query):
            statement, values = selecting.rows_of_page(query, part, len(found))
            found += statement.rows(connection, values)
            if query.limit is not None and len(found) > query.limit:
                break
        return found

    def get(self, key: object, /, *, scope: Mapping[str, object], lock: bool) -> Row | None:
        """Return the row of a key, or None; a lock reads its latest state."""
        if self._table.shape.keys:
            key, found_in = split_key(key, self._table.shape.keys, scope)
            whole = Scope.of(found_in)
            if whole.clauses:
                return None  # the scope has another value of the key
            scope = whole.values
        statement = self._table.selecting.row(scope=scope, lock=lock, removed=False)
        values = {"key": key, **{f"scope_{name}": value for name, value in scope.items()}}
        try:
            if lock:
                found = statement.rows(self._connection, values)
            else:
                with self._reading(several=False) as connection:
                    found = statement.rows(connection, values)
        except StatementError as error:
            if not is_unbindable(error):
                raise
            return None  # the type of the key's column rejects the key, so that no row has it
        return found[0] if found else None

    def _reading(self, *, several: bool) -> AbstractContextManager[AnyConnection]:
        """Return a connection for one read: a lent one, or that of the request's transaction."""
        lent = self._table.lent(self._request, self._app, several=several)
        return nullcontext(self._connection) if lent is None else lent

    def has_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether the rows exist that the foreign keys of a scope refer to."""
        for reference, statement in self._table.parents:
            values = {name: scope.get(name) for name in reference.names}
            if None not in values.values() and not statement.rows(self._connection, values):
                return False
        return True

    def has_columns(self, names: Iterable[str], /) -> bool:
        """Return whether all of some attributes are those that rows are written with."""
        return self._table.columns.issuperset(names)

    def add(self, item: Row, key: str, /) -> None:
        """Insert a row; its attributes become those that are stored."""
        self._write(self._table.writing.insert, item, key)

    def add_many(self, items: Sequence[Mapping[str, object]], /) -> Sequence[Row] | None:
        """Insert rows in one statement; see `RowTransaction.add_many`."""
        return self._table.writing.insert_many(self._whole, items)

    def change(self, item: Row, values: Mapping[str, object], /) -> None:
        """Set attributes of a row, if nobody changed it since it was read."""
        self._write(self._table.writing.update, item, values)

    def remove(self, item: Row, /) -> None:
        """Delete a row, or mark it as removed, if nobody changed it since it was read."""
        shape = self._table.shape
        if shape.soft_delete is None:
            self._write(self._table.writing.delete, item)
        else:
            mark = mark_of(shape.mapper.columns[shape.soft_delete].type)
            self.change(item, {shape.soft_delete: mark})

    def change_many(self, items: Sequence[Row], values: Mapping[str, object], /) -> None:
        """Set the same attributes of several rows, which are locked, in one statement."""
        self._table.writing.update_many(self._whole, items, values)

    def remove_many(self, items: Sequence[Row], /) -> None:
        """Delete several rows, which are locked, in one statement, or mark them as removed."""
        shape = self._table.shape
        if shape.soft_delete is None:
            self._table.writing.delete_many(self._whole, items)
        else:
            mark = mark_of(shape.mapper.columns[shape.soft_delete].type)
            self.change_many(items, {shape.soft_delete: mark})

    def upsert(
        self,
        rows: Sequence[Mapping[str, object]],
        written: Sequence[Collection[str]],
        identity: Sequence[str],
        scope: Mapping[str, object],
        /,
    ) -> Sequence[tuple[object, bool] | None] | None:
        """Create or replace rows in one statement; see `RowTransaction.upsert`."""
        upserting = self._table.upserting
        return upserting.upsert(self._whole, rows, written, identity, scope)

    def _write(self, write: Callable[..., None], *arguments: object) -> None:
        """Write with the connection of the request, which has no session."""
        write(self._connection, *arguments)


def row_opener(
    shape: TableShape, selecting: Selecting, use: RowUse, session: SessionFactory, units: Units
) -> RowOpener | str:
    """Return how to open transactions for an action, or why it needs the ORM.

    Args:
        shape: The parts of the store.
        selecting: The maker of the statements of whole items.
        use: The attributes of the model that the action reads and writes.
        session: The factory of a request's session.
        units: The units of work of the database.
    """
    mapper = shape.mapper
    keys = (mapper.get_property_by_column(each).key for each in mapper.primary_key)
    needed = {*use.reads, *keys}
    reason = reading_obstacle(mapper, needed) or _obstacle(shape, use)
    if reason:
        return reason
    table = CoreTable(shape, selecting, needed, session, units)
    writes = use.action not in ("list", "read")
    observers = Observers(mapper, writes=writes)

    def opener(request: Request, app: Owner, related: RelatedRows | None) -> CoreRows | None:
        opened = units.opened(session, request, app)
        known = opened or units.pattern
        if observers.exist(known, is_pattern=opened is None) or _is_listened(mapper, opened):
            return None
        if writes and not _is_alone(shape, use, opened, related, known.get_bind(mapper).dialect):
            return None
        return CoreRows(table, request, app)

    return opener


def _is_listened(mapper: AnyMapper, opened: Session | None) -> bool:
    """Return whether a session's own connection has listeners, which a driver's cursor passes over.

    PERF: nobody else has the connection of a request, and to ask every one costs too much.
    """
    if opened is None or not opened.in_transaction():
        return False
    return has_listeners(opened.connection(bind_arguments={"mapper": mapper}))


def _is_alone(
    shape: TableShape,
    use: RowUse,
    opened: Session | None,
    related: RelatedRows | None,
    dialect: Dialect,
) -> bool:
    """Return whether a statement can write rows of a request without a session.

    The objects of an open session, and its changes that are not flushed, belong to the same unit of
    work as the write.
    """
    has_related = bool(shape.references) or (use.action == "delete" and shape.has_cascades)
    is_checked = has_related and related is not None
    return opened is None and not is_checked and returns_rows(dialect)


def _obstacle(shape: TableShape, use: RowUse) -> str:
    """Return why an action writes with the ORM, ``""`` if it need not or only reads."""
    mapper = shape.mapper
    if use.action in ("list", "read"):
        return ""
    if use.action == "delete" and shape.soft_delete is None:
        return deleting_obstacle(mapper)
    if use.action in ("create", "replace") and (reason := creating_obstacle(mapper)):
        return reason
    return writing_obstacle(mapper, use.writes)


def page_of(found: Sequence[Row], query: ListQuery, total: int | None) -> Page[object]:
    """Return the page of the rows that its statements have returned, one more than it has."""
    has_more = query.limit is not None and len(found) > query.limit
    items: list[object] = list(found[: query.limit] if has_more else found)
    if query.before is not None:
        items.reverse()
        return Page(items, True, has_more, total)
    return Page(items, has_more, query.after is not None, total)
