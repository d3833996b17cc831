"""Idempotency keys in the database, committed in the same transaction as the write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..contract import Failure
from ..errors import DeclarationError
from ..problems import Conflict
from ..request import Request
from .store import FAILURES, SQLAlchemyStore
from .types import UTCDateTime

__all__ = ["IdempotencyRecord", "SQLAlchemyStorage"]

_PURGED = 10
_MADE = "KeptIdempotencyResponse"
_TABLE = "idempotency"


class IdempotencyRecord:
    """A mixin with the columns of stored responses by idempotency key.

    ::

        class Kept(IdempotencyRecord, Base):
            __tablename__ = "idempotency"
    """

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime(), index=True)


def _made(base: type) -> type:
    members = {"__tablename__": _TABLE, "__module__": base.__module__}
    try:
        return type(_MADE, (IdempotencyRecord, base), members)
    except InvalidRequestError:
        raise DeclarationError(
            f"SQLAlchemyStorage({base.__qualname__}) adds the table {_TABLE!r}, which exists "
            "already. Write a model with the mixin IdempotencyRecord and another table."
        ) from None


def _model_of(given: object) -> type:
    """Return a model, or the one that belongs to a declarative base."""
    if isinstance(given, type) and hasattr(given, "__mapper__"):
        if issubclass(given, IdempotencyRecord):
            return given
    elif isinstance(given, type) and hasattr(given, "registry"):
        # The mapper registry has the classes that are mapped already, of another storage too.
        known = (each.class_ for each in given.registry.mappers)
        own = (each for each in known if each.__name__ == _MADE)
        return next(own, None) or _made(given)
    raise DeclarationError(
        "SQLAlchemyStorage expects a declarative base, or a model with the mixin "
        f"IdempotencyRecord, got {given!r}. Write SQLAlchemyStorage(Base)."
    )


class SQLAlchemyStorage:
    """A storage in a table of the App's database, written in the session of the request.

    The response is committed together with the write. If the worker dies, the connection is lost or
    a problem is raised, both are rolled back, and a retry counts as the first request. Of two
    concurrent requests, the second gets a 409 on PostgreSQL. On SQLite it waits for the lock of
    writers and then gets the stored response.

    Attributes:
        transactional: True.
        failures: The problems of the database.
    """

    transactional = True
    failures: Sequence[Failure] = FAILURES

    def __init__(self, model: type) -> None:
        """Choose the table.

        Args:
            model: A mapped class with the columns of `IdempotencyRecord`; or a declarative base, to
                which it adds the table ``idempotency``.

        Raises:
            DeclarationError: The model is not such a class.
        """
        self._model: Any = _model_of(model)
        self._stores: WeakKeyDictionary[Any, SQLAlchemyStore[Any]] = WeakKeyDictionary()

    def _session(self, request: Request) -> Session:
        app = request.app
        store = self._stores.get(app)
        if store is None:
            found = (made for make in app.stores if (made := make(self._model)) is not None)
            store = next(found, None)
            if store is None:
                raise DeclarationError(
                    f"No database of the App {app.name!r} has the model "
                    f"{self._model.__qualname__}. Install one with app.install(Database(...))."
                )
            self._stores[app] = store
        return store.open(request, app).session

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return the stored response of a key, or None.

        It is ``b""`` if another transaction holds the key.
        """
        session = self._session(request)
        is_held = False
        if session.get_bind().dialect.name == "postgresql":
            # The lock ends with the transaction, even if the connection is lost.
            number = int(key[:16], 16) - 2**63
            is_held = not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number)))
        model = self._model
        statement = sa.select(model.data).where(model.key == key, model.expires_at > _now())
        found: bytes | None = session.scalar(statement)
        # The holder may be another retry, which only reads the response.
        return b"" if found is None and is_held else found

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Store a response in the transaction of the write, and delete a few expired ones.

        Raises:
            Conflict: Another transaction stored a response under the key in the meantime.
        """
        session = self._session(request)
        session.flush()  # errors of the write itself come first
        model, now = self._model, _now()
        old = (
            sa.select(model.key)
            .where(model.expires_at <= now)
            .limit(_PURGED)
            .with_for_update(skip_locked=True)
        )
        session.execute(
            sa.delete(model).where(model.key == key, model.expires_at <= now),
            execution_options=_PLAIN,
        )
        session.execute(sa.delete(model).where(model.key.in_(old)), execution_options=_PLAIN)
        values = {"key": key, "data": data, "expires_at": now + dt.timedelta(seconds=seconds)}
        try:
            session.execute(sa.insert(model).values(values))
        except IntegrityError as error:
            raise Conflict(
                "A request with the same Idempotency-Key was answered; try again."
            ) from error

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Do nothing: a rollback has removed the key."""


_PLAIN = {"synchronize_session": False}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
