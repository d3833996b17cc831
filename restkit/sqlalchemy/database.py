"""`Database`: the engine of an App, and the unit of work of a request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, MetaData, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from ..caching.changes import note_change
from ..caching.storage import EVERYTHING
from ..crud.row_rules import Assigned, RowRule, RuleLike
from ..crud.store import Violation
from ..decorators import raises
from ..dependencies import obtain
from ..errors import DeclarationError
from ..problems import Conflict, InsufficientStorage, ServiceUnavailable
from ..request import Request, current_request
from .engines import WRITING, Limits, create_tables, make_engine, parsed_url
from .errors import problem_of
from .migrations import migrating
from .pings import Pings
from .rolled_back import rolled_back_engine
from .row_rules import RowRules
from .store import SQLAlchemyStore
from .tracking import TableTracker
from .transaction import LONGEST_STREAM
from .units import Units, roll_back

__all__ = ["Database", "session"]


class _App(Protocol):
    """The part of an App that a Database uses."""

    stores: list[Callable[[type], Any]]

    def problem_handler(self, error: type[Exception]) -> Callable[[Any], Any]: ...


class _Extended(Protocol):
    """The part of an App that lists its extensions."""

    @property
    def name(self) -> str: ...
    @property
    def extensions(self) -> Sequence[object]: ...


class Database:
    """The database of an App, in which CRUDResources find the stores of their models.

    ::

        database = Database("sqlite:///books.db", create=Base.metadata)
        app.install(database)

    Each request has one session, which opens on first use, commits before the response starts, and
    rolls back on any problem. Safe methods have a read-only session. Database errors are 409, 503
    (with Retry-After) or 507 responses.

    In your own resources, ``session = provide(session)`` is the same session; see `session`.

    Attributes:
        engine: SQLAlchemy's engine, created on first use.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        create: MetaData | None = None,
        limits: Limits | None = None,
        **options: Any,
    ) -> None:
        """Configure the database, which opens for the first request that needs it.

        Args:
            url: SQLAlchemy's: ``sqlite:///books.db``, ``postgresql://user@host/name``.
            create: The tables to create if they do not exist, for prototypes without migrations.
            limits: The time limits.
            options: Further arguments of SQLAlchemy's ``create_engine``.
        """
        self._url = parsed_url(url)
        self._created = None if create is None else [create]
        self._limits = limits or Limits()
        self._options = options
        self._lock = threading.Lock()
        self._sessions: tuple[sessionmaker[Session], sessionmaker[Session]] | None = None
        self._rules = RowRules()
        self._units = Units(self._opened, lambda: self._sessions, self.create_also)
        self._tracker = TableTracker()
        self._pings = Pings()

    @classmethod
    def of(cls, app: _Extended, /) -> Database:
        """Return the Database that is installed on an App.

        Raises:
            DeclarationError: The App has no Database, or several.
        """
        found = [each for each in app.extensions if isinstance(each, cls)]
        if len(found) != 1:
            raise DeclarationError(
                f"The App {app.name!r} has {len(found)} Databases installed, but exactly one is "
                "needed here. Install one with app.install(Database(...)), or name the one that "
                "is meant: its session method is a factory for provide."
            )
        return found[0]

    def install(self, app: _App, /) -> None:
        """Register the stores of the models and the problem handler of database errors."""
        app.stores.append(self.store)
        app.problem_handler(SQLAlchemyError)(problem_of)
        app.problem_handler(Violation)(_conflict_of)

    def store(self, model: type) -> SQLAlchemyStore[Any] | None:
        """Return the store of a model, None if it is not an SQLAlchemy model.

        Raises:
            DeclarationError: The model has no table.
        """
        if not hasattr(model, "__mapper__"):
            if hasattr(model, "registry") and hasattr(model, "metadata"):
                raise DeclarationError(
                    f"{model.__qualname__} has no table: it is abstract or the declarative base. "
                    "Use a class with a __tablename__."
                )
            return None
        self._tracker.know(model)
        return SQLAlchemyStore(
            model,
            self.session,
            backend=self.backend,
            rules=self._rules,
            units=self._units,
        )

    def rows(
        self,
        model: type,
        *,
        read: RuleLike | None = None,
        write: RuleLike | None = None,
        set: Assigned | None = None,  # as in SQL
        caller: Callable[[Request], Any] | None = None,
        owner: str | None = None,
    ) -> None:
        """Let callers read and write some rows of a model only, wherever requests meet the model.

        Each function gets the caller: `Request.caller`, or the result of ``caller(request)``.

        ::

            database.rows(Note, owner="owner", read=lambda me: Note.shared)
            database.rows(Comment, owner="owner", read="note.owner")

        The rules hold for every ORM statement of a request's session, for foreign keys that it
        writes and for the new state of rows. A hidden row is like a missing one. A change of a row
        that the caller may only read is a 403.

        Args:
            model: The mapped class.
            read: A function that returns the rows that a caller may read: an SQLAlchemy
                expression, attribute values, True, False, or a list of these; or an attribute
                that has the id of the caller, of the row or of a related one; None for all rows.
            write: The same of rows that a caller may write as well; ``read`` by default.
            set: The attributes of new rows that clients cannot choose, as functions; a name gets
                the caller's id.
            caller: A function that returns the caller of a request.
            owner: The attribute that has the id of a row's owner, who may read and write the row,
                and which new rows get. ``read`` and ``write`` then name further rows.

        Raises:
            DeclarationError: The model is not mapped or has a rule already, an argument is not a
                function, or the first collection was added before.
        """
        self._rules.add(model, RowRule(model, read, write, set, caller, owner))

    def create_also(self, tables: MetaData) -> None:
        """Create the tables of an extension too, if ``create`` was given."""
        if self._created is not None and tables not in self._created:
            self._created.append(tables)
            if self._sessions is not None:
                create_tables(self.engine, tables)

    @property
    def backend(self) -> str:
        """The name of the database, such as ``"sqlite"`` or ``"postgresql"``."""
        return self._url.get_backend_name()

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine."""
        engine: Engine = self._opened()[0].kw["bind"]
        return engine

    def session(self, request: Request) -> Iterator[Session]:
        """Open the session of a request; a factory for `restkit.provide`."""
        # The first statement takes a connection from the pool and begins the transaction.
        with self._units.session(request) as session:
            self._rules.open(session, request)
            session.info[LONGEST_STREAM] = self._limits.stream
            try:
                yield session
                session.commit()
            except BaseException:
                roll_back(session, request)
                raise

    @contextmanager
    def shell_context(self) -> Generator[dict[str, object]]:
        """Provide the names of `restkit shell`: ``database``, and a ``session`` of its own.

        The session writes only if ``session.commit()`` is called in the shell; it is closed at the
        end.
        """
        writing, _ = self._opened()
        with writing() as session:
            yield {"database": self, "session": session}

    @contextmanager
    def rolled_back(self) -> Generator[Session]:
        """Undo at the end whatever the App and the program write meanwhile; for tests.

        ::

            with database.rolled_back() as session:
                session.add(Book(title="Emma"))
                session.commit()
                assert client.get("/books").json["items"]

        All sessions of the database, and `engine`, share one transaction. Each commit is the end
        of a savepoint, so that the App's commits, problems and constraints work as usual. It is
        for one thread at a time.

        Yields:
            A session of the test's own, without the row rules.
        """
        engine = self.engine
        try:
            with rolled_back_engine(engine) as inner:
                with self._lock:
                    kept, self._sessions = self._sessions, self._makers(inner)
                try:
                    with Session(inner) as session:
                        yield session
                finally:
                    with self._lock:
                        self._sessions = kept
        finally:
            note_change({EVERYTHING})  # for stored responses, all that was written is undone

    def migration(self) -> AbstractContextManager[Connection]:
        """Open a separate connection for a migration tool such as Alembic, which commits itself.

        Locks have a time limit, statements have none. On PostgreSQL, a second migration waits until
        the first one has closed its connection. On SQLite, each transaction takes the lock of
        writers at its beginning, tables can be rebuilt although others refer to them, and foreign
        keys are checked before the commit.

        Raises:
            DeclarationError: The URL is invalid, or its driver is not installed.
        """
        return migrating(self._url, self._limits, dict(self._options))

    def ping(self) -> None:
        """Check that the database responds, on a connection of its own.

        It is a check for `restkit.service.Service`.

        Raises:
            Exception: It does not respond.
        """
        self._pings.ping(self.engine)

    def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        self._pings.close()
        with self._lock:
            sessions, self._sessions = self._sessions, None
        if sessions is not None:
            sessions[0].kw["bind"].dispose()

    def _opened(self) -> tuple[sessionmaker[Session], sessionmaker[Session]]:
        """Return the makers of writing and of read-only sessions, which share a connection pool."""
        sessions = self._sessions
        if sessions is None:
            with self._lock:
                sessions = self._sessions
                if sessions is None:
                    sessions = self._sessions = self._build_sessions()
        return sessions

    def _build_sessions(self) -> tuple[sessionmaker[Session], sessionmaker[Session]]:
        engine = make_engine(self._url, self._limits, dict(self._options))
        try:
            for each in self._created or ():
                create_tables(engine, each)
        except BaseException:
            engine.dispose()
            raise
        return self._makers(engine)

    def _makers(self, engine: Engine) -> tuple[sessionmaker[Session], sessionmaker[Session]]:
        """Return the makers of sessions on an engine."""
        self._tracker.follow(engine)
        reading = engine.execution_options(**{WRITING: False})
        makers = (
            sessionmaker(engine, expire_on_commit=False),
            sessionmaker(reading, expire_on_commit=False),
        )
        for each in makers:
            self._rules.listen(each)
            event.listen(each, "after_soft_rollback", _forget_work)
        return makers


def _forget_work(session: Session, undone: SessionTransaction) -> None:
    """Forget the functions of `after_commit` that belong to a transaction that is undone."""
    request = current_request.get(None)
    if request is not None and request.provided is not None and request.provided.after is not None:
        request.provided.after.drop_within(undone)


def _conflict_of(error: Violation, request: Request) -> Conflict:
    """Return the problem of a reference to a hidden row in a Resource of the program."""
    return Conflict(error.detail)


@raises(Conflict, description="The request conflicts with stored data.")
@raises(ServiceUnavailable, description="The database is unavailable or busy.")
@raises(InsufficientStorage, description="The database has no storage left.")
def session(request: Request) -> Session:
    """Return the session of a request from the App's `Database`; a factory for `provide`.

    The CRUDResources of the request share this session. Every operation that uses it documents the
    database errors: 503, and also 409 and 507 for unsafe methods.

    Raises:
        DeclarationError: The App has no Database, or several.
    """
    made: Session = obtain(Database.of(request.app).session, request, request.app)
    return made
