"""Counts which tier served how many loads and dumps, where that is switched on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["COUNTS", "Counts"]


@dataclass(slots=True)
class Counts:
    """The loads and dumps of the process by tier, without nested schemas; inexact with threads.

    Attributes:
        on: Whether it counts; it does not until this is set, and then costs a test each time.
        loads: By tier, ``generated`` or ``marshmallow``.
        dumps: By tier: ``native`` or ``text`` where values went straight to JSON, ``generated``,
            ``marshmallow``.
    """

    on: bool = False
    loads: Counter[str] = field(default_factory=Counter)
    dumps: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Begin at nothing again."""
        self.loads.clear()
        self.dumps.clear()


COUNTS = Counts()
"""The counts of this process."""
