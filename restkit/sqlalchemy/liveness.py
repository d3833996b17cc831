"""Connections of PostgreSQL that the server has ended, found before a request uses them."""

from __future__ import annotations

import select
import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Protocol, cast

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["replace_dead_connections"]

_CHECKED = "restkit_checked"
"""The key of a record's info with the time of its last check, in seconds."""
_RECENTLY = 10.0
"""The seconds after which a network may have dropped a connection without a word."""


class _Record(Protocol):
    """The part of a pool's record that keeps values as long as its connection lives."""

    @property
    def info(self) -> MutableMapping[object, object]:
        """The values."""
        ...


def replace_dead_connections(engine: Engine) -> None:
    """Let the pool of an engine replace connections that are dead when they are checked out.

    PERF: ``pool_pre_ping`` costs a round trip, a tenth of a GET by key. A server that ends a
    connection closes its socket, so that a look at the socket is enough if it was used a moment
    ago. If there is something to read, or nobody used the connection for a while, it is pinged.

    Args:
        engine: An engine on psycopg, without ``pool_pre_ping``.
    """

    def checkout(driver: DBAPIConnection, record: _Record, _proxy: object) -> None:
        now = time.monotonic()
        checked = record.info.get(_CHECKED)
        record.info[_CHECKED] = now
        if checked is None:  # it was opened for this request
            return
        is_recent = now - cast("float", checked) < _RECENTLY
        if is_recent and not _has_news(cast("Connection[object]", driver)):
            return
        try:
            engine.dialect.do_ping(driver)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkout", checkout)


def _has_news(driver: Connection[object]) -> bool:
    """Return whether the server has sent something that nobody asked for, or has hung up."""
    if driver.closed:
        return True
    number = driver.fileno()
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
