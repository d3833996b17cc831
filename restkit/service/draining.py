"""Draining: the processes of a server are no longer ready, and serve the requests that still come.

A process above the server, or gunicorn's master, gets the SIGTERM. It notifies the workers by a
file that all of them know from their environment: it is empty until they drain.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from typing import Protocol

from ..errors import DeclarationError

__all__ = ["VARIABLE", "DrainFile", "drain_with", "is_draining"]

VARIABLE = "RESTKIT_DRAIN_FILE"


class Arbiter(Protocol):
    """The master process of gunicorn."""

    handle_term: Callable[[], None]

    def signal(self, sig: int, frame: None, /) -> object:
        """Handle a signal soon."""
        ...


def is_draining() -> bool:
    """Return whether the process that started this one is about to stop it."""
    path = os.environ.get(VARIABLE)
    if not path:
        return False
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False


class DrainFile:
    """The file that tells the processes of a server to drain.

    Attributes:
        path: The path, the value of `VARIABLE` in the environment of the processes.
    """

    def __init__(self) -> None:
        """Make the file."""
        descriptor, self.path = tempfile.mkstemp(prefix="restkit-drain-")
        os.close(descriptor)
        self._owner = os.getpid()

    def begin(self) -> None:
        """Tell the processes to drain."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write("draining\n")

    def remove(self) -> None:
        """Remove the file, if this process has made it."""
        if self._owner == os.getpid():
            with contextlib.suppress(OSError):
                os.unlink(self.path)


def drain_with(arbiter: Arbiter, *, wait: float = 10) -> None:
    """Let gunicorn drain before it stops: at SIGTERM readiness is a 503 for some seconds first.

    ::

        def on_starting(server):  # in gunicorn.conf.py
            drain_with(server, wait=10)

    A second SIGTERM stops the waiting.

    Args:
        arbiter: The argument of ``on_starting``.
        wait: The seconds until gunicorn stops: as long as the load balancer needs to notice.

    Raises:
        DeclarationError: The seconds are not a number, or the object is not gunicorn's.
    """
    if isinstance(wait, bool) or not isinstance(wait, (int, float)) or not 0 <= wait < math.inf:
        raise DeclarationError(f"drain_with(wait=...) must be a number of seconds, got {wait!r}.")
    stop = getattr(arbiter, "handle_term", None)
    if not callable(stop):
        raise DeclarationError(
            "drain_with() expects the argument of gunicorn's on_starting(server), got "
            f"{arbiter!r:.80}."
        )
    file = DrainFile()
    atexit.register(file.remove)
    os.environ[VARIABLE] = file.path
    timers: list[threading.Timer] = []

    def handle_term() -> None:
        if timers:
            timers[0].cancel()
            stop()
            return
        file.begin()
        timer = threading.Timer(wait, arbiter.signal, (signal.SIGTERM, None))
        timer.daemon = True
        timers.append(timer)
        timer.start()

    arbiter.handle_term = handle_term
