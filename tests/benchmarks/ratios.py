"""CPU time of restkit against a peer's:
two processes that take turns, A B A B, and the median of the ratios.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Any

from .cases import Case
from .instructions import ROOT, Failed, environment

__all__ = ["ratios"]


class _Worker:
    def __init__(self, name: str, case: Case) -> None:
        self.name = f"{name}, {case.name}"
        command = [sys.executable, "-m", "tests.benchmarks.worker", "turns", name, case.name]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._line() != "ready":
            raise Failed(f"{self.name}: it did not start")

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, requests: int) -> float:
        """Return the CPU seconds of so many requests."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{requests}\n")
        self.process.stdin.flush()
        line = self._line()
        if not line:
            raise Failed(f"{self.name}: it ended")
        return float(line)

    def close(self) -> None:
        """End the process."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(timeout=20)


def ratios(
    peer: str, case: Case, *, generations: int = 2, turns: int = 6, share: float = 0.08
) -> dict[str, Any]:
    """Measure how much more CPU time a peer takes than restkit.

    Args:
        peer: The peer's name.
        case: What is asked.
        generations: How often both processes are made anew.
        turns: How often each of them has its turn.
        share: The CPU seconds of one turn, about.

    Returns:
        The median of the ratios, and the smallest and largest of them.

    Raises:
        Failed: A program answers wrongly or fails.
    """
    found = []
    for _ in range(generations):
        workers = [_Worker("restkit", case), _Worker(peer, case)]
        try:
            counts = [_requests_in(worker, share) for worker in workers]
            for _turn in range(turns):
                ours, theirs = (
                    worker.run(count) / count for worker, count in zip(workers, counts, strict=True)
                )
                found.append(theirs / ours)
        finally:
            for worker in workers:
                worker.close()
    return {
        "median": statistics.median(found),
        "low": min(found),
        "high": max(found),
        "turns": len(found),
    }


def _requests_in(worker: _Worker, seconds: float) -> int:
    requests = 1
    while (took := worker.run(requests)) < seconds / 4:
        requests *= 4
    return max(1, round(requests * seconds / took))
