"""`SQLTokenStore`: refresh tokens in a table of the App's database."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..contract import Failure
from ..http.methods import SAFE_METHODS
from ..refresh_tokens import RefreshToken, UsedToken
from ..request import Request
from ..response_callbacks import after_response
from .database import Database, session
from .lent_connections import LentConnection
from .record_tables import table_of
from .store import FAILURES

__all__ = ["SQLTokenStore", "TokenRecord"]

_PURGED = 10
_TRANSACTIONS = (Session, Connection, LentConnection)


class TokenRecord:
    """A mixin with the columns of refresh tokens.

    ::

        class StoredToken(TokenRecord, Base):
            __tablename__ = "refresh_tokens"
    """

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    family: Mapped[str] = mapped_column(sa.String(64), index=True)
    subject: Mapped[str] = mapped_column(sa.String(255), index=True)
    expires_at: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    idle_at: Mapped[int] = mapped_column(sa.BigInteger)
    used_at: Mapped[int | None] = mapped_column(sa.BigInteger)
    successor: Mapped[str | None] = mapped_column(sa.String(64))


class SQLTokenStore:
    """A store of refresh tokens in a table of the App's `Database`.

    The first token of a login, and the end of all logins of a user, belong to the transaction of
    the request. A used or revoked token stays so if the request fails. On SQLite, a token that is
    used in a request with a session belongs to its transaction: a second one would wait for it.

    Attributes:
        failures: The problems of the database.
    """

    failures: Sequence[Failure] = FAILURES

    def __init__(self, model: type[TokenRecord]) -> None:
        """Choose the table.

        Args:
            model: A mapped class with the columns of `TokenRecord`.

        Raises:
            DeclarationError: The model is not such a class.
        """
        example = "class StoredToken(TokenRecord, Base): __tablename__ = 'refresh_tokens'"
        self._table = table_of(model, TokenRecord, "SQLTokenStore", example)

    def add(self, request: Request, token: RefreshToken, /) -> None:
        """Store the first token of a family, and remove a few whose family has ended."""
        table = self._table
        old = sa.select(table.c.digest).where(table.c.expires_at <= int(time.time()))
        old = old.limit(_PURGED)
        if Database.of(request.app).backend == "postgresql":
            old = old.with_for_update(skip_locked=True)
        with self._unit_of_work(request) as connection:
            connection.execute(sa.delete(table).where(table.c.digest.in_(old)))
            connection.execute(sa.insert(table).values(token._asdict()))

    def use(
        self, request: Request, digest: str, successor: str, now: int, idle_at: int, /
    ) -> UsedToken | None:
        """Mark a token as used and store its successor; see `restkit.refresh_tokens.TokenStore`."""
        table = self._table
        unused = sa.update(table).where(
            table.c.digest == digest,
            table.c.used_at.is_(None),
            table.c.idle_at > now,
            table.c.expires_at > now,
        )
        with self._apart(request) as connection:
            # Of two requests at the same moment, the second one waits here for the lock of the row,
            # on SQLite for that of all writers, and then finds the token used.
            is_first = connection.execute(unused.values(used_at=now, successor=successor)).rowcount
            row = connection.execute(sa.select(table).where(table.c.digest == digest)).first()
            if row is None or row.used_at is None or row.expires_at <= now:
                return None
            token = RefreshToken(row.digest, row.family, row.subject, row.expires_at, row.idle_at)
            if is_first:
                made = token._replace(digest=successor, idle_at=min(idle_at, row.expires_at))
                connection.execute(sa.insert(table).values(made._asdict()))
                return UsedToken(token, now, is_first=True, is_last=True)
            unused_next = sa.select(table.c.digest).where(
                table.c.digest == row.successor, table.c.used_at.is_(None)
            )
            is_last = connection.scalar(unused_next) is not None
            return UsedToken(token, row.used_at, is_first=False, is_last=is_last)

    def revoke(self, request: Request, family: str, /) -> None:
        """Remove all tokens of a family.

        On SQLite, they are removed after the response if the request has a transaction that writes.
        """
        database = Database.of(request.app)

        def remove() -> None:
            with database.engine.begin() as connection:
                self._remove(connection, self._table.c.family == family)

        # The transaction of the request holds SQLite's lock of all writers, and a request that
        # fails, as one with a token of no user, rolls it back.
        if database.backend == "sqlite" and _is_writing(request):
            after_response(remove, request)
        else:
            remove()

    def revoke_subject(self, request: Request, subject: str, /) -> None:
        """Remove all tokens of somebody who has logged in."""
        with self._unit_of_work(request) as connection:
            self._remove(connection, self._table.c.subject == subject)

    @contextmanager
    def _apart(self, request: Request) -> Generator[Connection]:
        """Give a transaction of its own, which stays if the request fails.

        On SQLite, it is that of the request, if there is one, which holds the lock of all writers.
        """
        database = Database.of(request.app)
        if database.backend == "sqlite" and _is_writing(request):
            yield session(request).connection()
            return
        with database.engine.begin() as connection:
            yield connection

    @contextmanager
    def _unit_of_work(self, request: Request) -> Generator[Connection]:
        """Give the transaction of a request that writes, or one of its own."""
        # On SQLite, a second transaction would wait for the request's, which waits for this method.
        if request.method not in SAFE_METHODS:
            yield session(request).connection()
            return
        with Database.of(request.app).engine.begin() as connection:
            yield connection

    def _remove(self, connection: Connection, condition: sa.ColumnElement[bool]) -> None:
        """Remove tokens, with successors that other requests store meanwhile."""
        # The update waits for a request that uses one of them; the deletion sees its successor.
        while connection.execute(
            sa.update(self._table).where(condition).values(idle_at=0)
        ).rowcount:
            connection.execute(sa.delete(self._table).where(condition))

    def family_of(self, request: Request, digest: str, /) -> str | None:
        """Return the family of a token, None if there is no such token."""
        statement = sa.select(self._table.c.family).where(self._table.c.digest == digest)
        with self._apart(request) as connection:
            found: str | None = connection.scalar(statement)
            return found


def _is_writing(request: Request) -> bool:
    """Return whether the request has begun a transaction that writes, by a session or without."""
    if request.provided is None or request.method in SAFE_METHODS:
        return False
    return any(isinstance(each, _TRANSACTIONS) for each in request.provided.values.values())
