"""`Plan`: the parts of a verification that are chosen for one run."""

from __future__ import annotations

from collections.abc import Mapping

from ..records import Record

__all__ = ["PHASES", "Plan"]

PHASES = ("examples", "coverage", "fuzzing", "stateful")
"""The phases of a run, in order."""


class Plan(Record):
    """The plan of a verification; ``schemathesis.toml`` of the project decides the rest.

    Attributes:
        examples: How many requests are drawn for each operation and phase, None for the project's.
        seed: The seed of the draws, None for the project's or a random one.
        seconds: The most seconds, None for the project's or no limit.
        phases: Some of `PHASES`, () for the project's.
        only: The operationIds that are verified, () for all.
        safe: Whether only methods are used that change nothing (RFC 9110, section 9.2.1).
        headers: Headers of every request, such as credentials.
    """

    examples: int | None = None
    seed: int | None = None
    seconds: int | None = None
    phases: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    safe: bool = False
    headers: Mapping[str, str] = {}
