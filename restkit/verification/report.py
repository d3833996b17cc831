"""The short report of a verification: the faults by operation, and commands to repeat them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from .findings import Finding, Tally

__all__ = ["lines_of"]

_WIDTH = 400


def lines_of(tally: Tally) -> Iterator[str]:
    """Yield the lines of the report: the faults, the operations without success, and a summary."""
    by_operation: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in tally.found.values():
        by_operation[finding.operation].append(finding)
    for operation in sorted(by_operation):
        yield operation or "the whole run"
        for finding in by_operation[operation]:
            yield from _fault(finding, tally.counts[finding[:3]])
    for operation, statuses in sorted(tally.unsuccessful().items()):
        words = ", ".join(map(str, statuses))
        yield f"{operation} never succeeded: {words}. Credentials are given with --header."
    for operation in tally.unanswered():
        yield f"{operation} had no request."
    yield _summary(tally)


def _fault(finding: Finding, count: int) -> Iterator[str]:
    times = f" ({count} times)" if count > 1 else ""
    check = f"{finding.check}: " if finding.check else ""
    yield f"  {check}{finding.title}{times}"
    for line in _shortened(finding.message).splitlines():
        if line.strip():
            yield f"    {line}"
    if finding.curl:
        yield f"    {finding.curl}"


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]} ..."


def _summary(tally: Tally) -> str:
    faults = len(tally.found)
    found = f"{faults or 'no'} {'fault' if faults < 2 else 'faults'}"
    ended = "" if tally.ended == "completed" else f" The run ended early: {tally.ended}."
    count = len(tally.operations)
    return (
        f"{count} operation{'s'[: count != 1]}, {tally.requests} requests, {tally.checks.total()} "
        f"checks in {tally.seconds:.0f} s: {found} (seed {tally.seed}).{ended}"
    )
