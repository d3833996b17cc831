"""`Lifespan`: functions that run before the first request of a process, and at its end."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import cast

__all__ = ["Lifespan"]

_log = logging.getLogger("restkit")
_Span = Callable[[], Iterator[object]]
Step = tuple[str, Callable[..., object]]


class Lifespan:
    """The functions of an App that surround its requests.

    Attributes:
        steps: The functions in the order of their declaration, each with its kind: ``start``,
            ``stop`` or ``span`` (a generator function around everything).
        is_running: Whether they have run in this process.
    """

    def __init__(self) -> None:
        """Make a lifespan without functions."""
        self.steps: list[Step] = []
        self.is_running = False
        self._lock = threading.RLock()
        self._stack = ExitStack()
        self._is_watched = False

    def start(self, steps: Iterable[Step], forget: Callable[[], None]) -> None:
        """Run the functions, once in a process; other threads wait.

        Args:
            steps: The functions, those of mounted Apps too.
            forget: A function that runs in a forked process, which has to start by itself.

        Raises:
            Exception: A function failed. The steps that had started before are stopped.
        """
        with self._lock:
            if self.is_running:
                return
            with ExitStack() as stack:
                for kind, function in steps:
                    _enter(stack, kind, function)
                self._stack = stack.pop_all()
            self.is_running = True
            if not self._is_watched:
                self._is_watched = True
                atexit.register(self._stop_at_exit)
                if hasattr(os, "register_at_fork"):
                    os.register_at_fork(after_in_child=lambda: self._forget(forget))

    def stop(self) -> None:
        """Run the functions of the end, those of the last step first.

        Raises:
            Exception: A function failed; the others have run.
        """
        with self._lock:
            if self.is_running:
                self.is_running = False
                self._stack.close()

    def _stop_at_exit(self) -> None:
        try:
            self.stop()
        except Exception:  # noqa: BLE001  # the process ends
            _log.exception("The App failed to stop")

    def _forget(self, forget: Callable[[], None]) -> None:
        """Forget the steps of the parent process in a forked one, without stopping them."""
        self._lock = threading.RLock()
        self._stack.pop_all()
        self.is_running = False
        forget()


def _enter(stack: ExitStack, kind: str, function: Callable[..., object]) -> None:
    if kind == "start":
        function()
    elif kind == "stop":
        stack.callback(function)
    else:
        steps = cast("_Span", function)()
        next(steps)
        # What stands behind the yield runs also if another function fails to start.
        stack.callback(next, steps, None)
