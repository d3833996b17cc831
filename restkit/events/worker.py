"""`Worker`: a process that runs the tasks of the outbox and sends its events."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from ..errors import DeclarationError
from ..operations.registry import Registry
from ..sqlalchemy import Database
from .claims import Claims
from .desk import Desk
from .duties import add_duties, duties_of
from .emitting import Emitter
from .outbox_rows import Owner

__all__ = ["Worker"]

_log = logging.getLogger("restkit.worker")
_TOGETHER = 0.005  # rows that end within these seconds are replaced together
_AFTER_ERROR = 2.0


class Worker:
    """A worker of an App, as ``restkit worker app:app`` runs it.

    ::

        Worker(app).run_due()    # in tests: everything that is due, in this thread

    It claims rows by a lease, in short transactions, and has none open while it works. Each row is
    done at least once, by several workers too: if one is killed, its leases end, and another one
    claims its rows.
    """

    def __init__(self, app: Owner, *, threads: int = 8, lease: float = 60, poll: float = 1) -> None:
        """Find the Outboxes and Webhooks of an App and of the Apps mounted on it.

        Args:
            app: The App.
            threads: The most rows at once.
            lease: The seconds after which another worker takes the rows of one that was killed.
                Rows in work get more time again and again.
            poll: The seconds between two looks for rows.

        Raises:
            DeclarationError: The App has neither, or a number cannot be meant.
        """
        if type(threads) is not int or threads < 1:
            raise DeclarationError(f"Worker(threads=...) must be a number from 1, got {threads!r}.")
        for name, seconds in (("lease", lease), ("poll", poll)):
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0:
                raise DeclarationError(
                    f"Worker({name}=...) must be a number of seconds, got {seconds!r}."
                )
        self._threads = threads
        self._lease = lease
        self._poll = poll
        self._is_stopping = False
        # A signal handler may put into this queue, which it may not do with an Event.
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._desks = [*self._made(app)]
        if not self._desks:
            raise DeclarationError(
                f"The App {app.name!r} has no work for a worker. Install Outbox(database, "
                "tasks=[...]) or Webhooks(database, events=[...], endpoints=...)."
            )

    def _made(self, app: Owner) -> Iterator[Desk]:
        by_database: dict[Database, dict[int, tuple[Emitter, Owner]]] = {}
        for each in _apps(app):
            for extension in each.extensions:
                if isinstance(extension, Emitter):
                    found = by_database.setdefault(extension.database, {})
                    found.setdefault(id(extension), (extension, each))
        for database, extensions in by_database.items():
            desk = Desk(Claims(database.engine, self._lease), {}, self._wake)
            for extension, owner in extensions.values():
                add_duties(desk.duties, duties_of(extension, database.engine, owner))
            if desk.duties:
                yield desk

    def _wake(self) -> None:
        self._woken.put(None)

    @property
    def running(self) -> int:
        """The number of rows that are worked on."""
        return sum(desk.running for desk in self._desks)

    def stop(self) -> None:
        """Claim nothing more, and let `run` return when the rows in work are done."""
        self._is_stopping = True
        self._wake()

    def run(self, *, grace: float = 30) -> bool:
        """Work until `stop` is called, then finish the rows in work.

        Args:
            grace: The seconds that rows in work have after that. Another worker repeats unfinished
                rows when their leases end.

        Returns:
            Whether all rows in work were finished.

        Raises:
            DeclarationError: A database does not have the table of the outbox.
        """
        self._look_at_tables()
        with self._renewing():
            while not self._is_stopping:
                self._wait(self._round())
            until = time.monotonic() + grace
            for desk in self._desks:
                desk.leave()
            while self.running and time.monotonic() < until:
                self._next(min(self._poll, until - time.monotonic()))
        return not self.running

    def run_due(self) -> int:
        """Work on all rows that are due now, one after the other; for tests and scripts.

        Returns:
            The number of attempts.
        """
        attempts = 0
        while claimed := [(desk, row) for desk in self._desks for row in desk.claimed()]:
            for desk, row in claimed:
                desk.work(row)
                attempts += 1
        return attempts

    def _round(self) -> int:
        """Start threads for rows; return how many, -1 if a database does not respond."""
        started = 0
        try:
            for desk in self._desks:
                free = self._threads - self.running
                started += desk.start(free) if free > 0 else 0
        except SQLAlchemyError:
            _log.exception(
                "The database does not respond; the worker goes on in %g s", _AFTER_ERROR
            )
            return -1
        return started

    def _wait(self, started: int) -> None:
        """Wait until there may be something to do."""
        if started < 0:
            self._next(_AFTER_ERROR)
        elif started == 0 or self.running >= self._threads:
            # Several workers should not look at the same moment.
            self._next(self._poll * random.uniform(0.8, 1.0))  # noqa: S311
        if not self._is_stopping and not self._woken.empty():
            time.sleep(_TOGETHER)
            while not self._woken.empty():
                self._woken.get()

    def _next(self, seconds: float) -> None:
        try:
            self._woken.get(timeout=max(seconds, 0))
        except queue.Empty:
            return

    @contextmanager
    def _renewing(self) -> Generator[None]:
        """Make the leases of rows in work longer, in a thread of its own."""
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(self._lease / 3):
                for desk in self._desks:
                    try:
                        desk.renew()
                    except SQLAlchemyError:
                        _log.exception("Leases could not be made longer")

        thread = threading.Thread(target=renew, name="restkit-worker-leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _look_at_tables(self) -> None:
        for desk in self._desks:
            try:
                has_table = desk.claims.has_table()
                unknown = desk.claims.unknown(desk.duties.keys()) if has_table else ()
            except SQLAlchemyError:
                continue  # the first round says what is wrong
            if not has_table:
                raise DeclarationError(
                    "The database does not have the table restkit_outbox. Add outbox_metadata of "
                    "restkit.events to the metadata of your migrations and run them, or write "
                    "Database(url, create=Base.metadata)."
                )
            if unknown:
                _log.warning(
                    "Rows of the outbox wait for %s, which this App does not declare",
                    ", ".join(unknown),
                )


def _apps(app: Owner) -> Iterator[Owner]:
    registry = getattr(app, "_registry", None)
    if isinstance(registry, Registry):
        yield from (each for _, each in registry.walk_apps())
    else:
        yield app
