"""One request and the expected response, and the check of what a program answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Case", "Mismatch", "verify"]


class Mismatch(Exception):
    """Is raised where a program answers other than the case says; nothing is counted then."""


@dataclass(frozen=True)
class Case:
    """Is one request and what must be answered.

    Attributes:
        name: Of the case, for commands and recorded figures.
        title: Of its row in the tables.
        service: What program it is asked of: ``services``, ``routes:500``, ``nesting:3``.
        requests: How many requests are counted under callgrind.
        expected: The decoded JSON of the answer; None where only the status counts. A list may be
            the ``items`` of a
            page. A text is a part of an answer in HTML.
        other: What every second request sends in place of the body, as long as it is.
        more: Whether an answer may have members that are not expected.
        faults: The names of the fields that an error answer must say.
        target: What restkit may cost at most, in thousand instructions.
        cookie: The header Cookie.
        environ: More of the WSGI environ.
    """

    name: str
    title: str
    path: str
    requests: int
    method: str = "GET"
    body: bytes = b""
    other: bytes = b""
    service: str = "services"
    status: int = 200
    expected: Any = None
    more: bool = False
    faults: tuple[str, ...] = ()
    target: int | None = None
    cookie: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)


def verify(case: Case, status: int, content: bytes, *, names_all: bool = True) -> None:
    """Check an answer.

    Args:
        case: What was asked.
        status: The answer's.
        content: The answer's.
        names_all: Whether the program must name every faulty field, or may stop at the first.

    Raises:
        Mismatch: The answer is another one.
    """
    shown = f"{case.name}: {status} {content[:300]!r}"
    right = status // 100 == 4 if case.faults else status == case.status
    if not right:
        raise Mismatch(f"{shown}, expected status {case.status}")
    if isinstance(case.expected, str):
        if case.expected not in content.decode():
            raise Mismatch(f"{shown} has no {case.expected!r}")
        return
    try:
        decoded = json.loads(content)
    except ValueError:
        raise Mismatch(f"{shown} is not JSON") from None
    if isinstance(case.expected, list) and isinstance(decoded, dict):
        decoded = decoded.get("items")
    if case.more and isinstance(decoded, dict):
        decoded = {name: value for name, value in decoded.items() if name in case.expected}
    if case.expected is not None and decoded != case.expected:
        raise Mismatch(f"{shown}, expected {str(case.expected)[:300]}")
    named = sum(name in json.dumps(decoded) for name in case.faults)
    if named < (len(case.faults) if names_all else min(1, len(case.faults))):
        raise Mismatch(f"{shown} names {named} of the faults {', '.join(case.faults)}")
