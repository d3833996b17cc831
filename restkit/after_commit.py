"""Functions that run after the unit of work of a request, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

__all__ = ["AfterCommit", "open_transactions"]

_log = logging.getLogger("restkit")


@runtime_checkable
class _Savepoints(Protocol):
    """A provided value that may have savepoints, as a session of SQLAlchemy has."""

    def get_nested_transaction(self) -> object:
        """Return the innermost open savepoint, None without one."""
        ...

    def get_transaction(self) -> object:
        """Return the open transaction, None without one."""
        ...


class AfterCommit:
    """The functions of one request that run after its unit of work."""

    __slots__ = ("_functions",)

    def __init__(self) -> None:
        self._functions: list[tuple[Callable[[], object], tuple[object, ...]]] = []

    def __bool__(self) -> bool:
        """Return whether there are functions."""
        return bool(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def add(self, function: Callable[[], object], within: tuple[object, ...]) -> None:
        """Add a function.

        Args:
            function: The function.
            within: The open transactions and savepoints. If one is rolled back, the function is
                dropped.
        """
        self._functions.append((function, within))

    def drop_after(self, length: int) -> None:
        """Keep the first ``length`` functions and drop those that were added later."""
        del self._functions[length:]

    def drop_within(self, undone: object) -> None:
        """Drop the functions that were added in a transaction or savepoint that is rolled back."""
        self._functions = [each for each in self._functions if undone not in each[1]]

    def run(self, close: Callable[[BaseException | None], None]) -> None:
        """Run the functions, each once; log their exceptions.

        Args:
            close: A function that closes the values that one of the functions obtained. It takes
                the exception that the function raised, or None.
        """
        while self._functions:
            function, _ = self._functions.pop(0)
            try:
                function()
                close(None)
            except Exception as error:  # noqa: BLE001  # the commit stands, whatever fails now
                _log.exception("%s failed after the commit", _name_of(function))
                _close_after(error, close)


def _close_after(error: Exception, close: Callable[[BaseException | None], None]) -> None:
    try:
        close(error)
    except Exception:  # noqa: BLE001  # as above
        _log.exception("A value failed to close")


def _name_of(function: Callable[[], object]) -> str:
    named = function.func if isinstance(function, partial) else function
    return getattr(named, "__qualname__", repr(named))


def open_transactions(value: object) -> tuple[object, ...]:
    """Return the open transaction and savepoints of a provided value, () if it has none."""
    if not isinstance(value, _Savepoints):
        return ()
    found: list[object] = []
    each = value.get_nested_transaction() or value.get_transaction()
    while each is not None:
        found.append(each)
        each = getattr(each, "parent", None)
    return tuple(found)
