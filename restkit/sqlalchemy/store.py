"""`SQLAlchemyStore`: the items of one model, in a request's session."""

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
from .errors import columns_of, is_null, is_reference, is_unique
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
_RETRY = Header("Retry-After", "After how many seconds to try again.", {"type": "integer"})
FAILURES = (
    Failure(
        ServiceUnavailable, "database", "The database does not answer now, or is busy.", (_RETRY,)
    ),
    Failure(InsufficientStorage, "database", "There is no room left in the database."),
)
"""The problems that any request on a database may end in."""


class SQLAlchemyStore(Generic[M]):
    """Is the Store of one model of SQLAlchemy's.

    Attributes:
        model: The mapped class.
        key: The attribute that names an item in its URL.
        attributes: What is known of each column, by attribute.
        failures: The problems that any request on a database may end in.
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
            session: A factory of a request's session, as `restkit.provide` takes it.
            key: The attribute that names an item; the primary key where left out.
            soft_delete: A nullable date-time, or a boolean, that says that an item was removed.
            backend: The database, such as ``"sqlite"``, so that what it cannot keep is refused at start-up.

        Raises:
            DeclarationError: The model has no such attribute, or it cannot be what it should be.
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
        """Return the store with another key, or with soft deletion.

        Raises:
            DeclarationError: There is no such attribute, or no key.
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
        """Return a schema of the model's columns, and of the relations that are expanded."""
        return schema_of(self.mapper, self.soft_delete, tuple(expand))

    def loaded(self, names: frozenset[str], /) -> Callable[[Any], Any] | None:
        """Return what hands over an item's ``__dict__`` where all attributes are loaded; see `crud.item_serializer.AttributeSource`.

        PERF: each attribute of a mapped class is a descriptor in Python, which looks into that dict: 500 instructions
        a value. It is None where a class reads its attributes otherwise.
        """
        model = self.model
        if hasattr(model, "__getitem__") or model.__getattribute__ is not object.__getattribute__:
            return None
        for name in names:
            found = self.mapper.all_orm_descriptors.get(name)
            dynamic = (
                name in self.mapper.relationships
                and self.mapper.relationships[name].lazy in _NOT_IN_DICT
            )
            if (
                type(found) is not InstrumentedAttribute
                or vars(model).get(name, found) is not found
                or dynamic
            ):
                return None

        def source(item: Any) -> Any:
            values = item.__dict__
            return values if type(item) is model and values.keys() >= names else item

        return source

    def open(self, request: Request, app: Owner, /) -> SQLAlchemyTransaction[M]:
        """Return the request's transaction."""
        return SQLAlchemyTransaction(self, obtain(self._session, request, app))

    def version(self, item: M, /) -> str | int | None:
        """Return the value of the mapper's ``version_id_col``, None where there is none."""
        if self._version is None:
            return None
        version: int = getattr(item, self._version)
        return version

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        return getattr(item, name)


class SQLAlchemyTransaction(Generic[M]):
    """Is a request's session, as the Transaction on one store.

    Attributes:
        session: SQLAlchemy's.
    """

    def __init__(self, store: SQLAlchemyStore[M], session: Session) -> None:
        """Put a store on a session."""
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
        """Return what PostgreSQL's statistics say of the table, -1 where nothing does."""
        dialect, table = self.session.get_bind().dialect, self._store.mapper.local_table
        if dialect.name != "postgresql" or not isinstance(table, sa.Table):
            return -1
        statement = sa.text(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:name AS regclass)"
        )
        quoted = dialect.identifier_preparer.format_table(table)  # a cast reads a name as SQL does
        return int(self.session.scalar(statement, {"name": quoted}) or -1)

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item; a few hundred are in memory at a time."""
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
            found.close()  # of a client that hangs up, the cursor on the server too

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
        """Return the item of a key, None where there is none; with a lock, as it is now."""
        statement = self._store.selecting.one(
            scope=tuple(scope), lock=lock, expand=expand, removed=removed
        )
        values = {"key": key, **{f"scope_{name}": value for name, value in scope.items()}}
        found: M | None = self.session.scalars(statement, values).unique().one_or_none()
        return found

    def has_parents(self, scope: Mapping[str, Any], /) -> bool:
        """Return whether each row exists that an attribute of the scope refers to by a foreign key."""
        for name, value in scope.items():
            for key in self._store.mapper.columns[name].foreign_keys:
                if self.session.scalar(sa.select(sa.literal(1)).where(key.column == value)) is None:
                    return False
        return True

    # writing

    def build(self, values: Mapping[str, Any], /) -> M:
        """Make an item, with those that are nested in it."""
        made: M = make(self._store.mapper, values)
        return made

    def add(self, item: M, /) -> None:
        """Insert an item; where it brings its key along, and that is taken, the session goes on as it was."""
        if getattr(item, self._store.key) is None:
            with self._violations():
                self.session.add(item)
                self.session.flush()
            self._read_again(item, self._store.decorated)
            return
        if self._is_known(item):  # to the session it would be another object of the same row
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
        """Let what the types of columns may have changed on its way be read back, so that it is answered as stored."""
        stale = [name for name in names if vars(item).get(name) is not None]
        if stale:
            self.session.expire(item, stale)

    def _is_known(self, item: M) -> bool:
        """Return whether the session has an object with the primary key that a new one brings along."""
        found = self._store.mapper.identity_key_from_instance(item)
        return None not in found[1] and found in self.session.identity_map

    def change(self, item: M, values: Mapping[str, Any], /) -> None:
        """Set attributes of an item, and update its row where that is still what was read."""
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
        """Delete an item's row where it is still what was read; softly, where the store is told to."""
        if self._store.soft_delete is not None:
            self.change(item, {self._store.soft_delete: self._mark()})
            return
        try:
            with self._violations():
                self.session.delete(item)
                self.session.flush()
        except IntegrityError as error:
            if is_null(
                error
            ):  # SQLAlchemy takes the item out of those that refer to it, which they may forbid
                raise ReferenceViolation from error
            raise

    def restore(self, item: M, /) -> None:
        """Take back that an item was removed softly."""
        name = str(self._store.soft_delete)
        column = self._store.mapper.columns[name]
        self.change(item, {name: False if isinstance(column.type, sa.Boolean) else None})

    def attempt(self) -> AbstractContextManager[object]:
        """Return a context that is a savepoint of the transaction."""
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
        """Turn what the database forbids into what the Store protocol calls it."""
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
        """Return the attribute that refers to another table where there is just one: SQLite does not say which."""
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
