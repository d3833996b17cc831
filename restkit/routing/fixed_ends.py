"""Targets by the fixed text that their patterns begin and end with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["FixedEnds"]

T = TypeVar("T")


class FixedEnds(Generic[T]):
    """Targets of patterns with a variable that is not a whole segment, by their fixed ends."""

    def __init__(self) -> None:
        """Make an empty index."""
        self._targets: dict[tuple[str, str], list[T]] = {}
        self._lengths: dict[tuple[int, int], None] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        for targets in self._targets.values():
            yield from targets

    def add(self, start: str, end: str, target: T) -> None:
        """Add a target.

        Args:
            start: The text before the first variable of the pattern.
            end: The text behind its last one; slashes at the end of a path do not count.
            target: The target.
        """
        end = end.rstrip("/")
        self._targets.setdefault((start, end), []).append(target)
        self._lengths[len(start), len(end)] = None
        self._count += 1

    def matching(self, text: str) -> Iterator[T]:
        """Yield the targets whose fixed ends a text has."""
        plain = text.rstrip("/")
        for start, end in self._lengths:
            key = text[:start], plain[len(plain) - end :] if end else ""
            yield from self._targets.get(key, ())
