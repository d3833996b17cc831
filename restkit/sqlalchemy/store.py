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
from ..crud.store import Attribute, KeyTaken, ReferenceViolation, StaleWrite, UniqueViolation
from ..dependencies import obtain
from ..errors import DeclarationError
from ..problems import InsufficientStorage, ServiceUnavailable
from ..request import Request
from ..resource import Owner
from .columns import attributes_of, is_rewritten
from .constraints import columns_of, is_null, is_reference, is_unique
from .fulltext import attributes_of_searches, searches_of
from .keys import check_key, live_of, primary_key_of
from .relations import assign, make, touch
from .schema import schema_of
from .selecting import Selecting

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
    ) -> None:
        """Make the store.

        Args:
            model: A mapped class.
            session: A factory of a request's session, for `restkit.provide`.
            key: The attribute that identifies an item; the primary key by default.
            soft_delete: A nullable datetime or a boolean that marks removed items.
            backend: The database, for example ``"sqlite"``, whose limits are checked at start-up.

        Raises:
            DeclarationError: The model has no such attribute, or the attribute does not qualify.
        """
        mapper: Mapper[M] = sa.inspect(model)
        configure_mappers()
        self.model = model
        self.mapper = mapper
        self.failures: Sequence[Failure] = FAILURES
        self._session = session
        self._backend = backend
        self.attributes: Mapping[str, Attribute] = {
            **attributes_of(mapper, backend),
            **attributes_of_searches(mapper),
        }
        self.key = key or primary_key_of(mapper)
        self.soft_delete = soft_delete
        for name in filter(None, [self.key, soft_delete]):
            if name not in self.attributes:
                raise DeclarationError(
                    f"{model.__qualname__} has no attribute {name!r}; it has {', '.join(sorted(self.attributes))}."
                )
        if self.key:
            check_key(mapper, self.key)
        self.decorated = frozenset(
            name
            for name, attribute in self.attributes.items()
            if name in mapper.columns
            and not attribute.generated
            and is_rewritten(mapper.columns[name], backend)
        )
        version = mapper.version_id_col
        self._version = None if version is None else mapper.get_property_by_column(version).key
        live = live_of(mapper, soft_delete) if soft_delete else None
        self.selecting = Selecting(mapper, self.key, live, searches_of(mapper))

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
        return SQLAlchemyStore(
            self.model,
            self._session,
            key=key or self.key,
            soft_delete=soft_delete,
            backend=self._backend,
        )

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
        return SQLAlchemyTransaction(self, obtain(self._session, request, app))

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

    def __init__(self, store: SQLAlchemyStore[M], session: Session) -> None:
        """Combine a store and a session."""
        self._store = store
        self.session = session

    # reading

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        found: list[M] = []
        for part in self._store.selecting.parts(query):
            statement, parameters = self._store.selecting.page(query, part, len(found))
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

    def _total(self, query: ListQuery) -> int:
        everything = not query.conditions and not query.scope and self._store.soft_delete is None
        if query.count == "estimated" and everything:
            estimate = self._estimate()
            if estimate >= 0:
                return estimate
        statement, parameters = self._store.selecting.count(query)
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
            )
        )
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
        scope: Mapping[str, Any],
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, or None; a lock reads its latest state."""
        statement = self._store.selecting.one(
            scope=tuple(scope), lock=lock, expand=expand, removed=removed
        )
        values = {"key": key, **{f"scope_{name}": value for name, value in scope.items()}}
        found: M | None = self.session.scalars(statement, values).unique().one_or_none()
        return found

    def has_parents(self, scope: Mapping[str, Any], /) -> bool:
        """Return whether the rows exist that the foreign keys of a scope refer to."""
        for name, value in scope.items():
            for key in self._store.mapper.columns[name].foreign_keys:
                if self.session.scalar(sa.select(sa.literal(1)).where(key.column == value)) is None:
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
