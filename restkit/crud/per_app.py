"""Values that collections keep for each App, for as long as the App lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ..resource import Owner

__all__ = ["PerApp"]

T = TypeVar("T")


class PerApp(Generic[T]):
    """A value for each App, which the App itself holds.

    A mapping with weak keys would never forget an App, since such values refer to it.
    """

    def __init__(self, name: str, make: Callable[[], T]) -> None:
        """Keep the name of the value, and the function that makes the first one of an App."""
        self._name = f"_restkit_{name}"
        self._make = make

    def find(self, app: Owner) -> T | None:
        """Return the value of an App, None if it has none yet."""
        found: T | None = vars(app).get(self._name)
        return found

    def of(self, app: Owner) -> T:
        """Return the value of an App, which is made if it has none yet."""
        found: T = vars(app).setdefault(self._name, self._make())
        return found
