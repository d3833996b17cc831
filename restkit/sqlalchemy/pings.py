"""Whether a database responds, asked on a connection that requests do not use."""

from __future__ import annotations

import threading

from sqlalchemy import Engine
from sqlalchemy.pool import Pool

__all__ = ["Pings"]


class Pings:
    """Pings of the database of an engine, on one connection outside of the engine's pool.

    A pool whose connections are all in use says that the service is busy, not that its database is
    away. The connection stays open between pings, so that a ping is one round trip.
    """

    def __init__(self) -> None:
        """Keep no connection yet."""
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._pool: Pool | None = None

    def ping(self, engine: Engine) -> None:
        """Send ``SELECT 1``.

        Raises:
            Exception: The driver's exception: the database does not respond.
        """
        connection = self._pool_of(engine).connect()
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            cursor.fetchone()
            cursor.close()
        except BaseException as error:
            connection.invalidate(error)
            raise
        connection.close()

    def _pool_of(self, engine: Engine) -> Pool:
        with self._lock:
            if self._pool is None or self._engine is not engine:
                self._close()
                self._engine, self._pool = engine, engine.pool.recreate()
            return self._pool

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.dispose()
        self._engine = self._pool = None
