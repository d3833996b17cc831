"""`SQLAlchemyStore`: the items of one model in a request's session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from marshmallow import Schema
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Mapper, Session, configure_mappers
from sqlalchemy.orm.exc import StaleDataError

from ..contract import Failure, Header
from ..crud.query import ListQuery, Page
from ..crud.scopes import Clause, Scope
from ..crud.store import (
    Attribute,
    KeyTaken,
    ReferenceViolation,
    RelatedRows,
    StaleWrite,
    UniqueViolation,
)
from ..dependencies import obtain
from ..errors import DeclarationError
from ..problems import InsufficientStorage, ServiceUnavailable
from ..request import Request
from ..resource import Owner
from .columns import attributes_of, is_rewritten
from .constraints import columns_of, is_null, is_reference, is_unique
from .construction import check_constructor
from .fulltext import attributes_of_searches, searches_of
from .keys import check_client_key, check_key, live_of, primary_key_of
from .relations import assign, make, touch
from .row_rules import RowRules, access_of, exists
from .schema import schema_of
from .scopes import expression_of
from .selecting import Selecting, Visible

__all__ = ["FAILURES", "SQLAlchemyStore", "SQLAlchemyTransaction"]

M = TypeVar("M")
SessionFactory = Callable[[Request], Iterator[Session]]
_CHUNK = 500
_NOT_IN_DICT = ("dynamic", "write_only")
_RETRY = Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"})
FAILURES = (
    Failure(ServiceUnavailable, "database", "The database is unavailable or busy.", (_RETRY,)),
    Failure(InsufficientStorage, "database", "The database has no storage left."),
)
"""The problems that any request on a database may cause."""


class SQLAlchemyStore(Generic[M]):
    """The Store of one SQLAlchemy model.

    Attributes:
        model: The mapped class.
        key: The attribute that identifies an item in its URL.
        attributes: The columns as attributes, by name.
        failures: The problems that any request on a database may cause.
    """

    def __init__(
        self,
        model: type[M],
        session: SessionFactory,
        *,
        key: str = "",
        soft_delete: str | None = None,
        backend: str = "",
        rules: RowRules | None = None,
    ) -> None:
        """Make the store.

        Args:
            model: A mapped class.
            session: A factory of a request's session, for `restkit.provide`.
            key: The attribute that identifies an item; the primary key by default.
            soft_delete: A nullable datetime or a boolean that marks removed items.
            backend: The database, for example ``"sqlite"``, whose limits are checked at start-up.
            rules: The row rules of the database.

        Raises:
            DeclarationError: The model has no such attribute, or the attribute does not qualify.
        """
        mapper: Mapper[M] = sa.inspect(model)
        configure_mappers()
        self.model = model
        self.mapper = mapper
        self.failures: Sequence[Failure] = FAILURES
        self.rules = RowRules() if rules is None else rules
        self._session = session
        self._backend = backend
        self.attributes: Mapping[str, Attribute] = {
            **attributes_of(mapper, backend),
            **attributes_of_searches(mapper),
        }
        self.key = key or primary_key_of(mapper)
        self.soft_delete = soft_delete
        self._check_names(filter(None, [self.key, soft_delete]))
        if self.key:
            check_key(mapper, self.key)
        self.decorated = frozenset(filter(self._is_rewritten, self.attributes))
        version = mapper.version_id_col
        self._version = None if version is None else mapper.get_property_by_column(version).key
        live = live_of(mapper, soft_delete) if soft_delete else None
        self.selecting = Selecting(mapper, self.key, live, searches_of(mapper))

    def _check_names(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.attributes:
                known = ", ".join(sorted(self.attributes))
                raise DeclarationError(
                    f"{self.model.__qualname__} has no attribute {name!r}; it has {known}."
                )

    def _is_rewritten(self, name: str) -> bool:
        """Return whether the type of a column may change a value that is stored."""
        if name not in self.mapper.columns or self.attributes[name].generated:
            return False
        return is_rewritten(self.mapper.columns[name], self._backend)

    def configured(self, *, key: str, soft_delete: str | None) -> SQLAlchemyStore[M]:
        """Return the store with another key or with soft deletion.

        Raises:
            DeclarationError: The attribute does not exist, or the model has no key.
        """
        if not key and not self.key:
            raise DeclarationError(
                f"{self.model.__qualname__} has a primary key of several columns; an item's URL has one: write "
                "key = ... with an attribute that is unique, or give the table a single primary key."
            )
        self.rules.serve(self.mapper)
        return SQLAlchemyStore(
            self.model,
            self._session,
            key=key or self.key,
            soft_delete=soft_delete,
            backend=self._backend,
            rules=self.rules,
        )

    def check_collection(
        self, scope: Sequence[str], *, creates: bool, writes: bool, upserts: bool
    ) -> None:
        """Reject a collection that the model does not support.

        Raises:
            DeclarationError: Items cannot be created, or PUT and the database would give the same
                key to two items.
        """
        if creates:
            check_constructor(self.mapper)
        if upserts and self._backend != "sqlite":
            check_client_key(self.mapper, self.key)

    @property
    def assigned(self) -> frozenset[str]:
        """The attributes that a row rule sets on new items."""
        rule = self.rules.rule_of(self.mapper)
        return frozenset() if rule is None else rule.names

    @property
    def is_ruled(self) -> bool:
        """Whether the model, or one that is connected with it, has a row rule."""
        return self.rules.is_ruled(self.mapper)

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return the schema of the model's columns and of the expanded relations."""
        return schema_of(self.mapper, self.soft_delete, tuple(expand))

    def loaded(self, names: frozenset[str], /) -> Callable[[Any], Any] | None:
        """Return a function from an item to its ``__dict__``, or to the item if values are missing.

        It implements `crud.item_serializer.AttributeSource`, and returns None if the class does not
        keep all attributes in that dict. PERF: each attribute of a mapped class is a Python
        descriptor that looks into the dict, which costs 500 instructions a value.
        """
        model = self.model
        if hasattr(model, "__getitem__") or model.__getattribute__ is not object.__getattribute__:
            return None
        if not all(map(self._is_in_dict, names)):
            return None

        def source(item: Any) -> Any:
            values = item.__dict__
            return values if type(item) is model and values.keys() >= names else item

        return source

    def _is_in_dict(self, name: str) -> bool:
        """Return whether an item keeps the loaded value of an attribute in its ``__dict__``."""
        found = self.mapper.all_orm_descriptors.get(name)
        if type(found) is not InstrumentedAttribute:
            return False
        relation = self.mapper.relationships.get(name)
        if relation is not None and relation.lazy in _NOT_IN_DICT:
            return False
        return vars(self.model).get(name, found) is found

    def open(self, request: Request, app: Owner, /) -> SQLAlchemyTransaction[M]:
        """Return the request's transaction."""
        session: Session = obtain(self._session, request, app)
        return SQLAlchemyTransaction(self, session, request)

    def version(self, item: M, /) -> str | int | None:
        """Return the value of the mapper's ``version_id_col``, None without one."""
        if self._version is None:
            return None
        version: int = getattr(item, self._version)
        return version

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        return getattr(item, name)


class SQLAlchemyTransaction(Generic[M]):
    """The Transaction of one store on a request's session.

    Attributes:
        session: SQLAlchemy's session.
    """

    def __init__(self, store: SQLAlchemyStore[M], session: Session, request: Request) -> None:
        """Combine a store and the session of a request."""
        self._store = store
        self._request = request
        self.session = session

    # row rules

    def assigned(self) -> Mapping[str, object]:
        """Return the values that a row rule sets on new items of the caller."""
        access = access_of(self.session)
        return {} if access is None else access.assigned(self._store.mapper)

    def restrict(self, related: RelatedRows, /) -> None:
        """Let items show and refer to related rows only if they fulfil further conditions."""
        if access_of(self.session) is None:
            self._store.rules.open(self.session, self._request)
        access = access_of(self.session)
        if access is not None:
            access.related = related

    @property
    def _visible(self) -> Visible | None:
        access = access_of(self.session)
        return None if access is None or access.related is None else access.visible

    # reading

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        found: list[M] = []
        for part in self._store.selecting.parts(query):
            statement, parameters = self._store.selecting.page(
                query, part, len(found), self._visible
            )
            statement = self._within(statement, query.scope)
            found += self.session.scalars(statement, parameters)
            if query.limit is not None and len(found) > query.limit:
                break
        has_more = query.limit is not None and len(found) > query.limit
        items = found[: query.limit] if has_more else found
        if query.before is not None:
            items.reverse()
        has_next, has_previous = (
            (True, has_more) if query.before is not None else (has_more, query.after is not None)
        )
        total = None if query.count == "none" else self._total(query)
        return Page(items, has_next, has_previous, total)

    def _within(self, statement: sa.Select[Any], scope: Clause) -> sa.Select[Any]:
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
            estimate = self._estimate()
            if estimate >= 0:
                return estimate
        statement, parameters = self._store.selecting.count(query)
        statement = self._within(statement, query.scope)
        return int(self.session.scalar(statement, parameters) or 0)

    def _estimate(self) -> int:
        """Return the estimated number of rows from PostgreSQL's statistics, -1 without one."""
        dialect, table = self.session.get_bind().dialect, self._store.mapper.local_table
        if dialect.name != "postgresql" or not isinstance(table, sa.Table):
            return -1
        statement = sa.text(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:name AS regclass)"
        )
        quoted = dialect.identifier_preparer.format_table(table)  # a cast reads a name as SQL does
        return int(self.session.scalar(statement, {"name": quoted}) or -1)

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item, with a few hundred in memory at a time."""
        statement, parameters = self._store.selecting.page(
            ListQuery(
                query.conditions,
                query.order,
                expand=query.expand,
                fields=query.fields,
                scope=query.scope,
            ),
            visible=self._visible,
        )
        statement = self._within(statement, query.scope)
        found = self.session.scalars(statement, parameters, execution_options={"yield_per": _CHUNK})
        try:
            yield from found
        finally:
            found.close()  # closes the server's cursor, also if the client disconnects

    def get(
        self,
        key: Any,
        /,
        *,
        scope: Clause,
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, or None; a lock reads its latest state."""
        fixed = Scope.of(scope).values
        statement = self._store.selecting.one(
            scope=fixed, lock=lock, expand=expand, removed=removed, visible=self._visible
        )
        statement = self._within(statement, scope)
        values = {"key": key, **{f"scope_{name}": value for name, value in fixed.items()}}
        found: M | None = self.session.scalars(statement, values).unique().one_or_none()
        return found

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

    def build(self, values: Mapping[str, Any], /) -> M:
        """Make an item with its nested items."""
        made: M = make(self._store.mapper, values)
        return made

    def add(self, item: M, /) -> None:
        """Insert an item; if its own key is taken, the session stays usable."""
        if getattr(item, self._store.key) is None:
            with self._violations():
                self.session.add(item)
                self.session.flush()
            self._read_again(item, self._store.decorated)
            return
        if self._is_known(item):  # the session cannot hold two objects of one row
            names = [
                self._store.mapper.get_property_by_column(each).key
                for each in self._store.mapper.primary_key
            ]
            raise (KeyTaken if names == [self._store.key] else UniqueViolation)(names)
        try:
            with self._violations(), self.session.begin_nested():
                self.session.add(item)
        except UniqueViolation as error:
            if set(error.names) == {self._store.key}:
                raise KeyTaken(error.names) from error
            raise
        self._read_again(item, self._store.decorated)

    def _read_again(self, item: M, names: Iterable[str]) -> None:
        """Expire attributes whose column type may have changed the value, to return it as stored."""
        stale = [name for name in names if vars(item).get(name) is not None]
        if stale:
            self.session.expire(item, stale)

    def _is_known(self, item: M) -> bool:
        """Return whether the session has an object with the primary key of a new one."""
        found = self._store.mapper.identity_key_from_instance(item)
        return None not in found[1] and found in self.session.identity_map

    def change(self, item: M, values: Mapping[str, Any], /) -> None:
        """Set attributes of an item, and update its row if nobody changed it since it was read."""
        mapper = self._store.mapper
        with self._violations(), self.session.no_autoflush:
            assign(mapper, item, values)
            touch(mapper, item, values)
            self.session.flush()
        self._read_again(item, self._store.decorated & values.keys())
        for relation in mapper.relationships:
            if any(
                mapper.get_property_by_column(column).key in values
                for column in relation.local_columns
            ):
                self.session.expire(item, [relation.key])

    def remove(self, item: M, /) -> None:
        """Delete an item, or mark it as removed, if nobody changed it since it was read."""
        if self._store.soft_delete is not None:
            self.change(item, {self._store.soft_delete: self._mark()})
            return
        try:
            with self._violations():
                self.session.delete(item)
                self.session.flush()
        except IntegrityError as error:
            if is_null(error):  # SQLAlchemy sets references to the item to null
                raise ReferenceViolation from error
            raise

    def restore(self, item: M, /) -> None:
        """Restore a soft-deleted item."""
        name = str(self._store.soft_delete)
        column = self._store.mapper.columns[name]
        self.change(item, {name: False if isinstance(column.type, sa.Boolean) else None})

    def attempt(self) -> AbstractContextManager[object]:
        """Return a savepoint of the transaction."""
        return self.session.begin_nested()

    def _mark(self) -> Any:
        kind: Any = self._store.mapper.columns[str(self._store.soft_delete)].type
        if isinstance(kind, sa.Boolean):
            return True
        now = dt.datetime.now(dt.UTC)
        aware = getattr(kind, "timezone", False) or getattr(kind, "aware", False)
        return now if aware else now.replace(tzinfo=None)

    @contextmanager
    def _violations(self) -> Generator[None]:
        """Translate integrity errors to the exceptions of the Store protocol."""
        try:
            yield
        except StaleDataError:
            raise StaleWrite from None
        except IntegrityError as error:
            table: Any = self._store.mapper.local_table
            names = self._names(columns_of(error, table), table)
            if is_unique(error):
                raise UniqueViolation(names) from error
            if is_reference(error):
                raise ReferenceViolation(names or self._only_reference(table)) from error
            raise

    def _only_reference(self, table: Any) -> Sequence[str]:
        """Return the only attribute with a foreign key, as SQLite does not name the violated one."""
        columns = {key.parent.name for key in table.foreign_keys}
        return self._names(list(columns), table) if len(columns) == 1 else ()

    def _names(self, columns: Sequence[str], table: Any) -> Sequence[str]:
        mapper = self._store.mapper
        found = [table.columns[name] for name in columns if name in table.columns]
        return [
            mapper.get_property_by_column(column).key
            for column in found
            if mapper.has_property(column.key)
        ]
