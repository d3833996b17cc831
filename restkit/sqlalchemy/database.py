"""`Database`: the engine of an App, and the unit of work of a request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sqlalchemy import URL, Engine, MetaData
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ..request import Request
from .engines import WRITING, Limits, make_engine
from .faults import problem_of
from .store import SQLAlchemyStore

__all__ = ["Database"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class _App(Protocol):
    """Is what a Database needs of the App that it is installed on."""

    stores: list[Callable[[type], Any]]

    def problem_handler(self, error: type[Exception]) -> Callable[[Any], Any]: ...


class Database:
    """Is the database of an App: install it, and CRUDResources find the stores of their models there.

    ::

        database = Database("sqlite:///books.db", create=Base.metadata)
        app.install(database)

    One session a request is opened where it is first asked for, commits before the response starts, and rolls back
    on any problem. Safe methods (GET, HEAD) only read. What goes wrong with the database is answered with 409, 503
    (with Retry-After) or 507.

    In a resource of your own, ``session = provide(database.session)`` is the same session.

    Attributes:
        engine: SQLAlchemy's, made when it is first asked for.
    """

    def __init__(
        self, url: str | URL, *, create: MetaData | None = None, limits: Limits | None = None, **options: Any
    ) -> None:
        """Say which database it is; it is opened when the first request needs it.

        Args:
            url: SQLAlchemy's: ``sqlite:///books.db``, ``postgresql://user@host/name``.
            create: The tables to make where they do not exist, for prototypes; migrations are for the rest.
            limits: How long things may take.
            options: More arguments of SQLAlchemy's ``create_engine``.
        """
        self._url = url
        self._create = create
        self._limits = limits or Limits()
        self._options = options
        self._lock = threading.Lock()
        self._sessions: sessionmaker[Session] | None = None

    def install(self, app: _App, /) -> None:
        """Let an App's CRUDResources find their stores here, and its errors be answered."""
        app.stores.append(self.store)
        app.problem_handler(SQLAlchemyError)(problem_of)

    def store(self, model: type) -> SQLAlchemyStore[Any] | None:
        """Return the store of a model, None where it is no model of SQLAlchemy's."""
        if not hasattr(model, "__mapper__"):
            return None
        return SQLAlchemyStore(model, self.session)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine."""
        engine: Engine = self._opened().kw["bind"]
        return engine

    def session(self, request: Request) -> Iterator[Session]:
        """Open the session of a request; a factory for `restkit.provide`."""
        reading = request.method in _SAFE
        with self._opened()() as session:
            options = {WRITING: not reading, "postgresql_readonly": reading}
            session.connection(execution_options=options)
            session.info["reading"] = reading
            try:
                yield session
            except BaseException:
                session.rollback()
                raise
            session.commit()

    def close(self) -> None:
        """Close all connections; the next request opens the database anew."""
        with self._lock:
            sessions, self._sessions = self._sessions, None
        if sessions is not None:
            sessions.kw["bind"].dispose()

    def _opened(self) -> sessionmaker[Session]:
        sessions = self._sessions
        if sessions is None:
            with self._lock:
                sessions = self._sessions
                if sessions is None:
                    engine = make_engine(self._url, self._limits, dict(self._options))
                    if self._create is not None:
                        self._create.create_all(engine)
                    sessions = self._sessions = sessionmaker(engine, expire_on_commit=False)
        return sessions
