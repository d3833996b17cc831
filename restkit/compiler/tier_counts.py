"""Counts of loads and dumps by tier, if counting is enabled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["COUNTS", "Counts"]


@dataclass(slots=True)
class Counts:
    """The loads and dumps of the process by tier, without nested schemas; inexact with threads.

    Attributes:
        on: True to count; False by default. Counting costs a test for each load and dump.
        loads: The loads by tier: ``generated`` or ``marshmallow``.
        dumps: The dumps by tier: ``native`` or ``text`` if values were written directly as JSON,
            ``generated``, ``marshmallow``.
    """

    on: bool = False
    loads: Counter[str] = field(default_factory=Counter)
    dumps: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Reset the counts to zero."""
        self.loads.clear()
        self.dumps.clear()


COUNTS = Counts()
"""The counts of this process."""
