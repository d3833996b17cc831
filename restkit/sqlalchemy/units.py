"""The unit of work of a request: one transaction, of a connection alone or of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection
from sqlalchemy.orm import Mapper, Session, sessionmaker

from ..dependencies import obtain
from ..http.methods import SAFE_METHODS
from ..request import Request
from ..resource import Owner

__all__ = ["AnyMapper", "SessionFactory", "Units"]

SessionFactory = Callable[[Request], Iterator[Session]]
"""A factory of a request's session, for `restkit.provide`."""
AnyMapper = Mapper[object]
"""A mapper of any model."""
_Makers = tuple[sessionmaker[Session], sessionmaker[Session]]


class Units:
    """The units of work of one database.

    Statements of Core need a connection only, which costs half of a session. If a request needs
    both, they share one transaction.
    """

    def __init__(self, makers: Callable[[], _Makers]) -> None:
        """Make them.

        Args:
            makers: A function that returns the makers of writing and of read-only sessions.
        """
        self._makers = makers
        self._pattern: tuple[_Makers, Session] | None = None

    def connection(self, request: Request) -> Iterator[Connection]:
        """Open the connection of a request and begin its transaction; a factory for `obtain`."""
        writing, reading = self._makers()
        engine = (reading if request.method in SAFE_METHODS else writing).kw["bind"]
        with engine.connect() as connection:
            connection.begin()
            yield connection
            if request.method not in SAFE_METHODS:
                connection.commit()  # does nothing if a session has ended the transaction
            # Else, and after an exception, the transaction is rolled back. PERF: after a commit,
            # the pool would roll back a second time.

    def session(self, request: Request) -> Session:
        """Return a new session of a request, on its connection if it has one already."""
        writing, reading = self._makers()
        maker = reading if request.method in SAFE_METHODS else writing
        provided = request.provided
        connection = None if provided is None else provided.values.get(self.connection)
        if connection is None:
            return maker()
        return maker(bind=connection, join_transaction_mode="control_fully")

    @property
    def pattern(self) -> Session:
        """A session that nobody uses, whose listeners are those of every session."""
        makers = self._makers()
        if self._pattern is None or self._pattern[0] is not makers:
            self._pattern = (makers, makers[0]())
        return self._pattern[1]

    def used(
        self, session: SessionFactory, mapper: AnyMapper, request: Request, app: Owner
    ) -> tuple[Connection, Session | None]:
        """Return the connection of a request, and its session if it has one.

        Args:
            session: The factory of the request's session, which may be overridden.
            mapper: The mapper whose rows are read or written.
            request: The request.
            app: The App.
        """
        opened = self.opened(session, request, app)
        if opened is None:
            return obtain(self.connection, request, app, wants_request=True), None
        if opened.autoflush:
            opened.flush()
        return opened.connection(bind_arguments={"mapper": mapper}), opened

    def opened(self, session: SessionFactory, request: Request, app: Owner) -> Session | None:
        """Return the session that a request has or that an App overrides, else None."""
        provided = request.provided
        is_open = provided is not None and session in provided.values
        if not is_open and session not in app.overrides:
            return None
        found: Session = obtain(session, request, app)
        return found
