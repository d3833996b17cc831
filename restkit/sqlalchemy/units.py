"""The unit of work of a request: one transaction, of a connection alone or of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from sqlalchemy import Connection, Engine, MetaData, event, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, Session, sessionmaker

from ..dependencies import obtain
from ..environ_keys import DEADLINE
from ..http.methods import SAFE_METHODS
from ..limits.deadline import check_deadline
from ..request import Request, current_request
from ..resource import Owner
from .engines import begin_writing, prepare_reading
from .lent_connections import LENT_DRIVERS, AnyConnection, Lender, LentConnection
from .writing_connections import Writer, WritingConnection, whole

__all__ = ["AnyMapper", "SessionFactory", "Units", "roll_back"]

SessionFactory = Callable[[Request], Iterator[Session]]
"""A factory of a request's session, for `restkit.provide`."""
AnyMapper = Mapper[object]
"""A mapper of any model."""
_Makers = tuple[sessionmaker[Session], sessionmaker[Session]]


def roll_back(session: Session, request: Request) -> None:
    """Roll a session back, and leave objects that nothing has changed as they were read.

    The page of an error shows them, such as the name of the caller. Objects that the transaction
    has changed have values that are not stored: they expire as after every rollback, as all do
    after a flush that failed, and the caller is read again.
    """
    transaction = session.get_transaction()
    changed: set[object] = set()
    for name in ("_new", "_dirty", "_deleted"):  # SQLAlchemy has no public name for these
        changed.update(getattr(transaction, name, ()))
    for each in list(session):
        state = inspect(each)
        is_kept = not state.modified and not state.expired and state not in changed
        if is_kept and each in session:
            session.expunge(each)
    session.rollback()
    if request.caller is not None:
        # The caller is no mapped object or none of this session, its row is gone, or the database
        # has failed.
        with suppress(SQLAlchemyError):
            session.refresh(request.caller)


def _watch_deadline(bind: Engine | Connection) -> None:
    """Check the deadline of requests before each statement; more than once it does nothing."""
    event.listen(bind, "before_cursor_execute", _check_deadline)


def _check_deadline(*_: object) -> None:
    request = current_request.get(None)
    if request is not None:
        check_deadline(request)


def _lending_engine(maker: sessionmaker[Session]) -> Engine | None:
    """Return the engine of sessions, None if its driver's transactions are not known."""
    engine = maker.kw["bind"]
    is_known = isinstance(engine, Engine) and engine.dialect.driver in LENT_DRIVERS
    return engine if is_known else None


class Units:
    """The units of work of one database.

    Statements of Core need a connection only, which costs half of a session. If a request needs
    both, they share one transaction.

    Attributes:
        create_also: A function that creates further tables, if the database creates any.
    """

    def __init__(
        self,
        makers: Callable[[], _Makers],
        opened: Callable[[], _Makers | None],
        create_also: Callable[[MetaData], None],
    ) -> None:
        """Make them.

        Args:
            makers: A function that returns the makers of writing and of read-only sessions.
            opened: The same, None while the database is not open.
            create_also: A function that creates further tables, if the database creates any.
        """
        self._makers = makers
        self._opened = opened
        self.create_also = create_also
        self._pattern: tuple[_Makers, Session] | None = None
        self._lender: tuple[_Makers, Lender | None] | None = None
        self._writer: tuple[_Makers, Writer | None] | None = None

    def connection(self, request: Request) -> Iterator[AnyConnection]:
        """Open the connection of a request and begin its transaction; a factory for `obtain`."""
        writing, reading = self._makers()
        engine = (reading if request.method in SAFE_METHODS else writing).kw["bind"]
        if DEADLINE in request.environ:
            _watch_deadline(engine)
        made = None if request.method in SAFE_METHODS else self._begun()
        if made is not None:
            with made:
                yield made
                made.commit()
            return
        with engine.connect() as connection:
            connection.begin()
            yield connection
            if request.method not in SAFE_METHODS:
                connection.commit()  # does nothing if a session has ended the transaction
            # Else, and after an exception, the transaction is rolled back. PERF: after a commit,
            # the pool would roll back a second time.

    def _begun(self) -> WritingConnection | None:
        """Return a connection with a transaction; None if SQLAlchemy has to begin it."""
        makers = self._makers()
        if self._writer is None or self._writer[0] is not makers:
            engine = _lending_engine(makers[0])
            self._writer = (makers, None if engine is None else Writer(engine, begin_writing))
        writer = self._writer[1]
        return None if writer is None else writer.begin()

    def session(self, request: Request) -> Session:
        """Return a new session of a request, on its connection if it has one already."""
        writing, reading = self._makers()
        maker = reading if request.method in SAFE_METHODS else writing
        if DEADLINE in request.environ:
            _watch_deadline(maker.kw["bind"])
        provided = request.provided
        connection = None if provided is None else provided.values.get(self.connection)
        if connection is None:
            return maker()
        return maker(bind=whole(connection), join_transaction_mode="control_fully")

    @property
    def engine(self) -> Engine:
        """The engine of sessions that write."""
        engine: Engine = self._makers()[0].kw["bind"]
        return engine

    def owns(self, connection: Connection) -> bool:
        """Return whether a connection is one of the database, which is not opened for this."""
        makers = self._opened()
        if makers is None:
            return False
        engine: Engine = makers[0].kw["bind"].engine
        return engine.pool is connection.engine.pool

    @property
    def pattern(self) -> Session:
        """A session that nobody uses, whose listeners are those of every session."""
        makers = self._makers()
        if self._pattern is None or self._pattern[0] is not makers:
            self._pattern = (makers, makers[0]())
        return self._pattern[1]

    def lent(
        self, session: SessionFactory, request: Request, app: Owner, *, several: bool
    ) -> LentConnection | None:
        """Return a connection for one read; None if the read belongs to a transaction.

        Args:
            session: The factory of the request's session, which may be overridden.
            request: The request.
            app: The App.
            several: Whether several statements see one state of the database.
        """
        provided = request.provided
        is_open = provided is not None and self.connection in provided.values
        if is_open or request.method not in SAFE_METHODS:
            return None
        lender = self._lender_of_reads() if self.opened(session, request, app) is None else None
        return None if lender is None else lender.lend(several=several)

    def _lender_of_reads(self) -> Lender | None:
        makers = self._makers()
        if self._lender is None or self._lender[0] is not makers:
            engine = _lending_engine(makers[1])
            self._lender = (makers, None if engine is None else Lender(engine, prepare_reading))
        return self._lender[1]

    def used(
        self, session: SessionFactory, mapper: AnyMapper, request: Request, app: Owner
    ) -> tuple[AnyConnection, Session | None]:
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
