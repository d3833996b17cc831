"""The counts and the faults of a verification: by operation, each fault once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from ..records import Record

__all__ = ["Finding", "Tally"]


class Finding(Record):
    """A fault of an operation.

    Attributes:
        operation: The operation, such as ``GET /books/{book_id}``; "" for one of the whole run.
        check: The name of Schemathesis's check, or of the error that ended a part of the run.
        title: The kind of the fault.
        message: The fault, in full.
        curl: The command that repeats the request, "" if there is none.
    """

    operation: str
    check: str
    title: str
    message: str = ""
    curl: str = ""


class Tally:
    """The counts and the faults of a verification.

    Attributes:
        seed: The seed of the drawn requests.
        operations: The operations that were meant, such as ``GET /books``.
        requests: How many requests there were.
        checks: How often each check was made, by its name.
        statuses: How often each status was received, by operation.
        found: The faults, by operation, check and kind; each is the first of its kind.
        counts: How often each of them occurred.
        ended: Why the run ended: ``completed``, ``max_time``, ``failure_limit`` or ``interrupted``.
        seconds: How long the run took.
    """

    def __init__(self, seed: int = 0, operations: Sequence[str] = ()) -> None:
        """Begin without requests."""
        self.seed = seed
        self.operations = list(operations)
        self.requests = 0
        self.checks: Counter[str] = Counter()
        self.statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.found: dict[tuple[str, str, str], Finding] = {}
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.ended = "interrupted"
        self.seconds = 0.0

    def add(self, finding: Finding) -> None:
        """Add a fault, or count it if there is one like it."""
        key = finding.operation, finding.check, finding.title
        self.found.setdefault(key, finding)
        self.counts[key] += 1

    def unanswered(self) -> list[str]:
        """Return the operations that no request reached."""
        return [each for each in self.operations if each not in self.statuses]

    def unsuccessful(self) -> dict[str, list[int]]:
        """Return the statuses of operations that responded, and never with success or a redirect.

        They say little: all requests may have lacked credentials, for example.
        """
        return {
            operation: sorted(statuses)
            for operation, statuses in self.statuses.items()
            if statuses and min(statuses) >= 400
        }
