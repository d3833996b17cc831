"""Whether the event streams of this process may go on: they end before their worker does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Worker", "may_go_on", "stop_streams", "stop_streams_when", "stop_streams_with", "wait"]

_POLL = 0.25
_stopped = threading.Event()
_conditions: list[Callable[[], bool]] = []


class Worker(Protocol):
    """A worker of gunicorn."""

    @property
    def alive(self) -> bool:
        """Whether the worker takes requests."""
        ...


def stop_streams() -> None:
    """End all event streams of this process, at their next event or heartbeat.

    Call it when the process is about to stop. Clients reconnect, to another process.
    """
    _stopped.set()


def stop_streams_with(worker: Worker) -> None:
    """End the event streams of this process when a worker of gunicorn stops.

    Call it in ``post_worker_init`` of ``gunicorn.conf.py``. Without it a stopping worker waits for
    its streams until ``graceful_timeout``, and is killed.
    """
    stop_streams_when(lambda: not worker.alive)


def stop_streams_when(condition: Callable[[], bool]) -> Callable[[], None]:
    """End the event streams of this process while a condition holds.

    Args:
        condition: A function that returns whether streams have to end. It is called for each event.

    Returns:
        A function that takes the condition back.
    """
    _conditions.append(condition)

    def take_back() -> None:
        if condition in _conditions:
            _conditions.remove(condition)

    return take_back


def may_go_on() -> bool:
    """Return whether streams may go on."""
    return not _stopped.is_set() and not any(each() for each in _conditions)


def wait(seconds: float) -> bool:
    """Wait, at most until streams have to end.

    Returns:
        Whether streams may go on.
    """
    until = time.monotonic() + seconds
    while may_go_on() and (left := until - time.monotonic()) > 0:
        _stopped.wait(min(left, _POLL) if _conditions else left)
    return may_go_on()
