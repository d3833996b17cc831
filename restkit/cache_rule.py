"""How the responses of an Operation are stored; loaded with the first declared cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from .records import Record

__all__ = ["CacheRule", "CacheUse"]


@runtime_checkable
class CacheRule(Protocol):
    """How long responses are stored: `restkit.caching.Cache`."""

    @property
    def document(self) -> Mapping[str, object]:
        """The cache as ``x-cache`` of an operation."""
        ...

    def directives(self, *, private: bool) -> str:
        """Return the value of Cache-Control."""
        ...


class CacheUse(Record):
    """How the responses of an operation are stored.

    Attributes:
        rule: The declared cache; None if a nearer level than that of an outer one has none.
        is_inherited: Whether a mount or an App declares it, for all operations that can have it.
        obstacle: Why an inherited cache does not apply, ``""`` if it does.
    """

    rule: CacheRule | None
    is_inherited: bool = False
    obstacle: str = ""

    def __bool__(self) -> bool:
        """Return whether responses are stored."""
        return self.rule is not None and not self.obstacle
