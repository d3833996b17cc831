"""Undo the writes of a test to stores in memory."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol

from ..caching.changes import model_tag, note_change
from .memory_rows import Rows
from .rows import Memory

__all__ = ["RollsBack"]


class _Stored(Protocol):
    @property
    def memory(self) -> Memory:
        """The memory of the store."""
        ...


class RollsBack:
    """The part of a `MemoryStore` that undoes writes."""

    @contextmanager
    def rolled_back(self: _Stored) -> Generator[_Stored]:
        """Undo at the end all writes to the store meanwhile; for tests.

        ::

            with store.rolled_back():
                client.post("/books", json={"title": "Emma"})
                assert store.items

        The stores that it refers to, or that refer to it, are undone with it. The next integer key
        is the one that it was before.

        Yields:
            The store.
        """
        before: Mapping[object, Rows] = self.memory.kept
        try:
            yield self
        finally:
            memory = self.memory  # of all stores that it has joined meanwhile
            with memory.lock:
                memory.kept = {**memory.kept, **before}
                note_change([model_tag(memory.models[table]) for table in before])
