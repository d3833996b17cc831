"""The checks of a `Service`: side by side, one run a second for all callers, never piled up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

__all__ = ["Check", "Checks"]

Check = Callable[[], "bool | None"]
"""A function that returns None or True if what it checks works; it returns False or raises else."""

_log = logging.getLogger("restkit.service")


class Checks:
    """The checks of a service.

    A caller waits for all checks at most ``timeout`` seconds. A check that has not returned by then
    has failed; it goes on in its daemon thread, and is not started again before it has returned.
    """

    def __init__(
        self, functions: Mapping[str, Check], *, timeout: float = 1.0, interval: float = 1.0
    ) -> None:
        """Keep the checks.

        Args:
            functions: The checks by name.
            timeout: The longest time of a check in seconds.
            interval: The seconds for which callers share the results of one run.
        """
        self._runners = tuple(_Runner(*each) for each in functions.items())
        self._timeout = timeout
        self._interval = max(interval, timeout)
        self._lock = threading.Lock()
        self._round: _Round | None = None

    def results(self) -> dict[str, bool]:
        """Return by name whether each check holds."""
        now = time.monotonic()
        with self._lock:
            current = self._round
            if current is None or now - current.begun >= self._interval:
                current = self._round = _Round(self._runners, now, now + self._timeout)
        return current.results()


class _Run:
    """One run of one check.

    Attributes:
        ended: Set when the check has returned.
        holds: Whether the check has passed.
    """

    def __init__(self, *, has_ended: bool = False) -> None:
        self.ended = threading.Event()
        self.holds = False
        if has_ended:
            self.ended.set()


class _Runner:
    """One check, of which at most one run is in progress."""

    def __init__(self, name: str, function: Check) -> None:
        self._name = name
        self._function = function
        self._thread: threading.Thread | None = None
        self._is_failing = False

    def begin(self) -> _Run:
        """Start a run; while an earlier one hangs, return one that has failed."""
        if self._thread is not None and self._thread.is_alive():
            self._note("has not returned in time", None)
            return _Run(has_ended=True)
        run = _Run()
        name = f"restkit check {self._name}"
        self._thread = threading.Thread(target=self._execute, args=(run,), name=name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the process cannot have more threads
            self._thread = None
            self._note("cannot run", error)
            run.ended.set()
        return run

    def _execute(self, run: _Run) -> None:
        try:
            result: object = self._function()
            run.holds = result is None or result is True
            self._note("" if run.holds else f"returned {result!r:.80}", None)
        except BaseException as error:  # noqa: BLE001  # whatever it raises, the check has failed
            self._note("failed", error)
        finally:
            run.ended.set()

    def _note(self, failure: str, error: BaseException | None) -> None:
        """Log that the check begins to fail, or works again: once, not at each probe."""
        if failure and not self._is_failing:
            _log.warning("The check %r %s", self._name, failure, exc_info=error)
        elif self._is_failing and not failure:
            _log.info("The check %r holds again", self._name)
        self._is_failing = bool(failure)

    @property
    def name(self) -> str:
        """The name of the check."""
        return self._name


class _Round:
    """A run of all checks, whose results callers share.

    Attributes:
        begun: When it began, by the monotonic clock.
    """

    def __init__(self, runners: Sequence[_Runner], begun: float, deadline: float) -> None:
        self.begun = begun
        self._deadline = deadline
        self._runs = {each.name: each.begin() for each in runners}

    def results(self) -> dict[str, bool]:
        """Wait for the checks until the deadline, and return which of them hold."""
        found: dict[str, bool] = {}
        for name, run in self._runs.items():
            left = self._deadline - time.monotonic()
            found[name] = run.ended.wait(max(left, 0)) and run.holds
        return found
