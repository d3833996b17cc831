"""`Desk`: the rows of one database that a worker has at the moment, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from ..problems import Problem
from .claims import Claims, Row
from .duties import Duties, Duty
from .outcomes import TRIES, Outcome, delay_after
from .sending import seconds_of

__all__ = ["Desk"]

_log = logging.getLogger("restkit.worker")
_PAUSES = (0.2, 1.0, 3.0)  # before the result of an attempt is written once more
_LONGEST_PAUSE = 24 * 3600.0


class Desk:
    """The rows that one worker has of one database."""

    def __init__(self, claims: Claims, duties: Duties, wake: Callable[[], None]) -> None:
        """Make a desk without rows.

        Args:
            claims: The claims of the worker.
            duties: The duties of the worker, by kind and name.
            wake: A function that is called when a row is finished.
        """
        self.claims = claims
        self.duties = duties
        self._wake = wake
        self._lock = threading.Lock()
        self._running: dict[int, Row] = {}
        self._waiting: list[Row] = []  # claimed, while the receiver gets as much as it may
        self._paused: dict[str, float] = {}

    @property
    def running(self) -> int:
        """The number of rows that are worked on."""
        return len(self._running)

    def start(self, free: int) -> int:
        """Claim rows and start threads for them; return how many have started.

        Args:
            free: How many threads may start.

        Raises:
            SQLAlchemyError: The database does not respond.
        """
        started = self._start_all(self._take_waiting(), free)
        if started < free:
            started += self._start_all(self._claim(free - started), free - started)
        return started

    def claimed(self) -> list[Row]:
        """Claim one row, for the thread that calls."""
        return self._claim(1)

    def _start_all(self, rows: Sequence[Row], free: int) -> int:
        started = 0
        for row in rows:
            with self._lock:
                is_free = started < free and self._has_room(row)
                if is_free:
                    self._running[row.id] = row
                else:
                    self._waiting.append(row)
            if is_free:
                started += 1
                name = f"restkit-worker-{row.id}"
                threading.Thread(target=self.work, args=(row,), name=name, daemon=True).start()
        return started

    def _take_waiting(self) -> list[Row]:
        with self._lock:
            rows, self._waiting = self._waiting, []
        return rows

    def _claim(self, most: int) -> list[Row]:
        now = time.monotonic()
        with self._lock:
            self._paused = {name: end for name, end in self._paused.items() if end > now}
            held = [*self._running, *(row.id for row in self._waiting)]
            busy = {str(row.receiver) for row in self._waiting if row.receiver} | {*self._paused}
            counts = Counter(str(row.receiver) for row in self._running.values() if row.receiver)
            for row in self._running.values():
                if row.receiver and counts[row.receiver] >= self._duty(row).concurrency:
                    busy.add(row.receiver)
        return self.claims.claim(most, self.duties.keys(), running=held, busy=busy)

    def _has_room(self, row: Row) -> bool:
        most = self._duty(row).concurrency
        if row.receiver is None or not most:
            return True
        return sum(row.receiver == each.receiver for each in self._running.values()) < most

    def _duty(self, row: Row) -> Duty:
        return self.duties[row.kind, row.name]

    def work(self, row: Row) -> None:
        """Make one attempt at a row, and write its result."""
        try:
            if self._is_left_alone(row):
                return
            if row.attempts > TRIES:
                outcome = Outcome("The worker ended during the last attempt.")
            else:
                outcome = self._attempt(row)
            self._finish(row, outcome)
        finally:
            with self._lock:
                self._running.pop(row.id, None)
            self._wake()

    def _attempt(self, row: Row) -> Outcome:
        try:
            return self._duty(row).run(row)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a function raises
            _log.exception("%s %s failed in attempt %d", row.kind, row.name, row.attempts)
            return Outcome(f"{type(error).__name__}: {error}", _retry_after(error))

    def _is_left_alone(self, row: Row) -> bool:
        """Return whether the receiver wants to get nothing for a while; the row is released."""
        with self._lock:
            left = self._paused.get(str(row.receiver), 0) - time.monotonic()
        if left > 0:
            self._written(partial(self.claims.release, row, left))
        return left > 0

    def _finish(self, row: Row, outcome: Outcome) -> None:
        if outcome.retry_after and row.receiver:
            pause = min(outcome.retry_after, _LONGEST_PAUSE)
            with self._lock:
                self._paused[row.receiver] = time.monotonic() + pause
        self._written(partial(self._write, row, outcome))

    def _write(self, row: Row, outcome: Outcome) -> None:
        if outcome.is_removed:
            return
        if not outcome.error:
            self.claims.done(row)
            return
        delay = delay_after(row.attempts, outcome.retry_after)
        if delay is not None:
            self.claims.later(row, delay, outcome.error)
            return
        self.claims.give_up(row, outcome.error)
        _log.error("%s %s (%s) was given up: %s", row.kind, row.name, row.id, outcome.error)

    def _written(self, write: Callable[[], object]) -> None:
        """Write to the database, also if it is away for some seconds.

        If it stays away, the lease of the row ends, and the row is done once more.
        """
        for pause in (*_PAUSES, None):
            try:
                write()
            except SQLAlchemyError:
                if pause is None:
                    _log.exception("The result of an attempt could not be written")
                    return
                time.sleep(pause)
            else:
                return

    def renew(self) -> None:
        """Make the leases longer.

        Raises:
            SQLAlchemyError: The database does not respond.
        """
        with self._lock:
            rows = [*self._running.values(), *self._waiting]
        self.claims.renew(rows)

    def leave(self) -> None:
        """Release the rows that no thread has."""
        for row in self._take_waiting():
            self._written(partial(self.claims.release, row, 0))


def _retry_after(error: BaseException) -> float:
    """Return the seconds that a Problem says, such as that of a client; 0 for anything else."""
    if not isinstance(error, Problem):
        return 0
    named = {name.lower(): value for name, value in error.headers.items()}
    return seconds_of(named.get("retry-after")) or 0
