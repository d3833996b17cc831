"""``restkit drain``: a server that is not ready for some seconds before it stops."""

from __future__ import annotations

import math
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Sequence

import click

from ..service.draining import VARIABLE, DrainFile
from .target import Mistake

__all__ = ["command"]

_NAMES = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGTTIN",
          "SIGTTOU", "SIGCHLD")  # fmt: skip
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
# A terminal sends these to all processes in front, so the server has got them already.
_OF_TERMINALS = ("SIGINT", "SIGQUIT", "SIGWINCH")
_OF_SIGNALS = 128  # as shells report a process that a signal has ended


@click.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--wait",
    default=10.0,
    type=click.FloatRange(min=0),
    help="The seconds between SIGTERM and the end of the server.",
)
@click.argument("server", nargs=-1, required=True, type=click.UNPROCESSED)
def command(server: Sequence[str], wait: float) -> None:
    """Run a server, and drain it before it stops: restkit drain -- gunicorn shop.api:app.

    At SIGTERM the readiness probe of a Service becomes a 503, and event streams end. After the
    seconds of --wait the server gets the SIGTERM. A second SIGTERM ends the waiting. Other signals
    are passed on. The exit code is that of the server.
    """
    if not hasattr(os, "posix_spawnp"):
        raise Mistake("restkit drain needs a system with POSIX signals.")
    if not math.isfinite(wait):
        raise Mistake(f"--wait must be a number of seconds, got {wait}.")
    if shutil.which(server[0]) is None:
        raise Mistake(f"There is no program {server[0]!r}.")
    file = DrainFile()
    try:
        code = _Supervisor(server, file, wait).run()
    finally:
        file.remove()
    sys.exit(code)


class _Supervisor:
    """The process above a server, which handles its signals."""

    def __init__(self, server: Sequence[str], file: DrainFile, wait: float) -> None:
        self._file = file
        self._wait = wait
        self._until: float | None = None
        self._has_drained = False
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        for each in _SIGNALS:
            signal.signal(each, lambda number, frame: None)
        environment = {**os.environ, VARIABLE: file.path}
        usual = [*_SIGNALS, signal.SIGPIPE]  # which Python ignores
        self._child = os.posix_spawnp(server[0], list(server), environment, setsigdef=usual)

    def run(self) -> int:
        """Handle signals until the server ends, and return its exit code."""
        while True:
            left = None if self._until is None else max(self._until - time.monotonic(), 0)
            if not select.select([self._reading], [], [], left)[0]:
                self._stop()
                continue
            for number in os.read(self._reading, 64):
                code = self._handle(signal.Signals(number))
                if code is not None:
                    return code

    def _handle(self, number: signal.Signals) -> int | None:
        """Handle a signal; return the exit code of the server if it has ended."""
        if number == signal.SIGCHLD:
            return self._ended()
        if number == signal.SIGTERM:
            if self._until is not None or self._has_drained:
                self._stop()
            else:
                self._file.begin()
                self._until = time.monotonic() + self._wait
        elif number.name not in _OF_TERMINALS or not _is_in_front():
            os.kill(self._child, number)
        return None

    def _stop(self) -> None:
        """Stop the server."""
        self._until, self._has_drained = None, True
        os.kill(self._child, signal.SIGTERM)

    def _ended(self) -> int | None:
        """Return the exit code of the server, None while it runs.

        In a container this process has the number 1, and gets the orphans of others.
        """
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if process == self._child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else _OF_SIGNALS - code
            if not process:
                return None


def _is_in_front() -> bool:
    """Return whether this process belongs to those that a terminal sends signals."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
